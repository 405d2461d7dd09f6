"""Every page of an error shows a number, and the log has a line with it that says what happened, not to whom (B44)."""

import logging
import re
import sys

import pytest
from django.test import Client

from shebao.config.log import Masked, masked
from tests.factories import NOW, OperatorFactory, at

NUMBER = re.compile(r"错误编号 (?:<[^>]*>)?([0-9a-f]{10})")


def broken(*_, **__):
    raise RuntimeError("SELECT 990101199005170075")


@pytest.fixture
def client(db):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    with at(NOW):
        client.operator = OperatorFactory(admin=True)
        client.force_login(client.operator)
        yield client


def a_broken_page(client, monkeypatch, **headers):
    monkeypatch.setattr("shebao.hall.roster.queries.roster", broken)
    return client.get("/e/roster/?q=990101199005170075", headers=headers)


WAYS = {
    "our fault": (500, "e_roster", a_broken_page),
    "our fault, in a fragment": (500, "e_roster", lambda c, m: a_broken_page(c, m, **{"HX-Request": "true"})),
    "not found": (404, "e_employee", lambda c, m: c.get("/e/roster/999999/")),
    "no such address": (404, "-", lambda c, m: c.get("/e/990101199005170075/")),
    "in a fragment": (404, "e_employee", lambda c, m: c.get("/e/roster/999999/", headers={"HX-Request": "true"})),
    "an old page": (403, "operator_create", lambda c, m: c.post("/operators/new", {"name": "x"})),
    "unreadable": (400, "e_roster", lambda c, m: c.get("/e/roster/?q=%00")),
    "not signed in": (404, "-", lambda c, m: Client().get("/nowhere")),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_number_on_the_page_is_in_the_log_with_what_happened(client, name, monkeypatch, caplog):
    status, place, provoke = WAYS[name]
    answer = provoke(client, monkeypatch)
    assert answer.status_code == status
    number = NUMBER.search(answer.content.decode())[1]
    (line,) = [one.getMessage() for one in caplog.records if one.getMessage().startswith(f"error {number}:")]
    assert f"error {number}: {status} " in line and f" {place}, account " in line
    known = "-" if name == "not signed in" else str(client.operator.pk)
    assert line.endswith(f"account {known}")
    assert "9901" not in line and client.operator.username not in line
    assert "Traceback" not in answer.content.decode() and "SELECT" not in answer.content.decode()


def test_two_errors_have_two_numbers(client):
    numbers = {NUMBER.search(client.get("/nowhere").content.decode())[1] for _ in range(20)}
    assert len(numbers) == 20


def test_a_redirect_to_sign_in_and_a_refused_form_are_no_errors_and_have_no_number(client, caplog):
    assert "错误编号" not in client.get("/e/roster/").content.decode()
    assert "错误编号" not in Client().get("/e/roster/", follow=True).content.decode()
    assert not [one for one in caplog.records if one.getMessage().startswith("error ")]


def test_the_log_masks_what_looks_like_a_persons_number_whoever_wrote_it():
    said = "Key (id)=(990101199005170075) 13900008888 6217777000011112222 990101900517007; TJ20261127000123 12345678901"
    told = "Key (id)=(990***********0075) 139****8888 621************2222 990********7007; TJ20261127000123 12345678901"
    assert masked(said) == told
    formatter = Masked("{message}", style="{")
    try:
        broken()
    except RuntimeError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "", 1, "no %s", ("13900008888",), sys.exc_info())
    line = formatter.format(record)
    assert "RuntimeError: SELECT 990***********0075" in line and line.startswith("no 139****8888")


def test_the_hall_logs_through_the_mask(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] == "shebao.config.log.Masked"
    assert {one["formatter"] for one in settings.LOGGING["handlers"].values()} == {"line"}


@pytest.mark.parametrize(("level", "is_told"), [(logging.WARNING, False), (logging.ERROR, True)])
def test_what_somebody_sent_wrong_is_one_line_of_the_log_and_our_fault_has_its_traceback(level, is_told):
    try:
        broken()
    except RuntimeError:
        record = logging.getLogger("shebao").makeRecord("", level, "", 0, "what cannot be read", (), sys.exc_info())
    said = Masked("%(message)s").format(record)
    assert ("Traceback" in said) is is_told and (len(said.splitlines()) > 1) is is_told
