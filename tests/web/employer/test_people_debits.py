"""社保缴费 of chosen people by a debit: the money moves only after account, bank and amount were looked at."""

import pytest

from shebao.hall.payments.models import Payment
from shebao.hall.settlement.models import Bill
from shebao.rules.money import yuan
from shebao.rules.region_collection import Way
from tests.banking import bank  # noqa: F401 - a fixture

from ...factories import region_saying
from ...settlement.hall import hire, make_clerk, make_employer, on_day, settle
from .money import text_of

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/e/pages/payment/"


@pytest.fixture
def employer(bank):  # noqa: F811
    """An employer of a region that pays for chosen people and has a debit beside the bank's page."""
    ways = {key: Way(key, kind, title, "", ()) for key, kind, title in
            (("bank", "online", "网上银行"), ("agreement", "agreement", "三方协议扣款"))}  # fmt: skip
    with on_day(), region_saying("general_hall", "collection", ways=ways):
        found = make_employer("general_hall", "520001")
        found.bank_name, found.bank_account = "示例银行", "6222000011112222"
        found.save()
        yield found


@pytest.fixture
def people(employer):
    return hire(employer, [600_000, 900_000, 1_200_000])


@pytest.fixture
def clerk(employer, people, client):
    found = make_clerk(employer)
    client.force_login(found)
    return found


def said(people, **more) -> dict:
    return {
        "month": "2026-11",
        "chosen": [one.pk for one in people],
        "to": "a@example.cn",
        "channel": "agreement",
    } | more


def owed(bill: Bill, people) -> int:
    return sum(line.employer_due + line.employee_due for line in bill.lines.filter(employee__in=people))


def test_a_debit_for_chosen_people_is_looked_at_before_the_money_moves(client, clerk, people, bank):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    fen = owed(bill, people[:2])
    page = text_of(client.post(PAGE, said(people[:2])))
    assert "核对扣款" in page and yuan(fen) in page and "所选 2 人" in page and "622*********2222" in page
    assert "6222000011112222" not in page and not Payment.objects.exists() and not bank.orders
    assert all(f'name="chosen" value="{one.pk}"' in page for one in people[:2])
    bank.answer = {"message_id": "", "state": "waiting", "amount_fen": fen}
    response = client.post(PAGE, said(people[:2], checked=str(fen)))
    made = Payment.objects.get()
    assert response.url == f"/e/payments/{made.pk}/" and made.amount_fen == fen and len(bank.orders) == 1
    assert (made.people, made.voucher_to) == (sorted(one.pk for one in people[:2]), "a@example.cn")
    # A second press, and somebody who pays what is under way, come to the same attempt.
    assert client.post(PAGE, said(people[:2])).url == response.url and len(bank.orders) == 1


def test_an_amount_that_was_looked_at_is_paid_and_no_other(client, clerk, people, bank):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    fen = owed(bill, people[:1])
    page = text_of(client.post(PAGE, said(people[:2], checked=str(fen))))
    assert "核对扣款" in page and yuan(owed(bill, people[:2])) in page and not Payment.objects.exists()


def test_a_month_that_is_declared_with_it_shows_what_it_came_to(client, clerk, people, bank):  # noqa: F811
    bases = {f"base-{one.pk}": wage for one, wage in zip(people, ("6000", "9000", "12000"), strict=True)}
    page = text_of(client.post(PAGE, said(people[:1], agreed="1", **bases)))
    bill = Bill.objects.get()
    assert "核对扣款" in page and yuan(owed(bill, people[:1])) in page and not Payment.objects.exists()


def test_another_way_needs_no_second_look(client, clerk, people, bank):  # noqa: F811
    settle(clerk.employer, clerk)
    response = client.post(PAGE, said(people[:1], channel="bank"))
    assert response.url == f"/e/payments/{Payment.objects.get().pk}/"


def test_who_settled_and_may_not_pay_hears_it_instead_of_a_debit_to_look_at(client, clerk, people, bank):  # noqa: F811
    settle(clerk.employer, clerk)
    clerk.employer.needs_second = True
    clerk.employer.save()
    page = text_of(client.post(PAGE, said(people[:1])))
    assert "请另一位" in page and "核对扣款" not in page and not Payment.objects.exists()
