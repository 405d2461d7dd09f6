"""What an employer reads of a case that the desk holds: that its clock stands still, and what it is waited for."""

from datetime import timedelta

import pytest
from django.urls import reverse

from shebao.hall.declarations.queries import case_view, counts, desk, desk_counts
from shebao.hall.desk import operations
from shebao.hall.desk.holds import holds_of, waiting_for_employer
from shebao.hall.errors import Refused
from shebao.hall.settlement.progress import standing
from shebao.hall.workbench.todos import todo_items
from shebao.rules.months import Month
from tests.desk.test_desk import submitted
from tests.factories import NOW, at

FOR_EMPLOYER, FOR_OTHERS = "02", "01"
WORDS, INSIDE = "请补劳动合同第3页", "疑似挂靠，请勿外传"
pytestmark = pytest.mark.django_db


@pytest.fixture
def held(clerk, reviewer):
    """One case that waits for the employer, one that waits for somebody else, one that nobody holds."""
    first, second, third = submitted(clerk, 1, 2, 3)
    operations.hold_case(first.pk, by=reviewer, code=FOR_EMPLOYER, text=WORDS)
    operations.hold_case(second.pk, by=reviewer, code=FOR_OTHERS, text=INSIDE)
    return first, second, third


def page(client, who, address) -> str:
    client.force_login(who)
    return client.get(address).content.decode()


def test_the_employer_reads_since_when_and_for_what_it_is_held_and_is_promised_no_day(client, clerk, held):
    first, _, third = held
    text = page(client, clerk, f"/e/cases/{first.pk}/")
    assert "已挂起，等您补充" in text and f"等待单位补充说明：{WORDS}" in text
    assert f"{NOW.month} 月 {NOW.day} 日起不计时限" in text
    assert "前办结" not in text and "撤回以后重新提交" in text
    assert "前办结" in page(client, clerk, f"/e/cases/{third.pk}/")


def test_what_waits_for_somebody_else_stays_inside_the_agency(client, clerk, held):
    _, second, _ = held
    view = case_view(clerk, second.pk)
    assert view.hold.words == "" and not any(INSIDE in one["note"] for one in view.events)
    for address in (f"/e/cases/{second.pk}/", "/e/cases/", reverse("e_home"), "/e/notices/"):
        text = page(client, clerk, address)
        assert INSIDE not in text and "等待其他部门" not in text
    assert "已挂起" in page(client, clerk, f"/e/cases/{second.pk}/")


def test_the_list_the_workbench_and_the_messages_tell_of_it(client, clerk, held):
    first, _, _ = held
    listed = page(client, clerk, "/e/cases/")
    assert listed.count('<span class="tag w">已挂起</span>') == 2 and WORDS in listed
    todos = todo_items(clerk, standing(clerk.employer, Month.of(NOW.date()), clerk), None)
    assert [one.args for one in todos if one.tag == "等您补充"] == [(first.pk,)]
    assert "1 笔申报在等本单位的说明或材料" in page(client, clerk, "/e/notices/")
    assert 'class="dot"' in page(client, clerk, reverse("e_home"))


def test_once_it_goes_on_the_day_is_promised_again_and_nothing_is_asked(client, clerk, reviewer, held):
    first, _, _ = held
    with at(NOW + timedelta(days=7)):
        operations.resume_case(first.pk, by=reviewer)
        assert not waiting_for_employer(clerk).exists() and holds_of([first]) == {}
        text = page(client, clerk, f"/e/cases/{first.pk}/")
    assert "起不计时限" not in text and "前办结" in text
    assert "恢复办理" in text and "时限顺延 5 个工作日" in text  # what happened stays to be read


def test_held_again_for_another_reason_the_employer_is_not_asked(clerk, reviewer, held):
    first, _, _ = held
    operations.resume_case(first.pk, by=reviewer)
    operations.hold_case(first.pk, by=reviewer, code=FOR_OTHERS, text=INSIDE)
    assert not waiting_for_employer(clerk).exists()
    assert holds_of([first])[first.pk].words == ""


def test_no_page_counts_the_days_of_a_clock_that_stands_still(clerk, reviewer, held):
    _, _, third = held
    found = counts(clerk, third.month)
    assert (found["submitted"], found["held"]) == (3, 2)
    with at(NOW + timedelta(days=60)):
        assert desk_counts(desk(reviewer))["overdue"] == 1


def test_the_list_asks_as_often_for_many_held_cases(client, clerk, reviewer, held, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get("/e/cases/")
    with django_assert_max_num_queries(100) as few:
        client.get("/e/cases/")
    for one in submitted(clerk, *range(4, 9)):
        operations.hold_case(one.pk, by=reviewer, code=FOR_EMPLOYER, text=WORDS)
    with django_assert_max_num_queries(len(few)):
        client.get("/e/cases/")


def test_the_form_says_which_reasons_the_employer_reads(client, reviewer, held):
    text = page(client, reviewer, reverse("a_case", args=[held[2].pk]))
    assert "等待单位补充说明（单位看得到）" in text and "等待其他部门核实（" not in text
    assert "请不要写内部的话" in text


def test_who_waits_for_the_employer_says_for_what(clerk, reviewer):
    (one,) = submitted(clerk, 1)
    with pytest.raises(Refused, match="写明要单位说明或补充什么"):
        operations.hold_case(one.pk, by=reviewer, code=FOR_EMPLOYER, text="  ")
    assert not holds_of([one])
