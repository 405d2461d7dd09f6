"""Where region folders are found: those that ship with the program, and those of REGIONS_DIR."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from shebao.rules.region import BadRegion


def regions_roots() -> list[Path]:
    """Folders that hold region folders, the nearest first.

    REGIONS_DIR (several paths may be joined as in PATH) comes before the bundled regions, so an agency may
    keep its own folder in its own repository; a bundled region of the same code gives way to it. Raises
    BadRegion where one of them is no folder.
    """
    own = own_roots()
    if wrong := [path for path in own if not path.is_dir()]:
        raise BadRegion([f"REGIONS_DIR：没有文件夹 {path}" for path in wrong])
    return [*own, *_bundled()]


def own_roots() -> list[Path]:
    """The folders of REGIONS_DIR: the installation's own, which the program may write to."""
    return [Path(part) for part in os.environ.get("REGIONS_DIR", "").split(os.pathsep) if part]


def _bundled() -> list[Path]:
    """`regions/` beside `src/` in a checkout, else the installed data package."""
    checkout = Path(__file__).resolve().parents[2] / "regions"
    if (checkout / "national" / "region.yaml").is_file():
        return [checkout]
    spec = find_spec("shebao_regions")
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
