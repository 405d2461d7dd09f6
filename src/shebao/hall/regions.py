"""The regions this installation serves: loaded once, whole or not at all."""

from functools import lru_cache

from shebao.regions_home import regions_roots
from shebao.rules.region import Region, load_regions

from .errors import Refused


@lru_cache(maxsize=1)
def all_regions() -> dict[str, Region]:
    """Every region by code. Raises BadRegion with every mistake when a folder is wrong."""
    return load_regions(regions_roots())


def region(code: str) -> Region:
    """The region called `code`; refused in words when this installation has no such folder."""
    try:
        return all_regions()[code]
    except KeyError:
        raise Refused("unknown_region", f"没有代码为“{code}”的地区方案，请联系系统管理员核对地区文件夹。") from None
