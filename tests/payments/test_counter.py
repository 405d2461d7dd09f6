"""窗口收款: what is taken at the counter is booked once by its receipt's number, and voided by a mirror."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.clock import today
from shebao.hall.documents.models import DocumentState
from shebao.hall.documents.operations import issue_document
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.counter import enter_receipt, void_receipt
from shebao.hall.payments.models import CounterReceipt, Payment
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.settlement.collecting import credit_of, owing
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerEntry

from ..settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with on_day(NOVEMBER):
        yield


@pytest.fixture
def bill():
    employer = make_employer()
    hire(employer, [720_000])
    return settle(employer, make_clerk(employer))


@pytest.fixture
def teller():
    return Operator.objects.create(username="t", name="窗口", role="agency_admin", region="tianjin")


def enter(bill, teller, fen=None, number="S-1", **more):
    said = {"bill": bill.number, "fen": bill.total_due if fen is None else fen, "received_on": today(), "kind": "cash"}
    return enter_receipt(number, **(said | more), by=teller)


def test_a_receipt_pays_the_bill_and_again_is_the_same_receipt(bill, teller):
    first = enter(bill, teller)
    assert balance(bill) == (bill.total_due, bill.total_due) and enter(bill, teller).pk == first.pk
    assert Payment.objects.get().bank_serial == "S-1"
    assert AuditEntry.objects.filter(action="receipt.entered").count() == 1
    assert list(check_ledger()) == []


def test_a_number_is_no_second_receipt_of_another_amount(bill, teller):
    enter(bill, teller, 100)
    with pytest.raises(Conflict, match="S-1 已经登记.*内容不同"):
        enter(bill, teller, 200)
    assert CounterReceipt.objects.count() == 1


def test_a_part_leaves_the_rest_and_what_is_more_becomes_credit(bill, teller):
    enter(bill, teller, 100)
    assert owing(bill, today()).total == bill.total_due - 100
    enter(bill, teller, bill.total_due, number="S-2")
    assert owing(bill, today()).total == 0 and credit_of(bill.employer_id) == 100
    assert list(check_ledger()) == []


def test_everything_that_is_wrong_with_a_receipt_is_told_at_once(bill, teller):
    with pytest.raises(Refused) as no:
        enter(bill, teller, 0, number=" ", kind="gold", received_on=OCTOBER.first_day)
    assert len(no.value.message.splitlines()) == 4
    with pytest.raises(Refused, match="没有账单号"):
        enter_receipt("S-1", bill="Z0", fen=1, received_on=today(), kind="cash", by=teller)


def test_a_voided_receipt_is_mirrored_and_the_bill_owes_as_if_it_had_never_been(bill, teller):
    before = owing(bill, today())
    receipt = enter(bill, teller)
    paper = issue_document(bill.pk, "receipt", by=make_clerk(bill.employer, "employer_admin"))
    void_receipt(receipt.pk, reason="录错账单", by=teller)
    assert balance(bill) == (bill.total_due, 0) and owing(bill, today()) == before
    sums = {}
    for entry in LedgerEntry.objects.exclude(transaction__kind="assessed"):
        key = entry.account, entry.scheme, entry.part, entry.month
        sums[key] = sums.get(key, 0) + entry.amount_fen
    assert set(sums.values()) == {0}
    paper.refresh_from_db()
    assert (paper.state, paper.state_reason) == (DocumentState.REVOKED, "收款 S-1 已作废")
    assert AuditEntry.objects.filter(action="receipt.voided").count() == 1
    assert list(check_ledger()) == []
    with pytest.raises(Conflict, match="已经作废"):
        void_receipt(receipt.pk, reason="再来", by=teller)
    # The number is free again, and a new paper is given for the new money.
    enter(bill, teller)
    again = issue_document(bill.pk, "receipt", by=bill.assessment.made_by)
    assert again.pk != paper.pk and again.state == DocumentState.VALID
    assert list(check_ledger()) == []


def test_a_late_receipt_takes_its_late_fee_and_a_void_gives_the_days_back(bill, teller):
    with on_day(NOVEMBER.next(), 20):
        late = owing(bill, today())
        assert late.late_fee > 0
        receipt = enter(bill, teller, late.total)
        assert owing(bill, today()).total == 0
        void_receipt(receipt.pk, reason="退票", by=teller)
        assert owing(bill, today()) == late
        assert list(check_ledger()) == []


def test_credit_that_was_used_keeps_a_receipt_from_being_voided(bill, teller):
    receipt = enter(bill, teller, bill.total_due + 1_000)
    with on_day(NOVEMBER.next()):
        settle(bill.employer, bill.assessment.made_by, NOVEMBER.next())
        assert credit_of(bill.employer_id) == 0
        with pytest.raises(Refused, match="已经抵扣或退费"):
            void_receipt(receipt.pk, reason="录错", by=teller)
        assert list(check_ledger()) == []


def test_a_void_needs_a_reason_and_the_agencys_own_receipt(bill, teller):
    receipt = enter(bill, teller)
    with pytest.raises(Refused, match="原因"):
        void_receipt(receipt.pk, reason=" ", by=teller)
    other = Operator.objects.create(username="o", name="别处", role="agency_admin", region="leshan")
    with pytest.raises(CounterReceipt.DoesNotExist):
        void_receipt(receipt.pk, reason="试试", by=other)
    with pytest.raises(Refused, match="没有“对账”的权限"):
        void_receipt(receipt.pk, reason="试试", by=bill.assessment.made_by)


def test_a_running_payment_on_line_keeps_the_counter_from_taking_twice(bill, teller, bank):
    start_payment(bill.pk, by=bill.assessment.made_by)
    with pytest.raises(Refused, match="还没有结果"):
        enter(bill, teller)


def test_what_the_counter_took_is_not_missed_on_the_banks_statement(bill, teller, bank):
    enter(bill, teller)
    assert reconcile_day(today(), by=teller, region="tianjin").differences == []


def test_the_teller_finds_the_bill_enters_the_receipt_and_voids_it(bill, teller, client):
    client.force_login(teller)
    page = client.get("/a/receipts/", {"bill": bill.number}).content.decode()
    assert bill.employer.name in page and "登记收款" in page
    said = {
        "bill": bill.number,
        "number": "S-9",
        "amount": "100.00",
        "received_on": today().isoformat(),
        "kind": "card",
    }
    for _ in range(2):
        assert client.post("/a/receipts/", said).status_code == 302
    receipt = CounterReceipt.objects.get()
    assert receipt.payment.amount_fen == 10_000
    wrong = client.post("/a/receipts/", said | {"amount": "x", "received_on": "y"})
    assert wrong.status_code == 422 and "收款金额" in wrong.content.decode() and "收款日期" in wrong.content.decode()
    client.force_login(bill.assessment.made_by)
    assert "经办窗口" in client.get("/e/pay/").content.decode()
    client.force_login(teller)
    client.post(f"/a/receipts/{receipt.pk}/void", {"reason": "录错"})
    assert "录错" in client.get("/a/receipts/").content.decode() and balance(bill)[1] == 0
    client.force_login(Operator.objects.create(username="r", name="审核", role="reviewer", region="tianjin"))
    assert client.get("/a/receipts/").status_code == 403


def test_a_late_receipt_that_was_voided_and_entered_again_took_its_late_fee_once(bill, teller):
    with on_day(NOVEMBER.next(), 20):
        late = owing(bill, today())
        receipt = enter(bill, teller, late.total)
        void_receipt(receipt.pk, reason="退票", by=teller)
        enter(bill, teller, late.total)
        assert owing(bill, today()).total == 0
        assert list(check_ledger()) == []
