"""What must be asked, and said, before and after money moves: the way, the account, what waits, what came of it."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import Payment, PaymentState, SuspenseItem
from shebao.hall.payments.operations import ask_bank, start_payment
from shebao.hall.settlement.models import VoidRequest
from shebao.hall.settlement.void_wishes import withdraw_void
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.money import yuan

from ...factories import MONTH
from ...payments.test_operations import send, told
from ...settlement.hall import hire, make_clerk, make_employer, on_day, settle
from .money import answer, bank, bill, clerk, november, pages, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def debited(transactional_db, november, bank, client):
    """A bill of a region with four ways to pay, whose employer signed for debits."""
    employer = make_employer("shanghai", "310001")
    employer.bank_name, employer.bank_account = "示例银行浦东支行", "6222000011112222"
    employer.save()
    hire(employer, [900_000])
    clerk = make_clerk(employer)
    client.force_login(clerk)
    return settle(employer, clerk)


def test_where_there_are_several_ways_none_is_chosen_for_anybody(debited, client):
    page = text_of(client.get(f"/e/pay/{debited.pk}/"))
    assert page.count('name="channel"') == 4 and "checked" not in page.split('id="channel"')[1].split("</fieldset>")[0]
    response = client.post(f"/e/pay/{debited.pk}/")
    assert response.status_code == 422 and "请先选择缴费方式" in text_of(response)
    assert not Payment.objects.exists()


def test_a_debit_names_account_bank_and_amount_before_the_money_moves(debited, client, bank):
    response = client.post(f"/e/pay/{debited.pk}/", {"channel": "agreement"})
    assert not Payment.objects.exists() and "check=agreement" in response.url
    page = text_of(client.get(response.url))
    assert "示例银行浦东支行" in page and "622*********2222" in page and yuan(debited.total_due) in page
    assert "6222000011112222" not in page
    # An amount that is not today's is shown anew, and nothing has moved.
    said = {"channel": "agreement", "part": "", "checked": "1"}
    assert "check=agreement" in client.post(f"/e/pay/{debited.pk}/", said).url and not Payment.objects.exists()
    bank.answer = {"message_id": "", "state": "waiting", "amount_fen": debited.total_due}
    said |= {"checked": str(debited.total_due)}
    first, second = (client.post(f"/e/pay/{debited.pk}/", said).url for _ in range(2))
    assert first == second and Payment.objects.count() == 1 and len(bank.orders) == 1


def test_the_check_page_is_only_of_debits_and_of_what_can_be_paid(debited, client):
    for query in ("check=bank", "check=no-such", "check=agreement&part=x"):
        assert client.get(f"/e/pay/{debited.pk}/?{query}").url == f"/e/pay/{debited.pk}/"


def test_another_way_needs_no_check(debited, client, bank):
    response = client.post(f"/e/pay/{debited.pk}/", {"channel": "bank"})
    assert response.url == f"/e/payments/{Payment.objects.get().pk}/"


def test_a_bill_that_is_to_be_voided_says_so_and_is_not_paid(transactional_db, pages, clerk, bill, bank, reviewer):
    ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    for address in (f"/e/bills/{bill.pk}/", f"/e/pay/{bill.pk}/", "/e/pay/"):
        page = text_of(pages.get(address))
        assert "已申请作废，等待审核" in page and "确认缴费" not in page, address
        assert "去缴费" not in page.split("<main")[1], address
    response = pages.post(f"/e/pay/{bill.pk}/", follow=True)
    assert "要缴费的，请先撤回申请" in text_of(response) and not Payment.objects.exists()
    wish = bill.assessment.void_requests.get()
    assert "撤回申请" in text_of(pages.get("/e/voids/"))
    assert "已撤回申请" in text_of(pages.post(f"/e/voids/requests/{wish.pk}/withdraw/", follow=True))
    assert "确认缴费" in text_of(pages.get(f"/e/pay/{bill.pk}/"))


def test_the_agency_sees_how_the_bill_stands_and_is_offered_only_what_is_possible(
    transactional_db, client, clerk, bill, bank, reviewer
):
    ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    client.force_login(reviewer)
    page = text_of(client.get("/a/voids/"))
    assert "待缴费" in page and "同意作废" in page
    wish = bill.assessment.void_requests.get()
    withdraw_void(wish.pk, by=clerk)
    assert send(told(start_payment(bill.pk, by=clerk))) == "booked"
    # As one of before: such a wish stayed when the bill was paid.
    same = {"employer": wish.employer, "assessment": wish.assessment, "reason": wish.reason}
    VoidRequest.objects.create(**same, asked_by=clerk, asked_at=wish.asked_at)
    page = text_of(client.get("/a/voids/"))
    assert "已缴清" in page and "不能同意：这张账单已经缴费" in page
    assert "同意作废<" not in page and "不同意</button>" in page


def unknown(pages, bill, bank) -> Payment:
    pages.post(f"/e/pay/{bill.pk}/")
    made = Payment.objects.get()
    bank.answer = answer(made, "unknown", reason_code="timeout", reason="银行超时无应答")
    pages.post(f"/e/payments/{made.pk}/ask/")
    return made


def test_what_is_not_known_is_called_so_everywhere_and_nobody_is_sent_to_pay(transactional_db, pages, bill, bank):
    made = unknown(pages, bill, bank)
    own = (f"/e/bills/{bill.pk}/", f"/e/pay/{bill.pk}/", "/e/pay/")
    for address in (*own, "/e/", "/e/?whole=1", "/e/reminders/arrears/"):
        page = text_of(pages.get(address)).split("<main")[1]
        assert "结果待查" in page and f'href="/e/payments/{made.pk}/"' in page, address
        assert not any(word in page for word in ("去缴费", "继续缴费", "确认缴费", "待缴费")), address
    assert "请勿换别的方式重复付款" in text_of(pages.get(f"/e/pay/{bill.pk}/"))
    assert "结果待查" in text_of(pages.get("/e/bills/")) and "待缴费" not in text_of(pages.get("/e/bills/"))


def test_what_is_overdue_and_not_known_is_asked_about_and_not_paid_again(transactional_db, pages, bill, bank):
    made = unknown(pages, bill, bank)
    with on_day(MONTH.next(), 20):
        pages.force_login(made.started_by)
        for address in ("/e/", "/e/?whole=1", "/e/reminders/arrears/", "/e/pay/", "/e/bills/"):
            page = text_of(pages.get(address)).split("<main")[1]
            assert "结果待查" in page and not any(word in page for word in ("去缴费", "逾期没有缴清")), address
        arrears = text_of(pages.get("/e/reminders/arrears/")).split("<main")[1]
        assert f'href="/e/payments/{made.pk}/">查看缴费状态' in arrears


def test_what_is_under_way_is_looked_at_and_not_begun_again(transactional_db, pages, bill, bank):
    pages.post(f"/e/pay/{bill.pk}/")
    made = Payment.objects.get()
    with on_day(MONTH.next(), 20):
        pages.force_login(made.started_by)
        for address in ("/e/?whole=1", "/e/reminders/arrears/", "/e/pay/"):
            page = text_of(pages.get(address)).split("<main")[1]
            assert f'href="/e/payments/{made.pk}/">查看正在办理的缴费' in page and "去缴费" not in page, address


def test_the_arrears_ask_once_whatever_the_number_of_bills(client, clerk, bill, bank):
    def asked():
        with on_day(MONTH.next().next(), 20):
            client.force_login(clerk)
            client.get("/e/reminders/arrears/")  # the session of a new sign-in is written
            with CaptureQueriesContext(connection) as asked:
                page = text_of(client.get("/e/reminders/arrears/"))
        return page.count("去缴费<"), len(asked)

    one = asked()
    with on_day(MONTH.next()):
        settle(clerk.employer, clerk, MONTH.next())
    assert one == (1, asked()[1]) and asked()[0] == 2


def test_a_question_that_learns_nothing_says_when_it_was_asked(transactional_db, pages, bill, bank):
    made = unknown(pages, bill, bank)
    page = text_of(pages.post(f"/e/payments/{made.pk}/ask/", follow=True))
    assert "已在 09:30 查询，银行还没有结果。" in page


@pytest.mark.parametrize(
    ("clearing", "word"),
    [("bill", "已由经办机构入账到账单"), ("credit", "已由经办机构转入待转金"), ("refund", "已由经办机构退回付款人")],
)
def test_money_that_the_agency_cleared_is_never_called_not_taken(transactional_db, pages, bill, bank, clearing, word):
    pages.post(f"/e/pay/{bill.pk}/")
    made = Payment.objects.get()
    assert send(told(made, amount_fen=bill.total_due - 100)) == "parked"
    bank.lines = [told(made, amount_fen=bill.total_due - 100)]
    treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region="tianjin")
    number = {"bill": bill.number, "credit": bill.employer.employer_number}.get(clearing, "")
    clear_suspense(SuspenseItem.objects.get().pk, clearing, by=treasurer, number=number, note="核对")
    came = yuan(bill.total_due - 100)
    for address in (f"/e/payments/{made.pk}/", "/e/pay/"):
        page = text_of(pages.get(address)).split("<main")[1]
        assert word in page and came in page, address
        assert "没有扣款" not in page and "未扣款" not in page and "重新缴费" not in page, address
    assert "去缴费" in text_of(pages.get(f"/e/payments/{made.pk}/"))  # the rest is still open
    made.refresh_from_db()
    assert made.state == PaymentState.CLEARED
    # A refusal that comes after all changes nothing of it.
    assert send(told(made, "refused", message_id="MSG9")) == "parked"
