"""特殊缴费申报 of the tax client: what is owed once becomes a bill of its own at once, beside the month."""

import pytest

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration, undo_declarations
from shebao.hall.declarations.preview import preview
from shebao.hall.errors import Conflict, Refused
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.settlement.collecting import credit_of
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import BackPayment, Bill, LedgerTransaction, LineKind
from shebao.hall.settlement.queries import estimate
from tests.factories import OperatorFactory, at

from .test_back_payments import NOVEMBER, asked, declared, hall, settled

KEY, URL = "special_declaration", "/e/declare/special_declaration/"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def shanghai(client):
    clerk, _, employee = hall("shanghai")
    client.force_login(clerk)
    return clerk, employee


def give_credit(employer, fen):
    """Money that came from nowhere in particular and belongs to the employer."""
    item = SuspenseItem.objects.create(bank_serial="YH1", amount_fen=fen, reason="多缴", arrived_at=clock.now())
    booked = LedgerTransaction.objects.create(suspense=item, kind="suspended", booked_at=clock.now())
    booked.entries.create(account="bank", month=NOVEMBER, amount_fen=fen)
    booked.entries.create(account="suspense", month=NOVEMBER, amount_fen=-fen)
    cashier = OperatorFactory(agency_admin=True, region=employer.region)
    clear_suspense(item.pk, "credit", by=cashier, number=employer.employer_number, note="单位多缴")


def text_of(answer) -> str:
    return answer.content.decode()


def test_it_is_billed_apart_at_once_and_the_months_declaration_stays_as_it_was(shanghai):
    clerk, employee = shanghai
    before = estimate(clerk.employer, NOVEMBER).total
    found = preview(clerk.employer, KEY, asked(employee, wage="12000"), by=clerk)
    declared(clerk, asked(employee, wage="12000"), KEY)
    apart = Bill.objects.get()
    assert (apart.series, apart.total_due) == (1, found.effect_fen)
    assert {line.kind for line in apart.lines.all()} == {LineKind.BACK_PAYMENT}
    assert set(apart.lines.values_list("month", flat=True)) == set(BackPayment.objects.values_list("month", flat=True))
    assert settled(clerk).total_due == before
    assert list(check_ledger()) == []


def test_the_page_shows_the_amount_before_and_the_way_to_pay_after(client, shanghai):
    clerk, employee = shanghai
    page = text_of(client.get(URL))
    assert "特殊缴费申报" in page and "与日常申报分开确认" in page
    rail = text_of(client.post(f"{URL}preview/", asked(employee, wage="12000")))
    assert "单独核定，本次应缴" in rail
    kept = text_of(client.post(URL, asked(employee, wage="12000") | {"next": "done"}, follow=True))
    assert "已生成单独的账单" in kept and "去缴费" in kept
    assert "2026-11 补缴" in text_of(client.get("/e/pay/"))


def test_a_bill_that_was_made_is_not_undone_with_the_declaration(shanghai):
    clerk, employee = shanghai
    made = declared(clerk, asked(employee, wage="12000"), KEY)
    with pytest.raises(Conflict, match="已经计入账单"):
        undo_declarations([made.pk], by=clerk)
    assert Declaration.objects.get().state == "approved" and Bill.objects.count() == 1


def test_a_month_is_not_declared_twice_and_nothing_is_left_of_a_refusal(shanghai):
    clerk, employee = shanghai
    declared(clerk, asked(employee, wage="12000"), KEY)
    with pytest.raises(InvalidDeclaration):
        declared(clerk, asked(employee, "2026-09", "2026-10", wage="12000"), KEY)
    assert Bill.objects.count() == 1


def test_only_the_clerk_declares_it(client, shanghai):
    clerk, employee = shanghai
    admin = OperatorFactory(role="employer_admin", employer=clerk.employer)
    with pytest.raises(Refused):
        declared(admin, asked(employee, wage="12000"), KEY)
    assert not Bill.objects.exists()


def test_a_case_that_a_bill_has_taken_offers_no_undoing(client, shanghai):
    clerk, employee = shanghai
    made = declared(clerk, asked(employee, wage="12000"), KEY)
    page = client.get(f"/e/cases/{made.pk}/").content.decode()
    assert 'value="undo"' not in page and "/undo" not in page


def test_credit_pays_a_bill_of_its_own_too(shanghai):
    clerk, employee = shanghai
    give_credit(clerk.employer, 50_000)
    declared(clerk, asked(employee, wage="12000"), KEY)
    bill = Bill.objects.get()
    assert balance(bill) == (bill.total_due, 50_000) and credit_of(clerk.employer_id) == 0
    assert list(check_ledger()) == []
