"""I-2 and I-10 in the database itself: a line that is not what its evidence says cannot be written (decision 0016)."""

from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from math import ceil, floor

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from shebao.hall.settlement.evidences import keep_evidence
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import ADJUSTING, TERMS, BillLine, Evidence, LineKind
from shebao.rules.evidence import Evidence as Told
from shebao.rules.evidence import recompute
from shebao.rules.money import LARGEST_FEN, LARGEST_NUMERATOR, ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.terms import Terms
from tests.factories import at
from tests.services.test_back_payments import approved, asked
from tests.services.test_back_payments import hall as back_hall
from tests.services.test_refunds import refunded_hall

from .hall import NOVEMBER, hire, make_clerk, make_employer, migrate_to_newest, settle, step_by_step, unguarded_writing
from .late import CODE, late_city
from .test_sealed import another, open_bill

GUARD = import_module("shebao.hall.settlement.migrations.0018_a_line_is_what_its_evidence_says")
LINE, ADJUSTMENT = "a line is its base", "an adjustment is what its evidence charges"


@contextmanager
def taken_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def refused(words: str):
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


def terms_of(line: BillLine, part: str = "employer") -> Terms:
    told = getattr(line, f"{part}_evidence")
    return Terms(**{name: getattr(told, name) for name in Terms._fields})


def at_base(line: BillLine, base: int) -> dict:
    """The line with another base, and with what its evidence would charge that."""
    dues = {f"{part}_due": terms_of(line, part).amount(base) for part in ("employer", "employee")}
    return {"contribution_base": base, **dues}


@pytest.fixture
def charged():
    """A pension line between the limits, and where the same may be charged again: the month after, on a bill of it."""
    employer = make_employer("guiyang")
    hire(employer, [720_000])
    line = settle(employer, make_clerk(employer)).lines.get(scheme="pension")
    month = NOVEMBER.next()
    return line, lambda: {"bill_id": open_bill(employer, month).pk, "month": month, "booking_month": month}


@pytest.mark.django_db
def test_a_line_as_its_evidence_says_is_taken_up_to_both_limits(charged):
    line, there = charged
    terms = terms_of(line)
    assert 0 < terms.lowest_fen < line.contribution_base < terms.highest_fen < LARGEST_FEN
    for base in (terms.lowest_fen, line.contribution_base, terms.highest_fen):
        with taken_back():
            another(line, **there(), **at_base(line, base))


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["employer", "employee"])
@pytest.mark.parametrize("fen", [1, -1])
def test_a_line_a_fen_off_is_refused(charged, part, fen):
    line, there = charged
    with refused(LINE):
        another(line, **there(), **{f"{part}_due": getattr(line, f"{part}_due") + fen})


@pytest.mark.django_db
def test_a_fen_moved_between_the_parts_of_a_line_is_refused(charged):
    line, there = charged
    with refused(LINE):
        another(line, **there(), employer_due=line.employer_due + 1, employee_due=line.employee_due - 1)


@pytest.mark.django_db
def test_a_base_a_fen_outside_the_limits_is_refused_whatever_it_charges(charged):
    line, there = charged
    for base in (terms_of(line).lowest_fen - 1, terms_of(line).highest_fen + 1):
        with refused(LINE):
            another(line, **there(), **at_base(line, base))


@pytest.mark.django_db
def test_another_base_for_the_same_amount_is_refused(charged):
    line, there = charged
    with refused(LINE):
        another(line, **there(), contribution_base=line.contribution_base + 100)


@pytest.mark.django_db
def test_without_evidence_nothing_is_charged_and_nothing_is_a_base(charged):
    line, there = charged
    nothing = {"employer_evidence_id": None, "employee_evidence_id": None}
    for more in ({}, {"employer_due": 0, "employee_due": 0}, {"contribution_base": 0, "employer_due": 0}):
        with refused(LINE):
            another(line, **there(), **nothing | more)
    with refused(LINE):
        another(line, **there(), employee_evidence_id=None)
    with taken_back():
        another(line, **there(), employee_evidence_id=None, employee_due=0)


@pytest.mark.django_db
def test_evidence_that_charges_no_base_is_no_evidence_of_a_line(charged):
    line, there = charged
    (pk,) = keep_evidence([Told({"bears": "made_up"})])
    assert set(Evidence.objects.filter(pk=pk).values_list(*TERMS)) == {(None,) * len(TERMS)}
    for more in ({}, {"employer_due": 0}, {"employer_due": 0, "employee_due": 0, "contribution_base": 0}):
        with refused(LINE):
            another(line, **there(), employer_evidence_id=pk, **more)


@pytest.mark.django_db
def test_evidence_has_all_its_terms_or_none(charged):
    terms = terms_of(charged[0])._asdict()
    for place, change in enumerate([{name: None} for name in Terms._fields] + [{"denominator": 0}, {"lowest_fen": -1}]):
        with refused("evidence_has_all_its_terms_or_none"):
            Evidence.objects.create(digest=f"made up {place}", data={}, **terms | change)


@pytest.mark.django_db
def test_what_is_paid_back_is_what_its_evidence_says():
    with at():
        clerk, reviewer, employee = back_hall("wage_hall")
        approved(clerk, reviewer, asked(employee))
    assert list(check_ledger()) == []
    rated = BillLine.objects.filter(kind=LineKind.BACK_PAYMENT, employer_due__gt=0, contribution_base__gt=0)
    line = rated.order_by("pk").first()
    month = line.booking_month.next()
    with unguarded_writing():
        BillLine.objects.filter(pk=line.pk).update(is_voided=True)
    for fen in (1, -1, 0):
        with refused(LINE) if fen else taken_back():
            there = open_bill(clerk.employer, month)
            another(line, bill_id=there.pk, booking_month=month, employer_due=line.employer_due + fen)


@pytest.fixture
def corrected(tmp_path):
    """A city whose floor rose twice, late: an adjustment, and the adjustment of that."""
    with late_city(tmp_path) as city:
        employer = make_employer(CODE, number="310001")
        clerk = make_clerk(employer)
        hire(employer, [300_000])
        settle(employer, clerk, Month(2026, 7))
        city.publish(base_floor=[("2026-07", "2026-08-05", 5000)])
        settle(employer, clerk, Month(2026, 8))
        city.publish(base_floor=[("2026-07", "2026-09-05", 4800)])
        settle(employer, clerk, Month(2026, 9))
        yield employer


def written_anew(line: BillLine):
    """Writes an adjustment once more, on a bill of a later month; what was written is as if it had been voided."""
    month = Month(2027, 1)
    with unguarded_writing():
        BillLine.objects.filter(pk=line.pk).update(is_voided=True)

    def write(**changes) -> None:
        another(line, bill_id=open_bill(line.bill.employer, month).pk, booking_month=month, **changes)

    return write


@pytest.mark.django_db
def test_an_adjustment_is_the_difference_of_both_charges_to_the_fen(corrected):
    first, second = BillLine.objects.filter(kind__in=ADJUSTING, month=Month(2026, 7), scheme="medical").order_by("pk")
    assert (first.adjusts.kind, second.adjusts) == (LineKind.REGULAR, first)
    assert first.employer_due > 0 > second.employer_due
    write = written_anew(second)
    with taken_back():
        write()
    for part in ("employer_due", "employee_due"):
        for fen in (1, -1):
            with refused(ADJUSTMENT):
                write(**{part: getattr(second, part) + fen})
    terms, before = terms_of(second), terms_of(first).amount(first.contribution_base)
    for base in (terms.lowest_fen - 1, terms.highest_fen + 1):
        with refused(ADJUSTMENT):
            own = {"employer_due": terms.amount(base) - before}
            own["employee_due"] = terms_of(second, "employee").amount(base)
            own["employee_due"] -= terms_of(first, "employee").amount(first.contribution_base)
            write(contribution_base=base, **own)
    with refused(ADJUSTMENT):  # what is not given back whole is charged by something
        write(employer_evidence_id=None)


@pytest.mark.django_db
def test_a_charge_given_back_whole_leaves_nothing_of_it():
    with at(datetime(2026, 11, 10, 10, 0)):  # noqa: DTZ001 - naive local by contract
        _, bill = refunded_hall()
    line = bill.lines.filter(scheme="pension").get()
    assert (line.employer_evidence, line.contribution_base) == (None, 0)
    write = written_anew(line)
    with taken_back():
        write()
    for change in ({"employer_due": line.employer_due + 1}, {"employee_due": 0}, {"contribution_base": 1}):
        with refused(ADJUSTMENT):
            write(**change)


def stored(terms: Terms, base: int) -> int:
    """What the words of the guard make of these terms."""
    columns = ", ".join(f"CAST({value} AS bigint) AS {name}" for name, value in terms._asdict().items())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {GUARD.charged(f'CAST({base} AS bigint)', 'a')} FROM (SELECT {columns}) a")
        return cursor.fetchone()[0]


def by_hand(amount: Fraction, rounding: str) -> int:
    """Rounded as the words of the rule say, in fractions."""
    way = ROUNDINGS[rounding]
    whole = {"half_up": lambda x: floor(x + Fraction(1, 2)), "up": ceil, "down": floor}[way.mode]
    return whole(amount / way.unit) * way.unit


def valued(value) -> dict:
    return {"value": value}


@pytest.mark.django_db
@trying(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wage=st.integers(0, LARGEST_FEN) | st.integers(0, 3_000_000),
    rate=st.builds(lambda n, places: Decimal(n).scaleb(-places), st.integers(0, LARGEST_NUMERATOR), st.integers(0, 7)),
    times=st.none() | st.sampled_from(["0.5", "1.2", "1.5"]),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
    plus=st.none() | st.integers(0, 10_000),
    limits=st.tuples(st.none() | st.integers(0, 10**6), st.none() | st.integers(10**6, LARGEST_FEN)),
)
def test_the_database_reckons_as_the_engine_does(wage, rate, times, rounding, plus, limits):
    ratio = Fraction(rate) * Fraction(times or 1)
    assume(2 * ratio.numerator * LARGEST_FEN + 200 * ratio.denominator < 2**63)  # else the engine refuses the rate
    low, high = limits
    data = {
        "has_base": True, "base_rounding": None, "fixed": None, "tier": None, "months": "each", "rounding": rounding,
        "rate": valued(format(rate, "f")), "multiplier": times and valued(times),
        "plus": None if plus is None else valued(str(plus)),
        "floor": None if low is None else valued(low), "ceiling": None if high is None else valued(high),
    }  # fmt: skip
    got, terms = recompute(data, wage), Told(data).terms
    assert got.base == min(max(wage, low or 0), high or LARGEST_FEN)
    assert got.amount == by_hand(got.base * ratio, rounding) + (plus or 0) == stored(terms, got.base)
    assert terms.lowest_fen <= got.base <= terms.highest_fen


@pytest.mark.django_db
def test_a_fixed_amount_and_one_by_tiers_are_terms_too():
    fixed = {"has_base": False, "base_rounding": None, "months": "each", "floor": None, "fixed": valued("1500")}
    tier = {"from_fen": 300_000, "below_fen": 500_000}
    tiered = fixed | {"has_base": True, "floor": valued(200_000), "ceiling": None, "tier": tier}
    assert recompute(fixed, 720_000).base == 0
    assert Told(fixed).terms == Terms(0, 0, 0, 0, 1, 1, 1500)
    assert Told(tiered).terms == Terms(300_000, 499_999, 0, 0, 1, 1, 1500)
    assert stored(Told(tiered).terms, 400_000) == recompute(tiered, 400_000).amount == 1500


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "version", ["0017_an_adjustment_has_the_wage_that_counts", "0019_a_wish_to_void_is_taken_back_or_closed"]
)
def test_the_evidence_of_a_hall_of_before_gets_its_terms_with_the_upgrade(version):
    with at():
        clerk, reviewer, employee = back_hall("wage_hall")
        approved(clerk, reviewer, asked(employee, "2025-10", "2025-11"))
    keep_evidence([Told({"bears": "made_up"})])
    before = list(Evidence.objects.order_by("pk").values())
    assert {one["bears"] for one in before} == {None, "late_fee", "interest"}
    try:
        step_by_step().migrate([("settlement", version)])
    finally:
        migrate_to_newest()
    assert list(Evidence.objects.order_by("pk").values()) == before
    assert list(check_ledger()) == []
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Evidence.objects.update(plus_fen=1)
