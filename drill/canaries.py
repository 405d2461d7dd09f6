"""Canary persons live through the hall; then the raw bytes of everything it left are searched for them.

Looked for are id numbers, telephones and bank accounts: as text, in UTF-16, in base64 at every offset and in hex; in
the database and its journals or, of PostgreSQL, the server's whole folder with its write-ahead log, and every row as
text (so in every table: jobs, letters, sessions, kept queries, audit), the files, the log with
every statement of SQL that took too long, the anchors and whatever lies beside them; and opened, in sessions, cookies
and messages. Names and numbers must not stand in an address, a link or a title. A word that may be found (the name of a
department) shows that the search reads what it says it reads.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote_plus

from .outcome import Outcome

TITLE = "Canary persons in raw bytes"
MAY_BE_FOUND = "金丝雀部门"
NAME = "王鹡鸰"
LINK = re.compile(r'(?:href|action|src|hx-get|hx-post|formaction)="([^"]*)"')
TITLE_OF_PAGE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
ANYBODYS = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])")
"""What has the form of an id number or of a telephone, whoever's it is."""
SEAL = re.compile(r"~[\w-]+")
ERRORS = (400, 403, 404, 405, 413, 429, 500)
EMPTY = re.compile(rb"\0{64,}")
FILES, ROWS, SERVER = "files", "rows", "the server's folder"
DATABASE = {"sqlite": {FILES}, "postgresql": {ROWS, SERVER}}
"""Where the words of a database must be found, or the search read nothing."""
QUERY = "/e/queries/employee_contributions/"


def run(count: int, seed: int) -> Outcome:
    """Enrol `count` people on pages, by sheet and with papers, look at them, err with them, and search the bytes."""
    from django.conf import settings
    from django.test import override_settings

    from shebao.config.log import Masked

    found = Outcome(TITLE, seed, count)
    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    log = logging.FileHandler(folder / "hall.log", encoding="utf-8")
    log.setFormatter(Masked("{asctime} {levelname} {name} {message}", style="{"))
    root, level = logging.getLogger(), logging.getLogger().level
    quiet = logging.getLogger("django.request")
    was = quiet.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    quiet.setLevel(logging.NOTSET)
    try:
        with override_settings(SHEBAO_AUDIT_ANCHORS=str(folder / "audit.anchors")):
            secrets = _live(count, found)
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        quiet.setLevel(was)
        log.close()
    lines = (folder / "hall.log").read_text("utf-8").splitlines()
    found.counts["lines of the log"] = len(lines)
    for line in filter(ANYBODYS.search, lines):
        found.fail(f"the log has the form of a person's number: {line[:200]}")
    _search_sessions(secrets, found)
    _search(folder, secrets, found)
    return found


def _live(count: int, found: Outcome) -> list[str]:
    """What an employer and the agency do with people; returns what must not be found."""
    from datetime import date

    from django.test import Client
    from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolment, synthetic_id

    from shebao.hall.audit.anchors import write_anchor

    with at(NOW):
        employer = EmployerFactory(region="leshan", phone="13977770000", bank_account="6217777000011112222")
        admin = OperatorFactory(admin=True, employer=employer)
        admin.set_password("right-Password-1")
        admin.save()
        client = Client(raise_request_exception=False)
        client.force_login(admin)
        client.post("/e/employer/departments/", {"name": MAY_BE_FOUND})
        secrets = [employer.phone, employer.bank_account]
        answers = []
        for number in range(count):
            one = enrolment(**{
                "name": NAME, "phone": f"1397777{number:04}", "department": MAY_BE_FOUND,
                "id_number": synthetic_id(born=date(1985, 1 + number % 12, 1 + number % 28), sequence=number % 999),
            })  # fmt: skip
            secrets += [one["id_number"], one["phone"]]
            answers.append(client.post("/e/declare/employee_enrolment/", one))
            answers.append(client.post("/e/declare/employee_enrolment/", one | {"enrolment_month": "1999-13"}))
            answers.append(client.post("/e/declare/employee_enrolment/", one | {"id_number": one["id_number"][:-1]}))
            answers.append(client.post("/e/declare/employee_enrolment/draft/", one))
        answers += _send(client, employer)
        answers += _look(client, employer, secrets)
        answers += _search_for(client, secrets)
        answers += _keep_a_query(secrets)
        answers += _err(client, secrets)
        answers += _at_the_desk(secrets)
        answers.append(client.post("/e/import/", {"file": _sheet(secrets), "service": "employee_enrolment"}))
        answers.append(Client().post("/login", {"username": secrets[2], "password": secrets[3]}))
        answers.append(Client().get(f"/e/roster/?q={quote(NAME)}"))
        write_anchor()
    for answer in answers:
        _judge(answer, secrets, found)
    found.counts["pages"] = len(answers)
    return secrets


def _judge(answer, secrets: list[str], found: Outcome) -> None:
    """No error of ours, and no number or name in an address that the hall makes, a link, a title or a cookie."""
    from django.contrib.messages import get_messages

    asked, text = answer.request["PATH_INFO"], "" if answer.streaming else answer.content.decode("utf-8", "replace")
    if answer.status_code >= 500:
        found.fail(f"{asked}: {answer.status_code}")
    places = [answer.headers.get("Location", ""), answer.headers.get("HX-Redirect", ""), *LINK.findall(text)]
    # Whoever comes with a name in the address, as no page of the hall does, is sent on to it after signing in.
    if not places[0].startswith("/login"):
        for place in map(unquote_plus, [*places, *TITLE_OF_PAGE.findall(text)]):
            if NAME in place or any(secret in place for secret in secrets):
                found.fail(f"{asked}: a person in an address or title")
            if ANYBODYS.search(SEAL.sub("", place)):
                found.fail(f"{asked}: the form of a person's number in an address or title: {place[:200]}")
    if answer.status_code in ERRORS and (form := ANYBODYS.search(SEAL.sub("", text))):
        found.fail(f"{asked}: the page of an error shows the form of a person's number, {form[0][:4]}…")
    kept = " ".join([*(one.value for one in answer.cookies.values()), *map(str, get_messages(answer.wsgi_request))])
    if any(secret in kept for secret in secrets):
        found.fail(f"{asked}: a number in a cookie or message")


def _send(client, employer) -> list:
    """Everything that was entered is checked and handed in."""
    from shebao.hall.declarations.models import Declaration
    from shebao.web.chosen import compact

    ids = compact(list(Declaration.objects.filter(employer=employer).values_list("pk", flat=True)))
    answers = [client.get(f"/e/basket/check/?ids={ids}"), client.post("/e/basket/submit/", {"ids": ids})]
    return [*answers, client.get("/e/cases/"), client.get("/e/basket/")]


def _look(client, employer, secrets: list[str]) -> list:
    """Pages that show people, whole numbers, exports, and errors of every kind."""
    from shebao.hall.roster.models import Employee

    answers = [client.get(address) for address in ("/e/", "/e/roster/", "/e/cases/", "/e/basket/", "/e/employer/",
                                                    "/e/roster/export/?status=all", "/audit/", "/looks/")]  # fmt: skip
    for person in Employee.objects.filter(employer=employer)[:20]:
        answers.append(client.get(f"/e/roster/{person.pk}/"))
        proof = {"reason": "核对本人证件", "password": "right-Password-1"}
        answers.append(client.post(f"/e/roster/{person.pk}/reveal/", proof))
    answers.append(client.post("/operators/new", {"username": "a", "name": secrets[2], "role": "none"}))
    return answers


def _search_for(client, secrets: list[str]) -> list:
    """Searches as the pages send them, and where they lead."""
    answers = []
    for address in ("/e/search/", "/e/roster/", "/e/cases/"):
        for typed in (secrets[2], secrets[3], NAME):
            answers.append(client.post(address, {"_search": "1", "q": typed, "status": "all"}))
            answers.append(client.get(answers[-1].headers.get("Location", address)))
            answers.append(client.post(address, {"_search": "1", "q": typed}, headers={"HX-Request": "true"}))
    return answers


def _keep_a_query(secrets: list[str]) -> list:
    """Somebody keeps a query about one person, and begins an export of it."""
    from django.test import Client
    from tests.factories import EmployerFactory, OperatorFactory

    from shebao.hall.regions import region
    from shebao.hall.reports.exporting import start_export

    clerk = OperatorFactory(admin=True, employer=EmployerFactory(region="guiyang"))
    client = Client(raise_request_exception=False)
    client.force_login(clerk)
    answers = [client.post(QUERY, {"_search": "1", "q": secrets[2]})]
    sealed = answers[0].headers["Location"].partition("?")[2]
    answers.append(client.get(f"{QUERY}?{sealed}"))
    answers.append(client.post(f"{QUERY}keep/?{sealed}", {"name": "一个人"}))
    query = region("guiyang").queries["employee_contributions"]
    start_export(query, {"q": secrets[2]}, f"人员：{secrets[2]}", by=clerk)
    return [*answers, client.get(QUERY), client.get("/e/queries/")]


def _err(client, secrets: list[str]) -> list:
    """Every kind of error page, each with a number in what was asked; also one whose exception repeats the number."""
    from unittest.mock import patch

    from shebao.hall.roster import queries

    answers = [client.get(f"/e/nowhere/{secrets[2]}/"), client.get(f"/e/roster/?q={secrets[2]}%00"),
               client.post("/e/import/", {f"f{n}": secrets[2] for n in range(6_000)}), client.put("/e/roster/"),
               client.get("/a/people/"), client.get("/login", headers={"host": "evil example"})]  # fmt: skip
    with patch.object(queries, "roster", side_effect=ValueError(f"Key (id_number)=({secrets[2]})")):
        broken = client.post("/e/roster/", {"_search": "1", "q": secrets[2]}, headers={"HX-Request": "true"})
    if broken.status_code != 500:
        raise AssertionError("the view that was broken is not")
    report = f'{{"csp-report": {{"document-uri": "http://x/{secrets[2]}", "blocked-uri": "{secrets[3]}"}}}}'
    answers.append(client.post("/csp-report", report, content_type="application/csp-report"))
    return answers


def _at_the_desk(secrets: list[str]) -> list:
    """A reviewer looks for the same people, and decides."""
    from django.test import Client
    from tests.factories import OperatorFactory

    from shebao.hall.declarations.models import Declaration

    client = Client(raise_request_exception=False)
    client.force_login(OperatorFactory(reviewer=True, region="leshan"))
    answers = [client.get("/a/"), client.get("/a/employers/")]
    for typed in (secrets[2], NAME):
        answers.append(client.post("/a/people/", {"_search": "1", "q": typed}))
        answers.append(client.get(answers[-1].headers.get("Location", "/a/")))
    for case in Declaration.objects.filter(state="submitted")[:5]:
        answers.append(client.get(f"/a/cases/{case.pk}"))
        answers.append(client.post(f"/a/cases/{case.pk}/return", {"note": "请核对"}))
    return answers


def _sheet(secrets: list[str]) -> io.BytesIO:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["姓名", "证件号码", "手机号码"])
    book.active.append([NAME, secrets[2], secrets[3]])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "people.xlsx"
    return out


def _search_sessions(secrets: list[str], found: Outcome) -> None:
    """Sessions are kept compressed: what a search of bytes cannot see is opened."""
    from django.contrib.sessions.models import Session

    sessions = [str(one.get_decoded()) for one in Session.objects.all()]
    found.counts["sessions"] = len(sessions)
    for text in sessions:
        if any(secret in text for secret in secrets):
            found.fail("a session holds a number")


def forms(secret: str) -> set[bytes]:
    """How a text may lie in bytes: as it is, in UTF-16, in hex, and in base64 whatever stands before it."""
    plain = secret.encode()
    ways = {
        plain,
        secret.encode("utf-16-le"),
        secret.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
    }
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        ways.add(coded[(before * 8 + 5) // 6 : len(coded) // 4 * 4 - 4])
    return ways


def _search(folder: Path, secrets: list[str], found: Outcome) -> None:
    from django.db import connection

    wanted = {way: secret for secret in secrets for way in forms(secret)}
    control, is_read = MAY_BE_FOUND.encode(), set()
    for kind, name, content in _left_behind(folder):
        found.counts[f"bytes of {kind}"] += len(content)
        if control in content:
            is_read.add(kind)
        for way, secret in wanted.items():
            if way in content:
                found.fail(f"{name}: {secret[:4]}… lies open as {way[:6]!r}…")
    found.counts |= {"canaries": len(secrets), "forms": len(wanted)}
    if missed := DATABASE[connection.vendor] - is_read:
        found.fail(f"the search does not even find what may be found in {', '.join(sorted(missed))}")


def _left_behind(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """(kind, name, content) of everything that was written: files, and the folder of the PostgreSQL server.

    PostgreSQL compresses long values, so that bytes alone could hide one: every row is read as text too.
    """
    from django.db import connection

    folders = {FILES: folder}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT string_agg(one::text, chr(10)) FROM "{table}" one')
                yield ROWS, table, (cursor.fetchone()[0] or "").encode()
            cursor.execute("CHECKPOINT")
        folders[SERVER] = folder.parent / "server"
    connection.close()
    for kind, root in folders.items():
        for file in sorted(root.rglob("*")):
            if file.is_file():
                yield kind, file.name, EMPTY.sub(b"\0", file.read_bytes())
