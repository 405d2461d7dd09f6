"""Work on region folders: make a new one, say what it still lacks, and all that one says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shebao.regions_home import regions_roots
from shebao.rules.months import Month
from shebao.rules.region import BadRegion, Region, load_region

from . import CannotRun
from .region_single import part_of
from .region_words import PARTS

TEMPLATE = "_template"
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def new_folder(code: str, title: str, extends: str, into: str | None) -> Path:
    """Copy the template to a new folder that extends another, and return it; raises CannotRun."""
    roots = regions_roots()
    if not _CODE.fullmatch(code):
        raise CannotRun(f"“{code}”不能作地区代码：请用小写英文字母开头，只含小写字母、数字和下划线")
    if any((root / code).exists() for root in roots):
        raise CannotRun(f"已经有地区文件夹“{code}”，请换一个代码")
    if not any((root / extends / "region.yaml").is_file() for root in roots):
        raise CannotRun(f"没有可以继承的地区文件夹“{extends}”")
    target = (Path(into) if into else roots[0]) / code
    if target.exists():
        raise CannotRun(f"“{target}”已经存在，没有覆盖")
    source = next(root / TEMPLATE for root in roots if (root / TEMPLATE / "region.yaml").is_file())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target)
        head = target / "region.yaml"
        lines = head.read_text("utf-8").splitlines()
        said = {"title": title, "short_title": title, "extends": extends}
        kept = [line for line in lines if not line.startswith(("#", *(f"{key}:" for key in said)))]
        head.write_text("\n".join([*(f"{key}: {value}" for key, value in said.items()), *kept]) + "\n", "utf-8")
    except OSError as bad:
        raise CannotRun(f"“{target}”写不进去：{bad.strerror}") from None
    return target


def unfinished(code: str, roots: list[Path]) -> list[str]:
    """What a folder still lacks: every mistake; then its placeholders, which load but are nobody's values."""
    try:
        region = load_region(code, roots)
    except BadRegion as bad:
        return list(bad.problems)
    told = placeholders(region)
    for key in ("terms/agency", "documents/payment_notice", "documents/receipt", "calendar/declaration"):
        if not region.origin[key].startswith(f"{code}/"):
            told.append(f"{key}: 还是 {region.origin[key].partition('/')[0]} 的写法，本地不同就写进自己的文件夹")
    return told


def placeholders(region: Region) -> list[str]:
    """The values that the template left for somebody to replace."""
    told = []
    for key, parameter in region.parameters.items():
        waiting = [str(v.since) for v in parameter.values if v.source.startswith("示例值，请换成")]
        if waiting:
            told.append(
                f"{region.origin[f'parameters/{key}']}: {parameter.title}（{key}）还是示例值：{'、'.join(waiting)} 起"
            )
    return told


def written(region: Region) -> dict[str, Any]:
    """Everything a region says, as plain data: "part/key" → value."""
    found: dict[str, Any] = {}
    for part in PARTS:
        for key, value in part_of(region, part).items():
            found[f"{part}/{key}"] = plain(value)
    return found


def plain(value: Any) -> Any:
    """As data of lists, mappings and texts, to be written as JSON."""
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, Month):
        names = [n for n in value.__dataclass_fields__ if not n.startswith("_")]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
