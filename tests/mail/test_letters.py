"""The voucher of chosen declarations, and the letter that brings it: after the deed, once, through a real server."""

import email
import io
import socketserver
import threading
from email.policy import default
from importlib import import_module

import pytest
from django.apps import apps
from django.test import TestCase, override_settings
from pypdf import PdfReader

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations, submit_declarations
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import pdf, verify
from shebao.hall.documents.vouchers import issue_voucher
from shebao.hall.errors import Refused
from shebao.hall.mail.models import Mail, MailState
from shebao.hall.mail.operations import deliver_mail, mail_document, opening, send_mail_again
from shebao.hall.operators.models import Duty
from shebao.hall.sign_in.models import SentCode
from tests.factories import EmployerFactory, OperatorFactory, enrolment

ENROL = "employee_enrolment"


class Postman(socketserver.StreamRequestHandler):
    """As much of a mail server as a letter needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = []
                while (part := self.rfile.readline()) != b".\r\n":
                    body.append(part)
                self.server.letters.append(email.message_from_bytes(b"".join(body), policy=default))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def server(settings):
    """A mail server on this machine; `letters` is what it was given."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as made:
        made.letters = []
        threading.Thread(target=made.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = made.server_address
        settings.EMAIL_USE_TLS = False
        yield made
        made.shutdown()


@pytest.fixture
def writer():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="general_hall"))


@pytest.fixture
def people(writer):
    """Two people who are insured at once."""
    raws = [enrolment(n, name=f"王示例{n}") for n in (1, 2)]
    return [one.pk for one in save_declarations(writer.employer_id, ENROL, raws, by=writer)]


def text_of(document) -> str:
    return (
        "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(document))).pages)
        .replace("\n", "")
        .replace(" ", "")
    )


def test_a_voucher_says_who_was_declared_for_what_and_can_be_verified(writer, people):
    made = issue_voucher(writer.employer_id, people, by=writer)
    text = text_of(made)
    assert all(word in text for word in ("申报凭证", "王示例1", "王示例2", "新增员工", "16,000.00"))
    number = Declaration.objects.get(pk=people[0]).answers["id_number"]
    assert number not in text
    assert verify(made.verification_code, "16000.00")["title"] == "申报凭证"
    assert issue_voucher(writer.employer_id, list(reversed(people)), by=writer) == made
    assert issue_voucher(writer.employer_id, people[:1], by=writer) != made


def test_a_voucher_tells_only_of_what_was_submitted_and_of_ones_own(clerk, writer, people):
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment(5)], by=clerk)
    with pytest.raises(Refused, match="还没有提交"):
        issue_voucher(clerk.employer_id, [saved.pk], by=clerk)
    submit_declarations([saved.pk], by=clerk)
    assert "审核中" in text_of(issue_voucher(clerk.employer_id, [saved.pk], by=clerk))
    with pytest.raises(Declaration.DoesNotExist):
        issue_voucher(clerk.employer_id, [saved.pk, *people], by=clerk)
    with pytest.raises(Refused, match="请先勾选"):
        issue_voucher(writer.employer_id, [], by=writer)


def test_whoever_is_not_shown_wages_makes_no_voucher_and_sees_nobody_to_choose(client, writer, people):
    writer.duty = Duty.READ
    writer.save()
    with pytest.raises(Refused, match="不能查看"):
        issue_voucher(writer.employer_id, people, by=writer)
    client.force_login(writer)
    refused = client.get("/e/pages/declaration_voucher/")
    assert refused.status_code == 403 and "王示例1" not in refused.content.decode()


def test_a_letter_is_sent_once_with_the_paper_and_its_chinese_name(server, writer, people):
    made = issue_voucher(writer.employer_id, people, by=writer)
    with TestCase.captureOnCommitCallbacks(execute=True):
        letter, is_new = mail_document(made, " office@example.cn ", by=writer)
        assert not server.letters
    assert mail_document(made, "OFFICE@example.cn", by=writer) == (letter, False)
    assert is_new
    deliver_mail(letter.pk)
    (sent,) = server.letters
    assert sent["To"] == "office@example.cn"
    assert made.number in sent["Subject"]
    (paper,) = sent.iter_attachments()
    assert paper.get_filename() == "申报凭证.pdf"
    assert paper.get_content() == pdf(made)
    letter.refresh_from_db()
    assert letter.state == MailState.SENT
    assert letter.sent_at


def test_what_the_server_does_not_take_is_said_and_sent_again(server, writer, people, settings):
    made, port = issue_voucher(writer.employer_id, people, by=writer), settings.EMAIL_PORT
    settings.EMAIL_PORT = 1
    with TestCase.captureOnCommitCallbacks(execute=True):
        letter, _ = mail_document(made, "office@example.cn", by=writer)
    letter.refresh_from_db()
    assert letter.state == MailState.FAILED
    assert "请稍后重新发送" in letter.said
    settings.EMAIL_PORT = port
    with pytest.raises(Mail.DoesNotExist):
        send_mail_again(letter.pk, by=OperatorFactory(clerk=True))
    with TestCase.captureOnCommitCallbacks(execute=True):
        send_mail_again(letter.pk, by=writer)
    assert len(server.letters) == 1
    with pytest.raises(Refused, match="不需要重新发送"):
        send_mail_again(letter.pk, by=writer)


@override_settings(EMAIL_HOST="")
def test_without_a_server_the_letter_stays_in_the_outbox_and_the_page_shows_it(client, writer, people):
    client.force_login(writer)
    answer = {"chosen": people, "to": "office@example.cn", "month": "2026-11", "service": ""}
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post("/e/pages/declaration_voucher/", answer).status_code == 302
    page = client.get("/e/pages/declaration_voucher/").content.decode()
    assert "留在网厅，没有外发" in page
    assert "office@example.cn" in page
    with TestCase.captureOnCommitCallbacks(execute=True):
        again = client.post("/e/pages/declaration_voucher/", answer, follow=True).content.decode()
    assert "没有重复发送" in again
    assert Mail.objects.count() == 1


def test_a_wrong_address_writes_nothing_and_loses_no_tick(client, writer, people):
    client.force_login(writer)
    answer = client.post("/e/pages/declaration_voucher/", {"chosen": people, "to": "办公室", "month": "2026-11"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "不是电子邮箱地址" in page
    assert page.count(" checked") == 2
    assert not Document.objects.exists()
    assert not Mail.objects.exists()


def test_the_voucher_is_printed_from_the_case(client, writer, people):
    client.force_login(writer)
    assert "打印申报凭证" in client.get(f"/e/cases/{people[0]}/").content.decode()
    paper = client.post("/e/vouchers/", {"chosen": people[0]}, follow=True)
    assert paper["Content-Type"] == "application/pdf"


def test_the_title_of_a_short_message_is_cut_in_no_number():
    told = "您单位已登记，单位编号为二一二三四五六七八，专管员的账号 911201161234567890 已经开通，请激活。"
    assert opening(told) == "您单位已登记，单位编号为二一二三四五六七八，专管员的账号…"
    assert opening("验证码 {secret}，10 分钟内有效。") == "验证码 ……，10 分钟内有效。"


def test_a_letter_of_before_gets_the_region_that_its_subject_tells_or_else_its_writer_and_none_by_guessing(writer):
    there = EmployerFactory(region="fujian")
    account = OperatorFactory(clerk=True, employer=there)
    code = SentCode.objects.create(operator=account, purpose="forgotten", digest="x", until=clock.now())
    rows = {
        "document:1:a": ({"employer": there}, "fujian"),
        f"code:{code.pk}": ({}, "fujian"),
        f"reset:{account.pk}:9": ({"written_by": writer}, "fujian"),
        "old_contacts:change:1": ({"written_by": writer}, "general_hall"),
        "code:999999": ({}, ""),
        "registration:x:1": ({}, ""),
    }
    for occasion, (said, _) in rows.items():
        Mail.objects.create(to="a@b.cn", subject="x", text="x", occasion=occasion, written_at=clock.now(), **said)
    step = import_module("shebao.hall.mail.migrations.0005_a_letter_says_whose_region_it_is_of")
    step.tell_regions(apps, None)
    assert dict(Mail.objects.values_list("occasion", "region")) == {name: region for name, (_, region) in rows.items()}
