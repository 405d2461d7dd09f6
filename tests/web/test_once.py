"""A form that comes twice does its deed once and is answered the same (reliability B4, I-18)."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry, SpentKey
from shebao.hall.audit.once import KEY, AlreadyDone, bear, press_of, spend, spent_by
from shebao.hall.audit.operations import record
from shebao.hall.employers.models import Department
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.collecting import credit_of
from shebao.web import once
from tests.factories import NOW, EmployerFactory, OperatorFactory, at
from tests.settlement.hall import hire, make_clerk, make_employer, on_day

pytestmark = pytest.mark.django_db(transaction=True)
DEPARTMENTS = "/e/employer/departments/"


@pytest.fixture
def employer():
    return make_employer("tianjin")


@pytest.fixture
def treasurer(employer):
    """Signed in at the agency, where the employer has 100 yuan to its credit."""
    client = Client(raise_request_exception=False)
    client.force_login(OperatorFactory(agency_admin=True, region="tianjin"))
    with on_day(), transaction.atomic():
        item = suspend({"amount_fen": 10_000, "bank_serial": "S1", "message_id": "M1"}, "没有这笔缴费的订单")
    said = {"clearing": "credit", "number": employer.employer_number, "note": "查清"}
    assert client.post(f"/a/money/suspense/{item.pk}", said).status_code == 302
    return client


def signed_in(operator) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


def test_a_refund_that_comes_three_times_is_paid_once(employer, treasurer):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退", KEY: "k1"}
    answers = [treasurer.post(address, said) for _ in range(3)]
    assert [(one.status_code, one.url) for one in answers] == [(302, "/a/money/")] * 3
    assert credit_of(employer.pk) == 7_000
    assert "没有再办一次" in treasurer.get("/a/money/").content.decode()
    other = treasurer.post(address, said | {"amount": "31"})
    assert (other.status_code, "没有再办" in other.content.decode()) == (422, True)
    assert credit_of(employer.pk) == 7_000
    assert treasurer.post(address, said | {KEY: "k2"}).status_code == 302
    assert credit_of(employer.pk) == 4_000


def test_another_account_has_keys_of_its_own(employer, treasurer):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退", KEY: "k1"}
    treasurer.post(address, said)
    assert signed_in(OperatorFactory(agency_admin=True, region="tianjin")).post(address, said).status_code == 302
    assert credit_of(employer.pk) == 4_000


def test_what_was_refused_spends_nothing_and_its_page_has_a_new_key(employer, treasurer):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "101", "note": "退", KEY: "k1"}
    page = treasurer.post(address, said, follow=True).content.decode()
    assert "不超过该单位的待转金" in page and not SpentKey.objects.exists()
    assert f'name="{KEY}" value="' in page and f'name="{KEY}" value="k1"' not in page
    treasurer.post(address, said | {"amount": "30"})
    assert credit_of(employer.pk) == 7_000


def test_a_process_that_dies_between_the_deed_and_its_answer_leaves_one_deed(employer, treasurer, monkeypatch):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退", KEY: "k1"}

    def dies(*_):
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr("shebao.web.agency.money.redirect", dies)
        with pytest.raises(SystemExit):
            treasurer.post(address, said)
    assert credit_of(employer.pk) == 7_000 and SpentKey.objects.get().status == 0
    soon = treasurer.post(address, said)
    assert (soon.status_code, "正在办理" in soon.content.decode()) == (409, True)
    SpentKey.objects.update(at=clock.now() - timedelta(minutes=1))
    later = treasurer.post(address, said, headers={"Referer": "http://testserver/a/money/"})
    assert (later.status_code, later.url) == (302, "/a/money/")
    assert "已经收到，没有再办一次" in treasurer.get("/a/money/").content.decode()
    assert credit_of(employer.pk) == 7_000


def test_a_process_that_dies_before_the_deed_is_kept_leaves_nothing(employer, treasurer, monkeypatch):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退", KEY: "k1"}

    def breaks(*_, **__):
        raise RuntimeError

    with monkeypatch.context() as killed:
        killed.setattr("shebao.hall.audit.operations.insert_rows", breaks)
        assert treasurer.post(address, said).status_code == 500
    assert credit_of(employer.pk) == 10_000 and not SpentKey.objects.exists()
    assert treasurer.post(address, said).status_code == 302
    assert credit_of(employer.pk) == 7_000


def test_parallel_presses_of_one_key_have_one_effect(employer, treasurer):
    if connection.vendor == "sqlite":
        pytest.skip("one thread writes at a time")
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退", KEY: "k1"}
    jar, start, answers = treasurer.cookies["sessionid"].value, threading.Barrier(8), []

    def press():
        client = Client(raise_request_exception=False)
        client.cookies["sessionid"] = jar
        start.wait()
        answers.append(client.post(address, said).status_code)
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert credit_of(employer.pk) == 7_000
    assert len(answers) == 8 and set(answers) <= {302, 409} and 302 in answers


def test_a_press_that_was_overtaken_is_told_what_the_other_was_told(employer, treasurer, monkeypatch):
    """Both found the key unspent; the second meets it spent at its own record, or is refused by what changed."""
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "80", "note": "退", KEY: "k1"}
    treasurer.post(address, said)
    looks = [None]
    monkeypatch.setattr(once, "spent_by", lambda press: looks.pop() if looks else spent_by(press))
    answer = treasurer.post(address, said, follow=True)
    assert "没有再办一次" in answer.content.decode() and "不超过该单位的待转金" not in answer.content.decode()
    assert credit_of(employer.pk) == 2_000
    small = said | {"amount": "1", KEY: "k2"}
    treasurer.post(address, small)
    looks.append(None)
    assert "没有再办一次" in treasurer.post(address, small, follow=True).content.decode()
    assert credit_of(employer.pk) == 1_900


def test_a_month_that_is_settled_twice_is_settled_once_and_leads_to_the_same_bill(employer):
    hire(employer, [720_000])
    client, said, first = signed_in(make_clerk(employer)), {}, None
    with on_day():
        for number in range(3):
            said |= {KEY: f"k{number}"}
            first = client.post("/e/settle/", said)
            again = said
            said = dict(re.findall(r'name="(confirmed|seen)" value="([^"]*)"', first.content.decode()))
        second = client.post("/e/settle/", again)
        assert (first.status_code, first.url) == (second.status_code, second.url)
        assert "没有再办一次" in client.get(second.url).content.decode()
        assert client.post("/e/settle/", again | {"more": "1"}).status_code == 422
    assert AuditEntry.objects.filter(action="month.settled").count() == 1


def test_a_step_that_was_taken_back_spends_no_key():
    admin = OperatorFactory(admin=True)
    press = press_of(admin.pk, "/x", "k", "")
    bear(press)
    try:
        with transaction.atomic():
            with pytest.raises(ValueError, match="no"), transaction.atomic():
                record("operator.disabled", admin, by=admin)
                raise ValueError("no")
            assert not press.is_spent()
            record("operator.enabled", admin, by=admin)
            assert press.is_spent()
        with transaction.atomic():
            record("operator.disabled", admin, by=admin)
        assert SpentKey.objects.count() == 1
        bear(press_of(admin.pk, "/x", "k", ""))
        with pytest.raises(AlreadyDone), transaction.atomic():
            spend("operator.enabled")
        spend("data.exported")
    finally:
        bear(None)


def test_the_fingerprint_is_of_files_too_and_the_row_holds_nothing_in_plain(employer, treasurer):
    address = f"/a/money/credit/{employer.pk}/refund"
    treasurer.post(address, {"amount": "30", "note": "给张三", KEY: "k1"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_spentkey")
        kept = repr(cursor.fetchone())
    assert "张三" not in kept and "/a/money" not in kept and "k1" not in kept


def test_a_form_without_a_key_and_a_machine_go_through_as_ever(employer, treasurer):
    address, said = f"/a/money/credit/{employer.pk}/refund", {"amount": "30", "note": "退"}
    assert [treasurer.post(address, said).status_code for _ in range(2)] == [302, 302]
    assert credit_of(employer.pk) == 4_000 and not SpentKey.objects.exists()


def test_a_department_is_added_once_however_often_the_page_is_sent():
    admin = OperatorFactory(admin=True, employer=EmployerFactory())
    client = signed_in(admin)
    with at(NOW):
        answers = [client.post(DEPARTMENTS, {"name": "研发部", KEY: "k"}) for _ in range(3)]
    assert len({(one.status_code, one.headers.get("Location")) for one in answers}) == 1
    assert Department.objects.count() == 1
