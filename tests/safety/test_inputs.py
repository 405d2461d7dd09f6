"""Every input of every form takes an attack, one by one; none is run, none breaks the hall, none moves a header (B18).

Which pages there are the resolver says, what stands in them the pages themselves: a new form is tried unasked.
"""

import logging
from collections import defaultdict
from functools import lru_cache, partial
from urllib.parse import quote_plus, urlencode, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from shebao.hall.audit.once import KEY
from shebao.hall.roster.models import Employee
from shebao.web.searching import TYPED
from tests.authz.table import addresses, rows
from tests.authz.walk import Door, actors, cases, expected
from tests.authz.walk import _shell as undone
from tests.authz.world import build
from tests.factories import NOW, at
from tests.papers import PDF

from .forms import Form, forms_of

ATTACK = (
    "'\";--</script></title></textarea><script>alert(7)</script><img src=x onerror=alert(7)>"
    "{{ 700600700|add:7 }}{% firstof 700600700 %}${700600700*7}=700600700*7"
)
"""Quotes for SQL, tags and their ends for HTML, braces for templates, an equals sign for spreadsheets, at once."""
HEADERS = "x\r\nX-Moved: yes\r\n\r\n<script>alert(7)</script>"
PLACES = "../../../../../etc/passwd"
NUL = "王\0示例"
ELSEWHERE = "//evil.example/x"
MUCH = "长" * 20_000
RAW = (
    "<script>alert(7)",
    "<img src=x",
    "</textarea><script",
    "X-Moved: yes\r\n\r\n<script>",
    "root:x:0",
    "Traceback (most recent call last)",
    "django.db.utils",
)
RUN = ("700600707", "4904204900")
"""What the braces would say if somebody evaluated them: too long to stand in a random number of ours."""
IN_SQL = ("alert(7)", "/etc/passwd", "X-Moved", "evil.example", "长长长")
"""Parts of every attack: what is typed is a parameter of a statement and never a part of one, whatever the engine."""
STAYS = {"csrfmiddlewaretoken", "_search", KEY}
WHO = {
    "everybody": ("anonymous",),
    "employers": ("A.admin", "D.clerk"),
    "agencies": ("tianjin.admin", "tianjin.reviewer", "leshan.admin", "tianjin.security"),
}
LEAST = {"everybody": 100, "employers": 300, "agencies": 300}


@pytest.fixture(autouse=True)
def refusals_are_no_news():
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@lru_cache(maxsize=4096)
def _quoted(text: str, *_) -> str:
    """As `quote_plus`, once for a text: twenty thousand characters go into every input of every form."""
    return quote_plus(text)


class Attacker:
    """Somebody who opens every page that is theirs and writes an attack into everything on it."""

    def __init__(self, door: Door, tried: set):
        self.door, self.tried = door, tried
        self.sent, self.wrong = 0, defaultdict(list)

    def become(self, key: str) -> None:
        """Go on as somebody else, who tries only what nobody tried before."""
        self.client, self.jar = self.door.clients[key], self.door.jars.get(key)

    def read(self, address: str, query: dict | None = None) -> list[Form]:
        """The forms of a page that were not tried yet."""
        self._sign_in()
        answer = self.client.get(address, query or None)
        kind = answer.get("Content-Type", "")
        if answer.streaming or answer.status_code != 200 or not kind.startswith("text/html"):
            return []
        found = [form for form in forms_of(answer.request["PATH_INFO"], answer.content.decode())
                 if form.key not in self.tried]  # fmt: skip
        self.tried |= {form.key for form in found}
        if [form for form in found if form.method == "post" and KEY not in form.inputs]:
            self.wrong["draws a form without a one-time key"].append(address)
        return found

    def _sign_in(self) -> None:
        self.client.cookies.clear()
        if self.jar:
            self.client.cookies["sessionid"] = self.jar

    def attack(self, form: Form) -> None:
        """Each input alone with what the page has in the others, and all of them at once with every kind of attack.

        A form that is a button alone takes no attack: it is pressed once.
        """
        names = sorted(form.inputs - STAYS)
        if not names and not form.files:
            self.send(form, {}, "nothing")
            return
        for name in names:
            self.send(form, {name: [ATTACK]}, name)
        for text in (ATTACK, HEADERS, PLACES, NUL, ELSEWHERE, MUCH):
            self.send(form, {name: [text] for name in names}, "everything")
        for name in form.files:
            files = {one: SimpleUploadedFile(f"{ATTACK.replace('/', '')}.pdf", PDF) for one in form.files}
            self.send(form, files, f"the name of {name}")

    def send(self, form: Form, changed: dict, what: str) -> None:
        """Send it, follow where it leads, undo it, and judge both pages."""
        values = form.values | changed
        target = urlsplit(form.action).path
        self._sign_in()
        self.sent += 1
        with undone(), connection.execute_wrapper(partial(self.read_statement, f"{target} {what}")):
            if form.method == "get":
                answer = self.client.get(target, values)
            elif form.is_multipart or form.files:
                answer = self.client.post(target, values)
            else:
                answer = self.client.post(
                    target,
                    urlencode(values, doseq=True, quote_via=_quoted),
                    content_type="application/x-www-form-urlencoded",
                )
            self.judge(answer, target, what)
            if answer.status_code in (301, 302):
                self.judge(self.client.get(answer.headers["Location"]), target, what)
            transaction.set_rollback(True)

    def read_statement(self, where: str, execute, sql, params, many, context):
        """Let a statement through that holds nothing of what was typed; note one that does."""
        if any(part in str(sql) for part in IN_SQL):
            self.wrong["stands in a statement"].append(where)
        return execute(sql, params, many, context)

    def judge(self, answer, target: str, what: str) -> None:
        """No error of ours, nothing run, nothing moved, nobody sent elsewhere."""
        where = f"{target} {what}"
        if answer.status_code >= 500:
            self.wrong[f"breaks with {answer.status_code}"].append(where)
        to = answer.headers.get("Location", "")
        if "X-Moved" in answer.headers or to.startswith("//") or "evil.example" in urlsplit(to).netloc:
            self.wrong["lets its headers be written"].append(where)
        if any(f"{name}={quote_plus(ATTACK)[:9]}" in to for name in TYPED):
            self.wrong["repeats what was typed about a person in an address"].append(where)
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            return
        text = answer.content.decode("utf-8", "replace")
        if found := [mark for mark in RAW if mark in text]:
            self.wrong[f"shows {found[0]}"].append(where)
        if [mark for mark in RUN if mark in text and "700600700" in text]:
            self.wrong["runs it"].append(where)


@pytest.mark.slow
@pytest.mark.parametrize("side", WHO)
def test_every_input_of_every_form_takes_an_attack_as_letters(db, side):
    with at(NOW):
        hall = build()
        attacker, people = Attacker(Door(hall), set()), Employee.objects.count()
        for actor in (one for key in WHO[side] for one in actors(hall) if one.key == key):
            attacker.become(actor.key)
            for address in addresses():
                row = rows()[address.name]
                for case in cases(hall, row, address, actor):
                    if case.method == "GET" and expected(case) == "reached":
                        for form in attacker.read(case.path, dict(row.query)):
                            attacker.attack(form)
        assert not attacker.wrong, "\n".join(f"{what}: {sorted(set(where))}" for what, where in attacker.wrong.items())
        assert Employee.objects.count() == people
    assert attacker.sent > LEAST[side], attacker.sent
