"""What was cleared by an amount that the bank had misreported is put right once its statement says the true one."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.documents.models import Document, DocumentState
from shebao.hall.documents.operations import issue_document
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import channels
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.correcting import correct_cleared, disproved
from shebao.hall.payments.models import Clearing, Payment, PaymentState, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.payments.suspense import refund_credit
from shebao.hall.settlement.collecting import credit_of
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerEntry
from tests.banking import bank  # noqa: F401 - a fixture

from ..settlement.hall import hire, make_clerk, make_employer, on_day, settle
from .test_misreported import Teller
from .test_operations import send

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = "已与银行核对"


@pytest.fixture(autouse=True)
def november():
    with on_day():
        yield


@pytest.fixture
def treasurer(db):
    return Operator.objects.create(username="t", name="会计", role="agency_admin", region="tianjin")


class Case:
    """A bill, and money for it of which the notice said `false` and the statement says `true`, fen."""

    def __init__(self, treasurer, monkeypatch, settings, *, off_by=-700, is_over=0):
        employer = make_employer()
        hire(employer, [720_000])
        self.clerk = make_clerk(employer)
        self.bill = settle(employer, self.clerk)
        self.true, self.false = self.bill.total_due + off_by, self.bill.total_due + is_over
        self.payment = start_payment(self.bill.pk, by=self.clerk)
        teller = Teller(self.payment, self.true)
        assert send(teller.row | {"amount_fen": self.false, "payer": "另一家单位"}) == "parked"
        self.treasurer, self.settings, self.url = treasurer, settings, settings.SHEBAO_BANK_URL
        self.item = SuspenseItem.objects.get()
        monkeypatch.setattr(channels, "BankClient", lambda *_: teller)

    def clear(self, clearing):
        """Clear it unasked, as it was done before the bank's statement was asked first."""
        number = {"bill": self.bill.number, "credit": self.bill.employer.employer_number}.get(clearing, "")
        self.settings.SHEBAO_BANK_URL = ""
        clear_suspense(self.item.pk, clearing, by=self.treasurer, number=number, note="查清")
        self.settings.SHEBAO_BANK_URL = self.url

    def correct(self):
        return correct_cleared(self.item.pk, by=self.treasurer, note=NOTE)


@pytest.fixture
def case(treasurer, monkeypatch, settings, bank):  # noqa: F811
    return lambda **more: Case(treasurer, monkeypatch, settings, **more)


def compare():
    return reconcile_day(clock.today(), by=None, region="tianjin").differences


def brought() -> int:
    return sum(LedgerEntry.objects.filter(account="bank").values_list("amount_fen", flat=True))


@pytest.mark.parametrize("clearing", ["bill", "credit", "refund"])
def test_what_was_cleared_falsely_waits_anew_with_the_amount_that_the_statement_proves(case, clearing):
    found = case()
    found.clear(clearing)
    (told,) = compare()
    assert "已经处理" in told and "按对账单更正" in told
    (seen,) = disproved(found.treasurer)
    assert (seen.item, seen.fen) == (found.item, found.true)
    made = found.correct()
    assert (made.amount_fen, made.clearing, made.payment) == (found.true, "", found.payment)
    found.item.refresh_from_db()
    assert (found.item.clearing, found.item.cleared_by) == (Clearing.CORRECTED, None)
    assert found.item.corrected_by == found.treasurer.name
    assert found.item.earlier.endswith("：查清") and "会计" in found.item.earlier
    assert NOTE in found.item.note and "对账单上是" in found.item.note
    assert balance(found.bill) == (found.bill.total_due, 0) and credit_of(found.bill.employer_id) == 0
    assert brought() == found.true and list(check_ledger()) == [] and disproved(found.treasurer) == []
    assert AuditEntry.objects.get(action="suspense.corrected").actor == found.treasurer
    # Now a person says what becomes of the true amount, and the statement has nothing to say any more.
    clear_suspense(made.pk, "bill", by=found.treasurer, number=found.bill.number, note=NOTE)
    assert balance(found.bill) == (found.bill.total_due, found.true)
    assert compare() == [] and list(check_ledger()) == []
    found.payment.refresh_from_db()
    assert found.payment.state == PaymentState.CLEARED


def test_papers_that_said_paid_do_not_stand_once_the_bill_is_open_again(case):
    found = case()
    found.clear("bill")
    receipt = issue_document(found.bill.pk, "receipt", by=found.clerk)
    found.correct()
    receipt.refresh_from_db()
    assert receipt.state != DocumentState.VALID and Document.objects.count() == 1


def test_credit_that_was_used_meanwhile_is_not_taken_back(case):
    found = case()
    found.clear("credit")
    refund_credit(found.bill.employer_id, 100, by=found.treasurer, note="退")
    with pytest.raises(Refused, match="已经抵扣或退费"):
        found.correct()
    found.item.refresh_from_db()
    assert found.item.clearing == "credit" and list(check_ledger()) == []


def test_what_was_paid_too_much_goes_back_with_it(case):
    found = case(is_over=5_000)
    found.clear("bill")
    assert credit_of(found.bill.employer_id) == 5_000
    found.correct()
    assert credit_of(found.bill.employer_id) == 0 and list(check_ledger()) == []


def test_nothing_is_corrected_twice_unproven_unfounded_or_by_just_anybody(case):
    found = case()
    with pytest.raises(Conflict, match="还没有处理"):
        found.correct()
    found.clear("bill")
    with pytest.raises(Refused, match="更正的依据"):
        correct_cleared(found.item.pk, by=found.treasurer, note=" ")
    with pytest.raises(Refused, match="没有“对账”"):
        correct_cleared(found.item.pk, by=found.clerk, note=NOTE)
    found.correct()
    with pytest.raises(Conflict, match="已经更正"):
        found.correct()
    assert SuspenseItem.objects.count() == 2


@pytest.mark.parametrize(
    ("said", "told"), [("same", "不用更正"), ("none", "没有这笔流水"), ("silent", "没有取到银行对账单")]
)
def test_only_what_the_statement_says_puts_it_right(case, monkeypatch, said, told):
    found = case()
    found.clear("bill")
    teller = Teller(found.payment, found.false)
    if said == "none":
        monkeypatch.setattr(teller, "statement", lambda _day: [])
    monkeypatch.setattr(channels, "BankClient", lambda *_: teller)
    if said == "silent":
        monkeypatch.undo()
        found.settings.SHEBAO_BANK_URL = "http://127.0.0.1:9"
    with pytest.raises(Refused, match=told):
        found.correct()
    assert SuspenseItem.objects.get().clearing == "bill"


def test_the_database_lets_cleared_money_become_nothing_but_corrected(case):
    found = case()
    found.clear("bill")
    rows = SuspenseItem.objects.filter(pk=found.item.pk)
    for wrong in (
        {"clearing": ""},
        {"clearing": "refund"},
        {"clearing": "corrected"},
        {"note": "另写"},
        {"region": "x"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**wrong)


def test_the_money_page_lists_what_was_disproved_and_puts_it_right(case, client):
    found = case()
    found.clear("bill")
    client.force_login(found.treasurer)
    assert "处理过的款与对账单不符" not in client.get("/a/money/").content.decode()
    compare()
    page = client.get("/a/money/").content.decode()
    assert "处理过的款与对账单不符" in page and f"/a/money/suspense/{found.item.pk}/correct" in page
    refused = client.post(f"/a/money/suspense/{found.item.pk}/correct", {"note": ""})
    assert refused.status_code == 422 and "请写明更正的依据" in refused.content.decode()
    done = client.post(f"/a/money/suspense/{found.item.pk}/correct", {"note": NOTE}, follow=True).content.decode()
    assert "已按对账单更正，请在待查款里重新处理" in done and "处理过的款与对账单不符" not in done
    assert Payment.objects.count() == 1


def test_looking_for_what_was_disproved_asks_as_often_for_many_days(case, treasurer):
    found = case()
    found.clear("bill")
    for _ in range(2):
        compare()
        with CaptureQueriesContext(connection) as asked:
            assert len(disproved(treasurer)) == 1
        assert len(asked) == 2
