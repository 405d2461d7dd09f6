"""How far an employer's month is: what stands before settling it, and the steps of the month."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region_model import Region, Settlement
from shebao.rules.settling_words import settling

from ..clock import local_now
from ..declarations.models import CounterBusiness
from ..declarations.states import OPEN, State
from ..documents.models import Document
from ..employers.models import Employer
from ..errors import Refused
from ..payments.models import Payment
from ..payments.queries import running_payments
from ..prepared import prepared
from ..regions import region
from ..roster.models import DeclaredWage, Employee, Spell
from ..roster.queries import covering
from .declared import about_people, changes_of, open_counts_of_many
from .ledger import balances
from .missed import is_missed
from .models import Assessment, Bill
from .paying_state import WORDS, asked_of, fee_note, is_unknown


@dataclass(frozen=True)
class Precondition:
    """One thing to be true before settling. `is_task`: the settling clerk fulfils it by confirming."""

    key: str
    title: str
    is_met: bool
    note: str
    url_name: str
    is_task: bool = False


@dataclass(frozen=True)
class Step:
    """One step of the month; state is done, current or next."""

    title: str
    note: str
    state: str
    url_name: str


TITLES = {
    "no_drafts": ("待提交的申报都已提交", State.DRAFT, "e_basket"),
    "none_in_review": ("审核中的申报都已办结", State.SUBMITTED, "e_cases"),
    "none_returned": ("退回的申报都已处理", State.RETURNED, "e_cases"),
}


def ways_to_compute(spec: Region) -> list[str]:
    """Who may compute an employer's months here; more than one is a choice."""
    return list(dict.fromkeys(one.computed_by for one in spec.settlements.values()))


def who_computes(employer) -> str:
    """Who computes this employer's months: as it chose, or as the region does where it has not chosen."""
    ways = ways_to_compute(region(employer.region))
    return employer.computed_by if employer.computed_by in ways else next(iter(ways), "employer")


def applicable_settlement(employer, month: Month) -> Settlement:
    """The one way in which this month is settled here: by the region, who computes, and whether anything changed."""
    return settlement_for(employer, changes_of(employer, month))


def settlement_for(employer, changes: Mapping[str, int]) -> Settlement:
    """The way in which a month with these changes is settled for an employer; raises Refused where there is none."""
    computed_by = who_computes(employer)
    kinds = [one for one in region(employer.region).settlements.values() if one.computed_by == computed_by]
    wanted = "with_changes" if changes else "without_changes"
    for applies in ("always", wanted):
        if found := next((kind for kind in kinds if kind.applies == applies), None):
            return found
    raise Refused(
        "no_settlement", settling(region(employer.region).terms, "本地没有开放适用于本月的结算方式，请联系经办机构。")
    )


def preconditions(employer, month: Month, *, by) -> list[Precondition]:
    """What the applicable settlement asks for, each met or not, in the region's order."""
    settlement = applicable_settlement(employer, month)
    is_settled = Assessment.objects.visible_to(by).live().filter(employer=employer, month=month, series=0).exists()
    return preconditions_of_many([employer], month, {employer.pk: settlement}, is_settled=is_settled)[employer.pk]


def preconditions_of_many(
    employers: Sequence[Employer], month: Month, settlements: Mapping[int, Settlement], *, is_settled: bool = False
) -> dict[int, list[Precondition]]:
    """As `preconditions`, by employer, each with the settlement that applies to it; three queries at most."""
    counts = open_counts_of_many(employers, month)
    asks = {key for one in settlements.values() for key in one.preconditions}
    without = _without_wage(employers, month) if "wages_complete" in asks else {}
    waiting = _at_the_counter(employers, month) if "counter_done" in asks else {}
    return {
        one.pk: [
            _counter_done(waiting.get(one.pk, []))
            if key == "counter_done"
            else _precondition(key, settlements[one.pk], counts[one.pk], without.get(one.pk, []), is_settled)
            for key in settlements[one.pk].preconditions
        ]
        for one in employers
    }


def _precondition(key: str, settlement: Settlement, counts: dict, without: list[str], is_settled: bool) -> Precondition:
    if key in TITLES:
        title, state, url_name = TITLES[key]
        count = counts.get(state, 0)
        return Precondition(key, title, not count, f"还有 {count} 笔" if count else "", url_name)
    if key == "wages_complete":
        more = f"等 {len(without)} 人" if len(without) > 3 else ""
        note = f"{'、'.join(without[:3])}{more}没有申报工资" if without else ""
        return Precondition(key, "在保人员都有申报工资", not without, note, "e_roster")
    note = "" if is_settled else f"提交时须确认 {settlement.confirmations} 次"
    return Precondition(key, "单位已确认人员与金额", is_settled, note, "e_settle", is_task=True)


def _without_wage(employers: Sequence[Employer], month: Month) -> dict[int, list[str]]:
    """Who is insured and has no declared wage, by employer, in the order of their names."""
    found: dict[int, list[str]] = defaultdict(list)
    for employer, name in _insured_without_wage([employer.pk for employer in employers], month):
        found[employer].append(name)
    return found


@prepared
def _insured_without_wage(employers: list[int], month: Month) -> QuerySet:
    insured = Spell.objects.filter(covering(month), employee__employer__in=employers, project=None)
    waged = DeclaredWage.objects.filter(employee__employer__in=employers, first_month__lte=month, is_voided=False)
    rows = Employee.objects.filter(pk__in=insured.values("employee")).exclude(pk__in=waged.values("employee"))
    return rows.order_by("name_pinyin", "pk").values_list("employer", "name")


def _at_the_counter(employers: Sequence[Employer], month: Month) -> dict[int, list[str]]:
    """The counter's business that is not done, by employer, the oldest first."""
    rows = CounterBusiness.objects.filter(employer__in=employers, month__lte=month, done_at=None)
    found: dict[int, list[str]] = defaultdict(list)
    for employer, title in rows.order_by("opened_at").values_list("employer", "title"):
        found[employer].append(title)
    return found


def _counter_done(names: list[str]) -> Precondition:
    note = f"还有 {len(names)} 项：{'、'.join(names[:3])}{'等' if len(names) > 3 else ''}" if names else ""
    return Precondition("counter_done", "前台的业务都已办结", not names, note, "e_counter_business")


@dataclass(frozen=True)
class Standing:
    """Where an employer's month stands, read once: everything that the steps and the reminders are made of.

    `bills` by month, newest first, and those of back payments assessed `apart`; `booked` has (due, paid) in fen by
    bill; `open` counts undecided declarations by (service, state); `made` those that took effect, by service; `filed`
    holds the kinds of paper that were downloaded, by bill; `has_insured` whether anybody is insured in the month;
    `late_fee` is what the month's own bill still asks for being paid late, fen; `is_missed`: it was not settled in its
    time and cannot be any more; `running` are the attempts to pay that have no result yet, by bill.
    """

    employer: Employer
    month: Month
    bills: dict[Month, Bill]
    apart: list[Bill]
    booked: dict[int, tuple[int, int]]
    open: dict[tuple[str, str], int]
    made: dict[str, int]
    filed: dict[int, set[str]]
    has_insured: bool
    late_fee: int = 0
    is_missed: bool = False
    running: Mapping[int, Payment] = field(default_factory=dict)

    @property
    def bill(self) -> Bill | None:
        """The month's own bill, once it is settled."""
        return self.bills.get(self.month)

    @property
    def changes(self) -> int:
        """How many declarations of the month about people took effect."""
        return sum(self.made.values())

    @property
    def is_new(self) -> bool:
        """Whether the employer has never settled a month."""
        return not self.bills

    @property
    def by_state(self) -> dict[str, int]:
        """Undecided declarations by state."""
        counts: dict[str, int] = defaultdict(int)
        for (_, state), count in self.open.items():
            counts[state] += count
        return dict(counts)

    def bills_to_pay(self) -> list[Bill]:
        """Every bill, the oldest first."""
        return sorted([*self.bills.values(), *self.apart], key=lambda bill: (bill.month, bill.series))

    @property
    def is_paid(self) -> bool:
        """Whether nothing is to be paid of the month's own bill, the late fee of it neither."""
        return self.bill is not None and self.unpaid(self.bill) <= 0 and not self.late_fee

    @property
    def fee_open(self) -> int:
        """The late fee of the month's own bill where that alone is left to pay, fen."""
        return self.late_fee if self.bill and self.unpaid(self.bill) <= 0 else 0

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows yet if the month's own bill was paid."""
        return self.bill is not None and not self.is_paid and is_unknown(self.running.get(self.bill.pk))

    def unpaid(self, bill: Bill) -> int:
        """What is still to be paid of a bill, fen."""
        due, paid = self.booked.get(bill.pk, (0, 0))
        return due - paid

    def unfiled(self, bill: Bill) -> list[str]:
        """The kinds of paper of a bill that nobody has downloaded yet, in the region's order."""
        kinds = region(self.employer.region).bill_documents
        return [kind for kind in kinds if kind not in self.filed.get(bill.pk, set())]


def standing(employer, month: Month, by) -> Standing:
    """Read where the month stands; eight queries, and one more once the time to pay the month's bill is over."""
    every = list(Bill.objects.visible_to(by).live().filter(employer=employer))
    undecided = about_people([employer]).filter(month__lte=month, state__in=OPEN)
    rows = undecided.values_list("service", "state").annotate(Count("pk")).order_by("service", "state")
    filed: dict[int, set[str]] = defaultdict(set)
    papers = Document.objects.filter(bill__in=every, downloaded_at__isnull=False)
    for bill, kind in papers.values_list("bill", "kind"):
        filed[bill].add(kind)
    own = {bill.month: bill for bill in every if not bill.series}
    apart = [bill for bill in every if bill.series]
    late = [bill for bill in (own.get(month),) if bill and local_now() > timezone.make_naive(bill.pay_until)]
    return Standing(
        employer,
        month,
        own,
        apart,
        balances(every),
        {(service, state): count for service, state, count in rows},
        changes_of(employer, month),
        filed,
        Spell.objects.filter(covering(month), employee__employer=employer).exists(),
        sum(asked.late_fee for asked in asked_of(late).values()) if late else 0,
        month not in own
        and is_missed(employer, month, is_provisional=any(one.is_provisional and one.month == month for one in apart)),
        running_payments(every),
    )


def steps_of(now: Standing) -> list[Step]:
    """录入变动, 提交审核, 月度结算, 缴费, 打印归档 of a month that stands so: computed, nothing stored by hand.

    The settlement is called as the region's menu calls it.
    """
    return _steps(now, settled=_settled_words, paying=_paying_words)


def steps_without_amounts(now: Standing) -> list[Step]:
    """The same for whoever is not shown bills: what is settled and what is paid, not how much."""
    return _steps(now, settled=lambda bill: "已核定", paying=_paid_or_not)


def _steps(now: Standing, *, settled: Callable[[Bill], str], paying: Callable[[Standing], str]) -> list[Step]:
    spec, bill, counts, changes = region(now.employer.region), now.bill, now.by_state, now.changes
    first = now.employer.first_month
    done = {
        "enter": bool(bill or counts or changes),
        "submit": bool(bill) or (bool(changes) and not counts),
        "settle": bool(bill),
        "pay": now.is_paid,
        "file": bool(bill) and not now.unfiled(bill),
    }
    notes = {
        "enter": _enter_note(spec, now, changes + sum(counts.values()), done["enter"]),
        "submit": _submit_note(counts, changes, done["submit"], is_settled=bool(bill)),
        "settle": settled(bill) if bill else _settle_note(spec, now, by_office=who_computes(now.employer) == "office"),
        "pay": paying(now) if bill else f"{spec.term('settle')}后开放",
        "file": _file_note(spec, bill, now, done["pay"]),
    }
    if now.month < first:  # registered, and insured from a later month on: there is nothing to settle yet
        notes |= {"enter": notes["enter"] if counts or changes else "先录入第一批人员", "settle": f"{first} 起办理"}
    waits = any(service.waits for service in spec.listed_services)
    is_reviewed = spec.is_reviewed
    rows = [
        ("enter", "录入变动", "e_home"),
        (
            "submit",
            _submit_title(waits, is_reviewed),
            "e_basket" if waits else "e_cases",
        ),
        ("settle", spec.term("menu.settle"), "e_settle"),
        ("pay", "缴费", "e_pay"),
        ("file", "打印归档", "e_documents"),
    ]
    return _with_states(rows, done, notes, may_skip=now.month >= first and now.has_insured)


def to_settle_here(spec: Region, plain: str) -> str:
    """`plain` words where settling is simply called 结算; elsewhere the name that the region's menu has for it."""
    name = spec.term("menu.settle")
    return plain if name.removeprefix("月度") == "结算" else name


def _submit_title(waits: bool, is_reviewed: bool) -> str:
    if is_reviewed:
        return "提交审核"
    return "核对提交" if waits else "自动生效"


def _with_states(rows, done: dict, notes: dict, *, may_skip: bool) -> list[Step]:
    """The first step that is not done is the current one."""
    # Without changes the month of those who are insured goes straight on to the settlement: there the clerk stands.
    skipped = {"enter", "submit"} if may_skip and not done["enter"] else set()
    current = next((key for key, _, _ in rows if not done[key] and key not in skipped), None)
    states = {key: "done" if done[key] else "current" if key == current else "next" for key, _, _ in rows}
    return [Step(title, notes[key], states[key], url_name) for key, title, url_name in rows]


def _enter_note(spec, now: Standing, count: int, is_done: bool) -> str:
    if count:
        return f"本月 {count} 笔"
    if is_done:
        return "本月无变动"
    if local_now() > spec.calendar.window(now.month).declare_until:
        return "申报期已过"
    return f"没有变动可直接{spec.term('settle')}" if now.has_insured else "还没有参保人员"


def _submit_note(counts: dict, changes: int, is_done: bool, *, is_settled: bool) -> str:
    waiting = (State.DRAFT, State.SUBMITTED, State.RETURNED)
    parts = [f"{counts[state]} 笔{state.label}" for state in waiting if counts.get(state)]
    if parts:
        # What is undecided when the month is settled is decided too late for its bill.
        return "，".join(parts) + ("，计入以后的账单" if is_settled else "")
    if is_done:
        return f"{changes} 笔已生效" if changes else "没有需要提交的申报"
    return "先录入变动"


def _settle_note(spec: Region, now: Standing, *, by_office: bool) -> str:
    if by_office:
        return "由经办机构核定"
    if now.is_missed and now.has_insured:
        return f"{spec.term('settle')}时间已过，看怎么办"
    if now.open:
        return "申报全部办结后可办"
    return f"可以{spec.term('settle')}" if now.has_insured or now.changes else "有参保人员后可办"


def _settled_words(bill: Bill) -> str:
    return f"已核定 {yuan(bill.total_due)} 元"


def _paid_or_not(now: Standing) -> str:
    if now.is_unknown:
        return WORDS["unknown"]
    return "已缴清" if now.is_paid else "待缴"


def _paying_words(now: Standing) -> str:
    if now.is_unknown:
        return WORDS["unknown"]
    if now.fee_open:
        return fee_note(now.fee_open)
    if now.is_paid:
        return f"已缴 {yuan(now.bill.total_due)} 元"
    return f"待缴 {yuan(now.unpaid(now.bill))} 元"


def _file_note(spec: Region, bill: Bill | None, now: Standing, is_paid: bool) -> str:
    """A month is filed when every paper of the region was downloaded once."""
    if bill is None:
        return f"{spec.term('settle')}后生成"
    waiting = len(now.unfiled(bill))
    if not waiting:
        return "单据已取用"
    return f"{waiting} 份单据待取用" if is_paid else "缴费后生成凭证"
