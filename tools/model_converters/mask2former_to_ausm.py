"""Start AUSM from Mask2Former, trained for instance segmentation on COCO.

    python tools/model_converters/mask2former_to_ausm.py WEIGHTS CONFIG OUT

WEIGHTS is a checkpoint of mmdet, of the original repository (detectron2) or of Hugging Face's
transformers. Backbone, pixel encoder and query decoder are filled, and the classes of the data set
'coco' if the config has it; the parts that hold history are new. Prints what became of every key.
"""
from ausm_mm.conversion import MASK2FORMER, main

if __name__ == '__main__':
    main(__doc__, MASK2FORMER)
