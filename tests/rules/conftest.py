"""Scratch regions: a folder laid over the bundled template, so that a test writes only what it is about."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shebao.regions_home import regions_roots
from shebao.rules.region import Region, load_region

_CASES = Path(__file__).parents[2] / "regions/_template/cases/monthly.yaml"
TEMPLATE_CASES = {"cases/monthly.yaml": _CASES.read_text("utf-8")}


def write(root: Path, code: str, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / code / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root / code


@pytest.fixture
def new_region(tmp_path) -> Callable[..., Region]:
    """`new_region({"parameters.yaml": …})` loads a region that extends the template, with its cases unless given."""

    def make(files: dict[str, str], extends: str = "_template", code: str = "scratch", head: str = "") -> Region:
        region = f"title: 试验区\nextends: {extends}\n{head}"
        if extends == "_template" and not any(name.startswith("cases/") for name in files):
            files = files | TEMPLATE_CASES
        write(tmp_path, code, {"region.yaml": region, **files})
        return load_region(code, [tmp_path, *regions_roots()])

    return make
