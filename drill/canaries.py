"""Canary persons live through the hall; then the raw bytes of everything it left are searched for them.

Looked for are id numbers, telephones and bank accounts: as text, in UTF-16, in base64 at every offset and in hex; in
the database and its journals, the files, the log, the anchors and whatever lies beside them. A word that may be found
(the name of a department) shows that the search reads what it says it reads.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from pathlib import Path

from .outcome import Outcome

TITLE = "Canary persons in raw bytes"
MAY_BE_FOUND = "金丝雀部门"
LINK = re.compile(r'(?:href|action|src|hx-get)="([^"]*)"')
TITLE_OF_PAGE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def run(count: int, seed: int) -> Outcome:
    """Enrol `count` people on pages, by sheet and with papers, look at them, err with them, and search the bytes."""
    from django.conf import settings
    from django.test import override_settings

    found = Outcome(TITLE, seed, count)
    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    log = logging.FileHandler(folder / "hall.log", encoding="utf-8")
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        with override_settings(SHEBAO_AUDIT_ANCHORS=str(folder / "audit.anchors")):
            secrets = _live(count, found)
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        log.close()
    _search(folder, secrets, found)
    return found


def _live(count: int, found: Outcome) -> list[str]:
    """What an employer does with people; returns what must not be found."""
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
                "id_number": synthetic_id(born=date(1985, 1 + number % 12, 1 + number % 28), sequence=number),
                "phone": f"1397777{number:04}", "department": MAY_BE_FOUND,
            })  # fmt: skip
            secrets += [one["id_number"], one["phone"]]
            answers.append(client.post("/e/declare/employee_enrolment/", one))
            answers.append(client.post("/e/declare/employee_enrolment/", one | {"enrolment_month": "1999-13"}))
            answers.append(client.post("/e/declare/employee_enrolment/", one | {"id_number": one["id_number"][:-1]}))
        answers += _look(client, employer, secrets)
        answers += _search_for(client, secrets)
        answers.append(client.post("/e/import/", {"file": _sheet(secrets), "service": "employee_enrolment"}))
        answers.append(client.post("/login", {"username": secrets[2], "password": secrets[3]}))
        write_anchor()
    for answer in answers:
        _judge(answer, secrets, found)
    found.counts["pages"] = len(answers)
    return secrets


def _judge(answer, secrets: list[str], found: Outcome) -> None:
    """No error of ours, and no number in an address, a link or a title."""
    asked, text = answer.request["PATH_INFO"], "" if answer.streaming else answer.content.decode("utf-8", "replace")
    if answer.status_code >= 500:
        found.fail(f"{asked}: {answer.status_code}")
    places = [answer.headers.get("Location", ""), *LINK.findall(text), *TITLE_OF_PAGE.findall(text)]
    for place in places:
        if any(secret in place for secret in secrets):
            found.fail(f"{asked}: a number in an address or title")


def _look(client, employer, secrets: list[str]) -> list:
    """Pages that show people, whole numbers, exports, and errors of every kind."""
    from shebao.hall.roster.models import Employee

    answers = [client.get(address) for address in ("/e/", "/e/roster/", "/e/cases/", "/e/basket/", "/e/nowhere",
                                                    "/e/roster/export/?status=all", "/audit/")]  # fmt: skip
    for person in Employee.objects.filter(employer=employer)[:20]:
        answers.append(client.get(f"/e/roster/{person.pk}/"))
        proof = {"reason": "核对本人证件", "password": "right-Password-1"}
        answers.append(client.post(f"/e/roster/{person.pk}/reveal/", proof))
    answers.append(client.post("/operators/new", {"username": "a", "name": secrets[2], "role": "none"}))
    return answers


def _search_for(client, secrets: list[str]) -> list:
    """Number searches as the pages send them, and where they lead."""
    answers = []
    for address in ("/e/search/", "/e/roster/", "/e/cases/"):
        answers.append(client.post(address, {"_search": "1", "q": secrets[2], "status": "all"}))
        answers.append(client.get(answers[-1].headers.get("Location", address)))
    return answers


def _sheet(secrets: list[str]) -> io.BytesIO:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["姓名", "证件号码", "手机号码"])
    book.active.append(["王示例", secrets[2], secrets[3]])
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "people.xlsx"
    return out


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

    connection.close()
    wanted = {way: secret for secret in secrets for way in forms(secret)}
    control, read = MAY_BE_FOUND.encode(), 0
    is_read = False
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        content = file.read_bytes()
        read += len(content)
        is_read = is_read or control in content
        for way, secret in wanted.items():
            if way in content:
                found.fail(f"{file.name}: {secret[:4]}… lies open as {way[:6]!r}…")
    found.counts |= {"canaries": len(secrets), "forms": len(wanted), "bytes read": read}
    if not is_read:
        found.fail("the search does not even find what may be found")
