"""How many files are read at the same time: each may take a gigabyte and a processor, so the places are few."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class NoPlace(Exception):
    """Every place stayed taken."""


@contextmanager
def reading_place(count: int, patience: float) -> Iterator[None]:
    """One of `count` places on this machine for as long as the block runs; waits `patience` seconds, then NoPlace.

    A place is a locked file: whatever happens to a process, the kernel frees its place.
    """
    folder = _folder()
    until = time.monotonic() + patience
    while (place := _taken(folder, count)) is None:
        if time.monotonic() >= until:
            raise NoPlace
        time.sleep(0.1)
    try:
        yield
    finally:
        os.close(place)


def _taken(folder: Path, count: int) -> int | None:
    """A locked file descriptor, or None where all are taken."""
    for number in range(count):
        place = os.open(folder / f"place-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place
        os.close(place)
    return None


def _folder() -> Path:
    """The folder of the lock files, ours alone: the temporary folder belongs to everybody."""
    folder = Path(tempfile.gettempdir()) / f"shebao-reading-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoPlace  # somebody else sits on the name: better nobody reads than everybody at once
    return folder
