"""While somebody else writes for long: who reads goes on, who writes is told so and loses nothing."""

import sqlite3
import time
from contextlib import contextmanager

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import OperationalError, connection, transaction
from django.test import Client

from shebao.config.databases import PAGE_SECONDS, answer_soon, sqlite
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import record
from shebao.hall.declarations.models import Declaration
from shebao.hall.patience import DRAFT_SECONDS, begin_step, is_busy, waiting_at_most
from shebao.web.middleware import LAST_SEEN
from shebao.web.public.errors import bad_request, busy
from tests.factories import EmployerFactory, OperatorFactory, at, enrolment

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "/e/declare/employee_enrolment/"


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="guiyang"))


@pytest.fixture
def signed_in(clerk):
    client = Client(raise_request_exception=False)
    client.force_login(clerk)
    client.get("/e/")
    return client


@contextmanager
def somebody_writes():
    """Another process holds the only write lock, and nobody here is patient."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with waiting_at_most(0):
            yield
    finally:
        other.rollback()
        other.close()


def test_a_form_that_meets_a_long_write_is_offered_again_as_it_was_filled_in(signed_in):
    with at():
        said = enrolment(1) | {"then": "another"}
        with somebody_writes():
            answer = signed_in.post(FORM, said)
        page = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert "系统正忙" in page
        assert "再试一次" in page
        assert f'name="id_number" value="{said["id_number"]}"' in page
        assert f'action="{FORM}"' in page
        assert not Declaration.objects.exists()
        assert signed_in.post(FORM, said).status_code == 302
        assert Declaration.objects.count() == 1


def locked(*args, **kwargs):
    error = OperationalError("database is locked")
    error.__cause__ = sqlite3.OperationalError("database is locked")
    error.__cause__.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise error


def test_a_repair_that_meets_a_long_write_when_it_is_sent_is_not_kept_either_and_can_be_sent_again(clerk, monkeypatch):
    reviewed = OperatorFactory(clerk=True)
    client = Client(raise_request_exception=False)
    client.force_login(reviewed)
    with at():
        client.post(FORM, enrolment(1) | {"next": "basket"})
        draft = Declaration.objects.get()
        said = enrolment(1) | {"declared_wage": "9,000.00", "next": "submit", "declared": "1", "version": draft.version}
        with monkeypatch.context() as late:
            late.setattr("shebao.web.employer.repairing.operations.submit_declarations", locked)
            answer = client.post(f"/e/cases/{draft.pk}/repair/", said)
        assert (answer.status_code, "什么都没有改动" in answer.content.decode()) == (503, True)
        assert Declaration.objects.get().version == draft.version
        assert client.post(f"/e/cases/{draft.pk}/repair/", said).url == f"/e/cases/{draft.pk}/"
        assert Declaration.objects.get().state == "submitted"


def test_what_the_counter_entered_is_not_kept_where_it_could_not_be_submitted(monkeypatch):
    employer, client = EmployerFactory(), Client(raise_request_exception=False)
    client.force_login(OperatorFactory(reviewer=True))
    with at(), monkeypatch.context() as late:
        late.setattr("shebao.web.agency.entering.operations.submit_declarations", locked)
        answer = client.post(f"/a/employers/{employer.pk}/counter/employee_enrolment/", enrolment(1) | {"way": "enter"})
    assert (answer.status_code, Declaration.objects.exists()) == (503, False)


def test_a_step_that_kept_an_earlier_part_says_so_and_offers_no_second_press(rf, clerk):
    request = rf.post("/e/pay/", {"amount": "1"})
    begin_step()
    with transaction.atomic():
        record("data.looked_at", clerk, by=clerk)
    assert "再试一次</button>" in busy(request).content.decode()
    with transaction.atomic():
        record("operator.disabled", clerk, by=clerk)
    text = busy(request).content.decode()
    assert "已经办好并保存" in text and "什么都没有改动" not in text and "再试一次" not in text
    begin_step()
    assert "什么都没有改动" in busy(request).content.decode()


def test_a_draft_that_meets_a_long_write_waits_a_second_at_most_and_the_browser_keeps_it(signed_in, monkeypatch):
    waits = []
    monkeypatch.setattr(
        "shebao.web.employer.declaring.waiting_at_most", lambda s: waits.append(s) or waiting_at_most(0)
    )
    with at(), somebody_writes():
        answer = signed_in.post(f"{FORM}draft/", enrolment(1), headers={"X-Autosave": "1"})
    assert (answer.status_code, waits) == (503, [DRAFT_SECONDS])


def test_a_fragment_that_meets_a_long_write_gets_a_banner(signed_in):
    with at(), somebody_writes():
        answer = signed_in.post(FORM, enrolment(1) | {"then": "another"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "<html" not in answer.content.decode()
    assert "什么都没有改动" in answer.content.decode()


def test_a_password_that_was_typed_is_on_no_page(clerk):
    client = Client(raise_request_exception=False)
    with somebody_writes():
        answer = client.post("/login", {"username": clerk.username, "password": "secret-and-typed"})
    assert answer.status_code == 503
    assert "secret-and-typed" not in answer.content.decode()


def test_who_only_reads_waits_for_nobody(signed_in):
    session = signed_in.session
    session[LAST_SEEN] = int(time.time()) - 120
    session.save()
    with somebody_writes():
        assert signed_in.get("/e/").status_code == 200
    assert signed_in.session[LAST_SEEN] < time.time() - 60
    assert signed_in.get("/e/").status_code == 200
    assert signed_in.session[LAST_SEEN] >= time.time() - 60


def test_a_step_whose_session_could_not_be_written_is_not_called_undone(rf, db):
    request, interrupted = rf.post("/e/"), SessionInterrupted()
    interrupted.__context__ = UpdateError()
    interrupted.__context__.__context__ = OperationalError("database is locked")
    assert not is_busy(interrupted)
    interrupted.__context__.__context__.__cause__ = sqlite3.OperationalError("database is locked")
    interrupted.__context__.__context__.__cause__.sqlite_errorcode = sqlite3.SQLITE_BUSY
    answer = bad_request(request, interrupted)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "可能已经办好" in answer.content.decode()


def test_patience_ends_with_its_block_and_only_waiting_counts_as_busy():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()
        with waiting_at_most(3):
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == (3000,)
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == before
    with pytest.raises(OperationalError) as wrong:
        AuditEntry.objects.extra(where=["no_such_column = 1"]).count()
    assert not is_busy(wrong.value)
    assert not is_busy(ValueError("database is locked"))


def test_a_process_that_answers_pages_waits_less_than_a_job(tmp_path):
    settings = {"default": sqlite(tmp_path / "one.sqlite3"), "far": {"ENGINE": "django.db.backends.postgresql"}}
    answer_soon(settings)
    assert settings["default"]["OPTIONS"]["timeout"] == PAGE_SECONDS
