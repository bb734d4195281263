"""Which objects are in which mask PNG, remembered between runs."""
import hashlib
import json
import os
import os.path as osp
from pathlib import Path
from typing import Dict, List, Optional

from mmengine.logging import print_log

from ..utils import write_json

# Counted up when what the index holds changes its meaning; older files are then ignored.
_VERSION = 1


class MaskIndex:
    """The object ids of the mask PNGs of a data set, one entry a video.

    Decoding every PNG of a large set takes minutes; its file list takes a second. An entry holds
    only as long as the names, sizes and times of a video's masks and the size of its frames stay
    what they were. The file is ``~/.cache/ausm_mm`` (``XDG_CACHE_HOME``); where it cannot be
    written, the masks are looked through again next time.

    Args:
        mask_root: The folder that holds a folder of masks for each video.
    """

    def __init__(self, mask_root: str) -> None:
        root = osp.realpath(mask_root)
        cache = os.environ.get('XDG_CACHE_HOME') or osp.expanduser('~/.cache')
        key = hashlib.sha256(root.encode()).hexdigest()[:16]
        self.path = Path(cache) / 'ausm_mm' / f'masks-{key}.json'
        self._entries = self._load()
        self._changed = False

    def _load(self) -> Dict[str, Dict]:
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):  # none yet, or damaged: it is only a cache
            return {}
        if not isinstance(content, dict) or content.get('version') != _VERSION:
            return {}
        return content['videos']

    def get(self, name: str, signature: str) -> Optional[List[Optional[List[int]]]]:
        """Object ids in each frame of a video (None without a mask), if they are known."""
        entry = self._entries.get(name)
        return entry['ids'] if entry and entry['signature'] == signature else None

    def put(self, name: str, signature: str, ids: List[Optional[List[int]]]) -> None:
        """Remembers the object ids in each frame of a video."""
        self._entries[name] = dict(signature=signature, ids=ids)
        self._changed = True

    def save(self) -> None:
        """Writes the index if anything is new."""
        if not self._changed:
            return
        try:
            write_json(dict(version=_VERSION, videos=self._entries), self.path)
        except OSError as error:
            print_log(f'{self.path}: the index of masks cannot be written ({error.strerror}); all '
                      'masks will be looked through again next time', 'current')


def masks_signature(mask_paths: List[Optional[str]], height: int, width: int) -> str:
    """A digest of everything an entry depends on: files, their sizes and times, frame size."""
    digest = hashlib.sha256(f'{height} {width}'.encode())
    for path in mask_paths:
        if path is None:
            digest.update(b'\0')
            continue
        stat = os.stat(path)
        digest.update(f'{osp.basename(path)} {stat.st_size} {stat.st_mtime_ns}\0'.encode())
    return digest.hexdigest()
