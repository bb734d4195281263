"""Start AUSM from Mask2Former, trained for instance segmentation on COCO.

    python tools/model_converters/mask2former_to_ausm.py WEIGHTS CONFIG OUT

WEIGHTS is a checkpoint of mmdet, of the original repository (detectron2) or of Hugging Face's
transformers. Backbone, pixel encoder and query decoder are filled, and the classes of the data set
'coco' if the config has it; the parts that hold history are new. Prints what became of every key.
"""
from ausm_mm.conversion import MASK2FORMER, convert_file, parse_arguments
from ausm_mm.errors import UserError


def main():
    args = parse_arguments(__doc__, MASK2FORMER)
    try:
        convert_file(args, MASK2FORMER)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None


if __name__ == '__main__':
    main()
