"""The regions this installation serves: loaded once, whole or not at all, and anew when their folder was changed."""

import os
from functools import lru_cache
from pathlib import Path

from shebao.regions_home import regions_roots
from shebao.rules.region import Region, load_regions

from .errors import Refused

CHANGED = ".changed"
"""A file beside the region folders that is rewritten when the hall itself has changed one of them."""


def all_regions() -> dict[str, Region]:
    """Every region by code. Raises BadRegion with every mistake when a folder is wrong."""
    return _loaded(_mark())


@lru_cache(maxsize=1)
def _loaded(mark: tuple[int, ...]) -> dict[str, Region]:
    return load_regions(regions_roots())


all_regions.cache_clear = _loaded.cache_clear


def _mark() -> tuple[int, ...]:
    """When the installation's own folders were changed by the hall: another process may have done it."""
    own = os.environ.get("REGIONS_DIR", "")
    return tuple(_age(file) for file in _files(own)) if own else ()


@lru_cache(maxsize=8)
def _files(own: str) -> tuple[Path, ...]:
    return tuple(Path(part) / CHANGED for part in own.split(os.pathsep) if part)


def _age(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def region(code: str) -> Region:
    """The region called `code`; refused in words when this installation has no such folder."""
    try:
        return all_regions()[code]
    except KeyError:
        raise Refused("unknown_region", f"没有代码为“{code}”的地区方案，请联系系统管理员核对地区文件夹。") from None
