"""The pages about money: who may open them, what they say, what a wrong answer costs nothing."""

import re

import pytest
from django.db import transaction

from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.collecting import credit_of
from tests.banking import bank  # noqa: F401 - a fixture
from tests.payments.test_operations import send, told
from tests.settlement.hall import NOVEMBER, OCTOBER, hire, on_day, settle
from tests.settlement.hall import make_clerk as hall_clerk
from tests.settlement.hall import make_employer as hall_employer

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill():
    employer = hall_employer("tianjin")
    hire(employer, [720_000])
    return settle(employer, hall_clerk(employer))


@pytest.fixture
def item():
    with on_day(), transaction.atomic():
        return suspend({"amount_fen": 4_400, "bank_serial": "S1", "message_id": "M1"}, "没有这笔缴费的订单")


def test_only_the_agencys_administrator_opens_the_money(client, reviewer, agency_admin, item):
    client.force_login(reviewer)
    assert client.get("/a/money/").status_code == 403
    client.force_login(agency_admin)
    page = client.get("/a/money/").content.decode()
    assert "待查款" in page and "44.00" in page and "没有这笔缴费的订单" in page


def test_unmatched_money_becomes_credit_and_is_refunded_on_the_page(client, agency_admin, item, bill):
    client.force_login(agency_admin)
    said = {"clearing": "credit", "number": "no such", "note": "查清"}
    page = client.post(f"/a/money/suspense/{item.pk}", said, follow=True).content.decode()
    assert "没有编号“no such”的单位" in page and 'value="no such"' in page and not SuspenseItem.objects.get().clearing
    client.post(f"/a/money/suspense/{item.pk}", said | {"number": bill.employer.employer_number})
    assert credit_of(bill.employer_id) == 4_400
    page = client.post(f"/a/money/credit/{bill.employer_id}/refund", {"amount": "44.01", "note": "退"}, follow=True)
    assert page.status_code == 422 and 'value="44.01"' in page.content.decode()
    assert "不超过该单位的待转金" in page.content.decode()
    client.post(f"/a/money/credit/{bill.employer_id}/refund", {"amount": "44", "note": "退"})
    assert credit_of(bill.employer_id) == 0


def test_an_empty_answer_about_unmatched_money_is_told_all_that_it_lacks(client, agency_admin, item):
    client.force_login(agency_admin)
    address = f"/a/money/suspense/{item.pk}"
    answer = client.post(address, {})
    page = answer.content.decode()
    assert answer.status_code == 422 and "有 3 处需要修改" in page
    for field, words in (
        ("clearing", "请选择怎样处理"),
        ("number", "请填写账单号或单位编号"),
        ("note", "请写明处理的依据"),
    ):
        assert re.search(rf'href="#{field}-{item.pk}">{words}', page)
    page = client.post(address, {"clearing": "bill", "note": "查清"}).content.decode()
    assert "有 1 处需要修改" in page and "请填写账单号。" in page and 'value="查清"' in page
    assert client.post(address, {"clearing": "refund", "note": "退回付款人"}).status_code == 302, "it needs no number"
    assert SuspenseItem.objects.get().clearing == "refund"


@pytest.mark.parametrize("body", [{"day": "昨天"}, {}])
def test_a_day_that_is_none_is_said(client, agency_admin, body):
    client.force_login(agency_admin)
    assert "请填写对账日" in client.post("/a/money/reconcile", body, follow=True).content.decode()


def test_the_agency_answers_a_wish_to_void_on_its_page(client, agency_admin, bill):
    clerk = bill.assessment.made_by
    client.force_login(clerk)
    with on_day():
        page = client.get(f"/e/voids/{bill.assessment_id}/").content.decode()
        assert "提交结算回退" in page
        assert client.post(f"/e/voids/{bill.assessment_id}/", {"reason": ""}).status_code == 422
        client.post(f"/e/voids/{bill.assessment_id}/", {"reason": "漏报一人"})
        assert "作废待审核" in client.get("/e/voids/").content.decode()
        client.force_login(agency_admin)
        assert "漏报一人" in client.get("/a/voids/").content.decode()
        request = bill.assessment.void_requests.get()
        client.post(f"/a/voids/{request.pk}/decline", {"note": "人数没有错"})
        client.force_login(clerk)
        assert "人数没有错" in client.get("/e/voids/").content.decode()


def test_the_list_of_settlements_says_why_one_cannot_be_voided(client, bill, bank):  # noqa: F811
    client.force_login(bill.assessment.made_by)
    with on_day():
        assert "不能作废" not in client.get("/e/voids/").content.decode()
        assert send(told(start_payment(bill.pk, by=bill.assessment.made_by))) == "booked"
        page = client.get("/e/voids/").content.decode()
    assert "这张账单已经缴费，不能作废；多缴或错缴的款请向经办机构申请退费。" in page
    assert f"/e/voids/{bill.assessment_id}/" not in page


def test_another_employers_settlement_and_a_clerk_at_the_agencys_pages(client, bill):
    client.force_login(hall_clerk(hall_employer("tianjin", "120002")))
    assert client.get(f"/e/voids/{bill.assessment_id}/").status_code == 404
    for page in ("/a/voids/", "/a/money/"):
        assert client.get(page).status_code in (403, 404)


def test_the_late_fee_of_today_and_of_tomorrow_is_on_the_bill_and_where_it_is_paid(client):
    employer = hall_employer("tianjin")
    hire(employer, [720_000])
    clerk = hall_clerk(employer)
    late = settle(employer, clerk, OCTOBER)
    client.force_login(clerk)
    with on_day(NOVEMBER, 20):
        for address in (f"/e/bills/{late.pk}/", f"/e/pay/{late.pk}/", "/e/pay/"):
            assert "滞纳金" in client.get(address).content.decode(), address
        assert "明天增加" in client.get(f"/e/pay/{late.pk}/").content.decode()
