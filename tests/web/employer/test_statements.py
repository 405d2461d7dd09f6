"""Statements on the page: asked by months or people, seen before they are printed, and only one's own."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import io
import zipfile

from shebao.hall.audit.models import AuditEntry
from shebao.hall.documents.models import Document, PrintRun
from shebao.hall.roster.models import Employee
from shebao.rules.money import plain_yuan
from tests.factories import OperatorFactory

from ...documents.test_operations import pay
from ...settlement.hall import hire, make_clerk, make_employer, settle
from .money import bill, clerk, november, pages, stranger, text_of

DETAIL = "/e/statements/contribution_detail/"


def test_the_menu_and_the_page_bear_the_words_of_the_region(pages, bill):
    assert "单位缴费证明打印" in text_of(pages.get("/e/"))
    text = text_of(pages.get("/e/statements/contribution_certificate/"))
    assert all(word in text for word in ("单位缴费证明打印", "开始年月", "终止年月", "先查询，再打印"))
    assert pages.get("/e/statements/passport/").status_code == 404


def test_what_would_be_printed_is_seen_first_and_then_opens_as_a_paper(pages, clerk, bill):
    asked = {"from": "2026-11", "to": "2026-11"}
    assert "没有已缴清的缴费记录" in text_of(pages.get("/e/statements/contribution_certificate/", asked))
    pay(bill, clerk)
    assert "9,758.75" not in text_of(pages.get("/e/statements/contribution_certificate/"))
    text = text_of(pages.get("/e/statements/contribution_certificate/", asked))
    assert 'action="/e/statements/contribution_certificate/print/"' in text
    printed = pages.post("/e/statements/contribution_certificate/print/", asked)
    paper = Document.objects.get()
    assert printed.url == f"/e/documents/file/{paper.pk}/"
    assert pages.get(printed.url).content.startswith(b"%PDF")
    pages.post("/e/statements/contribution_certificate/print/", asked)
    assert Document.objects.count() == 1


def test_the_page_masks_identity_numbers_and_finds_people_by_name(pages, clerk, bill):
    one = Employee.objects.first()
    one.person.id_number = "990101199005170017"
    one.person.save()
    text = text_of(pages.get(DETAIL, {"from": "2026-11", "to": "2026-11", "q": one.name}))
    assert one.name in text
    assert "990101199005170017" not in text
    assert "没有找到“无此人”" in text_of(pages.get(DETAIL, {"q": "无此人"}))
    assert Document.objects.count() == 0


def test_bad_months_are_told_at_their_field_and_nothing_is_printed(pages, bill):
    answer = pages.get(DETAIL, {"from": "2026-11", "to": "2026-10"})
    assert answer.status_code == 422
    assert "终止年月早于开始年月" in text_of(answer)
    assert pages.post(f"{DETAIL}print/", {"from": "明年", "to": "2026-10"}).status_code == 302
    assert Document.objects.count() == 0


def test_ticked_people_are_printed_together_and_fetched_as_an_archive(
    client, november, db, django_capture_on_commit_callbacks
):
    employer = make_employer("leshan")
    hire(employer, [500_000] * 5)
    clerk = make_clerk(employer)
    pay(settle(employer, clerk), clerk)
    client.force_login(clerk)
    text = text_of(client.get("/e/statements/account_statement/"))
    assert "打印对账单" in text
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post("/e/statements/account_statement/print/", {"all": "1"})
    run = PrintRun.objects.get()
    assert sent.url == f"/e/prints/{run.pk}/"
    assert "下载压缩包" in text_of(client.get(sent.url))
    assert client.get(f"{sent.url}progress/").json() == {"words": "", "done": 5, "stuck": False}
    assert len(zipfile.ZipFile(io.BytesIO(client.get(f"{sent.url}file/").content)).namelist()) == 5
    assert "养老保险个人对账单" in text_of(client.get("/e/prints/"))
    other = make_clerk(make_employer("leshan", number="120002"))
    client.force_login(other)
    for address in (sent.url, f"{sent.url}progress/", f"{sent.url}file/"):
        assert client.get(address).status_code == 404
    stranger = Employee.objects.filter(employer=employer).first()
    client.post("/e/statements/account_statement/print/", {"employee": stranger.pk})
    assert not Document.objects.filter(employer=other.employer).exists()


def test_the_papers_of_some_months_are_packed_together(pages, bill):
    assert "打包下载" in text_of(pages.get("/e/documents/"))
    sent = pages.post("/e/documents/pack/", {"from": "2026-11", "to": "2026-11"})
    assert "下载压缩包" in text_of(pages.get(sent.url))
    assert PrintRun.objects.get().documents.count() == 2


def test_the_agency_has_no_statements_of_its_own(client, bill, november):
    reviewer = make_clerk(make_employer(number="120003"))
    reviewer.role, reviewer.employer = "reviewer", None
    reviewer.save()
    client.force_login(reviewer)
    assert client.get(DETAIL).status_code == 404


def test_what_was_printed_is_found_again_and_a_statement_is_taken_back_with_a_reason(pages, clerk, bill, client):
    pages.post(f"{DETAIL}print/", {"from": "2026-11", "to": "2026-11"})
    pages.post(f"/e/documents/{bill.pk}/payment_notice/")
    paper, notice = Document.objects.get(kind="contribution_detail"), Document.objects.get(kind="payment_notice")
    assert "/e/documents/issued/?kind=contribution_detail" in text_of(pages.get(DETAIL))
    listed = text_of(pages.get("/e/documents/issued/"))
    for word in (
        paper.number,
        notice.number,
        clerk.name,
        "2026-11 至 2026-11",
        f"/verify?code={paper.verification_code}",
    ):
        assert word in listed, word
    revoke = f"/e/documents/file/{paper.pk}/revoke/"
    assert revoke in listed and f"/e/documents/file/{notice.pk}/revoke/" not in listed
    assert "作废原因" in text_of(pages.get(revoke))
    assert "请填写作废原因" in text_of(pages.post(revoke, {"reason": " "}))
    assert pages.post(revoke, {"reason": "月份选错了"}).url == "/e/documents/issued/"
    told = text_of(pages.get("/verify", {"code": paper.verification_code, "total": plain_yuan(paper.total_fen)}))
    assert "已作废" in told and "月份选错了" in told and "2026-11 至 2026-11" in told
    again = text_of(pages.get("/e/documents/issued/", {"state": "revoked"}))
    assert paper.number in again and "月份选错了" in again and notice.number not in again and revoke not in again
    assert AuditEntry.objects.filter(action="document.revoked").count() == 1


def test_a_paper_of_a_bill_is_not_taken_back_by_itself(pages, clerk, bill):
    pages.post(f"/e/documents/{bill.pk}/payment_notice/")
    notice = Document.objects.get(kind="payment_notice")
    pages.post(f"/e/documents/file/{notice.pk}/revoke/", {"reason": "想换一张"})
    notice.refresh_from_db()
    assert notice.state == "valid"


def test_another_employers_papers_are_neither_listed_nor_taken_back(pages, stranger, bill):
    pages.post(f"{DETAIL}print/", {"from": "2026-11", "to": "2026-11"})
    paper = Document.objects.get()
    pages.force_login(stranger)
    assert paper.number not in text_of(pages.get("/e/documents/issued/"))
    assert pages.post(f"/e/documents/file/{paper.pk}/revoke/", {"reason": "不是我的"}).status_code == 404


def test_a_valid_paper_is_told_in_green(pages, bill):
    pages.post(f"{DETAIL}print/", {"from": "2026-11", "to": "2026-11"})
    paper = Document.objects.get()
    told = text_of(pages.get("/verify", {"code": paper.verification_code, "total": plain_yuan(paper.total_fen)}))
    assert '<h2 class="good">' in told and "单据真实有效" in told


def test_the_agency_takes_a_statement_back_too_and_only_its_own_employers(pages, bill):
    pages.post(f"{DETAIL}print/", {"from": "2026-11", "to": "2026-11"})
    paper = Document.objects.get()
    address = f"/a/documents/{paper.pk}/revoke"
    pages.force_login(OperatorFactory(reviewer=True, region="tianjin"))
    assert address in text_of(pages.get(f"/a/employers/{paper.employer_id}"))
    assert pages.post(address, {"reason": "数额有误"}).status_code == 302
    paper.refresh_from_db()
    assert (paper.state, paper.state_reason) == ("revoked", "数额有误")
    pages.force_login(OperatorFactory(reviewer=True, region="leshan"))
    assert pages.get(address).status_code == 404
