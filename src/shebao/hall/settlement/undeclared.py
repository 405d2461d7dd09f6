"""Employers that did not settle a month in time (未按时申报): who they are, and what the agency would assess them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from shebao.rules.assessed import shares_by, undeclared_evidence
from shebao.rules.evidence import Evidence as Told
from shebao.rules.months import BadMonth, Month
from shebao.rules.region import NoValue, Region
from shebao.rules.settling_words import settling

from ..clock import local_now, today
from ..employers.models import Employer
from ..errors import Refused
from ..prepared import prepared
from ..regions import region
from ..roster.models import Spell
from ..roster.queries import covering
from .late_decisions import extensions
from .models import Assessment, BackPayment, Bill, BillLine, ProvisionalLine
from .progress import ways_to_compute

OFFERED = 12
"""So many months back a month that was not declared may be chosen."""
WAITED = "截止时有按时提交的申报还在审核，单位还可以结算，不按未申报暂核定。"

PAID_BACK = "这个月已有在保人员办理补缴，不能按倍数暂核定，请按经营状况、职工人数等情况另行确定。"


@dataclass(frozen=True, eq=False)
class Share:
    """One scheme of a proposed assessment, fen: what the base month demanded, and what would be owed."""

    scheme: str
    title: str
    employer_base: int
    employee_base: int
    employer_due: int
    employee_due: int
    told: Told

    @property
    def base(self) -> int:
        """Both parts of the base."""
        return self.employer_base + self.employee_base

    @property
    def total(self) -> int:
        """Both parts of what would be owed."""
        return self.employer_due + self.employee_due


@dataclass(frozen=True, eq=False)
class Proposal:
    """What an employer would be assessed for a month: by which bill, its schemes; or what stands in the way."""

    employer: Employer
    month: Month
    basis: Bill | None
    shares: Sequence[Share] = ()
    obstacle: str = ""

    @property
    def base(self) -> int:
        """What the base month demanded, fen."""
        return sum(one.base for one in self.shares)

    @property
    def employer_due(self) -> int:
        """The employer's part, fen."""
        return sum(one.employer_due for one in self.shares)

    @property
    def employee_due(self) -> int:
        """The people's part, fen."""
        return sum(one.employee_due for one in self.shares)

    @property
    def total(self) -> int:
        """All that would be owed, fen."""
        return self.employer_due + self.employee_due


def deadline(spec: Region, month: Month) -> datetime:
    """Until when (naive local) a month can be declared before the agency may assess it."""
    window = spec.calendar.window(month)
    return window.pay_until if spec.collection.undeclared.after == "payment" else window.declare_until


def is_past(spec: Region, month: Month) -> bool:
    """Whether the time to declare a month is over."""
    return local_now() > deadline(spec, month)


def newest_month(spec: Region) -> Month:
    """The newest month whose time to declare is over."""
    month = Month.of(today())
    while not is_past(spec, month):
        month = month.previous()
    return month


def month_asked(spec: Region, text: str) -> Month:
    """The month that was chosen, or the newest one. Raises Refused for one that cannot be assessed so (yet)."""
    newest = newest_month(spec)
    try:
        month = Month.parse(text) if text else newest
    except BadMonth as bad:
        raise Refused("bad_month", f"{bad.message}。", field="month") from None
    refuse_early(spec, month)
    if month < newest.previous(OFFERED - 1):
        raise Refused("too_old", f"网上最早办理 {newest.previous(OFFERED - 1).label}的暂核定。", field="month")
    return month


def refuse_early(spec: Region, month: Month) -> None:
    """Raises Refused where the region assesses nobody so, or the time to declare the month is not over."""
    if not spec.collection.undeclared.assessed:
        raise Refused("no_undeclared", "本地不在网上办理未按时申报的暂核定。", status=404)
    if not is_past(spec, month):
        until = deadline(spec, month)
        raise Refused("still_time", f"{month.label}的申报到 {until:%Y-%m-%d %H:%M} 截止，还不能暂核定。", field="month")


def undeclared(actor, month: Month) -> QuerySet[Employer]:
    """The employers of the agency's region that settle themselves, have people insured and did not settle the month."""
    return not_settled(Employer.objects.visible_to(actor).filter(region=actor.region), region(actor.region), month)


def not_settled(employers: QuerySet[Employer], spec: Region, month: Month) -> QuerySet[Employer]:
    """Of these employers of one region those whose month was not settled, and not assessed provisionally either."""
    done = Assessment.objects.live().filter(
        Q(series=0) | Q(basis_month__isnull=False), employer=OuterRef("pk"), month=month
    )
    insured = Spell.objects.filter(covering(month), employee__employer=OuterRef("pk"), project=None)
    rows = employers.filter(~Exists(done), Exists(insured), first_month__lte=month)
    ways = ways_to_compute(spec)
    if "office" in ways:  # their month is the office's to assess: nobody is late with anything
        rows = rows.filter(computed_by="employer") if ways[0] == "office" else rows.exclude(computed_by="office")
    return rows.order_by("employer_number")


def propose(employers: Sequence[Employer], month: Month) -> list[Proposal]:
    """What each of these employers of one region would be assessed for a month; a constant number of queries."""
    if not employers:
        return []
    spec = region(employers[0].region)
    bases = _bases(spec, employers, month)
    sums = _sums([one for one in bases.values() if one])
    told: dict[tuple, Told] = {}
    obstacles = dict.fromkeys(_paid_back(employers, month), PAID_BACK)
    obstacles |= dict.fromkeys(extensions(employers, month, deadline(spec, month)), settling(spec.terms, WAITED))
    return [
        Proposal(one, month, None, obstacle=obstacles[one.pk])
        if one.pk in obstacles
        else _proposed(spec, one, month, bases.get(one.pk), sums, told)
        for one in employers
    ]


def _paid_back(employers: Sequence[Employer], month: Month) -> set[int]:
    """Who pays back the month for somebody insured in it: declared after all, it would charge them a second time."""
    return set(_paying_back([employer.pk for employer in employers], month))


@prepared
def _paying_back(employers: list[int], month: Month) -> QuerySet:
    insured = Spell.objects.filter(covering(month), employee=OuterRef("employee"), scheme=OuterRef("scheme"))
    rows = BackPayment.objects.filter(Exists(insured), employee__employer__in=employers, month=month, is_voided=False)
    return rows.values_list("employee__employer", flat=True)


def _bases(spec: Region, employers: Sequence[Employer], month: Month) -> dict[int, Bill]:
    """The bill that each employer's month is a multiple of."""
    bills = Bill.objects.live().filter(employer__in=employers, month__lt=month)
    if spec.collection.undeclared.base == "month_before":
        bills = bills.filter(Q(series=0) | Q(basis_month__isnull=False), month=month.previous())
    else:
        bills = bills.filter(series=0)
    return {bill.employer_id: bill for bill in bills.order_by("month")}


def _sums(bills: Sequence[Bill]) -> dict[int, dict[str, tuple[int, int]]]:
    """{bill: {scheme: (employer, people)}} of their own month, fen: a later correction of others is no part of it."""
    found: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    lines = BillLine.objects.live().regular_of(*bills).order_by()
    rows = list(lines.values_list("bill", "scheme").annotate(Sum("employer_due"), Sum("employee_due")))
    provisional = ProvisionalLine.objects.filter(bill__in=[bill.pk for bill in bills])
    rows += list(provisional.values_list("bill", "scheme", "employer_due", "employee_due"))
    for pk, scheme, employer, employee in rows:
        found[pk][scheme] = employer, employee
    return found


def _proposed(
    spec: Region, employer: Employer, month: Month, basis: Bill | None, sums: Mapping, told: dict
) -> Proposal:
    due = {key: both for key, both in sums.get(basis.pk, {}).items() if sum(both)} if basis else {}
    if basis is None or not due:
        before = "上个月" if spec.collection.undeclared.base == "month_before" else "以前"
        text = f"{before}没有应缴额，不能按倍数暂核定，请按经营状况、职工人数等情况另行确定。"
        return Proposal(employer, month, None, obstacle=text)
    shares = []
    for scheme in sorted(due, key=lambda key: (list(spec.schemes).index(key) if key in spec.schemes else 99, key)):
        key = scheme, basis.month
        try:
            told.setdefault(key, undeclared_evidence(spec, scheme, month, basis.month, today()))
        except NoValue as missing:
            return Proposal(employer, month, basis, obstacle=f"现在还不能计算：{missing}。")
        data, both = told[key].data, due[scheme]
        shares.append(Share(scheme, data["scheme_title"], *both, *shares_by(data, *both), told[key]))
    return Proposal(employer, month, basis, tuple(shares))


def provisional_of(employer, month: Month) -> Bill | None:
    """The provisional bill in force of an employer's month."""
    return Bill.objects.live().filter(employer=employer, month=month, basis_month__isnull=False).first()


def undeclared_months(actor) -> list[Bill]:
    """The provisional bills in force of an employer, the oldest first: months that it still has to declare."""
    rows = Bill.objects.visible_to(actor).live().filter(employer=actor.employer_id, basis_month__isnull=False)
    return list(rows.order_by("month"))


def provisional_bills(actor) -> QuerySet[Bill]:
    """The provisional bills in force of the agency's region, the newest first."""
    rows = Bill.objects.visible_to(actor).live().filter(basis_month__isnull=False)
    return rows.select_related("employer", "assessment__made_by").order_by(F("month").desc(), "employer__name")
