"""Start AUSM's backbone from a Swin Transformer, trained for classification.

    python tools/model_converters/swin_to_ausm.py WEIGHTS CONFIG OUT

WEIGHTS is a checkpoint of mmpretrain, of the original release or of timm. Prints what became of
every key.
"""
from ausm_mm.conversion import SWIN, convert_file, parse_arguments
from ausm_mm.errors import UserError


def main():
    args = parse_arguments(__doc__, SWIN)
    try:
        convert_file(args, SWIN)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None


if __name__ == '__main__':
    main()
