"""Where region folders are found: those that ship with the program, and those of REGIONS_DIR."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def regions_roots() -> list[Path]:
    """Folders that hold region folders, the nearest first.

    REGIONS_DIR (several paths may be joined as in PATH) comes before the bundled regions, so an agency may
    keep its own folder in its own repository; a bundled region of the same code gives way to it.
    """
    own = [Path(part) for part in os.environ.get("REGIONS_DIR", "").split(os.pathsep) if part]
    return [*own, *_bundled()]


def _bundled() -> list[Path]:
    """`regions/` beside `src/` in a checkout, else the installed data package."""
    checkout = Path(__file__).resolve().parents[2] / "regions"
    if (checkout / "national" / "region.yaml").is_file():
        return [checkout]
    spec = find_spec("shebao_regions")
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
