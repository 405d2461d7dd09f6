"""Papers on which people's wages stand: withheld from whoever is not shown wages (查询)."""

from shebao.rules.region import Region

from ..errors import Refused
from ..regions import region
from .papers import LISTING, layout_of

WAGES = frozenset({"wage", "base"})
"""Columns of a statement in which a wage can be read."""
DECLARED = "chosen"
"""The stage of papers of chosen declarations, which say what was declared."""


def tells_wages(spec: Region, kind: str) -> bool:
    """Whether somebody's wage stands on papers of this kind, or the share of it that is due."""
    if statement := spec.statements.get(kind):
        return bool(WAGES & set(statement.columns)) and ("name" in statement.columns or statement.each == "person")
    document = spec.documents.get(kind)
    return document is not None and (document["stage"] == DECLARED or layout_of(kind, document) == LISTING)


def permit_wages(kind: str, *, by) -> None:
    """Refuse a paper with people's wages to whoever is not shown them."""
    spec = region(by.region)
    if not by.sees_wages and tells_wages(spec, kind):
        title = spec.statements[kind].title if kind in spec.statements else spec.documents[kind]["title"]
        text = f"“{title}”上有申报工资或缴费基数，“查询”岗位不能查看。请联系单位管理员调整岗位。"
        raise Refused("wages_withheld", text, status=403)
