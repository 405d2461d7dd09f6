"""社保缴费 of chosen people by a debit: the money moves only after account, bank and amount were looked at."""

import re

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.models import Bill
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region_collection import Way
from tests.banking import bank  # noqa: F401 - a fixture

from ...factories import enrolled, region_saying
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
    wages = (600_000, 900_000, 1_200_000)
    return [enrolled(employer, sequence=911 + i, name=f"示例{i}", wage_fen=fen) for i, fen in enumerate(wages)]


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


def fields(page: str) -> dict:
    """What the page of 核对 sends on, as a browser would."""
    found: dict[str, list[str]] = {}
    form = page.partition("data-main>")[2].partition("</form>")[0]
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        found.setdefault(name, []).append(value)
    return found


WAGES = ("6000", "9000", "12000")


def typed(people) -> dict:
    return {f"base-{one.pk}": wage for one, wage in zip(people, WAGES, strict=True)}


def test_a_month_that_is_declared_with_it_is_shown_whole_before_anything_is_done(client, clerk, people, bank):  # noqa: F811
    first = said(people[:1], agreed="1", channel="bank") | typed(people) | {f"base-{people[0].pk}": "6500"}
    page = text_of(client.post(PAGE, first))
    assert "核对缴费" in page and "6,000.00 → 6,500.00" in page, "the base that was typed is reckoned in"
    assert "时间内" in page
    assert "待提交的申报都已提交" in page and "与上月相比" in page and "办理后立即生效" in page
    assert not Bill.objects.exists() and not Payment.objects.exists() and not Declaration.objects.exists()
    asked = fields(page)
    again = client.post(PAGE, asked)
    assert again.status_code == 422 and "请把要确认的事项都勾选" in text_of(again) and not Bill.objects.exists()
    made = client.post(PAGE, asked | {"confirmed": ["0"]})
    bill, payment = Bill.objects.get(), Payment.objects.get()
    assert made.url == f"/e/payments/{payment.pk}/" and payment.amount_fen == owed(bill, people[:1])
    assert yuan(bill.total_due) in page and yuan(payment.amount_fen) in page, "as it was shown, to the fen"
    # Pressed twice, and sent again from the page that the back button shows: the same payment.
    for sent in (asked | {"confirmed": ["0"]}, first):
        assert client.post(PAGE, sent).url == made.url
    assert Bill.objects.count() == Payment.objects.count() == len(bank.orders) == 1
    assert Declaration.objects.count() == 1


def test_what_changed_while_it_was_looked_at_is_shown_again(client, clerk, people, bank):  # noqa: F811
    asked = fields(text_of(client.post(PAGE, said(people[:1], agreed="1", channel="bank") | typed(people))))
    hire(clerk.employer, [700_000])
    page = text_of(client.post(PAGE, asked | {"confirmed": ["0"]}))
    assert "有变化，请重新核对" in page and "checked>" not in page and not Bill.objects.exists()


def test_what_stands_before_the_month_is_shown_and_nothing_can_be_sent(client, clerk, people, bank):  # noqa: F811
    with on_day(Month(2026, 12), 30):
        page = text_of(client.post(PAGE, said(people[:1], agreed="1", channel="bank", month="2026-12") | typed(people)))
    assert "先处理上面没有满足的事项" in page and ">提交</button>" not in page and not Bill.objects.exists()


def test_who_may_not_settle_or_pay_alone_hears_it_before_anything_is_declared(client, clerk, people, bank):  # noqa: F811
    clerk.employer.needs_second = True
    clerk.employer.save()
    page = text_of(client.post(PAGE, said(people[:1], agreed="1", channel="bank") | typed(people)))
    assert "再由另一位操作员缴费" in page and not Bill.objects.exists()


def test_from_the_look_one_goes_back_to_the_form_with_what_was_typed(client, clerk, people, bank):  # noqa: F811
    asked = said(people[:1], agreed="1", channel="bank") | typed(people) | {f"base-{people[0].pk}": "6500"}
    page = text_of(client.post(PAGE, fields(text_of(client.post(PAGE, asked))) | {"back": "1"}))
    assert "填写缴费信息" in page and 'value="6500"' in page and not Bill.objects.exists()
    assert 'name="agreed" value="1" checked' in page


def test_another_way_is_looked_at_too_by_names_and_sum(client, clerk, people, bank):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    page = text_of(client.post(PAGE, said(people[:1], channel="bank")))
    assert "核对缴费" in page and people[0].name in page and yuan(owed(bill, people[:1])) in page
    assert people[1].name not in page and not Payment.objects.exists()
    response = client.post(PAGE, fields(page))
    assert response.url == f"/e/payments/{Payment.objects.get().pk}/"


def test_who_settled_and_may_not_pay_hears_it_instead_of_a_debit_to_look_at(client, clerk, people, bank):  # noqa: F811
    settle(clerk.employer, clerk)
    clerk.employer.needs_second = True
    clerk.employer.save()
    page = text_of(client.post(PAGE, said(people[:1])))
    assert "请另一位" in page and "核对扣款" not in page and not Payment.objects.exists()
