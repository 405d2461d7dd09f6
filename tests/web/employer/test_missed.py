"""A month that was not settled in its time: every page says so and what can be done, and none offers to settle it."""

import pytest

from shebao.hall import clock
from shebao.hall.declarations.models import DeclarationEvent
from shebao.hall.declarations.states import State
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.settlement.missed import what_now

from ...settlement.hall import NOVEMBER, OCTOBER, declare, hire, make_clerk, make_employer, on_day, settle
from .money import text_of

pytestmark = pytest.mark.django_db
CODE = "wage_hall"


@pytest.fixture
def pages(client):
    """An employer that settled October; now it is the 30th of November, after the window."""
    employer = make_employer(CODE, "370301")
    hire(employer, [900_000])
    clerk = make_clerk(employer)
    settle(employer, clerk, OCTOBER)
    client.force_login(clerk)
    return client


def test_the_settlement_says_what_happens_now_the_next_window_and_whom_to_ask(pages):
    with on_day(NOVEMBER, 30):
        page = text_of(pages.get("/e/settle/"))
    spec = region(CODE)
    whom = spec.term("agency"), spec.term("agency_phone")
    for told in ("上月应缴额的 110% 暂核定", "补办", "下一次", "2026-12-01", *whom):
        assert told in page, told
    assert "先处理上面没有满足的事项" not in page and " disabled" in page


def test_the_workbench_and_the_bills_do_not_say_that_it_can_still_be_done(pages):
    with on_day(NOVEMBER, 30):
        home, bills = text_of(pages.get("/e/")), text_of(pages.get("/e/bills/"))
    assert "申报全部办结后可办" not in home and "时间已过，看怎么办" in home and "没有按时" in home
    assert "办理后在这里生成账单" not in bills and "下一次" in bills and "12333" in bills


def test_in_its_time_nothing_of_it_is_said(pages):
    with on_day(NOVEMBER, 10):
        assert 'id="missed"' not in text_of(pages.get("/e/settle/")) + text_of(pages.get("/e/bills/"))


def test_what_the_agency_still_reviews_keeps_the_month_open_and_the_page_says_so(pages):
    clerk = Operator.objects.get(role="clerk")
    with on_day(NOVEMBER, 20):
        made = declare(clerk.employer, clerk, State.SUBMITTED)
        DeclarationEvent.objects.create(
            declaration=made, move="submit", from_state="draft", to_state="submitted", by=clerk, at=clock.now()
        )
    with on_day(NOVEMBER, 30):
        page = text_of(pages.get("/e/settle/"))
    assert 'id="missed"' not in page and "截止时有申报还在审核（现有 1 笔）" in page


def test_where_nobody_is_assessed_provisionally_the_counter_is_named():
    with on_day(NOVEMBER, 30):
        assert any("暂核定" in one for one in what_now(region("tianjin"), NOVEMBER))
