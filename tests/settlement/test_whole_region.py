"""The month of a whole region in one run: what the page would have done, for everybody, once, and who is left aside."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Assessment, BackPayment, Bill, BillLine, LedgerEntry, LedgerTransaction
from shebao.hall.settlement.operations import settle_employers
from shebao.hall.settlement.whole_region import partitions, settle_partition
from shebao.rules.months import Month

from .hall import NOVEMBER, declare, hire, insured_at_both, make_clerk, make_employer, on_day, settle
from .late import CODE, late_city

pytestmark = pytest.mark.django_db
JULY, AUGUST, SEPTEMBER = Month(2026, 7), Month(2026, 8), Month(2026, 9)
LINE = (
    "employee", "person", "region", "scheme", "month", "booking_month", "kind", "adjusts", "back_payment",
    "is_exclusive", "declared_wage", "contribution_base", "limit", "employer_due", "employee_due",
    "employer_evidence__digest", "employee_evidence__digest", "is_voided",
)  # fmt: skip


def everything_about(bill: Bill) -> dict:
    """What a settlement wrote, without the numbers that the database and chance give."""
    entries = LedgerEntry.objects.filter(transaction__bill=bill)
    names = "transaction__kind", "account", "scheme", "part", "month", "amount_fen"
    record = AuditEntry.objects.get(action="month.settled", subject=f"bill:{bill.pk}")
    own = "employer", "month", "series", "employer_due", "employee_due", "total_due", "head_count", "pay_until"
    made = "month", "kind", "fingerprint", "known_on", "changes", "series"
    return {
        "lines": sorted(map(str, bill.lines.values_list(*LINE))),
        "kinds": set(bill.lines.values_list("kind", flat=True)),
        "entries": sorted(map(str, entries.values_list(*names))),
        "bill": Bill.objects.ever().values(*own, "illustrative").get(pk=bill.pk),
        "assessment": Assessment.objects.ever().values(*made).get(pk=bill.assessment_id),
        "record": record.detail,
    }


class Undo(Exception):
    pass


def by_the_page(employers, month) -> dict[int, dict]:
    """What the page writes for each, taken back again."""
    found = {}
    try:
        with transaction.atomic():
            for employer in employers:
                clerk = make_clerk(employer, "employer_admin")
                found[employer.pk] = everything_about(settle(employer, clerk, month))
            raise Undo
    except Undo:
        return found


def pays_back(employer, clerk, scheme="pension"):
    """Somebody new since September pays August back."""
    (one,) = hire(employer, [650_000], first_month=SEPTEMBER)
    case = declare(employer, clerk, State.APPROVED, month=AUGUST)
    BackPayment.objects.create(
        employee=one, person=one.person, region=employer.region, scheme=scheme, month=AUGUST, values_month=AUGUST,
        declared_wage=650_000, declared_in=case,
    )  # fmt: skip


def has_credit(employer, fen):
    booked = LedgerTransaction.objects.create(employer=employer, kind="suspended", booked_at="2026-08-01T00:00Z")
    for account, amount in (("bank", fen), ("credit", -fen)):
        LedgerEntry.objects.create(transaction=booked, account=account, month=AUGUST, amount_fen=amount)


def test_the_run_writes_line_by_line_what_the_page_writes(tmp_path):
    with late_city(tmp_path) as city:
        employers = [make_employer(CODE, number=f"12000{n}") for n in range(6)]
        for n, employer in enumerate(employers):
            people = hire(employer, [300_000 + 111_111 * i for i in range(3 + n)])
            Spell.objects.filter(employee=people[0], scheme="injury").update(is_exclusive=False)
            clerk = make_clerk(employer)
            if n != 4:
                for month in (JULY, AUGUST):
                    settle(employer, clerk, month)
            if n in (1, 5):
                pays_back(employer, clerk)
            if n in (2, 5):
                has_credit(employer, 123_456)
        Employer.objects.filter(pk=employers[3].pk).update(float_grade="120")
        city.publish(base_floor=[("2026-07", "2026-08-24", 5000)])
        employers = list(Employer.objects.order_by("pk"))
        expected = by_the_page(employers, SEPTEMBER)
        kinds = set().union(*(one["kinds"] for one in expected.values()))
        assert len(expected) == 6 and kinds == {"1", "2", "13"}
        with on_day(SEPTEMBER):
            run = settle_employers([one.pk for one in employers], SEPTEMBER)
        assert run.skipped == {} and len(run.bills) == 6
        for pk, bill in run.bills.items():
            assert everything_about(bill) == expected[pk]
        assert {one.made_by for one in Assessment.objects.filter(month=SEPTEMBER)} == {None}
        assert list(check_ledger()) == list(broken_links()) == []


def test_who_is_not_ready_is_left_aside_with_the_reason_and_the_others_are_settled():
    fine, drafting, without, empty, settled, changed = (make_employer("tianjin", number=f"12000{n}") for n in range(6))
    for one in (fine, drafting, without, settled, changed):
        people = hire(one, [500_000, 600_000])
        if one is without:
            DeclaredWage.objects.filter(employee=people[0]).update(is_voided=True)
    declare(drafting, make_clerk(drafting), State.DRAFT)
    declare(changed, make_clerk(changed), State.APPROVED)
    settle(settled, make_clerk(settled))
    with on_day():
        run = settle_employers([one.pk for one in (fine, drafting, without, empty, settled, changed)], NOVEMBER)
    assert list(run.bills) == [fine.pk]
    assert "待提交的申报" in run.skipped[drafting.pk] and "没有申报工资" in run.skipped[without.pk]
    assert "没有参保人员" in run.skipped[empty.pk] and run.skipped[settled.pk] == "本月已经核定过。"
    assert "须由单位自己确认" in run.skipped[changed.pk]
    assert list(check_ledger()) == []


def test_where_an_employer_chooses_who_computes_the_run_settles_those_that_the_office_computes():
    office, itself = (make_employer("shanghai", number=f"12000{n}") for n in range(2))
    Employer.objects.filter(pk=office.pk).update(computed_by="office")
    for one in (office, itself):
        hire(one, [900_000])
    with on_day():
        run = settle_employers([office.pk, itself.pk], NOVEMBER)
    assert list(run.bills) == [office.pk] and "须由单位自己确认" in run.skipped[itself.pk]


def test_one_employer_that_cannot_be_charged_does_not_stop_the_others():
    employers = [make_employer("leshan", number=f"12000{n}") for n in range(5)]
    for one in employers:
        hire(one, [500_000])
    Employer.objects.filter(pk=employers[2].pk).update(industry_class="没有这一类")
    with on_day():
        run = settle_employers([one.pk for one in employers], NOVEMBER)
    assert len(run.bills) == 4 and "没有这一类" not in str(run.bills)
    assert "现在还不能计算" in run.skipped[employers[2].pk]


def test_a_person_at_two_employers_is_charged_at_one_of_them_and_the_other_hears_of_it():
    first, second = (make_employer("leshan", number=f"12000{n}") for n in range(2))
    (one,) = hire(first, [500_000])
    (two,) = hire(second, [500_000])
    insured_at_both(one, two, last_month=NOVEMBER)
    with on_day():
        run = settle_employers([first.pk, second.pk], NOVEMBER)
    assert list(run.bills) == [first.pk]
    assert "已在其他单位核定" in run.skipped[second.pk]
    assert BillLine.objects.filter(person=one.person, scheme="pension").count() == 1


def test_a_second_run_finds_nothing_to_do():
    for n in range(3):
        hire(make_employer("leshan", number=f"12000{n}"), [500_000] * 2)
    with on_day():
        first = partitions("leshan", NOVEMBER, people=4)
        assert [(len(one.employer_ids), one.people) for one in first] == [(2, 4), (1, 2)]
        assert settle_partition(first[0], NOVEMBER).employers == 2
        assert partitions("leshan", NOVEMBER) == partitions("leshan", NOVEMBER, people=2) == [first[1]]
        again = settle_partition(first[0], NOVEMBER)
    assert (again.employers, {reason for _, _, reason in again.skipped}) == (0, {"本月已经核定过。"})
    assert Bill.objects.count() == 2


def test_the_number_of_queries_does_not_grow_with_the_employers():
    counts = []
    for start, many in ((10, 2), (20, 30)):
        employers = [make_employer("leshan", number=f"12{start + n:04}") for n in range(many)]
        for one in employers:
            hire(one, [500_000, 700_000])
        with on_day(), CaptureQueriesContext(connection) as captured:
            assert len(settle_employers([one.pk for one in employers], NOVEMBER).bills) == many
        counts.append(len(captured))
    assert counts[1] <= counts[0]  # the first run also stored the evidence
