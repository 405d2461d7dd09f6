"""Papers of a span of months and of persons: what they say is what the ledger and the lines have."""

import io
import zipfile

import pytest
from pypdf import PdfReader

from shebao.hall.documents import printing, rendering
from shebao.hall.documents.issuing import revoke_documents
from shebao.hall.documents.models import Document, PrintRun
from shebao.hall.documents.operations import issue_document, pdf, verify
from shebao.hall.documents.statements import asked_for, form_of, issue_statement, rows_of, total_fen_of
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions
from shebao.hall.roster.models import Employee
from shebao.hall.settlement.models import BillLine
from shebao.rules.money import plain_yuan, yuan

from ..settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle
from .test_operations import pay, words

pytestmark = pytest.mark.django_db
REGIONS = sorted(all_regions())


@pytest.fixture(autouse=True)
def in_november():
    with on_day():
        yield


def hall(code="tianjin", wages=(720_000, 300_000), *, paid=True):
    employer = make_employer(code)
    hire(employer, list(wages))
    clerk = make_clerk(employer)
    bill = settle(employer, clerk)
    if paid:
        pay(bill, clerk)
    return employer, clerk, bill


def plain(content: bytes) -> str:
    """The words of a paper without the breaks that its columns made."""
    return "".join(words(content).split())


def said(employer, clerk, key, **asked):
    statement, question = asked_for(employer.pk, key, by=clerk, **asked)
    return statement, rows_of(statement, question)


@pytest.mark.parametrize("code", REGIONS)
def test_every_statement_of_every_region_prints_and_can_be_verified(code):
    employer, clerk, bill = hall(code)
    for kind, spec in all_regions()[code].documents.items():
        if spec["stage"] == "paid":
            issue_document(bill.pk, kind, by=clerk)
    person = Employee.objects.filter(employer=employer).first()
    hire(employer, [400_000], NOVEMBER)
    for key, spec in all_regions()[code].statements.items():
        if spec.is_blank:
            assert spec.title in plain(form_of(employer.pk, key, by=clerk)[1])
            continue
        people = [person.pk] if spec.each == "person" else []
        document = issue_statement(employer.pk, key, by=clerk, people=people)
        text = plain(pdf(document))
        assert spec.title in text
        assert document.verification_code in text
        assert verify(document.verification_code, plain_yuan(document.total_fen))["state"] == "valid"


def test_a_certificate_lists_what_the_ledger_has_and_nothing_that_is_unpaid():
    employer, clerk, bill = hall(paid=False)
    with pytest.raises(Refused, match="没有已缴清的缴费记录"):
        issue_statement(employer.pk, "contribution_certificate", by=clerk)
    pay(bill, clerk)
    document = issue_statement(employer.pk, "contribution_certificate", by=clerk)
    assert document.total_fen == bill.total_due
    text = plain(pdf(document))
    assert yuan(bill.total_due) in text
    assert f"兹证明{employer.name}" in text


@pytest.mark.parametrize("paid", [True, False])
def test_an_account_adds_up_to_the_bill_and_says_what_is_owed(paid):
    employer, clerk, bill = hall("shenzhen", paid=paid)
    statement, rows = said(employer, clerk, "payment_account", first=NOVEMBER, last=NOVEMBER)
    assert sum(row["employer_due"] for row in rows) == bill.employer_due
    assert sum(row["employee_due"] for row in rows) == bill.employee_due
    assert sum(row["late_fee"] for row in rows) == 0
    assert sum(row["owed"] for row in rows) == (0 if paid else bill.total_due)
    assert {row["paid_mark"] for row in rows} == {"实缴" if paid else "欠缴"}
    assert {row["booked_on"].isoformat() for row in rows} == {"2026-11-10"}
    _, (whole,) = said(employer, clerk, "finance_account")
    assert (whole["total_due"], whole["paid"]) == (bill.total_due, bill.total_due if paid else 0)
    assert total_fen_of(statement, rows) == (0 if paid else bill.total_due)


def test_a_detail_has_every_line_of_the_people_asked_for_and_no_other():
    employer, clerk, bill = hall("lijiang")
    one = Employee.objects.filter(employer=employer).first()
    statement, rows = said(employer, clerk, "contribution_detail", people=[one.pk])
    lines = BillLine.objects.filter(bill=bill, employee=one)
    assert len(rows) == lines.count()
    assert total_fen_of(statement, rows) == sum(line.employer_due + line.employee_due for line in lines)
    assert {row["paid_mark"] for row in rows} == {"实缴"}
    _, everything = said(employer, clerk, "contribution_detail")
    assert len(everything) == BillLine.objects.filter(bill=bill).count()


def test_a_personal_statement_counts_only_own_pension_money_that_was_paid():
    employer, clerk, bill = hall("leshan")
    one = Employee.objects.filter(employer=employer).first()
    _, (row,) = said(employer, clerk, "account_statement", people=[one.pk])
    line = BillLine.objects.get(bill=bill, employee=one, scheme="pension")
    assert (row["year"], row["months"], row["principal"]) == (2026, 1, line.employee_due)
    assert (row["opening"], row["closing"]) == (0, line.employee_due)
    with pytest.raises(Refused, match="请选择人员"):
        issue_statement(employer.pk, "account_statement", by=clerk)


def test_a_change_table_lists_who_came_and_who_went_in_that_month():
    employer, clerk, _ = hall("leshan")
    went = Employee.objects.filter(employer=employer).first()
    went.spells.update(last_month=OCTOBER, end_reason="6301")
    came = hire(employer, [500_000], NOVEMBER)[0]
    _, rows = said(employer, clerk, "changes_list", last=NOVEMBER)
    assert [(row["change"], row["name"]) for row in rows] == [("增加", came.name), ("减少", went.name)]
    assert rows[1]["reason"]
    assert rows[0]["wage"] == 500_000
    with pytest.raises(Refused, match="没有人员增减"):
        issue_statement(employer.pk, "changes_list", by=clerk, last=OCTOBER)


def test_the_same_question_on_the_same_day_is_the_same_paper_and_a_new_answer_supersedes_it():
    employer, clerk, bill = hall("shenzhen", paid=False)
    asked = {"first": NOVEMBER, "last": NOVEMBER}
    before = issue_statement(employer.pk, "payment_account", by=clerk, **asked)
    assert issue_statement(employer.pk, "payment_account", by=clerk, **asked) == before
    pay(bill, clerk)
    after = issue_statement(employer.pk, "payment_account", by=clerk, **asked)
    assert after != before
    told = verify(before.verification_code, plain_yuan(before.total_fen))
    assert (told["state"], after.number in told["state_reason"]) == ("superseded", True)
    assert pdf(Document.objects.get(pk=before.pk)).startswith(b"%PDF")


def test_another_employers_people_and_papers_are_not_there():
    employer, clerk, _ = hall("lijiang")
    other = make_employer("lijiang", number="120002")
    stranger = hire(other, [500_000])[0]
    with pytest.raises(Refused, match="不在本单位花名册"):
        issue_statement(employer.pk, "contribution_detail", by=clerk, people=[stranger.pk])
    with pytest.raises(Employer.DoesNotExist):
        issue_statement(other.pk, "contribution_detail", by=clerk)
    with pytest.raises(Refused, match="没有这种单据"):
        issue_statement(employer.pk, "passport", by=clerk)


def test_a_revoked_paper_says_so_to_whoever_verifies_it():
    employer, clerk, bill = hall()
    paper = issue_document(bill.pk, "payment_notice", by=clerk)
    assert revoke_documents([paper.pk], reason="核定已作废", by=make_clerk(make_employer(number="120002"))) == 0
    assert revoke_documents([paper.pk], reason="核定已作废", by=clerk) == 1
    assert revoke_documents([paper.pk], reason="再来一次", by=clerk) == 0
    told = verify(paper.verification_code, plain_yuan(paper.total_fen))
    assert (told["state"], told["state_reason"]) == ("revoked", "核定已作废")
    assert told["state_on"] is not None


def test_a_changed_layout_leaves_the_papers_of_before_as_they_were(tmp_path, monkeypatch):
    employer, clerk, bill = hall()
    old = issue_document(bill.pk, "payment_notice", by=clerk)
    before = pdf(old)
    present, later = rendering.VERSION, rendering.VERSION + 1
    for version in (present, later):
        folder = tmp_path / str(version)
        folder.mkdir()
        for file in (rendering.SOURCES / str(present)).glob("*.typ"):
            text = file.read_text("utf-8").replace("size: 17pt", f"size: {17 + version - present}pt")
            folder.joinpath(file.name).write_text(text, "utf-8")
    monkeypatch.setattr(rendering, "SOURCES", tmp_path)
    monkeypatch.setattr("shebao.hall.documents.operations.VERSION", later)
    monkeypatch.setattr("shebao.hall.documents.issuing.VERSION", later)
    new = issue_document(bill.pk, "receipt", by=clerk)
    assert (old.layout_version, new.layout_version) == (present, later)
    assert pdf(old) == before
    assert pdf(new) != rendering.render("receipt", new.content["paper"], verify_url="x", version=present)
    old.layout_version = later  # what a change of the layout in place would have done
    with pytest.raises(Refused, match="与开具时不一致"):
        pdf(old)


def test_a_batch_makes_a_paper_for_each_person_and_is_fetched_as_one_archive(django_capture_on_commit_callbacks):
    employer, clerk, _ = hall("lijiang", [500_000] * 5)
    people = list(Employee.objects.filter(employer=employer).values_list("pk", flat=True))
    with django_capture_on_commit_callbacks(execute=True):
        run = printing.print_people("enrolment_certificate", people, title="参保证明", by=clerk)
    run.refresh_from_db()
    assert (run.state, run.papers_done, run.papers_total, run.failure) == ("done", 5, 5, "")
    files = zipfile.ZipFile(io.BytesIO(printing.archive(run.pk, by=clerk)[1]))
    names = files.namelist()
    assert len(names) == 5
    for name, person in zip(names, Employee.objects.filter(employer=employer).order_by("pk"), strict=True):
        assert person.name in name
        assert person.name in plain(files.read(name))
    printing.carry_out(run.pk, by=clerk)
    assert Document.objects.filter(kind="enrolment_certificate").count() == 5
    with pytest.raises(PrintRun.DoesNotExist):
        printing.archive(run.pk, by=make_clerk(make_employer(number="120002")))


def test_a_batch_is_one_file_for_the_printer_with_a_bookmark_for_each_paper():
    employer, clerk, _ = hall("lijiang", [500_000] * 3)
    people = list(Employee.objects.filter(employer=employer).values_list("pk", flat=True))
    run = printing.print_people("enrolment_certificate", people, title="参保证明", by=clerk)
    book = PdfReader(io.BytesIO(printing.joined(run.pk, by=clerk)[1]))
    assert len(book.pages) == 3 and book.metadata.title == "参保证明"
    for page, mark, person in zip(book.pages, book.outline, Employee.objects.order_by("pk"), strict=True):
        assert person.name in mark.title and person.name in page.extract_text().replace(" ", "")
    with pytest.raises(PrintRun.DoesNotExist):
        printing.joined(run.pk, by=make_clerk(make_employer(number="120002")))


def test_a_batch_that_was_cut_off_goes_on_where_it_stopped():
    employer, clerk, _ = hall("lijiang", [500_000] * 4)
    people = list(Employee.objects.filter(employer=employer).values_list("pk", flat=True))
    run = printing.print_people("enrolment_certificate", people, title="参保证明", by=clerk)
    assert run.state == "running"  # queued behind the transaction, which nobody commits here
    run.documents.add(issue_statement(employer.pk, "enrolment_certificate", by=clerk, people=people[:1]))
    PrintRun.objects.filter(pk=run.pk).update(papers_done=1)
    with pytest.raises(Refused, match="不需要再试"):
        printing.resume(run.pk, by=clerk)
    PrintRun.objects.filter(pk=run.pk).update(busy_at=run.busy_at - 2 * printing.SILENCE)
    printing.resume(run.pk, by=clerk)
    run.refresh_from_db()
    assert (run.state, run.papers_done, run.documents.count()) == ("done", 4, 4)


def test_a_batch_tells_what_could_not_be_printed_and_expires():
    _, clerk, bill = hall(paid=False)
    run = printing.print_bills([(bill.pk, "payment_notice"), (bill.pk, "receipt")], title="单据", by=clerk)
    assert (run.state, run.documents.count()) == ("done", 1)
    assert "缴清之后才能开具" in run.failure
    PrintRun.objects.filter(pk=run.pk).update(expires_at=run.asked_at - printing.SILENCE)
    with pytest.raises(Refused, match="保留期限"):
        printing.archive(run.pk, by=clerk)
    with pytest.raises(Refused, match="请先选择"):
        printing.print_bills([], title="单据", by=clerk)


@pytest.mark.parametrize("sign", ["𠮷", "㛃", "䶮"])
def test_a_rare_character_of_a_name_is_drawn_and_can_be_copied_from_the_paper(sign):
    employer, clerk, _ = hall("lijiang")
    one = Employee.objects.filter(employer=employer).first()
    Employee.objects.filter(pk=one.pk).update(name=f"欧阳{sign}")
    content = pdf(issue_statement(employer.pk, "enrolment_certificate", by=clerk, people=[one.pk]))
    assert f"欧阳{sign}" in plain(content)
    assert b"pdfaid" in content


def test_a_character_that_the_font_lacks_is_named_on_the_paper():
    employer, clerk, _ = hall("lijiang")
    one = Employee.objects.filter(employer=employer).first()
    Employee.objects.filter(pk=one.pk).update(name="欧阳\U0002ebf0")
    content = pdf(issue_statement(employer.pk, "enrolment_certificate", by=clerk, people=[one.pk]))
    assert "U+2EBF0" in plain(content)
    assert b"pdfaid" not in content


@pytest.mark.parametrize("code", ["tianjin", "shenzhen"])
def test_a_transfer_voucher_of_a_person_says_what_was_paid_and_leaves_lines_for_the_agency(code):
    employer, clerk, bill = hall(code)
    person = Employee.objects.filter(employer=employer).first()
    document = issue_statement(employer.pk, "transfer_voucher", by=clerk, people=[person.pk])
    paper, own = document.content["paper"], bill.lines.filter(employee=person)
    head = dict(paper["header"])
    assert (head["姓名"], head["证件号码"], head["性别"]) == (person.name, person.person.id_number, "男")
    assert head["户口性质"] and not head["户口性质"].isdigit()
    agency = ("户口所在地", "个人账户储存额", "经办机构编号", "经办机构名称", "邮政编码", "联系地址", "联系电话")
    assert {head[label] for label in agency} == {"＿" * 8}
    rows = [row for row in paper["rows"] if row[3] == "1"]
    assert len(rows) == own.values("scheme").distinct().count(), "one month of each scheme was paid"
    assert document.total_fen == sum(line.employer_due + line.employee_due for line in own)
    text = plain(pdf(document))
    assert "参保缴费凭证" in text and document.number in text and "供办理社会保险关系转移接续" in text


def test_lines_to_fill_in_and_what_is_of_a_person_are_only_asked_where_there_is_one():
    for spec in all_regions().values():
        for statement in spec.statements.values():
            assert not statement.person or statement.each == "person", statement.key


@pytest.mark.parametrize("code", REGIONS)
def test_a_blank_form_is_one_page_to_write_on_that_nobody_issued(code):
    forms = [key for key, one in all_regions()[code].statements.items() if one.is_blank]
    employer, clerk, _ = hall(code)
    for key in forms:
        form, content = form_of(employer.pk, key, by=clerk)
        pages = PdfReader(io.BytesIO(content)).pages
        text = plain(content)
        assert len(pages) == 1 and "验证码" not in text and "编号D" not in text and "签名" not in text
        assert f"{all_regions()[code].term('employer')}（章）" in text and employer.name in text
        with pytest.raises(Refused, match="空白表格"):
            issue_statement(employer.pk, key, by=clerk)
    assert not Document.objects.filter(kind__in=forms).exists()


@pytest.mark.parametrize("key", ["roster_list", "changes_list", "contribution_detail"])
def test_a_national_statement_bears_the_letterhead_of_the_regions_other_papers(key):
    employer, clerk, bill = hall("tianjin")
    hire(employer, [400_000], NOVEMBER)
    paper = issue_statement(employer.pk, key, by=clerk).content["paper"]
    notice = issue_document(bill.pk, "payment_notice", by=clerk).content["paper"]
    assert paper["letterhead"] == notice["letterhead"]
    assert paper["seals"] == [f"{notice['letterhead']}（章）"]


def test_too_many_rows_are_told_in_words_before_anything_is_issued(monkeypatch):
    monkeypatch.setattr("shebao.hall.documents.statements.MOST_ROWS", 3)
    employer, clerk, _ = hall()
    with pytest.raises(Refused, match="一份单据最多 3 行，没有开具"):
        issue_statement(employer.pk, "contribution_detail", by=clerk)
    assert not Document.objects.filter(kind="contribution_detail").exists()


def test_an_archive_is_in_the_order_of_the_months_whatever_was_issued_before():
    employer = make_employer()
    hire(employer, [720_000], OCTOBER)
    clerk = make_clerk(employer)
    bills = [settle(employer, clerk, month) for month in (OCTOBER, NOVEMBER)]
    issue_document(bills[1].pk, "payment_notice", by=clerk)
    run = printing.print_bills([(bill.pk, "payment_notice") for bill in bills], title="单据", by=clerk)
    names = zipfile.ZipFile(io.BytesIO(printing.archive(run.pk, by=clerk)[1])).namelist()
    assert [str(OCTOBER) in names[0], str(NOVEMBER) in names[1]] == [True, True]
