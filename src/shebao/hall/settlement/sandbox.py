"""规则沙盘: proposed values tried on the real bills of the last month. Nothing but the scratch paper is written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.db import transaction
from django.db.models import Max, Sum

from shebao.regions_home import regions_roots
from shebao.rules.contributions import Charges, NoFact, charge
from shebao.rules.months import Month
from shebao.rules.proposals import as_if_in_force, changes, load_proposed
from shebao.rules.region import NoValue, Region

from ..audit.operations import record
from ..clock import now, today
from ..errors import Refused
from ..regions import region
from .billed import Billed, billed_people
from .evidences import data_of
from .models import Bill, BillLine, LineKind, SandboxRun
from .tasks import run_in_background

AT_ONCE = 8_000
"""So many people are charged while the page waits, in less than a second; more go to the background."""
CHUNK = 10_000
"""People charged in one go; progress is told between."""
SHOWN = 20
KEPT = 10
PEOPLE = {
    "all": "参加试算",
    "affected": "金额有变化",
    "to_floor": "新到下限",
    "from_floor": "不再按下限",
    "to_ceiling": "新到上限",
    "from_ceiling": "不再按上限",
}
"""What is counted of people, and what a page calls it."""
COLUMNS = (
    "bill", "employee", "scheme", "declared_wage", "employer_evidence", "employee_evidence", "limit",
    "employer_due", "employee_due",
)  # fmt: skip


def try_values(text: str, *, by) -> SandboxRun:
    """Try a parameters.yaml on the last billed month of the actor's region; small regions are done at once.

    Raises BadRegion with every mistake of the text, Refused where nothing would change or nothing is billed.
    """
    if not by.may("try_values"):
        raise Refused("not_permitted", "您的账号没有“规则沙盘”权限，请联系管理员。", status=403)
    spec = region(by.region)
    if not changes(spec, load_proposed(spec, regions_roots(), text)):
        raise Refused("nothing_changed", "写的数值与现行的完全相同，请改动至少一个数值再试。")
    bills = Bill.objects.visible_to(by).live().filter(series=0)
    month = bills.filter(month__lt=Month.of(today())).aggregate(last=Max("month"))["last"]
    if month is None:
        raise Refused("nothing_billed", "本地区还没有以前月份的账单，不能试算。")
    bills = bills.filter(month=month)
    with transaction.atomic():
        run = SandboxRun.objects.create(
            asked_by=by, asked_at=now(), month=month, proposal=text, employers_total=bills.count()
        )
        kept = SandboxRun.objects.visible_to(by).order_by("-pk").values_list("pk", flat=True)[:KEPT]
        SandboxRun.objects.visible_to(by).exclude(pk__in=list(kept)).delete()
        record("values.tried", run, by=by, month=str(month))
    if bills.aggregate(heads=Sum("head_count", default=0))["heads"] > AT_ONCE:
        run_in_background(run.pk, by.pk)
    else:
        carry_out(run.pk, by=by)
    return run


def carry_out(run_id: int, *, by) -> None:
    """Do the work of a run and keep its outcome; safe to do twice."""
    run = SandboxRun.objects.visible_to(by).get(pk=run_id)
    spec = region(by.region)
    proposed = as_if_in_force(spec, load_proposed(spec, regions_roots(), run.proposal), run.month, today())
    bills = list(
        Bill.objects.visible_to(by)
        .live()
        .filter(month=run.month, series=0)
        .order_by("pk")
        .values_list("pk", "employer__name", "employer__employer_number", "employer", "head_count")
    )
    tally = _Tally(proposed, run.month)
    own = SandboxRun.objects.filter(pk=run.pk)
    try:
        for done, chunk in _chunks(bills):
            tally.add([bill[0] for bill in chunk])
            own.update(employers_done=done)
    except (NoValue, NoFact) as missing:
        own.update(failure=f"按拟定的数值不能计算：{missing}。")
    else:
        own.update(outcome=tally.outcome(bills))


def _chunks(bills: Sequence[tuple]) -> Iterator[tuple[int, list[tuple]]]:
    """Bills of about CHUNK people at a time, with how many employers are done after each."""
    chunk: list[tuple] = []
    for number, bill in enumerate(bills, 1):
        chunk.append(bill)
        if sum(one[-1] for one in chunk) >= CHUNK or number == len(bills):
            yield number, chunk
            chunk = []


@dataclass
class _Tally:
    """Sums over the chunks, in fen. Everything is by column; no person is kept."""

    spec: Region
    month: Month
    heads: Counter = field(default_factory=Counter)
    before: Counter = field(default_factory=Counter)
    after: Counter = field(default_factory=Counter)
    bills: dict[int, tuple[int, int]] = field(default_factory=dict)
    people: Counter = field(default_factory=Counter)
    known: dict[int, dict] = field(default_factory=dict)

    def add(self, bills: Sequence[int]) -> None:
        """Charge the people of these bills again."""
        schemes = {scheme.key for scheme in self.spec.open_schemes}
        regular = BillLine.objects.live().filter(month=self.month, kind=LineKind.REGULAR)
        lines = regular.filter(bill__in=bills, scheme__in=schemes)
        found = list(lines.order_by("pk").values_list(*COLUMNS))
        self.known |= data_of({pk for row in found for pk in row[4:6]} - self.known.keys())
        rows = [Billed(*row[1:6]) for row in found]
        places, people = billed_people(self.spec, rows, self.known)
        charges = charge(self.spec, self.month, people, known_on=today())
        self._sum(found, places, charges)

    def _sum(self, found: list[tuple], places: dict, charges: Charges) -> None:
        count = len(places)
        old, bill_of = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        was = {-1: np.zeros(count, dtype=np.bool_), 1: np.zeros(count, dtype=np.bool_)}
        for bill, employee, scheme, *_, limit, employer_due, employee_due in found:
            place, due = places[employee], employer_due + employee_due
            bill_of[place] = bill
            old[place] += due
            self.before[scheme] += due
            self.heads[scheme] += 1
            if limit:
                was[limit][place] = True
        for one in charges.schemes:
            self.after[one.scheme] += int(one.employer.sum() + one.employee.sum())
        new = charges.employer_total + charges.employee_total
        bills, whose = np.unique(bill_of, return_inverse=True)
        sums = np.zeros((2, len(bills)), dtype=np.int64)
        np.add.at(sums[0], whose, old)
        np.add.at(sums[1], whose, new)
        self.bills |= {int(bill): (int(sums[0, i]), int(sums[1, i])) for i, bill in enumerate(bills)}
        for name, side in (("to_floor", -1), ("to_ceiling", 1)):
            now_there = np.zeros(count, dtype=np.bool_)
            for one in charges.schemes:
                now_there |= one.limit == side
            self.people[name] += int(np.count_nonzero(now_there & ~was[side]))
            self.people[f"from_{name[3:]}"] += int(np.count_nonzero(was[side] & ~now_there))
        self.people["all"] += count
        self.people["affected"] += int(np.count_nonzero(old != new))

    def outcome(self, bills: Sequence[tuple]) -> dict:
        """All of it as plain data: totals by scheme, people, and the employers that it touches most."""
        moved = [
            {"employer": employer, "name": name, "number": number, "heads": heads, "before": old, "after": new}
            for pk, name, number, employer, heads in bills
            for old, new in [self.bills.get(pk, (0, 0))]
            if old != new
        ]
        moved.sort(key=lambda one: (-abs(one["after"] - one["before"]), one["number"]))
        return {
            "schemes": [
                {"title": s.title, "heads": self.heads[s.key], "before": self.before[s.key], "after": self.after[s.key]}
                for s in self.spec.open_schemes
                if self.heads[s.key]
            ],
            "people": {name: self.people[name] for name in PEOPLE},
            "employers": moved[:SHOWN],
            "employers_affected": len(moved),
        }
