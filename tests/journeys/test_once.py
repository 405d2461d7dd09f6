"""A reply that is lost, the press that follows, and the way back: the money goes out once (reliability B4)."""

import pytest
from django.db import transaction

from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.collecting import credit_of
from tests.factories import EmployerFactory

from .steps import until
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_a_refund_whose_reply_was_lost_is_not_paid_again(page_of, live_server):
    employer = EmployerFactory(region="wage_hall")
    treasurer = person(agency_admin=True, name="会计", region="wage_hall")
    with transaction.atomic():
        item = suspend({"amount_fen": 10_000, "bank_serial": "S1", "message_id": "M1"}, "没有这笔缴费的订单")
    clear_suspense(item.pk, "credit", by=treasurer, number=employer.employer_number, note="查清")
    money = page_of(treasurer, "/a/money/")
    row = money.locator("tr", has_text=employer.name).filter(has=money.get_by_label("退费金额（元）"))

    def lose(route):
        route.fetch(max_redirects=0)
        route.abort("aborted")

    # The hall pays; the browser never hears of it, and stays where it is.
    money.route("**/refund", lose)
    row.get_by_label("退费金额（元）").fill("30")
    row.get_by_label("退费依据").fill("单位申请退到账户")
    row.get_by_role("button", name="退费").click()
    until(money, lambda: credit_of(employer.pk) == 7_000)
    money.unroute("**/refund")

    # Pressed again, as in a browser without the script that holds the button.
    row.locator("form").evaluate("form => form.submit()")
    money.get_by_text("没有再办一次").first.wait_for()
    assert credit_of(employer.pk) == 7_000

    # The way back leads to a page that shows how the matter stands, and whose empty form pays nothing.
    money.go_back()
    assert "70.00" in row.inner_text()
    row.get_by_role("button", name="退费").click()
    money.locator(".toast.error, [role=alert]").first.wait_for()
    assert credit_of(employer.pk) == 7_000
