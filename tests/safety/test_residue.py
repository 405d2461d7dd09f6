"""Nothing about people stays in a browser: not in its cache, not among the words that it offers (reliability B40)."""

import re
from pathlib import Path

from django.test import Client

from tests.factories import NOW, OperatorFactory, at

TEMPLATES = Path(__file__).parents[2] / "src/shebao/web/templates"
TYPED = re.compile(r'<input(?:[^>"]|"[^"]*")*type="(?:text|tel|search|email|number)"(?:[^>"]|"[^"]*")*>')


def test_every_place_to_type_says_whether_the_browser_may_remember_it():
    silent, seen = [], 0
    for file in TEMPLATES.rglob("*.html"):
        for found in TYPED.findall(file.read_text("utf-8")):
            seen += 1
            # What the drawing tag of fields makes says "off" unless the field asks for more (parts/_field_attrs.html).
            if "autocomplete=" not in found and "_field_attrs.html" not in found:
                silent.append(f"{file.name}: {found[:80]}")
    assert silent == [] and seen > 30
    assert 'autocomplete="{{ f.autocomplete|default:"off" }}"' in (TEMPLATES / "parts/_field_attrs.html").read_text()


def test_after_signing_out_the_old_session_opens_nothing_and_the_browser_forgets_what_it_kept(db):
    with at(NOW):
        client, before = Client(), Client()
        client.force_login(OperatorFactory(admin=True))
        before.cookies["sessionid"] = client.cookies["sessionid"].value
        assert before.get("/e/roster/").status_code == 200
        answer = client.post("/logout")
        assert "cache" in answer.headers["Clear-Site-Data"]
        again = before.get("/e/roster/")
        assert again.status_code == 302 and again.headers["Location"].startswith("/login")
        assert again.headers["Cache-Control"] == "no-store"
