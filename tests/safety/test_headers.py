"""What every page tells the browser (reliability B43): nothing from elsewhere, nothing framed, nothing kept."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

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


@pytest.mark.parametrize("role", ROLES)
def test_every_page_has_every_header(db, role):
    client = Client(raise_request_exception=False)
    with at(NOW):
        if role:
            client.force_login(OperatorFactory(**{role: True}))
        for address in [*addresses(), "/nowhere", "/e/roster/999999/"]:
            answer = client.get(address)
            assert answer.status_code < 500, address
            missing = {name for name, value in WANTED.items() if answer.headers.get(name) != value}
            assert not missing, (address, missing)
            policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
            assert policy >= POLICY, (address, POLICY - policy)
            assert "unsafe" not in answer.headers["Content-Security-Policy"], address
            assert "camera=()" in answer.headers["Permissions-Policy"]
    assert len(addresses()) > 60


def test_the_cookies_of_production_are_bound_to_the_host_and_hidden_from_scripts():
    from pathlib import Path

    text = (Path(settings.PACKAGE) / "config/settings/production.py").read_text("utf-8")
    assert 'SESSION_COOKIE_NAME = "__Host-' in text and 'CSRF_COOKIE_NAME = "__Host-' in text
    assert settings.SESSION_COOKIE_HTTPONLY and settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
