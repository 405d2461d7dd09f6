"""社保缴费 of chosen persons: what they owe is paid, nobody twice, the voucher is mailed once it is paid."""

import pytest

from shebao.hall.documents.models import Document
from shebao.hall.documents.people_vouchers import send_people_voucher
from shebao.hall.errors import Conflict, Refused
from shebao.hall.mail.models import Mail
from shebao.hall.payments.models import Payment, PaymentState
from shebao.hall.payments.operations import apply_answer, start_payment
from shebao.hall.payments.people import paid_people, people_of, why_not_by_people
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerEntry
from shebao.rules.money import yuan

from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle, unguarded_writing

pytestmark = pytest.mark.django_db
TO = "finance@example.cn"


@pytest.fixture(autouse=True)
def november():
    with on_day(NOVEMBER):
        yield


@pytest.fixture
def hall(bank):
    employer = make_employer("general_hall")
    people = hire(employer, [600_000, 900_000, 1_200_000])
    clerk = make_clerk(employer)
    return clerk, settle(employer, clerk), people


def start(hall, *places) -> Payment:
    clerk, bill, people = hall
    return start_payment(bill.pk, by=clerk, people=[people[place].pk for place in places], voucher_to=TO)


def arrive(payment: Payment) -> str:
    return apply_answer(
        payment,
        {"message_id": f"M{payment.pk}", "state": "succeeded", "amount_fen": payment.amount_fen, "bank_serial": "YH1"},
    )


def test_what_chosen_people_owe_is_paid_and_booked_where_they_owe_it(hall, django_capture_on_commit_callbacks):
    _, bill, people = hall
    payment = start(hall, 0, 2)
    lines = bill.lines.filter(employee__in=[people[0].pk, people[2].pk])
    assert payment.amount_fen == sum(one.employer_due + one.employee_due for one in lines)
    assert arrive(payment) == "booked"
    left = {}
    for entry in LedgerEntry.objects.filter(transaction__bill=bill, account="receivable"):
        left[entry.scheme, entry.part] = left.get((entry.scheme, entry.part), 0) + entry.amount_fen
    rest = bill.lines.filter(employee=people[1].pk)
    assert {key: fen for key, fen in left.items() if fen} == {
        (one.scheme, part): getattr(one, f"{part}_due") for one in rest for part in ("employer", "employee")
        if getattr(one, f"{part}_due")
    }  # fmt: skip
    assert paid_people(bill) == {people[0].pk, people[2].pk}
    assert [one.is_paid for one in sorted(people_of(bill), key=lambda one: one.employee)] == [True, False, True]
    assert list(check_ledger()) == []


def test_nobody_is_paid_for_twice_and_the_last_ones_settle_the_bill(hall):
    _, bill, people = hall
    arrive(start(hall, 0))
    with pytest.raises(Refused, match=f"{people[0].name}已经缴过"):
        start(hall, 0, 1)
    arrive(start(hall, 1, 2))
    assert owing(bill, NOVEMBER.first_day).total == 0 and balance(bill) == (bill.total_due, bill.total_due)
    assert list(check_ledger()) == []


def test_a_second_press_is_the_running_attempt(hall):
    first = start(hall, 0)
    assert start(hall, 0).pk == first.pk and Payment.objects.count() == 1


def test_an_attempt_for_others_is_no_answer_to_who_chose_these(hall):
    clerk, bill, people = hall
    first = start(hall, 0)
    with pytest.raises(Conflict, match=f"1 人、{yuan(first.amount_fen)} 元（{first.number}）"):
        start(hall, 1, 2)
    with pytest.raises(Conflict, match="还没有结果"):
        start_payment(bill.pk, by=clerk, people=[people[0].pk], voucher_to="other@example.cn")
    assert Payment.objects.count() == 1


def test_once_a_bill_is_paid_whole_everybody_on_it_is_paid_for(hall):
    clerk, bill, people = hall
    arrive(start_payment(bill.pk, by=clerk))
    assert paid_people(bill) == {one.pk for one in people}
    assert why_not_by_people(bill) == "这张账单已经缴清，不用再缴费。"


def test_a_bill_that_was_paid_whole_or_in_part_is_not_paid_by_people(hall):
    clerk, bill, _ = hall
    payment = start_payment(bill.pk, by=clerk)
    with unguarded_writing():
        Payment.objects.filter(pk=payment.pk).update(amount_fen=100)
    payment.refresh_from_db()
    arrive(payment)
    assert "整张缴过" in why_not_by_people(bill)
    with pytest.raises(Refused, match="整张缴过"):
        start(hall, 0)


def test_strangers_are_not_paid_for(hall):
    clerk, bill, _ = hall
    other = hire(make_employer("general_hall", "990002"), [500_000])[0]
    with pytest.raises(Refused, match="不在这张账单上"):
        start_payment(bill.pk, by=clerk, people=[other.pk], voucher_to=TO)


def test_the_voucher_is_made_and_mailed_once_the_money_is_there(hall, django_capture_on_commit_callbacks):
    clerk, _, people = hall
    payment = start(hall, 0, 1)
    with pytest.raises(Refused, match="缴费成功之后"):
        send_people_voucher(payment.pk, by=clerk)
    with django_capture_on_commit_callbacks(execute=True):
        arrive(payment)
    paper, letter = Document.objects.get(kind="people_voucher"), Mail.objects.get()
    assert (letter.to, letter.document) == (TO, paper) and paper.total_fen == payment.amount_fen
    rows = paper.content["paper"]["people"]["rows"]
    assert [row[1] for row in rows] == [people[0].name, people[1].name]
    assert paper.content["paper"]["rows"][0][-1] == yuan(payment.amount_fen)
    again, same = send_people_voucher(payment.pk, by=clerk)
    assert (again, same) == (paper, letter) and Mail.objects.count() == 1


def test_a_refused_payment_sends_nothing(hall, django_capture_on_commit_callbacks):
    payment = start(hall, 0)
    with django_capture_on_commit_callbacks(execute=True):
        apply_answer(payment, {"message_id": "M", "state": "refused", "amount_fen": payment.amount_fen})
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUSED and not Document.objects.exists() and not Mail.objects.exists()
