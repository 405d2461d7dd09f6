"""What a batch looks like: counts, groups of findings, a page of rows."""

from collections import OrderedDict
from dataclasses import dataclass, field

from django.db.models import Count

from shebao.rules.money import parse_fen

from ..regions import region
from .models import Batch, RowState

PAGE = 100
TABS = {
    "all": ("全部", (RowState.PASSED, RowState.ERROR, RowState.CONFIRM)),
    "error": ("有错误", (RowState.ERROR,)),
    "confirm": ("需确认", (RowState.CONFIRM,)),
    "passed": ("通过", (RowState.PASSED,)),
    "removed": ("已移出", (RowState.REMOVED,)),
    "ignored": ("未导入", (RowState.IGNORED,)),
    "imported": ("已加入", (RowState.IMPORTED,)),
}
TITLES = {
    "cell_refused": "单元格读不准",
    "id_number_valid": "证件号码校验不符",
    "already_declared": "已有同样的申报",
    "already_enrolled": "已在本单位参保",
    "enrolled_elsewhere": "原单位尚未停保",
    "age_limits": "年龄不符",
    "month_window": "不在可申报的月份",
    "wage_limits": "工资超出上下限",
    "contract_before_month": "合同起始晚于参保月份",
    "has_arrears": "有欠费",
    "same_name": "有同名人员",
    "not_enrolled": "不在本单位参保",
    "required": "必填项未填",
    "unknown_code": "不在代码表中",
}


@dataclass
class Group:
    """One kind of finding and the rows it is on (问题清单)."""

    code: str
    title: str
    level: str
    message: str
    numbers: list[int] = field(default_factory=list)
    fix: list | None = None
    fix_field: str = ""


def batches(actor, service: str | None = None):
    """The actor's batches, newest first."""
    rows = Batch.objects.visible_to(actor).select_related("created_by").order_by("-pk").defer("file_content")
    return rows.filter(service=service) if service else rows


def counts(batch: Batch) -> dict[str, int]:
    """Rows by tab. Invariant I-24: passed + error + confirm + removed + ignored + imported = rows read."""
    by_state = dict(batch.rows.values_list("state").annotate(n=Count("pk")).order_by())
    return {tab: sum(by_state.get(state, 0) for state in states) for tab, (_, states) in TABS.items()}


def page_of_rows(batch: Batch, tab: str, page: int):
    """One page of at most 100 rows of a tab."""
    rows = batch.rows.filter(state__in=TABS[tab][1]).order_by("number")
    return list(rows[(page - 1) * PAGE : page * PAGE])


def groups(batch: Batch) -> list[Group]:
    """Findings by kind, errors first, confirmed ones left out."""
    found: OrderedDict[tuple, Group] = OrderedDict()
    rows = batch.rows.filter(state__in=[RowState.ERROR, RowState.CONFIRM]).order_by("number")
    for row in rows.only("number", "problems", "confirmed").iterator(chunk_size=1000):
        for problem in row.problems:
            if problem["level"] == "hint" or problem["code"] in row.confirmed:
                continue
            fix = problem.get("fix")
            key = (problem["level"], problem["code"], problem["field"], fix[1] if fix else "")
            if key not in found:
                found[key] = Group(
                    problem["code"], TITLES.get(problem["code"], problem["message"][:24]), problem["level"],
                    problem["message"], fix=fix, fix_field=problem["field"],
                )  # fmt: skip
            if row.number not in found[key].numbers:
                found[key].numbers.append(row.number)
    return sorted(found.values(), key=lambda group: (group.level != "error", group.numbers[0]))


def tidied(batch: Batch) -> dict[str, int]:
    """How many cells were tidied silently (已自动整理), by field label."""
    here = region(batch.employer.region)
    labels = {f.id: f.label for f in here.forms[here.services[batch.service].form].fields}
    total: dict[str, int] = {}
    for original in batch.rows.filter(state__in=TABS["all"][1]).values_list("original", flat=True).iterator():
        for name in original.get("notes", {}):
            total[labels.get(name, name)] = total.get(labels.get(name, name), 0) + 1
    return total


def summary(batch: Batch) -> dict:
    """What confirming would add: people, declared wages (fen), reasons given. Reads the rows that passed."""
    wages, reasons, people = 0, [], 0
    for row in batch.rows.filter(state=RowState.PASSED).order_by("number").iterator(chunk_size=1000):
        people += 1
        wage = row.cells.get("declared_wage", "")
        wages += parse_fen(wage) if wage else 0
        reasons += [
            {"number": row.number, "message": p["message"], "reason": row.confirmed[p["code"]]}
            for p in row.problems
            if p["code"] in row.confirmed
        ]
    return {"people": people, "wages": wages, "reasons": reasons[:100]}
