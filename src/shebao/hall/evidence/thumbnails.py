"""Small pictures of uploaded images (缩略图), and photos set upright, made in a limited child: no upload is refused for
want of one.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

CHILD = Path(__file__).with_name("thumbnail_child.py")


@dataclass(frozen=True)
class Limits:
    """How much of an image is looked at, and what looking may cost."""

    edge: int = 320  # pixels
    quality: int = 80
    spare: bool = False  # leave alone what is upright and no larger than the edge
    pixels: int = 50_000_000  # a page scanned at 600 dpi has 35 million
    memory_bytes: int = 768 * 1024 * 1024
    cpu_seconds: int = 5
    wall_seconds: float = 8.0


PHOTO = Limits(edge=3000, quality=85, spare=True)
"""A page of A4 at 250 dots an inch: every line of a photographed paper can still be read."""


def set_upright(content: bytes) -> bytes | None:
    """A photo turned as it was held and not larger than a page needs, without what the camera wrote into it.

    None where it is so already, or cannot be read within the limits.
    """
    return thumbnail(content, PHOTO)


def thumbnail(content: bytes, limits: Limits | None = None) -> bytes | None:
    """A small JPEG of a JPEG or PNG; None when it cannot be read within the limits."""
    limits = limits or Limits()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", str(CHILD), json.dumps(asdict(limits))],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a decoder's panic may quote the file: nobody logs it
            timeout=limits.wall_seconds,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout or None if done.returncode == 0 else None
