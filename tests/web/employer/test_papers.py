"""Notices and receipts: by month, issued once, shown inline, downloaded with a Chinese name."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.documents.models import Document, PrintRun
from shebao.hall.documents.operations import issue_document
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Duty
from shebao.rules.months import Month
from tests.settlement.hall import hire, make_clerk, make_employer, settle

from .money import bill, clerk, november, pages, stranger, text_of

URL = "/e/documents/"


def issued(pages, bill) -> Document:
    kind = "payment_notice"
    response = pages.post(f"{URL}{bill.pk}/{kind}/")
    assert response.url == "/e/documents/?from=2026-11&to=2026-11"
    return Document.objects.get(kind=kind)


def test_before_settling_every_paper_waits(pages):
    text = text_of(pages.get(URL))
    assert "结算后生成" in text
    assert "开始年月" in text
    assert "终止年月" in text
    assert ">生成<" not in text


def test_a_settled_month_offers_its_notice_and_keeps_the_receipt_back(pages, bill):
    text = text_of(pages.get(URL))
    assert f'action="{URL}{bill.pk}/payment_notice/"' in text
    assert f'action="{URL}{bill.pk}/receipt/"' not in text
    assert "缴费后生成" in text
    refused = pages.post(f"{URL}{bill.pk}/receipt/")
    assert "缴清之后才能开具" in text_of(pages.get(refused.url))


def test_an_issued_paper_opens_in_the_browser_and_can_be_saved(pages, bill):
    paper = issued(pages, bill)
    assert f'href="{URL}file/{paper.pk}/"' in text_of(pages.get(URL))
    shown = pages.get(f"{URL}file/{paper.pk}/")
    # Opened to be printed and saved are one record: the tag names neither alone.
    assert "已取用" in text_of(pages.get(URL)) and "已下载" not in text_of(pages.get(URL))
    saved = pages.get(f"{URL}file/{paper.pk}/download/")
    assert shown.content == saved.content
    assert shown.content.startswith(b"%PDF")
    assert shown["Content-Disposition"].startswith("inline; filename*=UTF-8''")
    assert saved["Content-Disposition"].startswith("attachment; ")
    assert "单位缴费通知单-2026-11" in unquote(saved["Content-Disposition"])
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in shown["Cache-Control"]


def test_months_are_chosen_by_their_first_and_last(pages, bill):
    text = text_of(pages.get(URL, {"from": "2026-09", "to": "202611"}))
    assert all(f"2026 年 {number} 月" in text for number in (9, 10, 11))
    assert "没有单据" in text_of(pages.get(URL, {"from": "2025-01", "to": "2025-02"}))


def test_bad_months_are_answered_with_what_to_do(pages):
    both = pages.get(URL, {"from": "明年", "to": "2026-13"})
    assert both.status_code == 422
    assert "开始年月：" in text_of(both)
    assert "终止年月：" in text_of(both)
    assert "早于开始年月" in text_of(pages.get(URL, {"from": "2026-11", "to": "2026-10"}))
    assert "缩小范围" in text_of(pages.get(URL, {"from": "1990-01", "to": "2026-10"}))


def test_another_employers_paper_is_not_there(client, clerk, stranger, bill):
    client.force_login(clerk)
    paper = issued(client, bill)
    client.force_login(stranger)
    for url in (f"{URL}file/{paper.pk}/", f"{URL}file/{paper.pk}/download/"):
        assert client.get(url).status_code == 404
    assert client.post(f"{URL}{bill.pk}/payment_notice/").status_code == 404


def test_printing_the_notice_from_the_bill_opens_the_paper_itself(pages, bill):
    assert f'action="{URL}{bill.pk}/payment_notice/print/" target="_blank"' in text_of(
        pages.get(f"/e/bills/{bill.pk}/")
    )
    first, again = (pages.post(f"{URL}{bill.pk}/payment_notice/print/") for _ in range(2))
    paper = Document.objects.get(kind="payment_notice")
    assert first.url == again.url == f"{URL}file/{paper.pk}/"
    assert pages.get(first.url).content.startswith(b"%PDF")


def test_a_paper_that_is_too_early_is_refused_where_it_was_asked_for(pages, bill):
    refused = pages.post(f"{URL}{bill.pk}/receipt/print/")
    assert refused.url == f"/e/bills/{bill.pk}/"
    assert "缴清之后才能开具" in text_of(pages.get(refused.url))
    assert not Document.objects.exists()


def test_nobody_prints_a_strangers_paper(client, stranger, bill):
    client.force_login(stranger)
    assert client.post(f"{URL}{bill.pk}/payment_notice/print/").status_code == 404


def test_a_paper_with_an_entry_of_its_own_is_queried_by_months_and_printed(pages, bill):
    assert 'href="/e/documents/of/payment_notice/">' in text_of(pages.get("/e/")).replace(" aria-current", "")
    asked = f"{URL}of/payment_notice/"
    text = text_of(pages.get(asked))
    assert "单位缴费通知单打印" in text and "查询结果" in text
    assert f'action="{URL}{bill.pk}/payment_notice/print/" target="_blank"' in text
    pages.post(f"{URL}{bill.pk}/payment_notice/print/")
    assert Document.objects.get().number in text_of(pages.get(asked))
    assert "这些月份没有可打印的单据" in text_of(pages.get(asked, {"from": "2025-01", "to": "2025-02"}))
    assert pages.get(asked, {"from": "2026-11", "to": "2026-10"}).status_code == 422
    waiting = text_of(pages.get(f"{URL}of/receipt/"))
    assert "缴费后生成" in waiting and "/receipt/print/" not in waiting
    assert pages.get(f"{URL}of/passport/").status_code == 404


def test_papers_of_many_months_cost_the_questions_of_one(pages, bill, clerk):
    with CaptureQueriesContext(connection) as one:
        pages.get(f"{URL}of/payment_notice/", {"from": "2026-11", "to": "2026-11"})
    settle(clerk.employer, clerk, Month(2026, 10))
    with CaptureQueriesContext(connection) as two:
        text = text_of(pages.get(f"{URL}of/payment_notice/", {"from": "2026-10", "to": "2026-11"}))
    assert text.count("/payment_notice/print/") == 2
    assert len(two) <= len(one)


def test_the_months_shown_first_are_those_of_the_newest_bill(pages, clerk):
    settle(clerk.employer, clerk, Month(2026, 10))
    text = text_of(pages.get(f"{URL}of/payment_notice/"))
    assert text.count('value="2026-10"') == 2 and "/payment_notice/print/" in text


def test_a_paper_that_tells_wages_is_withheld_from_whoever_is_not_shown_them(client, november, db):
    """By its page, its number, a batch or the operation itself; the notice stays open."""
    employer = make_employer("shenzhen")
    hire(employer, [720_000, 300_000])
    reader = make_clerk(employer)
    bill = settle(employer, reader)
    detail = issue_document(bill.pk, "declaration_detail", by=reader)
    reader.duty = Duty.READ
    reader.save()
    client.force_login(reader)
    text = text_of(client.get(URL))
    assert "社会保险费缴费通知单" in text and "社会保险费申报明细" not in text
    for address in (f"{URL}file/{detail.pk}/", f"{URL}of/declaration_detail/"):
        refused = client.get(address)
        assert refused.status_code == 403 and "不能查看" in text_of(refused), address
    client.post(f"{URL}pack/", {"from": "2026-11", "to": "2026-11"})
    assert PrintRun.objects.get().kinds == {"payment_notice"}
    with pytest.raises(Refused, match="不能查看"):
        issue_document(bill.pk, "declaration_detail", by=reader)
