"""Small pictures of uploaded images (缩略图), and pictures made to fit or turned, by a limited child: none is refused
for want of one.
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
    spare: bool = False  # leave alone what is upright, no larger than the edge and no longer than `most`
    most: int = 5_000_000  # bytes
    lossless: float = 0.0  # a PNG of at most so many bytes a pixel stays one
    judge: bool = False  # whether it can be read at all
    turn: bool = False  # by a quarter, clockwise
    pixels: int = 50_000_000  # a page scanned at 600 dpi has 35 million
    memory_bytes: int = 768 * 1024 * 1024
    cpu_seconds: int = 5
    wall_seconds: float = 8.0


PHOTO = Limits(edge=3000, quality=85, spare=True, lossless=1.0)
"""A page of A4 at 250 dots an inch: every line of a photographed paper can still be read.

A PNG that fits is left alone: its owner chose a form without loss, and print, scans and screenshots are small in it.
One that does not fit is made smaller, and stays a PNG as long as it has no more than a byte a pixel, which is what
print has. With more it is a photograph, two or three bytes a pixel, which looks the same as a JPEG of a tenth of that.
"""
SMALL = Limits(judge=True)
TURNED = Limits(edge=50_000, quality=92, lossless=100.0, turn=True)


@dataclass(frozen=True)
class Small:
    """The small picture of an image, and whether the image is too small or too blurred to be read (不清晰)."""

    picture: bytes
    is_unclear: bool


def made_to_fit(content: bytes) -> bytes | None:
    """A picture turned as it was held and not larger than a page needs, without what the camera wrote into it.

    None where it is so already, or cannot be read within the limits.
    """
    said = _child(content, PHOTO)
    return said[1:] or None if said else None


def turned(content: bytes) -> bytes | None:
    """A picture turned by a quarter, clockwise, otherwise as it was; None when it cannot be read within the limits."""
    said = _child(content, TURNED)
    return said[1:] or None if said else None


def thumbnail(content: bytes, limits: Limits = SMALL) -> Small | None:
    """A small JPEG of a JPEG or PNG; None when it cannot be read within the limits."""
    said = _child(content, limits)
    return Small(said[1:], said[:1] == b"u") if said else None


def _child(content: bytes, limits: Limits) -> bytes:
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
        return b""
    return done.stdout if done.returncode == 0 else b""
