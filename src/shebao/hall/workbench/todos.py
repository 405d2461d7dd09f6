"""To-dos (待办): what somebody must do for the month, sorted by what happens if they do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from django.db.models import Q
from django.template.defaultfilters import date as date_words
from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.retirement import retirement, retirement_alerts, tracks_of

from ..clock import local_now
from ..declarations.models import Declaration
from ..declarations.states import State
from ..regions import region
from ..roster.models import Employee, Spell
from ..roster.queries import covering
from ..settlement.comparing import newly_raised
from ..settlement.progress import Standing
from ..settlement.queries import Estimate

SOON = timedelta(days=7)
MAN, MANAGERIAL = "1", "2"
"""Codes of the national lists of sexes and posts (岗位类别: 管理或技术岗位)."""
YOUNGEST_MONTHS = 49 * 12
"""Nobody younger is near any statutory age."""
SOON_RETIRED = {"this_month", "within_3", "within_6"}
NAMED = 3
"""So many returned declarations are listed one by one; more of them share one row."""


@dataclass(frozen=True)
class Todo:
    """One row: a tag with its kind (d w b g), a sentence, a reason, and the page that helps."""

    tag: str
    kind: str
    title: str
    note: str
    url_name: str
    action: str
    args: tuple = ()
    query: Mapping[str, str] = field(default_factory=dict)


def todo_items(actor, now: Standing, estimated: Estimate | None) -> list[Todo]:
    """Overdue bills, returned and unsubmitted declarations, bills due soon, wages to confirm, who retires, papers."""
    return [
        *_overdue(now),
        *_returned(actor, now),
        *_drafts(now),
        *_due_soon(now),
        *_to_settle(now),
        *_low_wages(now, estimated),
        *_retiring(now),
        *_papers(now),
    ]


def _overdue(now: Standing) -> Iterator[Todo]:
    for bill in reversed(now.bills.values()):
        open_fen, until = now.unpaid(bill), timezone.make_naive(bill.pay_until)
        if open_fen > 0 and until < local_now():
            title = f"{bill.month.label}账单逾期没有缴清"
            note = f"待缴 {yuan(open_fen)} 元，{date_words(until, 'n 月 j 日')}已截止，逾期按日加收滞纳金"
            yield Todo("已逾期", "d", title, note, "e_pay_bill", "去缴费", (bill.pk,))


def _returned(actor, now: Standing) -> Iterator[Todo]:
    count = now.by_state.get(State.RETURNED, 0)
    if not count:
        return
    rows = Declaration.objects.visible_to(actor).filter(state=State.RETURNED).order_by("decided_at", "pk")
    if count > NAMED:
        since = date_words(rows.values_list("decided_at", flat=True).first(), "n 月 j 日")
        title, note = f"{count} 笔申报{State.RETURNED.label}，请修改后重报", f"最早一笔 {since}退回"
        yield Todo(State.RETURNED.label, "d", title, note, "e_cases", "去修改", query={"state": State.RETURNED})
        return
    for one in rows.defer("answers", "before"):
        said = one.note or "；".join(one.marks.values())
        title = f"{one.subject_name}的{one.spec.title}需要修改"
        yield Todo(State.RETURNED.label, "d", title, f"审核意见：{said}", "e_repair", "修改重报", (one.pk,))


def _drafts(now: Standing) -> Iterator[Todo]:
    here = region(now.employer.region)
    waiting = {service: count for (service, state), count in now.open.items() if state == State.DRAFT}
    if not waiting:
        return
    until = here.calendar.window(now.month).declare_until
    parts = "、".join(f"{here.services[key].title} {count}" for key, count in waiting.items())
    title = f"{sum(waiting.values())} 笔业务还没有提交审核"
    yield Todo(_tag(until), _urgency(until), title, f"{parts}。审核通过后才能结算", "e_basket", "去提交")


def _due_soon(now: Standing) -> Iterator[Todo]:
    for bill in reversed(now.bills.values()):
        open_fen, until = now.unpaid(bill), timezone.make_naive(bill.pay_until)
        if open_fen > 0 and local_now() <= until <= local_now() + SOON:
            note = f"待缴 {yuan(open_fen)} 元，{date_words(until, 'n 月 j 日 H:i')} 截止"
            title = f"{bill.month.label}账单还没有缴费"
            yield Todo(_tag(until), _urgency(until), title, note, "e_pay_bill", "去缴费", (bill.pk,))


def _to_settle(now: Standing) -> Iterator[Todo]:
    """Nothing is open any more: the last thing that clerks forget."""
    if now.bill or now.open or not now.changes:
        return
    until = region(now.employer.region).calendar.window(now.month).pay_until
    note = f"{now.changes} 笔变动已经生效，结算后才生成账单，{date_words(until, 'n 月 j 日 H:i')} 截止"
    yield Todo(_tag(until), _urgency(until), f"{now.month.label}还没有结算", note, "e_settle", "去结算")


def _low_wages(now: Standing, estimated: Estimate | None) -> Iterator[Todo]:
    found = newly_raised(now.employer, estimated) if estimated else []
    if not found:
        return
    extra = yuan(sum(one.extra for one in found))
    if len(found) == 1:
        (one,) = found
        title = f"{one.employee.name}的申报工资低于缴费下限"
        limits = f"申报 {yuan(one.wage)}，下限 {yuan(one.floor)}"
        note = f"{limits}。将按下限核定，个人每月多缴 {extra} 元"
        yield Todo("请确认", "w", title, note, "e_employee", "去确认", (one.employee.pk,))
        return
    names = "、".join(one.employee.name for one in found[:NAMED]) + ("等" if len(found) > NAMED else "")
    note = f"{names}。将按下限核定，个人每月共多缴 {extra} 元"
    highest = yuan(max(one.wage for one in found)).replace(",", "")
    title = f"{len(found)} 人的申报工资低于缴费下限"
    yield Todo("请确认", "w", title, note, "e_roster", "去确认", query={"base_to": highest})


def _retiring(now: Standing) -> Iterator[Todo]:
    """Who reaches the statutory age this month or within six months; a woman's post decides hers."""
    born_by = now.month.previous(YOUNGEST_MONTHS).first_day
    spells = Spell.objects.filter(covering(now.month), employee__employer=now.employer)
    known = ~Q(person__sex="") & (Q(person__sex=MAN) | ~Q(position=""))
    rows = Employee.objects.filter(known, pk__in=spells.values("employee"), person__born_on__lte=born_by)
    people = list(rows.values_list("pk", "name", "person__born_on", "person__sex", "position"))
    if not people:
        return
    born = np.array([Month.of(day).index for _, _, day, _, _ in people], dtype=np.int64)
    women = np.array([sex != MAN for *_, sex, _ in people], dtype=bool)
    found = retirement(born, tracks_of(women, np.array([post == MANAGERIAL for *_, post in people], dtype=bool)))
    alerts = retirement_alerts(found.statutory, now.month)
    for i in np.lexsort((born, found.statutory)):
        if alerts[i] in SOON_RETIRED:
            pk, name, day, *_ = people[i]
            left = int(found.statutory[i]) - now.month.index
            month = now.month.next(left)
            years, months = divmod(int(found.age[i]), 12)
            age = f"{years} 岁" + (f" {months} 个月" if months else "")
            note = f"{Month.of(day).label}生，{month.label}满 {age}，请提前准备退休申请"
            tag = f"{left} 个月后" if left else "本月"
            yield Todo(tag, "b", f"{name}到达法定退休年龄", note, "e_employee", "看人员", (pk,))


def _papers(now: Standing) -> Iterator[Todo]:
    """The papers of the newest bill, once it is paid."""
    bill = next(iter(now.bills.values()), None)
    if bill is None or now.unpaid(bill) > 0:
        return
    if kinds := now.unfiled(bill):
        documents = region(now.employer.region).documents
        titles = "、".join(str(documents[kind]["title"]) for kind in kinds)
        note = f"已缴 {yuan(bill.total_due)} 元，还有{titles}没有下载"
        span = {"from": str(bill.month), "to": str(bill.month)}
        yield Todo("可下载", "g", f"{bill.month.label}单据可以下载", note, "e_documents", "去下载", query=span)


def _tag(until) -> str:
    left = until - local_now()
    if left < timedelta(0):
        return "已截止"
    return f"{left.days} 天后" if left.days else "今天截止" if until.date() == local_now().date() else "明天截止"


def _urgency(until) -> str:
    return "d" if until - local_now() < timedelta(days=1) else "w"
