"""档次更正: the tier of a charged month was declared wrong; it takes the way of a corrected wage, alone or with one."""

from datetime import timedelta

import pytest
from django.db import transaction

from shebao.hall.clock import now
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    approve_declarations,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import preview
from shebao.hall.declarations.queries import before_after, case_view
from shebao.hall.errors import Conflict
from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.services.wage_corrections import undo_corrections
from shebao.hall.settlement.adjusting import find_differences
from shebao.hall.settlement.comparing import bridge
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import ADJUSTING
from shebao.hall.settlement.queries import estimate
from shebao.hall.settlement.voiding import _carry_out
from shebao.rules.months import Month
from tests.factories import enrolled

from .hall import make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
JULY, AUGUST, SEPTEMBER, OCTOBER = (Month(2026, number) for number in (7, 8, 9, 10))
KEY = "wage_correction"
FIRST, SECOND = "职工一档", "职工二档"
LESS = (800_000, -36_000, -12_000, "18")
"""The second tier for the first, of 8,000: 1.5 % and 0.5 % instead of 6 % and 2 %."""


@pytest.fixture
def hall():
    """A clerk, a reviewer, and somebody of the first tier at 8,000, whose July and August are settled."""
    employer = make_employer("shenzhen")
    clerk = make_clerk(employer)
    reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region="shenzhen")
    one = enrolled(employer, facts={"enrolment_kind": "11", "medical_tier": "1"})
    return clerk, reviewer, one, [settle(employer, clerk, month) for month in (JULY, AUGUST)]


def asked(person, first=JULY, last=None, **said) -> dict:
    return {
        "id_number": person.person.id_number, "name": person.name, "first_month": str(first),
        "last_month": str(last or first), "note": "报错了", **said,
    }  # fmt: skip


def correct(clerk, reviewer, raw, month=SEPTEMBER, day=8):
    with on_day(month, day):
        (made,) = save_declarations(clerk.employer_id, KEY, [raw], by=clerk, confirmed=[{"wage_limits": "已核对"}])
        assert submit_declarations([made.pk], by=clerk).submitted
        approve_declarations([made.pk], by=reviewer)
    return made


def undo(clerk, made):
    """As where nobody reviews it."""
    with on_day(SEPTEMBER, 9), transaction.atomic():
        undo_corrections([Declaration.objects.get(pk=made.pk)], by=clerk)


def lines_of(bill) -> dict[tuple, tuple]:
    rows = bill.lines.filter(kind__in=ADJUSTING).order_by("month", "pk")
    return {
        (one.month, one.scheme): (one.contribution_base, one.employer_due, one.employee_due, one.kind) for one in rows
    }


def refused(clerk, raw) -> str:
    with on_day(SEPTEMBER):
        return "".join(one.message for one in preview(clerk.employer, KEY, raw, by=clerk).blocking)


def test_the_tier_of_a_settled_month_is_corrected_by_the_next_bill_down_and_up_again(hall):
    clerk, reviewer, one, (july, august) = hall
    raw = asked(one, medical_tier=SECOND)
    with on_day(SEPTEMBER):
        shown = preview(clerk.employer, KEY, raw, by=clerk)
    assert shown.effect_fen == -48_000 and not {"declared_wage", "medical_tier"} & shown.before.keys()
    made = correct(clerk, reviewer, raw)
    assert before_after(made) == f"{FIRST} → {SECOND}，更正开始月份 2026-07 至 2026-07"
    told = {one.id: (one.old, one.new, one.changed) for one in case_view(reviewer, made.pk).fields}
    assert told["medical_tier"] == (FIRST, SECOND, True) and told["declared_wage"] == ("8,000.00", "", False)
    with on_day(SEPTEMBER):
        expected = estimate(clerk.employer, SEPTEMBER)
        guessed = bridge(clerk.employer, SEPTEMBER, expected)
    bill = settle(clerk.employer, clerk, SEPTEMBER)
    assert lines_of(bill) == {(JULY, "medical"): LESS}
    assert bill.total_due == expected.total == august.total_due - 48_000
    with on_day(SEPTEMBER):
        assert bridge(clerk.employer, SEPTEMBER) == guessed and sum(row.delta for row in guessed) == -48_000
    line = bill.lines.get(kind="18")
    assert line.adjusts.bill == july and line.declared_wage == 800_000
    text = explain_line(clerk, line.pk, "employer").text
    for words in (f"医疗缴费档次更正：{FIRST} → {SECOND}", "工资、档次更正", "120.00 − 480.00 = −360.00 元"):
        assert words in text and "工资更正：" not in text.replace("医疗缴费档次更正：", "")
    one.refresh_from_db()
    assert one.facts["medical_tier"] == "1"
    assert lines_of(settle(clerk.employer, clerk, OCTOBER)) == {} and list(check_ledger()) == []

    with pytest.raises(Conflict, match="已经计入账单"):
        undo(clerk, made)
    correct(clerk, reviewer, asked(one, medical_tier=FIRST), OCTOBER, 20)
    assert lines_of(settle(clerk.employer, clerk, OCTOBER.next())) == {
        (JULY, "medical"): (800_000, 36_000, 12_000, "20")
    }
    assert list(check_ledger()) == []


def test_a_wage_and_a_tier_corrected_one_after_the_other_both_count_and_each_is_undone_by_itself(hall):
    clerk, reviewer, one, _ = hall
    first = correct(clerk, reviewer, asked(one, declared_wage="9000"))
    second = correct(clerk, reviewer, asked(one, JULY, AUGUST, medical_tier=SECOND))

    def medical() -> list[tuple]:
        with on_day(SEPTEMBER):
            found = find_differences(clerk.employer, SEPTEMBER).differences
        return [(str(each.line.month), each.base, each.total) for each in found if each.line.scheme == "medical"]

    assert medical() == [("2026-07", 900_000, 18_000 - 64_000), ("2026-08", 800_000, -48_000)]
    told = {field.id: field.old for field in case_view(reviewer, second.pk).fields}
    assert (told["declared_wage"], told["medical_tier"]) == ("8,000.00、9,000.00", FIRST)
    undo(clerk, second)
    assert medical() == [("2026-07", 900_000, 8_000)]
    undo(clerk, first)
    assert medical() == [] and list(check_ledger()) == []


def test_a_month_that_is_settled_anew_is_charged_at_the_corrected_tier(hall):
    clerk, reviewer, one, (_, august) = hall
    with on_day(AUGUST, 11):
        correct(clerk, reviewer, asked(one, AUGUST, medical_tier=SECOND), AUGUST, 11)
        _carry_out(august.assessment_id, by=clerk, reason="重来")  # the region voids nothing on line
    again = settle(clerk.employer, clerk, AUGUST)
    line = again.lines.get(scheme="medical")
    assert (line.employer_due, line.employee_due) == (12_000, 4_000)
    september = settle(clerk.employer, clerk, SEPTEMBER)
    assert lines_of(september) == {} and september.lines.get(scheme="medical").employer_due == 48_000
    assert list(check_ledger()) == []


def test_what_is_no_correction_of_a_tier_is_said_in_words(hall):
    clerk, _, one, _ = hall
    assert "更正后的工资、更正后的医疗缴费档次，至少填写一项" in refused(clerk, asked(one))
    assert f"就是按 {FIRST}核定的" in refused(clerk, asked(one, medical_tier=FIRST))
    other = enrolled(clerk.employer, name="王示例", sequence=901, since=AUGUST, facts={"enrolment_kind": "11"})
    Spell.objects.filter(employee=other).exclude(scheme="pension").delete()
    settle(clerk.employer, clerk, SEPTEMBER)
    with on_day(OCTOBER):
        found = preview(clerk.employer, KEY, asked(other, SEPTEMBER, medical_tier=SECOND), by=clerk)
    assert "没有按医疗缴费档次缴费的险种" in found.blocking[0].message


def test_a_tier_that_a_bill_left_out_is_found_and_one_that_nobody_corrected(hall):
    clerk, reviewer, one, _ = hall
    settle(clerk.employer, clerk, SEPTEMBER)
    made = correct(clerk, reviewer, asked(one, medical_tier=SECOND), SEPTEMBER, 20)
    assert list(check_ledger()) == []
    with on_day(SEPTEMBER, 10):
        DeclaredWage.objects.filter(declared_in=made).update(declared_at=now() - timedelta(days=1))
    assert any("漏了 李示例 2026-07 medical 的工资更正" in text for text in check_ledger())
    bill = settle(clerk.employer, clerk, OCTOBER)
    DeclaredWage.objects.filter(is_correction=True).update(facts=None)
    assert any(f"账单 {bill.number} 按另一档次给 李示例 2026-07 medical 补差" in text for text in check_ledger())
