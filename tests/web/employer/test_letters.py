"""员工管理: a person's social-insurance account is made with the enrolment, and sent to the person."""

import smtplib

import pytest
from django.core import mail
from django.test import TestCase

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import undo_declarations
from shebao.hall.errors import Conflict
from shebao.hall.roster.letters import hand_over_letter, send_letter
from shebao.hall.roster.models import AccountLetter, Employee
from tests.factories import EmployerFactory, OperatorFactory, at, cessation, enrolment

from .declared import ENROL, text_of


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture(autouse=True)
def server(settings):
    """A mail server is named; without one the letters stay in the hall's outbox."""
    settings.EMAIL_HOST = "mail.example.cn"


@pytest.fixture
def clerk(client):
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region="general_hall"))
    client.force_login(operator)
    return operator


def added(client, **changes):
    """The person of one enrolment, with whatever is sent after the commit."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(f"/e/declare/{ENROL}/", enrolment(**changes))
    assert answer.status_code == 302
    return Employee.objects.latest("pk")


def test_the_account_goes_to_the_persons_own_address_and_says_no_identity_number(client, clerk):
    employee = added(client, email="wang@example.com")
    (sent,) = mail.outbox
    assert sent.to == ["wang@example.com"] and f"社保账号：{employee.person_number}" in sent.body
    assert employee.person.id_number not in sent.body + sent.subject
    assert "已发到邮箱" in text_of(client.get(f"/e/roster/{employee.pk}/"))


def test_without_an_address_a_letter_is_printed_and_handed_over_once(client, clerk):
    employee = added(client)
    letter = AccountLetter.objects.get()
    assert not mail.outbox and "待交给本人" in text_of(client.get(f"/e/roster/{employee.pk}/"))
    page = text_of(client.get(f"/e/letters/{letter.pk}/"))
    assert "社保账号告知书" in page and employee.person_number in page and "养老保险" in page
    client.post(f"/e/letters/{letter.pk}/hand-over/")
    assert "当面交付" in text_of(client.get(f"/e/roster/{employee.pk}/"))
    with pytest.raises(Conflict, match="没有重复登记"):
        hand_over_letter(letter.pk, by=clerk)


def test_a_mail_that_does_not_leave_is_told_and_printed_instead(client, clerk, monkeypatch):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _refuse)
    employee = added(client, email="wang@example.com")
    assert AccountLetter.objects.get().tries == 1
    assert "邮件没有发出" in text_of(client.get(f"/e/roster/{employee.pk}/"))


def _refuse(self, messages):
    raise smtplib.SMTPRecipientsRefused({})


def test_a_letter_is_mailed_once_however_often_it_is_tried(client, clerk):
    added(client, email="wang@example.com")
    send_letter(AccountLetter.objects.get().pk)
    assert len(mail.outbox) == 1


def test_an_enrolment_that_is_taken_back_takes_its_letter_along(client, clerk):
    added(client)
    undo_declarations([Declaration.objects.get().pk], by=clerk)
    assert not AccountLetter.objects.exists()


def test_a_wrong_address_is_refused_at_its_field(client, clerk):
    answer = client.post(f"/e/declare/{ENROL}/", enrolment(email="wang@"))
    assert answer.status_code == 422 and "name@example.com" in text_of(answer)


def test_another_employers_letter_is_not_found(client, clerk):
    added(client)
    letter = AccountLetter.objects.get()
    client.force_login(OperatorFactory(clerk=True, employer=EmployerFactory(region="general_hall")))
    assert client.get(f"/e/letters/{letter.pk}/").status_code == 404
    assert client.post(f"/e/letters/{letter.pk}/hand-over/").status_code == 404
    client.force_login(OperatorFactory(reviewer=True, region="general_hall"))
    assert client.post(f"/e/letters/{letter.pk}/hand-over/").status_code == 404
    assert AccountLetter.objects.get().sent_at is None


def test_people_are_edited_found_and_removed_by_the_manuals_words(client, clerk):
    assert "新增员工" in text_of(client.get(f"/e/declare/{ENROL}/"))
    employee = added(client)
    person = {"id_number": employee.person.id_number, "name": employee.name}
    assert "编辑员工" in text_of(client.get("/e/declare/employee_change/"))
    client.post("/e/declare/employee_change/", person | {"department": "财务部"})
    assert Employee.objects.get().department == "财务部"
    assert employee.name in text_of(client.get("/e/roster/?q=王示例"))
    assert "删除员工" in text_of(client.get("/e/declare/employee_cessation/"))
    with at(at_december()):
        client.post("/e/declare/employee_cessation/", cessation(employee, cessation_month="2026-12"))
    assert not employee.spells.filter(last_month__isnull=True).exists()


def at_december():
    from datetime import datetime

    return datetime(2026, 12, 5, 10, 0)  # noqa: DTZ001 - naive local time
