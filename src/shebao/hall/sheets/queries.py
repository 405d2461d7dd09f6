"""What a batch looks like: counts, groups of findings, a page of rows."""

from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count
from django.utils.timezone import make_naive

from shebao.rules.forms import when_confirmed
from shebao.rules.money import parse_fen

from ..clock import now
from ..declarations.seconding import waits
from ..regions import region
from .jobs import is_stuck
from .models import BUSY, Batch, BatchState, RowState
from .rows import COUNTED

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
    "cell_refused": "{label}读不准",
    "id_number_valid": "证件号码校验不符",
    "household_fits": "{label}与证件类型不符",
    "already_declared": "已有同样的申报",
    "already_enrolled": "已在本单位参保",
    "enrolled_elsewhere": "原单位尚未停保",
    "age_limits": "年龄不符",
    "month_window": "{label}不在可申报的范围",
    "wage_limits": "工资低于下限或高于上限",
    "contract_before_month": "合同起始晚于参保月份",
    "has_arrears": "有欠费",
    "same_name": "有同名人员",
    "not_enrolled": "不在本单位参保",
    "enrolled_first": "不在本单位参保",
    "back_payment_months": "{label}不能补缴",
    "back_payments_waiting": "没有待缴的补缴",
    "required": "{label}未填写",
    "not_a_choice": "{label}不在可选项中",
    "reason_evidence": "需要证明材料",
}
FIRST_TIDIED = 50
"""As many tidied cells are listed one by one."""
DOUBLE = "already_declared"
OTHER_TITLE = "{label}填写有误"
PRESENT = timedelta(minutes=10)
"""Who changed something so recently is said to be at work on the batch."""
WAITING = {
    BatchState.CHECKING: ("正在核对", "已检查 {done:,} / {total:,} 行"),
    BatchState.CONFIRMING: ("正在加入", "正在写入 {total:,} 行，全部成功才算数"),
    BatchState.UNDOING: ("正在撤销", "正在撤回 {total:,} 行，全部成功才算数"),
}


def title_of(problem: dict, labels: dict[str, str]) -> str:
    """A finding in a few words; `labels` are those of the fields."""
    return TITLES.get(problem["code"], OTHER_TITLE).format(label=labels.get(problem["field"], "内容"))


@dataclass
class Group:
    """One kind of finding and the rows it is on (问题清单)."""

    code: str
    title: str
    level: str
    messages: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    fix: list | None = None
    fix_field: str = ""
    twins: list[list[int]] = field(default_factory=list)

    @property
    def message(self) -> str:
        """The sentence that holds for all its rows; "" where each row has its own."""
        return next(iter(self.messages)) if len(self.messages) == 1 else ""


def batches(actor, service: str | None = None):
    """The actor's batches, newest first."""
    rows = Batch.objects.visible_to(actor).select_related("created_by").order_by("-pk")
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
    labels = labels_of(batch)
    rows = batch.rows.filter(state__in=[RowState.ERROR, RowState.CONFIRM]).order_by("number")
    for row in rows.only("number", "problems", "confirmed").iterator(chunk_size=1000):
        for problem in row.problems:
            if problem["level"] == "hint" or problem["code"] in row.confirmed:
                continue
            fix = problem.get("fix")
            key = (problem["level"], problem["code"], problem["field"], fix[1] if fix else "")
            if key not in found:
                title = title_of(problem, labels)
                found[key] = Group(problem["code"], title, problem["level"], fix=fix, fix_field=problem["field"])
            found[key].messages.add(problem["message"])
            if row.number not in found[key].numbers:
                found[key].numbers.append(row.number)
    if twice := [group for group in found.values() if group.code == DOUBLE]:
        _find_twins(batch, twice)
    return sorted(found.values(), key=lambda group: (group.level != "error", group.numbers[0]))


def _find_twins(batch: Batch, found: list[Group]) -> None:
    """Which rows of a group are about the same person, so that one of them can be kept."""
    people = defaultdict(list)
    rows = batch.rows.filter(state__in=COUNTED).order_by("number")
    for number, digest in rows.values_list("number", "subject_digest"):
        people[digest].append(number)
    people.pop("", None)
    for group in found:
        group.twins = [rows for rows in people.values() if len(rows) > 1 and rows[0] in group.numbers]


def labels_of(batch: Batch) -> dict[str, str]:
    """The labels of the fields of the batch's form."""
    here = region(batch.employer.region)
    return {f.id: f.label for f in here.forms[here.services[batch.service].form].fields}


def _waits(batch: Batch) -> bool:
    """Whether the rows are added to what waits to be submitted; else they take effect at once."""
    return waits(region(batch.employer.region).services[batch.service], batch.employer)


def waiting(batch: Batch) -> dict | None:
    """What a busy batch is waiting for, in words and numbers; None when it waits for nothing.

    `done` is None where the work is one transaction, of which nothing can be seen from outside.
    """
    if batch.state not in BUSY:
        return None
    title, words = WAITING[batch.state]
    if batch.state == BatchState.CONFIRMING and not _waits(batch):
        title = "正在办理"
    is_check = batch.state == BatchState.CHECKING
    rows = batch.rows.filter(state=RowState.IMPORTED if batch.state == BatchState.UNDOING else RowState.PASSED)
    total = (batch.rows.filter(state__in=COUNTED).count() or batch.rows_read) if is_check else rows.count()
    return {
        "title": title,
        "words": words.format(done=batch.rows_checked, total=total),
        "done": batch.rows_checked if is_check else None,
        "total": total,
        "stuck": is_stuck(batch),
        "message": batch.message,
    }


def other_editor(batch: Batch, actor) -> str:
    """Who else is changing this batch now, as a sentence; "" for nobody."""
    if not batch.editor_id or batch.editor_id == actor.pk or batch.edited_at < now() - PRESENT:
        return ""
    who = f"{batch.editor.name}也在改这个批次（{make_naive(batch.edited_at):%H:%M} 改过）。"
    return f"{who}可以同时改不同的行；同一行以先保存的为准。"


@dataclass(frozen=True)
class Tidied:
    """One cell that was tidied silently: what the file says, and what is taken for it."""

    number: int
    field: str
    was: str
    now: str


def tidied(batch: Batch) -> tuple[dict[str, int], list[Tidied]]:
    """(how many cells were tidied silently by field id, the first of them) (已自动整理)."""
    total: Counter[str] = Counter()
    first: list[Tidied] = []
    rows = batch.rows.filter(state__in=TABS["all"][1], tidied_fields__gt="")
    for names, count in rows.values_list("tidied_fields").annotate(n=Count("pk")).order_by("tidied_fields"):
        total.update(dict.fromkeys(names.split(","), count))
    for number, original in rows.order_by("number").values_list("number", "original")[:FIRST_TIDIED]:
        notes, now = original.get("notes", {}), original.get("tidied", {})
        first += [Tidied(number, name, was, now.get(name, was)) for name, was in notes.items()]
    return dict(total), first[:FIRST_TIDIED]


def summary(batch: Batch) -> dict:
    """What confirming would do, from the rows that passed: people, declared wages and monthly effect (fen), how many
    are charged at the floor or the ceiling, how many reach back and how many months in all, reasons given.
    """
    wages, reasons, people = 0, [], 0
    told: Counter[str] = Counter()
    for row in batch.rows.filter(state=RowState.PASSED).order_by("number").iterator(chunk_size=1000):
        people += 1
        wage = row.cells.get("declared_wage", "")
        wages += parse_fen(wage) if wage else 0
        said = row.original.get("told", {})
        told.update({name: int(said.get(name, 0)) for name in ("effect", "low", "high", "back")})
        told["late"] += said.get("back", 0) > 0
        reasons += [
            {"number": row.number, "message": when_confirmed(p["message"]), "reason": row.confirmed[p["code"]]}
            for p in row.problems
            if p["code"] in row.confirmed
        ]
    found = {name: told[name] for name in ("effect", "low", "high", "back", "late")}
    return {"people": people, "wages": wages, "reasons": reasons[:100]} | found
