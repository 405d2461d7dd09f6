"""A city whose values are published late: a region folder in a temporary directory, rewritten as a test goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from shebao.cli.region_work import new_folder
from shebao.hall import regions
from shebao.regions_home import regions_roots

CODE = "latecity"
FIRST = ("2026-01", "2025-12-31")


class City:
    """`publish(base_floor=[("2026-07", "2026-08-24", 5000)])` adds (from, known, value) to a parameter, for good."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values = {
            "base_floor": ("yuan", [(*FIRST, 4500)]),
            "base_ceiling": ("yuan", [(*FIRST, 22500)]),
            "medical.employer_rate": ("rate", [(*FIRST, 0.08)]),
            "medical.employee_rate": ("rate", [(*FIRST, 0.02)]),
        }
        self.publish()

    def publish(self, **more: list[tuple[str, str, object]]) -> None:
        """Write the folder anew and let the hall read it."""
        for key, rows in more.items():
            self.values[key.replace("__", ".")][1].extend(rows)
        text = "".join(self._key(key, unit, rows) for key, (unit, rows) in self.values.items())
        (self.folder / "parameters.yaml").write_text(text, "utf-8")
        regions.all_regions.cache_clear()

    def _key(self, key: str, unit: str, rows: list) -> str:
        values = "".join(
            f'    - {{from: "{since}", known: {known}, value: {value}, source: 文件{since}, status: verified}}\n'
            for since, known, value in rows
        )
        return f"{key}:\n  title: 参数 {key}\n  unit: {unit}\n  values:\n{values}"


@contextmanager
def late_city(root: Path) -> Iterator[City]:
    """The hall knows the city inside this block, and no other: to read them all anew takes a second each time."""
    national = next(one / "national" for one in regions_roots() if (one / "national").is_dir())
    (root / "national").symlink_to(national)
    with (
        patch.dict("os.environ", {"REGIONS_DIR": str(root)}),
        patch.object(regions, "regions_roots", lambda: regions_roots()[:1]),
    ):
        try:
            yield City(new_folder(CODE, "迟布市", "national", None))
        finally:
            regions.all_regions.cache_clear()
    regions.all_regions.cache_clear()
