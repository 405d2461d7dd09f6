"""Folders for what has to lie on the disk for a moment: gone with the block, or soon after whoever held them died."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "shebao-work-"
LOCK = "held"
YOUNG = 60
"""Seconds in which a folder without its lock may be one that somebody is just making."""


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that only this account reads. The lock in it ends with the process, whatever ends that."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        lock = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "new").rename(folder / LOCK)  # whoever sees it sees it held
            yield folder
        finally:
            os.close(lock)


def sweep_work(young: float = YOUNG) -> int:
    """Remove the work folders that nobody holds any more, of this account; how many there were.

    `young`: for how many seconds one without its lock is spared.
    """
    left = [folder for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_left(folder, young)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _is_left(folder: Path, young: float) -> bool:
    with suppress(FileNotFoundError):
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != os.getuid():
            return False
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return time.time() - found.st_mtime > young
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        return True
    return False
