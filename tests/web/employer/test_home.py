"""The workbench tells the truth about the month, with and without anything in it."""

import re
from datetime import datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.clock import pretending
from shebao.hall.declarations.states import State
from shebao.hall.settlement.comparing import bridge
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import Step
from shebao.hall.settlement.queries import estimate
from shebao.rules.calendar import Window
from shebao.rules.months import Month
from shebao.web.employer.home import _deadline
from shebao.web.templatetags.ui import signed_yuan, yuan
from tests.settlement.hall import NOVEMBER, declare, hire, make_clerk, make_employer, on_day, raise_wage, settle

pytestmark = pytest.mark.django_db
NOVEMBER_WINDOW = Window(
    datetime(2026, 11, 1),  # noqa: DTZ001
    datetime(2026, 11, 20, 18),  # noqa: DTZ001
    datetime(2026, 11, 25, 18),  # noqa: DTZ001
)
STEP = Step("录入变动", "", "current", "e_home")


def opened(client, clerk, day=10, month=NOVEMBER) -> str:
    client.force_login(clerk)
    with on_day(month, day):
        response = client.get("/e/?whole=1")
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize("code", ["tianjin", "leshan"])
def test_an_empty_month_is_a_page_and_not_a_row_of_zeros(client, code):
    text = opened(client, make_clerk(make_employer(code)))
    assert "上午好，王敏" in text
    assert '在保 <b class="num">0</b> 人' in text
    for words in ("没有待办", "还没有参保人员", "还没有办理动态", "还没有应缴记录", "没有待提交的申报"):
        assert words in text


def test_the_four_states_are_counted_and_lead_to_their_cases(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    for state, count in ((State.DRAFT, 3), (State.RETURNED, 1), (State.APPROVED, 2)):
        for _ in range(count):
            declare(employer, clerk, state)
    text = opened(client, clerk)
    found = re.findall(r'<a href="([^"]+)"><span class="ic[^>]*>.*?<b class="num[^"]*">(\d+)</b>', text)
    assert found == [
        ("/e/basket/", "3"),
        ("/e/cases/?state=submitted", "0"),
        ("/e/cases/?state=returned", "1"),
        ("/e/cases/?state=approved", "2"),
    ]
    assert "提交 3 笔待提交业务" in text


def test_where_nobody_reviews_drafts_lead_to_the_cases(client):
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    declare(employer, clerk, State.DRAFT)
    text = opened(client, clerk)
    assert 'href="/e/cases/?state=draft"' in text
    assert 'href="/e/basket/"' not in text


def test_the_amount_is_estimated_until_settled_and_the_reasons_add_up(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, [800_000, 900_000])
    settle(employer, clerk, Month(2026, 10))
    raise_wage(people[0], 1_000_000, NOVEMBER)
    before = Bill.objects.get(employer=employer).total_due
    with on_day():
        found = estimate(employer, NOVEMBER, pending=True)
        total, rows = found.total, bridge(employer, NOVEMBER, found)
    text = opened(client, clerk)
    assert ">预估</span>" in text
    assert yuan(total) in text
    assert sum(row.delta for row in rows) == total - before > 0
    assert f"比 10 月多 {yuan(total - before)}" in text
    assert "基数调整 1 人" in text
    assert signed_yuan(total - before) in text
    settle(employer, clerk)
    text = opened(client, clerk)
    assert ">已核定</span>" in text
    assert ">预估</span>" not in text
    assert "距缴费截止还有" in text
    assert "缴纳本月费款" in text


def test_the_time_left_is_counted_and_a_deadline_that_has_passed_says_so():
    window = NOVEMBER_WINDOW
    with pretending(datetime(2026, 11, 16, 9, 30)):  # noqa: DTZ001 - naive local by contract
        left = _deadline(window, None, [])
    assert (left["days"], left["hours"], left["past"]) == (4, 8, False)
    assert left["until"] == "11 月 20 日 周五 18:00 截止"
    with pretending(datetime(2026, 11, 20, 18, 1)):  # noqa: DTZ001
        late = _deadline(window, None, [STEP])
    assert (late["label"], late["past"]) == ("本月申报期已过", True)
    assert late["until"] == "已于 11 月 20 日 周五 18:00 截止"


def test_the_number_of_queries_does_not_grow_with_the_people(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    counts = []
    for people in (2, 20):
        hire(employer, [800_000] * people)
        for _ in range(people):
            declare(employer, clerk, State.DRAFT)
        opened(client, clerk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            opened(client, clerk)
        counts.append(len(queries))
    assert counts[0] == counts[1]
