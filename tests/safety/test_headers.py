"""What every page tells the browser (reliability B43): nothing from elsewhere, nothing framed, nothing kept."""

import json
import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from shebao.hall.operators.browser_reports import MOST_OF_ONE, reports_of_a_day
from tests.factories import NOW, OperatorFactory, at


def addresses() -> list[str]:
    """Every address without a variable part."""
    found = []

    def walk(patterns, before):
        for one in patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLPattern):
                if "<" not in path:
                    found.append("/" + path)
            else:
                walk(one.url_patterns, path)

    walk(get_resolver().url_patterns, "")
    return sorted(found)


ROLES = ["", "admin", "agency_admin"]
POLICY = {
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "frame-ancestors 'none'",
    "form-action 'self'", "base-uri 'self'",
}  # fmt: skip
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def wrong_with(answer) -> list[str]:
    """What the headers of an answer lack."""
    found = [name for name, value in WANTED.items() if answer.headers.get(name) != value]
    policy = answer.headers.get("Content-Security-Policy", "")
    if not {part.strip() for part in policy.split(";")} >= POLICY or "unsafe" in policy:
        found.append("Content-Security-Policy")
    return found + ([] if "camera=()" in answer.headers.get("Permissions-Policy", "") else ["Permissions-Policy"])


@pytest.mark.parametrize("role", ROLES)
def test_every_page_has_every_header(db, role):
    client = Client(raise_request_exception=False)
    with at(NOW):
        if role:
            client.force_login(OperatorFactory(**{role: True}))
        for address in [*addresses(), "/nowhere", "/e/roster/999999/"]:
            answer = client.get(address)
            assert answer.status_code < 500, address
            assert not wrong_with(answer), address
    assert len(addresses()) > 60


def broken(*_, **__):
    raise RuntimeError("broken")


ERRORS = {
    "a form that is too large": (400, lambda c, m: c.post("/login", {f"f{n}": "x" for n in range(6_000)})),
    "a host that is not ours": (400, lambda c, m: c.get("/login", headers={"host": "evil.example"})),
    "a NUL": (400, lambda c, m: c.get("/e/roster/?q=%00")),
    "a form without its token": (403, lambda c, m: c.post("/operators/new", {"name": "x"})),
    "a page of others": (404, lambda c, m: c.get("/a/")),
    "a method that is not offered": (405, lambda c, m: c.get("/logout")),
    "a view that breaks": (
        500, lambda c, m: (m.setattr("shebao.hall.roster.queries.roster", broken), c.get("/e/roster/"))[1]
    ),
    "sessions that cannot be read": (
        500,
        lambda c, m: (
            m.setattr("django.contrib.sessions.backends.db.SessionStore.load", broken), c.get("/e/roster/")
        )[1],
    ),
    "too many requests": (
        429, lambda c, m: (m.setattr(settings, "SHEBAO_FLOOD_LIMIT", 1), c.get("/login"), c.get("/login"))[2]
    ),
    "a redirect to TLS": (301, lambda c, m: (m.setattr(settings, "SECURE_SSL_REDIRECT", True),
                                             over_tls().get("/login"))[1]),
}  # fmt: skip


def over_tls() -> Client:
    """A client of a hall that was started with the settings of now."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("name", ERRORS)
def test_what_goes_wrong_has_the_same_headers(db, name, monkeypatch, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    wanted, provoke = ERRORS[name]
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    with at(NOW):
        client.force_login(OperatorFactory(admin=True))
        answer = provoke(client, monkeypatch)
    assert answer.status_code == wanted
    assert not wrong_with(answer)


def test_the_policy_names_where_browsers_report_and_the_address_takes_it(db, client, caplog):
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "report-uri /csp-report" in policy
    answer = told(client)
    assert answer.status_code == 204
    line = next(one.getMessage() for one in caplog.records if one.name == "shebao.csp")
    assert line == "csp: script-src-elem refused evil.example on e_employee"


def told(client, **changed):
    """What Chromium sends."""
    report = {
        "document-uri": "http://testserver/e/roster/123456/?q=990101199005170075",
        "referrer": "http://testserver/e/roster/",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/990101199005170075.js",
        "script-sample": "13900008888",
    } | changed
    return client.post("/csp-report", json.dumps({"csp-report": report}), content_type="application/csp-report")


def test_a_report_says_nothing_about_who_looked_at_what(db, client, caplog):
    told(
        client, **{"effective-directive": "x\ny 990101199005170075", "blocked-uri": "data", "document-uri": "http://["}
    )
    told(client, **{"blocked-uri": "https://[990101199005170075"})
    assert not re.search(r"\d{11}|\d{6}/", caplog.text.replace(str(NOW.year), "")), caplog.text


@pytest.mark.parametrize("body", ["", "[]", "{", '{"csp-report": 1}', "[" * 10_000, "\xff"])
def test_a_report_that_is_none_is_a_bad_request(db, client, body):
    assert client.post("/csp-report", body, content_type="application/csp-report").status_code == 400


def test_reports_are_counted_for_the_system_administrator_and_limited(db, client):
    with at(NOW):
        answers = [told(client).status_code for _ in range(MOST_OF_ONE + 2)]
        assert answers == [204] * MOST_OF_ONE + [429, 429]
        assert client.post("/csp-report", "x" * 20_000, content_type="text/plain").status_code == 413
        desk = Client()
        desk.force_login(OperatorFactory(system_admin=True))
        assert f"最近一天 {MOST_OF_ONE} 份报告" in desk.get("/a/system/").content.decode()
    with at(NOW.replace(day=13)):
        assert reports_of_a_day() == 0


def test_the_cookies_of_production_are_bound_to_the_host_and_hidden_from_scripts():
    from pathlib import Path

    text = (Path(settings.PACKAGE) / "config/settings/production.py").read_text("utf-8")
    assert 'SESSION_COOKIE_NAME = "__Host-' in text and 'CSRF_COOKIE_NAME = "__Host-' in text
    assert settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"


def test_what_is_swapped_into_a_page_takes_over_no_inline_style(client):
    """A browser leaves `style` on a field that somebody resized; htmx would copy it, which the policy refuses."""
    page = client.get("/login").content.decode()
    config = json.loads(re.search(r"""name="htmx-config" content='([^']+)'""", page)[1])
    assert "style" not in config["attributesToSettle"]
