"""Files that no row knows: a crash between writing a file and committing its row leaves one, and this takes it away."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from ..services.scene import chunks
from .files import SMALL
from .models import StoredFile

SAFE_AGE = timedelta(hours=24)
"""A younger file may belong to a transaction that is still open."""
_NAME = re.compile(rf"([0-9a-f]{{40}})(?:{re.escape(SMALL)})?")


def sweep_files(safe_age: timedelta = SAFE_AGE) -> int:
    """Remove the files older than `safe_age` that belong to no row (清理遗留文件); how many there were.

    What is not named as the hall names its files is left alone.
    """
    before = time.time() - safe_age.total_seconds()
    old: dict[str, list[Path]] = {}
    for path in _files():
        named = _NAME.fullmatch(path.name)
        if named and path.parent.name == named[1][:2] and path.lstat().st_mtime < before:
            old.setdefault(named[1], []).append(path)
    known: set[str] = set()
    for part in chunks(old):
        known |= set(StoredFile.objects.filter(place__in=part).values_list("place", flat=True))
    left = [path for place, paths in old.items() if place not in known for path in paths]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _files() -> Iterator[Path]:
    folder = Path(settings.SHEBAO_FILES_DIR)
    for part in sorted(folder.iterdir()) if folder.is_dir() else ():
        if part.is_dir() and not part.is_symlink():
            yield from (path for path in part.iterdir() if path.is_file() and not path.is_symlink())
