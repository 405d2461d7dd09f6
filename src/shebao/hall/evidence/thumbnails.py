"""Small pictures of uploaded images (缩略图), made in a limited child: no upload is refused for want of one."""

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
    pixels: int = 50_000_000  # a page scanned at 600 dpi has 35 million
    memory_bytes: int = 768 * 1024 * 1024
    cpu_seconds: int = 5
    wall_seconds: float = 8.0


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
