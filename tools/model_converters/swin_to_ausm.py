"""Start AUSM's backbone from a Swin Transformer, trained for classification.

    python tools/model_converters/swin_to_ausm.py WEIGHTS CONFIG OUT

WEIGHTS is a checkpoint of mmpretrain, of the original release or of timm. Prints what became of
every key.
"""
from ausm_mm.conversion import SWIN, main

if __name__ == '__main__':
    main(__doc__, SWIN)
