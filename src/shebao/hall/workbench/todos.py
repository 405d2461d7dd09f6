"""To-dos (待办): what somebody must do for the month, sorted by what happens if they do not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count
from django.template.defaultfilters import date as date_words
from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.settling_words import settling

from ..clock import day_of, local_now, today
from ..declarations.declared_month import declared_month, why_closed
from ..declarations.models import Declaration
from ..declarations.states import OPEN, State
from ..desk.holds import waiting_for_employer
from ..regions import region
from ..registration.join_deciding import open_joins
from ..roster.retiring import ages
from ..settlement.collecting import owings
from ..settlement.comparing import newly_raised
from ..settlement.declared import about_people
from ..settlement.late_decisions import extended_months, extension_words
from ..settlement.models import Bill
from ..settlement.paying_state import WORDS, is_unknown, offer_of
from ..settlement.progress import Standing, to_settle_here, who_computes
from ..settlement.queries import Estimate

SOON = timedelta(days=7)
NAMED = 3
"""So many returned declarations, or people near retirement, are listed one by one; more of them share one row."""


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
    """What the month asks somebody to do.

    Unanswered payments, overdue bills, returned, held and unsubmitted declarations, bills due soon, who asks for an
    account, wages to confirm, who retires, papers.
    """
    pays, settles, prints = (actor.may(permission) for permission in ("pay", "settle", "print"))
    mine = _open_to(actor, now)
    return [
        *(_undeclared(now) if settles else ()),
        *(_extended(now) if settles else ()),
        *(_unknown(now) if pays else ()),
        *(_overdue(now) if pays else ()),
        *_returned(actor, mine),
        *(_held(actor) if any(state == State.SUBMITTED for _, state in mine) else ()),
        *_rejected(actor, now),
        *(_drafts(now, mine) if actor.may("declare") else ()),
        *(_due_soon(now) if pays else ()),
        *(_to_settle(now) if settles else ()),
        *_joining(actor),
        *_low_wages(now, estimated),
        *_retiring(actor, now),
        *(_papers(now) if prints else ()),
    ]


def _open_to(actor, now: Standing) -> Mapping[tuple[str, str], int]:
    """Undecided declarations by (service, state), as many as the actor sees: nobody is sent to a list without them."""
    if not (actor.is_narrow or actor.withheld_services()):
        return now.open
    seen = Declaration.objects.visible_to(actor).values("pk")
    rows = about_people([now.employer]).filter(pk__in=seen, month__lte=now.month, state__in=OPEN).order_by("service")
    return {(service, state): n for service, state, n in rows.values_list("service", "state").annotate(Count("pk"))}


def _kind(bill: Bill) -> str:
    return bill.word


def _undeclared(now: Standing) -> Iterator[Todo]:
    """Months that the agency assessed because they were not declared (暂核定): the employer declares them still."""
    for bill in now.apart:
        if bill.is_provisional:
            title = f"{bill.month.label}没有按时申报，已经暂核定"
            note = settling(
                region(now.employer.region).terms,
                f"按 {bill.basis_month.label}应缴额暂核定 {yuan(bill.total_due)} 元；补办申报结算后多退少补",
            )
            yield Todo("请补报", "d", title, note, "e_settle", "补办申报", query={"month": str(bill.month)})


def _extended(now: Standing) -> Iterator[Todo]:
    """Months that the agency decided too late, or has not decided: they are settled after their time."""
    if who_computes(now.employer) == "office":
        return
    spec = region(now.employer.region)
    for month, one in extended_months(now.employer, now.month).items():
        tag, kind = (_tag(one.until), _urgency(one.until)) if one.until else ("审核中", "b")
        note = extension_words(spec, month, one)
        yield Todo(
            tag,
            kind,
            f"{month.label}还没有{spec.term('settle')}",
            note,
            "e_settle",
            to_settle_here(spec, "去结算"),
            query={"month": str(month)},
        )


def _unknown(now: Standing) -> Iterator[Todo]:
    """Bills of which nobody knows whether they were paid: they are asked about, not paid again."""
    for bill in now.bills_to_pay():
        if is_unknown(running := now.running.get(bill.pk)):
            note = f"{yuan(running.amount_fen)} 元还不知道是否到账，请先查询结果，请勿换别的方式重复付款"
            title = f"{bill.month.label}{_kind(bill)}账单的缴费{WORDS['unknown']}"
            yield Todo(WORDS["unknown"], "w", title, note, *_way_to_pay(now, bill))


def _way_to_pay(now: Standing, bill: Bill) -> tuple[str, str, tuple]:
    """The page that helps with a bill that asks for money, its button and what the page is about."""
    running = now.running.get(bill.pk)
    page, about = ("e_payment", running) if running else ("e_pay_bill", bill)
    return page, offer_of(running), (about.pk,)


def _to_be_paid(now: Standing) -> list[Bill]:
    """The bills that can be paid, the oldest first: without those of which nobody knows whether they were."""
    return [one for one in now.bills_to_pay() if not is_unknown(now.running.get(one.pk))]


def _overdue(now: Standing) -> Iterator[Todo]:
    late = [one for one in _to_be_paid(now) if now.unpaid(one) > 0 and timezone.make_naive(one.pay_until) < local_now()]
    for bill in late:
        bill.employer = now.employer  # it is read already
    asked = owings(late, today()) if late else {}
    for bill in late:
        one, until = asked[bill.pk], timezone.make_naive(bill.pay_until)
        if one.total > 0:
            title = f"{bill.month.label}{_kind(bill)}账单逾期没有缴清"
            fee = f"，其中滞纳金 {yuan(one.late_fee)} 元，每天再加 {yuan(one.tomorrow)} 元" if one.late_fee else ""
            note = f"今天应缴 {yuan(one.total)} 元{fee}；{date_words(until, 'n 月 j 日')}已截止"
            yield Todo("已逾期", "d", title, note, *_way_to_pay(now, bill))


def _returned(actor, mine: Mapping[tuple[str, str], int]) -> Iterator[Todo]:
    count = sum(n for (_, state), n in mine.items() if state == State.RETURNED)
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


def _held(actor) -> Iterator[Todo]:
    """What the desk holds until the employer says or brings something: nothing goes on without it."""
    rows = list(waiting_for_employer(actor).select_related("desk").defer("answers", "before"))
    if len(rows) > NAMED:
        since = date_words(rows[0].desk.held_on, "n 月 j 日")
        note = f"{since}起不计时限；最早一笔：{rows[0].held_for}"
        title = f"{len(rows)} 笔申报已挂起，等您补充"
        yield Todo("等您补充", "w", title, note, "e_cases", "去查看", query={"state": State.SUBMITTED})
        return
    for one in rows:
        title = f"{one.subject_name}的{one.spec.title}已挂起，等您补充"
        note = f"{one.held_for}（{date_words(one.desk.held_on, 'n 月 j 日')}起不计时限）"
        yield Todo("等您补充", "w", title, note, "e_case", "去查看", (one.pk,))


def _rejected(actor, now: Standing) -> Iterator[Todo]:
    """What was refused this month where it is declared anew, and was not yet."""
    copied = [key for key, service in region(now.employer.region).services.items() if service.is_copied]
    if not copied:
        return
    rows = Declaration.objects.visible_to(actor).filter(state=State.REJECTED, month=now.month, service__in=copied)
    for one in rows.filter(copies=None).order_by("decided_at", "pk").defer("answers", "before")[:NAMED]:
        said = one.note or "；".join(one.marks.values())
        title = f"{one.subject_name}的{one.spec.title}{one.state_label}"
        yield Todo(one.state_label, "d", title, f"审核意见：{said}", "e_case", "重新办理", (one.pk,))


def _drafts(now: Standing, mine: Mapping[tuple[str, str], int]) -> Iterator[Todo]:
    here = region(now.employer.region)
    waiting = {service: count for (service, state), count in mine.items() if state == State.DRAFT}
    if not waiting:
        return
    is_ahead = declared_month(here) > now.month
    until = here.calendar.window(now.month.next() if now.bill or is_ahead else now.month).declare_until
    parts = "、".join(f"{here.services[key].title} {count}" for key, count in waiting.items())
    is_reviewed = any(not here.services[key].is_direct for key in waiting)
    title = f"{sum(waiting.values())} 笔业务还没有提交{'审核' if is_reviewed else ''}"
    done = "审核通过" if is_reviewed else "提交"
    later = f"{now.month} {'已经' + here.term('settle') if now.bill else '的申报已经截止'}，{done}后计入以后的账单"
    if shut := why_closed(here, local_now()):
        yield Todo("不在申报期", "w", title, f"{parts}。{shut}", "e_basket", "去查看")
        return
    note = f"{parts}。" + (later if now.bill or is_ahead else f"{done}后才能{here.term('settle')}")
    yield Todo(_tag(until), _urgency(until), title, note, "e_basket", "去提交")


def _due_soon(now: Standing) -> Iterator[Todo]:
    for bill in _to_be_paid(now):
        open_fen, until = now.unpaid(bill), timezone.make_naive(bill.pay_until)
        if open_fen > 0 and local_now() <= until <= local_now() + SOON:
            note = f"待缴 {yuan(open_fen)} 元，{date_words(until, 'n 月 j 日 H:i')} 截止"
            title = f"{bill.month.label}{_kind(bill)}账单还没有缴清"
            yield Todo(_tag(until), _urgency(until), title, note, *_way_to_pay(now, bill))


def _to_settle(now: Standing) -> Iterator[Todo]:
    """Nothing is open any more: the last thing that clerks forget."""
    if now.bill or who_computes(now.employer) == "office":
        return
    spec = region(now.employer.region)
    until = spec.calendar.window(now.month).pay_until
    if now.is_missed and now.has_insured:
        note = f"{date_words(until, 'n 月 j 日 H:i')} 已截止，看看接下来怎么办"
        yield Todo("已过期", "d", f"{now.month.label}没有按时{spec.term('settle')}", note, "e_settle", "看怎么办")
        return
    if now.open or not now.changes:
        return
    note = f"{now.changes} 笔变动已经生效，{spec.term('settle')}后才生成账单，{date_words(until, 'n 月 j 日 H:i')} 截止"
    title = f"{now.month.label}还没有{spec.term('settle')}"
    yield Todo(_tag(until), _urgency(until), title, note, "e_settle", to_settle_here(spec, "去结算"))


def _joining(actor) -> Iterator[Todo]:
    """How many who work here ask for an account. Who they are stands on the page itself, whose look is on record."""
    waiting = list(open_joins(actor).defer("answers"))
    if not waiting:
        return
    first, only = waiting[0], len(waiting) == 1
    page = ("e_join", "去处理", (first.pk,)) if only else ("e_joins", "去处理")
    until = date_words(day_of(first.until), "n 月 j 日")
    note = f"申请号 {first.number}，{until}过期" if only else f"最早的一份 {until}过期"
    yield Todo("加入申请", "w", f"{len(waiting)} 人申请加入本单位", note, *page)


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


def _retiring(actor, now: Standing) -> Iterator[Todo]:
    """Who reaches the statutory age this month or within six months, and who is insured beyond it."""
    found = ages(now.employer, now.month, actor)
    if past := found.within("past_retirement"):
        names = "、".join(one.name for one in past[:NAMED]) + ("等" if len(past) > NAMED else "")
        title = f"{len(past)} 人已过法定退休年龄仍在参保"
        note = f"{names}。已办退休的请减员，没有办的请尽快申请"
        yield Todo("已超龄", "w", title, note, "e_reminder", "去核对", ("past_retirement",))
    soon = found.within("retiring_within_six_months")
    for one in soon[:NAMED]:
        when = f"{one.left} 个月后" if one.left else "本月"
        note = f"{one.born.label}生，{one.statutory.label}满 {one.age_words}，请提前准备退休申请"
        yield Todo(when, "b", f"{one.name}到达法定退休年龄", note, "e_employee", "看人员", (one.pk,))
    if len(soon) > NAMED:
        title = f"6 个月内共 {len(soon)} 人到达法定退休年龄"
        note = f"还有 {len(soon) - NAMED} 人没有列在这里"
        last = soon[-1].left
        yield Todo(f"{last} 个月内", "b", title, note, "e_reminder", "看名单", ("retiring_within_six_months",))


def _papers(now: Standing) -> Iterator[Todo]:
    """The papers of the newest bill, once it is paid."""
    bill = next(iter(now.bills.values()), None)
    if bill is None or now.unpaid(bill) > 0:
        return
    if kinds := now.unfiled(bill):
        documents = region(now.employer.region).documents
        titles = "、".join(str(documents[kind]["title"]) for kind in kinds)
        note = f"已缴 {yuan(bill.total_due)} 元，还有{titles}没有打印或下载"
        span = {"from": str(bill.month), "to": str(bill.month)}
        yield Todo("可下载", "g", f"{bill.month.label}单据可以下载", note, "e_documents", "去下载", query=span)


def _tag(until) -> str:
    left = until - local_now()
    if left < timedelta(0):
        return "已截止"
    return f"{left.days} 天后" if left.days else "今天截止" if until.date() == local_now().date() else "明天截止"


def _urgency(until) -> str:
    return "d" if until - local_now() < timedelta(days=1) else "w"
