"""The workbench: every number is a sum of what it stands for, and to-dos come in the order of their consequences."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shebao.hall.clock import pretending
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.queries import cases
from shebao.hall.declarations.states import State
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import issue_document, pdf
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee, Person
from shebao.hall.settlement.models import Bill
from shebao.hall.workbench.queries import workbench
from shebao.rules.contributions import recompute
from shebao.rules.months import Month
from tests.settlement.hall import (
    JANUARY,
    NOVEMBER,
    OCTOBER,
    declare,
    dismiss,
    hire,
    make_clerk,
    make_employer,
    on_day,
    raise_wage,
    settle,
)  # fmt: skip

pytestmark = pytest.mark.django_db
WAGES = [720_000, 800_000, 900_000, 1_000_000]


@pytest.fixture
def clerk():
    employer = make_employer()
    hire(employer, WAGES)
    return make_clerk(employer)


def seen(clerk, day=10, month=NOVEMBER):
    with on_day(month, day):
        return workbench(clerk, month)


def test_the_reasons_add_up_to_the_difference_and_each_reason_to_its_people(clerk):
    last = settle(clerk.employer, clerk, OCTOBER)
    people = list(clerk.employer.employees.order_by("pk"))
    hire(clerk.employer, [600_000, 650_000], first_month=NOVEMBER)
    dismiss(people[0], OCTOBER)
    raise_wage(people[1], 950_000, NOVEMBER)
    declare(clerk.employer, clerk, State.DRAFT, effect_fen=12_345)
    declare(clerk.employer, clerk, State.SUBMITTED, effect_fen=-345)
    money = seen(clerk).money
    assert [row.label for row in money.bridge] == ["增员 2 人", "减员 1 人", "基数调整 1 人", "待生效申报 2 笔"]
    assert money.difference == money.total - last.total_due
    for row in money.bridge[:3]:
        assert sum(one.delta for one in row.people) == row.delta
        assert row.label.endswith(f" {len(row.people)} 人")
    assert sum(one.total for one in money.schemes) + money.estimated.pending_fen == money.total
    assert money.chart[-1] == (NOVEMBER, money.total, True)
    assert money.chart[-2] == (OCTOBER, last.total_due, False)


def test_the_four_counts_are_as_long_as_their_lists(clerk):
    for state, count in ((State.DRAFT, 4), (State.SUBMITTED, 3), (State.RETURNED, 1), (State.APPROVED, 5)):
        for _ in range(count):
            declare(clerk.employer, clerk, state)
    counts = seen(clerk).counts
    for state in (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED):
        assert counts[state] == cases(clerk, state=state).count()


def test_to_dos_come_in_the_order_of_their_consequences(clerk):
    settle(clerk.employer, clerk, OCTOBER)
    declare(clerk.employer, clerk, State.DRAFT)
    returned = declare(clerk.employer, clerk, State.RETURNED, note="合同日期不符")
    (low,) = hire(clerk.employer, [300_000], first_month=NOVEMBER)
    todos = seen(clerk).todos
    assert [item.url_name for item in todos] == ["e_pay_bill", "e_repair", "e_basket", "e_employee"]
    assert todos[0].tag == "已逾期"
    assert todos[1].args == (returned.pk,)
    assert "合同日期不符" in todos[1].note
    assert todos[3].args == (low.pk,)


def test_a_draft_made_after_the_month_was_settled_is_in_time_for_the_next(clerk):
    hire(clerk.employer, [800_000])
    settle(clerk.employer, clerk, NOVEMBER)
    declare(clerk.employer, clerk, State.DRAFT)
    with on_day(NOVEMBER, 29):
        (item,) = [one for one in workbench(clerk, NOVEMBER).todos if one.url_name == "e_basket"]
    assert item.note.endswith("。2026-11 已经结算，审核通过后计入以后的账单") and item.tag != "1 天后"


def test_many_returned_declarations_share_one_row(clerk):
    for _ in range(5):
        declare(clerk.employer, clerk, State.RETURNED)
    Declaration.objects.update(decided_at=timezone.make_aware(datetime(2026, 11, 9)))  # noqa: DTZ001
    (item,) = seen(clerk).todos
    assert item.title.startswith("5 笔申报审核不通过")
    assert item.query == {"state": "returned"}


def test_a_wage_below_the_floor_says_what_it_costs_and_only_once(clerk):
    (low,) = hire(clerk.employer, [300_000], first_month=OCTOBER)
    with on_day(OCTOBER):
        bench = workbench(clerk, OCTOBER)
    (item,) = [one for one in bench.todos if one.tag == "请确认"]
    floor = region("tianjin").parameters["base_floor"].values[-1].number
    extra = 0
    for one in bench.money.estimated.charges.schemes:
        i = [employee.pk for employee in bench.money.estimated.employees].index(low.pk)
        if one.limit[i] < 0 and one.employee_evidence[i] >= 0:
            data = bench.money.estimated.charges.evidence[one.employee_evidence[i]].data
            extra += recompute(data, floor).amount - recompute({**data, "floor": None}, 300_000).amount
    assert extra > 0
    assert f"申报 3,000.00，下限 {floor // 100:,}.00" in item.note
    assert f"个人每月多缴 {extra / 100:.2f} 元" in item.note
    settle(clerk.employer, clerk, OCTOBER)
    assert "请确认" not in [one.tag for one in seen(clerk).todos]


def test_a_wage_below_the_floor_that_was_confirmed_with_a_reason_is_not_asked_about_again(clerk):
    (low,) = hire(clerk.employer, [300_000], first_month=OCTOBER)
    reason = {"wage_limits": "试用期工资"}
    declared = declare(clerk.employer, clerk, State.APPROVED, OCTOBER, employee=low, confirmed=reason)
    assert "请确认" in [one.tag for one in seen(clerk, month=OCTOBER).todos]
    low.wages.update(declared_in=declared)
    assert "请确认" not in [one.tag for one in seen(clerk, month=OCTOBER).todos]
    raise_wage(low, 310_000, NOVEMBER)  # another wage, for which nobody gave a reason
    assert "请确认" in [one.tag for one in seen(clerk).todos]


def test_who_reaches_the_statutory_age_within_six_months_is_named(clerk):
    employees = list(clerk.employer.employees.select_related("person").order_by("pk"))
    # 办法附件：男职工 1966 年 10 月出生，2027 年 4 月满 60 岁 6 个月。
    ages = [(date(1966, 10, 8), "1", "1"), (date(1967, 6, 1), "1", "1"), (date(1990, 1, 1), "2", "1"), (None, "", "")]
    for employee, (born_on, sex, position) in zip(employees, ages, strict=True):
        Person.objects.filter(pk=employee.person_id).update(born_on=born_on, sex=sex)
        Employee.objects.filter(pk=employee.pk).update(position=position)
    (item,) = seen(clerk).todos
    assert (item.tag, item.args) == ("5 个月后", (employees[0].pk,))
    assert "1966 年 10 月生，2027 年 4 月满 60 岁 6 个月" in item.note


def test_a_woman_whose_post_is_unknown_is_not_guessed_about(clerk):
    employee = clerk.employer.employees.first()
    Person.objects.filter(pk=employee.person_id).update(born_on=date(1975, 10, 1), sex="2")
    Employee.objects.filter(pk=employee.pk).update(position="")
    assert not seen(clerk, month=Month(2026, 2)).todos
    Employee.objects.filter(pk=employee.pk).update(position="1")
    (item,) = seen(clerk, month=Month(2026, 2)).todos
    assert item.url_name == "e_employee"


def test_settling_is_remembered_until_it_is_done(clerk):
    declare(clerk.employer, clerk, State.APPROVED)
    (item,) = seen(clerk).todos
    assert (item.url_name, item.title) == ("e_settle", "2026 年 11 月还没有结算")
    settle(clerk.employer, clerk)
    assert "e_settle" not in [one.url_name for one in seen(clerk).todos]


def test_a_bill_is_brought_to_mind_in_its_last_week(clerk):
    bill = settle(clerk.employer, clerk)
    until = timezone.make_naive(bill.pay_until)
    with pretending(until - timedelta(days=8)):
        assert not workbench(clerk, NOVEMBER).todos
    with pretending(until - timedelta(days=3, hours=1)):
        (item,) = workbench(clerk, NOVEMBER).todos
    assert (item.tag, item.kind, item.args) == ("3 天后", "w", (bill.pk,))
    with pretending(until - timedelta(hours=2)):
        (item,) = workbench(clerk, NOVEMBER).todos
    assert (item.tag, item.kind) == ("今天截止", "d")


def test_papers_wait_until_each_was_downloaded(clerk, monkeypatch):
    bill = settle(clerk.employer, clerk)
    monkeypatch.setattr("shebao.hall.settlement.progress.Standing.unpaid", lambda now, bill: 0)
    kinds = [key for key, spec in region("tianjin").documents.items() if spec["stage"] == "settled"]
    (item,) = seen(clerk).todos
    assert item.query == {"from": "2026-11", "to": "2026-11"}
    with on_day():
        for kind in kinds:
            pdf(issue_document(bill.pk, kind, by=clerk))
    assert Document.objects.filter(downloaded_at=None).count() == 0
    (item,) = seen(clerk).todos
    assert all(region("tianjin").documents[kind]["title"] not in item.note for kind in kinds)


def test_a_month_before_any_value_is_known_is_refused_in_words_and_the_rest_is_shown(clerk):
    month = JANUARY.previous(60)
    with on_day(month):
        bench = workbench(clerk, month)
    assert "现在还不能计算" in bench.money.refusal or not bench.money.total
    assert [step.title for step in bench.steps][0] == "录入变动"


def test_the_workbench_reads_as_often_for_many_people_as_for_few():
    counts = []
    for number, heads in (("120001", 2), ("120002", 60)):
        employer = make_employer(number=number)
        hire(employer, [300_000, *[500_000 + 1_000 * i for i in range(heads)]])
        clerk = make_clerk(employer)
        settle(employer, clerk, OCTOBER)
        hire(employer, [300_000] * heads, first_month=NOVEMBER)
        for _ in range(heads):
            declare(employer, clerk, State.DRAFT)
        with CaptureQueriesContext(connection) as queries:
            seen(clerk)
        counts.append(len(queries))
    # Late fee, announcements, who is insured, what was confirmed, what was decided late, of which months, the last
    # bill, the month that was settled last, which payments are under way: one each.
    assert counts[0] == counts[1] <= 28
    assert Bill.objects.count() == 2
