"""The whole month with the keys alone: 增员, submit, approve, settle, pay, print; the mouse is never used."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.queries import current_month
from shebao.hall.documents.models import Document
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill

from .steps import newcomers, person, press, reach, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
REGION = "tianjin"


def type_date(page, field, text: str) -> None:
    """Type a date part by part; the browser's own language decides in which order it wants them."""
    year, month, day = text.split("-")
    for parts in ((year, month, day), (month, day, year)):
        for part in parts:
            page.keyboard.type(part)
            if part == year:  # the other parts go on by themselves
                page.keyboard.press("ArrowRight")
        if field.input_value() == text:
            return
        for _ in parts:
            page.keyboard.press("ArrowLeft")
    raise AssertionError(f"the date field holds {field.input_value()}")


def fill_by_keys(page, answers: dict) -> None:
    """Type every answer; a list is chosen by the arrow keys."""
    for name, text in answers.items():
        field = page.locator(f'[name="{name}"]:not([type=hidden])')
        if not field.count():
            continue
        reach(page, field)
        if field.first.get_attribute("type") == "date":
            type_date(page, field.first, text)
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            values = field.first.evaluate("e => [...e.options].map(o => o.value)")
            page.keyboard.press("Home")
            for _ in range(values.index(text)):
                page.keyboard.press("ArrowDown")
        else:
            page.keyboard.press("Control+a")
            page.keyboard.type(text)


@pytest.mark.slow
def test_a_month_is_done_without_the_mouse(sign_in, live_server):
    here = region(REGION)
    month = current_month(here)
    clerk = sign_in(f"{REGION}-clerk-2")

    # One person, from the menu to the basket, then to the agency.
    press(clerk, "link", here.services["employee_enrolment"].title)
    clerk.wait_for_url(re.compile("declare"))
    before = Declaration.objects.count()
    fill_by_keys(clerk, person(newcomers("keys"), month))
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    until(clerk, lambda: Declaration.objects.count() == before + 1)
    declaration = Declaration.objects.order_by("-pk").first()
    clerk.goto(f"{live_server.url}/e/")
    clerk.keyboard.press("g")
    clerk.keyboard.press("b")
    clerk.wait_for_url(re.compile("/e/basket/"))
    press(clerk, "button", re.compile("^核对并提交"))
    clerk.wait_for_url(re.compile("check"))
    reach(clerk, clerk.get_by_label("以上申报内容真实"))
    clerk.keyboard.press("Space")
    press(clerk, "button", re.compile(r"^提交 \d+ 笔"))
    until(clerk, lambda: Declaration.objects.get(pk=declaration.pk).state == "submitted")

    # The reviewer opens it and presses one key.
    reviewer = sign_in(f"{REGION}-reviewer")
    reviewer.goto(f"{live_server.url}/a/cases/{declaration.pk}")
    reviewer.keyboard.press("a")
    until(reviewer, lambda: Declaration.objects.get(pk=declaration.pk).state == "approved")

    # Settled with changes.
    clerk.goto(f"{live_server.url}/e/")
    press(clerk, "link", re.compile(r"^办理 \d+ 月结算"))
    press(clerk, "button", "有变动结算")
    press(clerk, "button", "确定")
    clerk.wait_for_url(re.compile(r"/e/bills/\d+/"))
    bill = Bill.objects.get(employer=declaration.employer, month=month)
    expect(clerk.get_by_text("单位有变动核定成功")).to_be_visible()

    # Paid at the bank, whose page has keys of its own, and filed.
    press(clerk, "link", "去缴费")
    press(clerk, "button", "确认缴费")
    press(clerk, "link", "前往银行付款")
    press(clerk, "button", "确认付款")
    until(clerk, lambda: balance(bill) == (bill.total_due, bill.total_due))
    clerk.wait_for_url(re.compile("/e/payments/"))
    press(clerk, "link", re.compile("^通知单与凭证$"))
    press(clerk, "button", re.compile("^生成电子缴费凭证|^生成 ?电子缴费凭证"))
    until(clerk, lambda: Document.objects.filter(bill=bill, kind="receipt").exists())

    assert list(check_ledger()) == []
    assert [c for c in clerk.complaints + reviewer.complaints if "favicon" not in c] == []
