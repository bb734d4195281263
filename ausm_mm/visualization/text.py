"""Anti-aliased text on images; Pillow brings its own font, so that pictures agree everywhere."""
from functools import lru_cache
from typing import Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Color = Tuple[int, int, int]


@lru_cache(maxsize=None)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def text_size(text: str, size: int) -> Tuple[int, int]:
    """Width of a text and height of its line, in pixels."""
    ascent, descent = _font(size).getmetrics()
    return int(np.ceil(_font(size).getlength(text))), ascent + descent


def put_text(image: np.ndarray, text: str, x: int, y: int, size: int, color: Color) -> None:
    """Writes a text into an image, in place.

    Args:
        image: uint8 BGR (H, W, 3).
        text: One line.
        x, y: Upper left corner of the line, in pixels.
        size: Height of the font, in pixels.
        color: BGR.
    """
    width, height = text_size(text, size)
    window = image[max(y, 0):y + height, max(x, 0):x + width]
    # Pillow keeps the order of the channels, so that BGR colours need no conversion.
    canvas = Image.fromarray(np.ascontiguousarray(window))
    ImageDraw.Draw(canvas).text((min(x, 0), min(y, 0)), text, fill=color, font=_font(size))
    window[:] = np.asarray(canvas)


def text_bar(text: str, width: int, height: int, color: Color, background: Color) -> np.ndarray:
    """A uint8 BGR image (height, width, 3) with one line of text in its middle."""
    bar = np.full((height, width, 3), background, dtype=np.uint8)
    size = round(0.62 * height)
    text_width, line_height = text_size(text, size)
    put_text(bar, text, max((width - text_width) // 2, 0), (height - line_height) // 2, size, color)
    return bar
