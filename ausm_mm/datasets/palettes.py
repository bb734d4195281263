"""Colours of classes and of object ids, RGB."""
import colorsys
from typing import List, Tuple

Color = Tuple[int, int, int]
_GOLDEN_RATIO = 0.618034


def class_palette(num_classes: int) -> List[Color]:
    """Colours that differ from neighbour to neighbour, for sets that come without any."""
    colors = []
    for i in range(num_classes):
        hue = i * _GOLDEN_RATIO % 1  # steps of the golden ratio never come close to each other soon
        rgb = colorsys.hsv_to_rgb(hue, 0.85, (1.0, 0.75, 0.5)[i % 3])
        colors.append(tuple(round(255 * channel) for channel in rgb))
    return colors


def voc_palette() -> List[Color]:
    """The 256 colours of PASCAL VOC, in which DAVIS, MOSE and YouTube-VOS store object ids.

    Bits 0, 3, 6 of the index are the highest bits of red, then those of the next lower ones; bits
    1, 4, 7 are green's, bits 2, 5 blue's.
    """
    return [tuple(sum((index >> (3 * place + channel) & 1) << (7 - place) for place in range(3))
                  for channel in range(3)) for index in range(256)]
