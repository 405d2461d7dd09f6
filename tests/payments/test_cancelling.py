"""撤销缴费: a wrong choice of a way to pay is taken back before the bank took money; what the bank took wins."""

import pytest

from shebao.bank.client import BankRefused, BankUnreachable
from shebao.bank.reasons import REASONS
from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Duty, Operator
from shebao.hall.payments.closing import cancel_payment
from shebao.hall.payments.models import Payment, PaymentState, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.queries import state_word
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.voiding import ask_to_void

from ..settlement.hall import hire, make_clerk, make_employer, on_day, settle
from .test_operations import send, told

pytestmark = pytest.mark.django_db
PAID = "缴费成功"


@pytest.fixture
def hall(bank):
    with on_day():
        employer = make_employer("shanghai", "310001")
        hire(employer, [900_000])
        clerk = make_clerk(employer)
        yield clerk, settle(employer, clerk)


def start(hall, kind: str = "online") -> Payment:
    clerk, bill = hall
    ways = {"online": "bank", "code": "code", "voucher": "voucher"}
    return start_payment(bill.pk, by=clerk, channel=ways[kind])


def closed(payment: Payment) -> dict:
    reason = REASONS["closed"]
    return {
        "message_id": f"C{payment.pk}", "state": "refused", "amount_fen": payment.amount_fen, "reason_code": "closed",
        "reason": reason.text, "advice": reason.advice,
    }  # fmt: skip


def records() -> int:
    return AuditEntry.objects.filter(action="payment.cancelled").count()


def test_a_wrong_choice_is_taken_back_once_and_another_way_is_free(hall, bank):
    first = start(hall)
    bank.answer = closed(first)
    done = cancel_payment(first.pk, by=hall[0])
    assert done.state == PaymentState.REFUSED and state_word(done) == "已撤销" and records() == 1
    assert AuditEntry.objects.get(action="payment.cancelled").actor_label.startswith(hall[0].username)
    cancel_payment(first.pk, by=hall[0])
    assert records() == 1, "a second press does nothing more"
    again = start(hall)
    assert again.pk != first.pk and send(told(again)) == "booked" and list(check_ledger()) == []


def test_money_that_the_bank_took_meanwhile_wins(hall, bank):
    payment = start(hall)
    bank.answer = told(payment)
    with pytest.raises(Conflict, match="已经扣款"):
        cancel_payment(payment.pk, by=hall[0])
    payment.refresh_from_db()
    bill = hall[1]
    assert payment.state == PaymentState.SUCCEEDED and balance(bill) == (bill.total_due, bill.total_due)
    assert not records() and list(check_ledger()) == []
    with pytest.raises(Conflict, match=PAID):
        cancel_payment(payment.pk, by=hall[0])


def test_what_nobody_knows_stays_unknown(hall, bank):
    payment = start(hall)
    bank.trouble = BankUnreachable("gone")
    with pytest.raises(Refused, match="没有应答"):
        cancel_payment(payment.pk, by=hall[0])
    bank.trouble = None
    bank.answer = closed(payment) | {"state": "unknown", "reason_code": "timeout"}
    with pytest.raises(Refused, match="结果待查"):
        cancel_payment(payment.pk, by=hall[0])
    payment.refresh_from_db()
    assert payment.state == PaymentState.UNKNOWN and not records()


def test_an_order_that_the_bank_never_had_is_taken_back_too(hall, bank):
    bank.trouble = BankUnreachable("gone")
    with pytest.raises(Refused):
        start(hall)
    payment = Payment.objects.get()
    bank.trouble = BankRefused(404, "没有这笔订单")
    assert state_word(cancel_payment(payment.pk, by=hall[0])) == "已撤销" and records() == 1


def test_the_money_of_a_cancelled_order_that_comes_all_the_same_waits_for_a_person(hall, bank):
    payment = start(hall)
    bank.answer = closed(payment)
    cancel_payment(payment.pk, by=hall[0])
    assert send(told(payment)) == "parked" and SuspenseItem.objects.count() == 1 and list(check_ledger()) == []


def test_only_who_pays_for_the_employer_takes_it_back(hall, bank):
    payment = start(hall)
    stranger = make_clerk(make_employer("shanghai", "310002"))
    with pytest.raises(Payment.DoesNotExist):
        cancel_payment(payment.pk, by=stranger)
    viewer = Operator(username="v", name="李录", role="clerk", employer=hall[0].employer, region="shanghai")
    viewer.duty = Duty.ENTRY
    with pytest.raises(Refused, match="没有“缴费”的权限"):
        cancel_payment(payment.pk, by=viewer)


def test_the_page_offers_it_and_says_what_became_of_it(hall, bank, client):
    clerk, bill = hall
    payment = start(hall, "code")
    client.force_login(clerk)
    assert "撤销这笔缴费" in client.get(f"/e/payments/{payment.pk}/").content.decode()
    pay = client.get(f"/e/pay/{bill.pk}/").content.decode()
    assert "扫码" in pay and "继续缴费" in pay and "继续同一笔" in pay
    bank.answer = closed(payment)
    assert client.post(f"/e/payments/{payment.pk}/withdraw/").url == f"/e/payments/{payment.pk}/"
    page = client.get(f"/e/payments/{payment.pk}/").content.decode()
    assert "已撤销" in page and "换一种方式缴费" in page and "收款方已关闭" not in page
    assert "撤销这笔缴费" not in page


def test_a_payment_of_a_voided_bill_says_so_and_leads_on(hall, bank, client):
    clerk, bill = hall
    payment = start(hall, "code")
    bank.answer = closed(payment)
    ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    client.force_login(clerk)
    page = client.get(f"/e/payments/{payment.pk}/").content.decode()
    assert "这张账单已经作废" in page and "重新缴费" not in page and f"/e/settle/?month={bill.month}" in page
    for answer in (client.get(f"/e/pay/{bill.pk}/"), client.post(f"/e/pay/{bill.pk}/", {"channel": "code"})):
        text = answer.content.decode()
        assert answer.status_code == 410 and "已经作废，不用缴费" in text and f"/e/bills/{bill.pk}/" in text
    other = make_clerk(make_employer("shanghai", "310003"))
    client.force_login(other)
    assert client.get(f"/e/pay/{bill.pk}/").status_code == 404
