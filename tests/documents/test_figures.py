"""Papers of a bill say the figures of the day they are asked for: a stale one is superseded, an equal one stays."""

import pytest

from shebao.hall.clock import now, today
from shebao.hall.documents.models import Document, DocumentState
from shebao.hall.documents.operations import available, issue_document, pdf, verify
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.settlement.models import Bill
from shebao.rules.money import plain_yuan, yuan
from shebao.rules.months import Month

from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle
from .test_operations import make_bill, words

pytestmark = pytest.mark.django_db
DECEMBER = Month(2026, 12)


def part_of(bill, clerk, fen, serial="YH1", channel="bank"):
    """Money that arrives for a bill."""
    payment = Payment.objects.create(
        employer=bill.employer, bill=bill, number=f"P{serial}", channel=channel, amount_fen=fen, state="succeeded",
        bank_serial=serial, started_by=clerk, started_at=now(), paid_at=now(),
    )  # fmt: skip
    book_paid(bill, payment)
    return payment


def card(bill, kind):
    return next(one for one in available([bill])[bill.pk] if one.kind == kind)


def text_of(document):
    return words(pdf(document)).replace(" ", "").replace("\n", "")


def test_a_notice_asked_for_after_the_late_fee_grew_is_a_new_paper_and_supersedes_the_old_one():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 11):
        old = issue_document(bill.pk, "payment_notice", by=clerk)
    with on_day(DECEMBER, 20):
        owed = owing(bill, today())
        assert card(bill, "payment_notice").state == "ready" and "金额已有变动" in card(bill, "payment_notice").note
        new = issue_document(bill.pk, "payment_notice", by=clerk)
        assert card(bill, "payment_notice").document == new
    assert owed.late_fee > 0 and new.pk != old.pk
    assert new.total_fen == owed.total == old.total_fen + owed.late_fee
    assert yuan(owed.late_fee) in text_of(new)
    found = verify(old.verification_code, plain_yuan(old.total_fen))
    assert (found["state"], found["state_label"]) == ("superseded", "已被新件替代")
    assert new.number in found["state_reason"]
    assert verify(new.verification_code, plain_yuan(owed.total))["state"] == "valid"


@pytest.mark.parametrize("kind", ["payment_notice", "collection_assessment"])
def test_a_paper_asked_for_again_with_the_same_figures_is_the_same_paper_byte_for_byte(kind):
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 11):
        first = issue_document(bill.pk, kind, by=clerk)
        content = pdf(first)
        assert issue_document(bill.pk, kind, by=clerk) == first
    with on_day(NOVEMBER, 12):
        assert issue_document(bill.pk, kind, by=clerk) == first
        assert pdf(Document.objects.get()) == content
    with on_day(DECEMBER, 20):
        late = issue_document(bill.pk, kind, by=clerk)
        assert issue_document(bill.pk, kind, by=clerk) == late != first


def test_a_notice_after_money_came_in_says_what_was_paid_and_what_is_left():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 11):
        old = issue_document(bill.pk, "payment_notice", by=clerk)
        assessed = issue_document(bill.pk, "collection_assessment", by=clerk)
        part_of(bill, clerk, 100_000)
        new = issue_document(bill.pk, "payment_notice", by=clerk)
        assert issue_document(bill.pk, "collection_assessment", by=clerk) == assessed
    assert new != old and Document.objects.get(pk=old.pk).state == DocumentState.SUPERSEDED
    text = text_of(new)
    assert "已缴金额：1,000.00" in text
    assert f"尚应缴：{yuan(bill.total_due - 100_000)}" in text


def test_a_notice_from_before_figures_were_kept_stays_while_its_total_is_that_of_today():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 11):
        old = issue_document(bill.pk, "payment_notice", by=clerk)
        Document.objects.update(said="")
        assert issue_document(bill.pk, "payment_notice", by=clerk) == old
        part_of(bill, clerk, 100_000)
        assert issue_document(bill.pk, "payment_notice", by=clerk) != old


def test_a_receipt_stays_the_receipt():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 11):
        part_of(bill, clerk, bill.total_due)
        receipt = issue_document(bill.pk, "receipt", by=clerk)
    with on_day(DECEMBER, 20):
        assert issue_document(bill.pk, "receipt", by=clerk) == receipt


def test_the_papers_of_twelve_months_cost_the_questions_of_two(django_assert_num_queries):
    employer = make_employer()
    hire(employer, [720_000])
    clerk, bills, month = make_clerk(employer), [], Month(2026, 1)
    for _ in range(12):
        with on_day(month, 11):
            bills.append(settle(employer, clerk, month))
            if len(bills) in (1, 2, 12):
                issue_document(bills[-1].pk, "payment_notice", by=clerk)
        month = month.next()
    # Late fees have grown on all of them but the last: they are shared out among the schemes of every bill.
    Document.objects.filter(bill__in=bills[2:-1]).delete()
    with on_day(DECEMBER, 20):
        for some in (bills[:2], bills):
            with django_assert_num_queries(7):
                found = available(Bill.objects.filter(pk__in=[one.pk for one in some]).select_related("employer"))
            assert [card.state for card in found[bills[0].pk] if card.kind == "payment_notice"] == ["ready"]
