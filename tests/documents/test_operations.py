"""Papers: issued once, printed the same for ever, and checked by anybody who holds one."""

import io

import pytest
from django.db import transaction
from pypdf import PdfReader

from shebao.hall.clock import now
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.documents.bank_vouchers import bank_voucher_kind, issue_bank_voucher
from shebao.hall.documents.issuing import ALPHABET
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import available, issue_document, pdf, verify
from shebao.hall.documents.papers import paper_of
from shebao.hall.documents.people_vouchers import issue_people_voucher
from shebao.hall.documents.plans import issue_plan
from shebao.hall.documents.rendering import PaperNotRendered
from shebao.hall.documents.statements import asked_for, rows_of
from shebao.hall.documents.vouchers import issue_voucher
from shebao.hall.errors import Refused
from shebao.hall.payments.models import Payment
from shebao.hall.payments.operations import close_unplaced
from shebao.hall.regions import all_regions, region
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import standing, steps_of
from shebao.hall.supplements.models import YearlyCover
from shebao.rules.money import plain_yuan, yuan

from ..settlement.hall import NOVEMBER, declare, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db


def make_bill(code="tianjin"):
    employer = make_employer(code)
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    return settle(employer, clerk), clerk


def pay(bill, clerk):
    with transaction.atomic():
        payment = Payment.objects.create(
            employer=bill.employer, bill=bill, number="P1", channel="bank", amount_fen=bill.total_due,
            state="succeeded", bank_serial="YH1", started_by=clerk, started_at=now(), paid_at=now(),
        )  # fmt: skip
        book_paid(bill, payment)


def words(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def pay_in_two(bill, clerk, people):
    """Pay a bill for its people one by one; the payments."""
    made = []
    for one in people:
        own = bill.lines.filter(employee=one)
        with transaction.atomic():
            payment = Payment.objects.create(
                employer=bill.employer, bill=bill, number=f"P{one.pk}", channel="bank", people=[one.pk],
                amount_fen=sum(line.employer_due + line.employee_due for line in own), state="succeeded",
                bank_serial=f"YH{one.pk}", started_by=clerk, started_at=now(), paid_at=now(),
            )  # fmt: skip
            book_paid(bill, payment)
        made.append(payment)
    return made


def of_a_bill(bill, kind, clerk):
    return issue_document(bill.pk, kind, by=clerk)


def of_chosen_declarations(bill, kind, clerk):
    services = region(bill.employer.region).services
    service = next(key for key in ("wage_declaration", *services) if key in services and services[key].form)
    declared = declare(bill.employer, clerk, State.SUBMITTED, submitted_at=now(), case_number="B1")
    Declaration.objects.filter(pk=declared.pk).update(service=service)
    return issue_voucher(bill.employer_id, [declared.pk], by=clerk)


def of_a_year(bill, kind, clerk):
    spec, one = region(bill.employer.region), bill.employer.employees.first()
    YearlyCover.objects.create(
        employee=one, person=one.person, region=spec.code, year=2026, pay_by=spec.codes["cover_payments"].items[0].code,
        scheme=next(key for key, scheme in spec.schemes.items() if scheme.per == "year"), amount_fen=15_500,
        charged_in=NOVEMBER, declared_in=declare(bill.employer, clerk, State.APPROVED),
    )  # fmt: skip
    return issue_plan(bill.employer_id, 2026, by=clerk)


def of_chosen_people(bill, kind, clerk):
    return issue_people_voucher(bill.payments.first(), by=clerk)


def order(bill, clerk, number="V1"):
    """An order to be paid at the bank's counter, which nobody has paid yet."""
    return Payment.objects.create(
        employer=bill.employer, bill=bill, number=number, channel="voucher", amount_fen=bill.total_due, state="sent",
        started_by=clerk, started_at=now(), valid_until=bill.pay_until,
    )  # fmt: skip


def of_an_order(bill, kind, clerk):
    return issue_bank_voucher(order(bill, clerk).pk, by=clerk)


ISSUED_BY = {
    "settled": of_a_bill, "paid": of_a_bill, "chosen": of_chosen_declarations, "declared": of_a_year,
    "people": of_chosen_people, "ordered": of_an_order,
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(all_regions()))
def test_every_paper_of_every_region_is_issued_and_says_its_title_and_its_total(code):
    spec = region(code)
    with on_day(NOVEMBER, 10):
        bill, clerk = make_bill(code)
        pay_in_two(bill, clerk, bill.employer.employees.all())
        for kind, one in spec.documents.items():
            document = ISSUED_BY[one["stage"]](bill, kind, clerk)
            content = pdf(document)
            assert content == pdf(document), kind
            text = words(content).replace(" ", "").replace("\n", "")
            assert document.kind == kind and one["title"] in text, kind
            assert yuan(document.total_fen) in text, kind
            if one["stage"] in ("settled", "paid"):
                assert document.total_fen == bill.total_due, kind
        assert set(spec.bill_documents) <= set(bill.documents.values_list("kind", flat=True))
        assert steps_of(standing(bill.employer, NOVEMBER, clerk))[4].state == "done"


def test_issuing_twice_returns_the_paper_that_was_issued():
    bill, clerk = make_bill()
    assert issue_document(bill.pk, "payment_notice", by=clerk) == issue_document(bill.pk, "payment_notice", by=clerk)
    assert Document.objects.count() == 1


def test_a_receipt_waits_for_the_money():
    bill, clerk = make_bill()
    with pytest.raises(Refused, match="缴清之后"):
        issue_document(bill.pk, "receipt", by=clerk)
    assert {card.kind: card.state for card in available([bill])[bill.pk]}["receipt"] == "waiting"
    pay(bill, clerk)
    assert {card.kind: card.state for card in available([bill])[bill.pk]}["receipt"] == "ready"
    issue_document(bill.pk, "receipt", by=clerk)
    assert {card.kind: card.state for card in available([bill])[bill.pk]}["receipt"] == "issued"


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
    assert verify("-".join(code[at : at + 4] for at in range(0, 16, 4)), plain_yuan(bill.total_due)) == found
    wide = " ".join(chr(ord(one) + 0xFEE0) for one in code.lower())
    assert verify(f" {wide}　", plain_yuan(bill.total_due)) == found, "spaces and full-width letters"
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


WITH_RETIRED = [
    (code, kind)
    for code, spec in sorted(all_regions().items())
    for kind, one in spec.documents.items()
    if "retired_count" in one["columns"]
]


@pytest.mark.parametrize(("code", "kind"), WITH_RETIRED)
def test_how_many_are_retired_is_left_to_be_filled_in_because_the_hall_does_not_know_it(code, kind):
    with on_day(NOVEMBER, 10):
        bill, _ = make_bill(code)
        paper = paper_of(bill, kind, number="", code="", made_on="2026-11-10")
    place = [column["title"] for column in paper["columns"]].index("退休人数")
    assert {row[place] for row in paper["rows"]} == {""}
    assert "退休人数由经办机构填写，网厅没有这项数据。" in paper["notes"]


def test_where_one_pays_at_the_banks_counter_there_is_a_paper_to_take_there():
    for spec in all_regions().values():
        assert bank_voucher_kind(spec) or not [way for way in spec.collection.ways.values() if way.kind == "voucher"]


def test_the_voucher_for_the_counter_is_one_paper_of_its_order_and_falls_when_the_order_is_closed():
    with on_day(NOVEMBER, 10):
        bill, clerk = make_bill("shanghai")
        payment = order(bill, clerk)
        paper = issue_bank_voucher(payment.pk, by=clerk)
        assert issue_bank_voucher(payment.pk, by=clerk) == paper
        text = "".join(words(pdf(paper)).split())
        for said in (payment.number, bill.number, bill.employer.credit_code, yuan(bill.total_due), "限缴日期"):
            assert said in text, said
        close_unplaced(payment.pk, by=clerk)
        told = verify(paper.verification_code, plain_yuan(paper.total_fen))
        assert told["state"] == "revoked" and payment.number in told["state_reason"]
        with pytest.raises(Refused, match="已有结果"):
            issue_bank_voucher(payment.pk, by=clerk)


def test_the_record_of_vouchers_printed_lists_the_one_for_the_counter():
    with on_day(NOVEMBER, 10):
        bill, clerk = make_bill("shanghai")
        paper = issue_bank_voucher(order(bill, clerk).pk, by=clerk)
        statement, asked = asked_for(bill.employer_id, "payment_voucher_records", by=clerk)
        assert [row["document_number"] for row in rows_of(statement, asked)] == [paper.number]


def test_a_payment_that_is_not_made_at_the_counter_has_no_such_voucher():
    with on_day(NOVEMBER, 10):
        bill, clerk = make_bill("tianjin")
        with pytest.raises(Refused, match="不用银行端查询缴费凭证"):
            issue_bank_voucher(order(bill, clerk).pk, by=clerk)


def test_a_paper_of_more_people_than_one_holds_says_where_to_find_them(monkeypatch):
    monkeypatch.setattr("shebao.hall.documents.people_table.MOST_PEOPLE", 1)
    bill, clerk = make_bill("shenzhen")
    kind = next(key for key, one in region("shenzhen").documents.items() if one["people"])
    text = "".join(words(pdf(issue_document(bill.pk, kind, by=clerk))).split())
    assert "人员明细共2人，一份单据最多列1人" in text


def test_what_cannot_be_made_uses_up_no_number(monkeypatch):
    bill, clerk = make_bill()

    def failing(*args, **more):
        raise PaperNotRendered("排版程序中断")

    monkeypatch.setattr("shebao.hall.documents.issuing.render", failing)
    with pytest.raises(Refused, match="没有用掉编号"):
        issue_document(bill.pk, "payment_notice", by=clerk)
    assert not Document.objects.exists()


def test_a_yearly_plan_says_its_sum_in_figures_beside_the_words():
    with on_day(NOVEMBER, 10):
        bill, clerk = make_bill("leshan")
        plan = of_a_year(bill, "", clerk)
        assert f"（小写）¥{yuan(plan.total_fen)}" in "".join(words(pdf(plan)).split())
