"""Tell which installed versions differ from the tested ones; nothing is refused."""
import re
import sys
import warnings
from importlib import metadata

# The pins of requirements/, which an installed package does not carry (a test compares the two).
TESTED = {
    'torch': '2.14.1',
    'torchvision': '0.29.1',
    'mmengine': '0.10.7',
    'mmcv': '2.1.0',
    'mmdet': '3.3.0',
    'mmpretrain': '1.2.0',
    'numpy': '2.4.6' if sys.version_info >= (3, 11) else '2.2.6',  # the last one for Python 3.10
    'pycocotools': '2.0.11',
}


def minor_release(version: str) -> tuple:
    """Give the numbers that decide about compatibility: '2.14.1+cpu' -> (2, 14)."""
    return tuple(int(number) for number in re.findall(r'\d+', version)[:2])


def find_differences(tested: dict, find_version=metadata.version) -> list:
    """Describe every package that is missing or of another minor release than the tested one.

    Patch releases and build tags (``+cpu``, ``+cu121``) do not count.
    """
    differences = []
    for name, version in tested.items():
        try:
            found = find_version(name)
        except metadata.PackageNotFoundError:
            differences.append(f'{name} is not installed (tested: {version})')
            continue
        if minor_release(found) != minor_release(version):
            differences.append(f'{name} {found} (tested: {version})')
    return differences


def warn_untested() -> None:
    """Warn once, in one line, about all packages of an untested version."""
    differences = find_differences(TESTED)
    if differences:
        warnings.warn(
            f'ausm_mm runs with versions it was not tested with: {", ".join(differences)}. '
            'If something fails, compare with the pins in requirements/.',
            stacklevel=3)
