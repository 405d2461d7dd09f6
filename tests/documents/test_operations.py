"""Papers: issued once, printed the same for ever, and checked by anybody who holds one."""

import io

import pytest
from pypdf import PdfReader

from shebao.hall.clock import now
from shebao.hall.documents.issuing import ALPHABET
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import available, issue_document, pdf, verify
from shebao.hall.errors import Refused
from shebao.hall.payments.models import Payment
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import standing, steps_of
from shebao.rules.money import plain_yuan, yuan

from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, settle

pytestmark = pytest.mark.django_db


def make_bill(code="tianjin"):
    employer = make_employer(code)
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    return settle(employer, clerk), clerk


def pay(bill, clerk):
    payment = Payment.objects.create(
        employer=bill.employer, bill=bill, number="P1", channel="bank", amount_fen=bill.total_due,
        state="succeeded", bank_serial="YH1", started_by=clerk, started_at=now(), paid_at=now(),
    )  # fmt: skip
    book_paid(bill, payment)


def words(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize("code", ["tianjin", "leshan"])
def test_every_paper_of_the_region_is_printed_with_the_total_of_the_bill(code):
    bill, clerk = make_bill(code)
    pay(bill, clerk)
    for kind, spec in region(code).bill_documents.items():
        document = issue_document(bill.pk, kind, by=clerk)
        content = pdf(document)
        assert content == pdf(document)
        text = words(content)
        assert yuan(bill.total_due) in text
        assert spec["title"] in text.replace(" ", "")
    assert steps_of(standing(clerk.employer, NOVEMBER, clerk))[4].state == "done"


def test_issuing_twice_returns_the_paper_that_was_issued():
    bill, clerk = make_bill()
    assert issue_document(bill.pk, "payment_notice", by=clerk) == issue_document(bill.pk, "payment_notice", by=clerk)
    assert Document.objects.count() == 1


def test_a_receipt_waits_for_the_money():
    bill, clerk = make_bill()
    with pytest.raises(Refused, match="缴清之后"):
        issue_document(bill.pk, "receipt", by=clerk)
    assert {card.kind: card.state for card in available(bill.employer, NOVEMBER)}["receipt"] == "waiting"
    pay(bill, clerk)
    assert {card.kind: card.state for card in available(bill.employer, NOVEMBER)}["receipt"] == "ready"
    issue_document(bill.pk, "receipt", by=clerk)
    assert {card.kind: card.state for card in available(bill.employer, NOVEMBER)}["receipt"] == "issued"


def test_a_paper_whose_content_was_changed_does_not_leave_the_house():
    bill, clerk = make_bill()
    document = issue_document(bill.pk, "payment_notice", by=clerk)
    document.content["paper"]["total"][-1] = "1.00"
    with pytest.raises(Refused, match="与开具时不一致"):
        pdf(document)


def test_code_and_total_together_tell_what_the_paper_said_and_neither_alone_does():
    bill, clerk = make_bill()
    document = issue_document(bill.pk, "payment_notice", by=clerk)
    code = document.verification_code
    assert len(code) == 16
    assert set(code) <= set(ALPHABET)
    found = verify(code.lower(), plain_yuan(bill.total_due))
    assert (found["total_fen"], found["employer_name"]) == (bill.total_due, bill.employer.name)
    assert verify(code, "1.00") is None
    assert verify(code, "不是金额") is None
    assert verify("A" * 16, plain_yuan(bill.total_due)) is None


def test_a_kind_the_region_does_not_have_is_refused():
    bill, clerk = make_bill()
    with pytest.raises(Refused, match="没有这种单据"):
        issue_document(bill.pk, "passport", by=clerk)


def test_another_employers_bill_cannot_be_printed():
    bill, _ = make_bill()
    with pytest.raises(Bill.DoesNotExist):
        issue_document(bill.pk, "payment_notice", by=make_clerk(make_employer(number="120002")))


def test_a_receipt_speaks_of_what_was_paid_and_a_notice_of_what_is_due():
    bill, clerk = make_bill()
    pay(bill, clerk)
    receipt, notice = (
        words(pdf(issue_document(bill.pk, kind, by=clerk))).replace(" ", "").replace("\n", "")
        for kind in ("receipt", "payment_notice")
    )
    assert "实缴" in receipt and "应缴" not in receipt
    assert "应缴" in notice and "实缴" not in notice


def test_a_detail_of_the_declaration_lists_every_person_with_number_and_dues():
    bill, clerk = make_bill("shenzhen")
    document = issue_document(bill.pk, "declaration_detail", by=clerk)
    people = document.content["paper"]["people"]
    assert [one["title"] for one in people["columns"]][:4] == ["序号", "姓名", "证件号码", "申报工资"]
    assert {one["group"] for one in people["columns"] if "group" in one} >= {"养", "失", "伤"}
    text = words(pdf(document)).replace(" ", "").replace("\n", "")
    for place, person in enumerate(bill.employer.employees.order_by("name_pinyin", "pk"), 1):
        lines = bill.lines.filter(employee=person)
        dues = [sum(getattr(line, f"{part}_due") for line in lines) for part in ("employee", "employer")]
        row = people["rows"][place - 1]
        assert row[:3] == [str(place), person.name, person.person.id_number]
        assert row[-3:] == [yuan(fen) for fen in (*dues, sum(dues))]
        assert person.name in text
    assert people["total"][-1] == yuan(bill.total_due) and people["total"][1] == "合计"
