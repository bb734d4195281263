"""One colour per object id, the same in every run, frame and mode."""
from typing import Tuple

# Sasha Trubetskoy's list of simple distinct colours (https://sashamaps.net/docs/resources/20-colors),
# without black, white and grey, in its order: the first ones differ the most.
_PALETTE = ('#e6194b', '#3cb44b', '#ffe119', '#4363d8', '#f58231', '#911eb4', '#42d4f4', '#f032e6',
            '#bfef45', '#fabed4', '#469990', '#dcbeff', '#9a6324', '#fffac8', '#800000', '#aaffc3',
            '#808000', '#ffd8b1', '#000075')


def object_color(object_id: int) -> Tuple[int, int, int]:
    """Colour of an object id in BGR, 0 to 255; the 19 colours repeat after object 19."""
    code = _PALETTE[(object_id - 1) % len(_PALETTE)]
    red, green, blue = (int(code[i:i + 2], 16) for i in (1, 3, 5))
    return blue, green, red


def text_color(background: Tuple[int, int, int]) -> Tuple[int, int, int]:
    """Black or white in BGR, whichever reads better on the background (ITU-R BT.601 luma)."""
    blue, green, red = background
    return (0, 0, 0) if 0.114 * blue + 0.587 * green + 0.299 * red > 130 else (255, 255, 255)
