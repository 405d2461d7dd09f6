"""Texts that would be formulas leave by every table of the hall, and LibreOffice opens what left (bar B19).

People, departments, operators, the employer and the cells of an uploaded sheet bear them. Each table is opened three
times: as LibreOffice's own XML, where a formula, a link or a DDE says what it is; as CSV, where each cell is what
somebody would see; and saved again as a workbook. Our importer reads what left and what came back of it: the same.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from subprocess import DEVNULL
from xml.etree.ElementTree import iterparse

from .outcome import Outcome

TITLE = "Tables that leave, opened with LibreOffice"
PLACES = ("tianjin", "leshan", "shenzhen")
"""Between them they have every table: a scheme's register, the year's plan, and the lists of reminders."""
OF_A_PERSON, OF_A_ROW = 2, 4
"""Texts a person bears (name, department), and a row of the uploaded sheet."""
WAIT = 300
PASSWORD = "right-Password-1"  # noqa: S105 - of a clerk that lives as long as the drill
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"fods": "fods", "csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false", "xlsx": "xlsx"}
"""What LibreOffice is to make: for CSV with commas, UTF-8, every text in quotes, cells as shown."""
TABLE, TEXT = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}", "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
LIVE = {f"{TEXT}a": "a link", f"{TABLE}dde-link": "a DDE link"}


@dataclass(frozen=True)
class Table:
    """One table that left: the view that gave it, where, and its bytes."""

    view: str
    address: str
    data: bytes


def run(count: int, seed: int) -> Outcome:
    """Let `count` texts leave by every table and open what left; without LibreOffice nothing is shown, so it fails."""
    from tests.sheets.formulas import payloads

    found = Outcome(TITLE, seed, count)
    found.counts.update({"cells that are formulas or links": 0, "cells that read otherwise": 0})
    if not shutil.which("soffice"):
        found.fail("LibreOffice is not installed (no command soffice), so no table was opened; it is to be installed")
        return found
    typed = payloads(count)
    random.Random(seed).shuffle(typed)  # noqa: S311 - who bears which
    tables = list(tables_that_leave(typed))
    with tempfile.TemporaryDirectory() as name:
        opened = open_all([table.data for table in tables], Path(name))
        seen = [text for table, files in zip(tables, opened, strict=True) for text in look_at(table, files, found)]
    hostile = set(typed)
    told = {
        "tables": len(tables),
        "kinds of tables": len({table.view for table in tables}),
        "texts that left": len(hostile & set(seen)),
        "cells with such a text": sum(text in hostile for text in seen),
    }
    found.counts.update(told)
    for text in sorted(hostile - set(seen)):
        found.fail(f"{text!r} was typed and stands in no table as it was typed")
    return found


def open_all(books: Sequence[bytes], folder: Path) -> list[dict[str, Path]]:
    """LibreOffice opens every book, with a profile of its own, and saves what it read: format → file, of each book."""
    sources = [folder / f"{number}.xlsx" for number in range(len(books))]
    for source, data in zip(sources, books, strict=True):
        source.write_bytes(data)
    for kind, how in FORMATS.items():
        command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
        command += ["--convert-to", how, "--outdir", str(folder / kind), *map(str, sources)]
        _wait_for(subprocess.Popen(command, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True))
    return [{kind: folder / kind / f"{number}.{kind}" for kind in FORMATS} for number in range(len(books))]


def _wait_for(office: subprocess.Popen) -> None:
    """What it does not make in time is missing afterwards, which is told of each table."""
    try:
        office.wait(WAIT)
    except subprocess.TimeoutExpired:
        os.killpg(office.pid, signal.SIGKILL)  # soffice is a script: what it started goes too
        office.wait()


def look_at(table: Table, files: dict[str, Path], found: Outcome) -> list[str]:
    """The texts of a table as LibreOffice shows them; whatever is alive or reads otherwise is a failure."""
    from shebao.hall.sheets.reading import UnreadableSheet, read_workbook

    where = f"{table.view} {table.address}"
    if missing := [kind for kind, file in files.items() if not file.exists()]:
        found.fail(f"{where}: LibreOffice made no {', '.join(missing)} of it")
        return []
    for what in alive(files["fods"]):
        found.counts["cells that are formulas or links"] += 1
        found.fail(f"{where}: LibreOffice sees {what}")
    ours, shown = read_workbook(table.data, "a.xlsx").rows, []
    for kind in ("csv", "xlsx"):
        try:
            back = list(read_workbook(files[kind].read_bytes(), f"a.{kind}").rows)
        except UnreadableSheet as no:
            found.fail(f"{where}: what LibreOffice saved as {kind} is not read: {no}")
            continue
        for place, cell, other in _pairs(ours, back):
            if cell.kind == "text" and other != cell.text:
                found.counts["cells that read otherwise"] += 1
                found.fail(f"{where}, {place}: {cell.text!r} left, {other!r} came back as {kind}")
            elif kind == "csv":
                shown.append(other)
    return shown


def _pairs(ours, back) -> Iterator[tuple]:
    """(place, cell as it left, text as it came back) of every cell that is not empty."""
    for row, cells in enumerate(ours):
        for column, cell in enumerate(cells):
            if cell.kind != "empty":
                has = row < len(back) and column < len(back[row])
                yield f"row {row + 1} column {column + 1}", cell, back[row][column].text if has else ""


def alive(file: Path) -> Iterator[str]:
    """What is more than text in a book as LibreOffice keeps it: formulas, links, DDE."""
    for _, element in iterparse(file):  # noqa: S314 - LibreOffice wrote it
        if formula := element.get(f"{TABLE}formula"):
            yield f"a formula: {formula}"
        elif element.tag in LIVE:
            yield f"{LIVE[element.tag]}: {''.join(element.itertext())}"


def tables_that_leave(typed: Sequence[str]) -> Iterator[Table]:
    """Every table of the hall: of employers whose people bear two fifths of the texts, then a sheet with the others."""
    from django.test import Client
    from tests.factories import NOW, EmployerFactory, OperatorFactory, at

    heads = max(len(typed) * 2 // 5 // OF_A_PERSON // len(PLACES), 1)
    rest = list(typed)
    with at(NOW):
        for number, code in enumerate(PLACES):
            own, rest = rest[: heads * OF_A_PERSON], rest[heads * OF_A_PERSON :]
            employer = EmployerFactory(region=code, name=own[0], legal_representative=own[0], contact_name=own[0])
            clerk = OperatorFactory(admin=True, employer=employer, name=own[-1][:30])
            clerk.set_password(PASSWORD)
            clerk.save()
            client = Client()
            client.force_login(clerk)
            bill = _people(employer, clerk, own, number)
            for address in _addresses(code, bill):
                yield from _fetched(client, address)
            yield from _written_in_the_background(client)
        yield from _marked(client, rest)


def _people(employer, clerk, texts: Sequence[str], number: int):
    """Insured people of these names and departments, some past the age of retirement; the bill of a month of theirs."""
    from tests.factories import enrolled, synthetic_id
    from tests.settlement.hall import OCTOBER, declare, settle

    from shebao.hall.declarations.states import State
    from shebao.hall.supplements.models import YearlyCover

    people = [
        enrolled(
            employer, name=name, department=department, facts={"enrolment_kind": "11", "medical_tier": "1"},
            number=synthetic_id(date(1990 if place % 3 else 1961, 1 + number, 1 + place // 400), 1 + 2 * place % 800),
        )
        for place, (name, department) in enumerate(zip(texts[::OF_A_PERSON], texts[1::OF_A_PERSON], strict=True))
    ]  # fmt: skip
    case = declare(employer, clerk, State.APPROVED)
    for one in people[:5]:
        YearlyCover.objects.create(
            employee=one, person=one.person, region=employer.region, scheme="supplementary_medical", year=2026,
            pay_by="1", amount_fen=15_500, declared_in=case,
        )  # fmt: skip
    return settle(employer, clerk, OCTOBER)


def _addresses(code: str, bill) -> Iterator[str]:
    """The addresses of all tables that somewhere are; a place answers 404 for those that it has not."""
    from django.urls import reverse

    from shebao.hall.regions import region
    from shebao.hall.services.registry import OPERATIONS
    from shebao.web.employer.reminders import NOTES

    yield f"{reverse('e_roster_export')}?status=all"
    yield reverse("e_bill_export", args=[bill.pk])
    yield f"{reverse('e_yearly_plan_export')}?year={bill.month.year}"
    yield reverse("audit_export")
    for page in NOTES:
        yield reverse("e_reminder_export", args=[page])
    for key in region(code).queries:
        yield reverse("e_query_export", args=[key])
    for service in region(code).services.values():
        if OPERATIONS[service.operation].is_about_known:
            yield reverse("e_import_roster", args=[service.key])
            yield reverse("e_import_roster", args=[service.key]) + "?columns=published"
        yield reverse("e_import_template", args=[service.key])


def _fetched(client, address: str) -> Iterator[Table]:
    from django.urls import resolve

    from shebao.hall.roster.unmasking import REASONS

    response = client.get(address)
    if response.status_code == 200 and response["Content-Type"] != XLSX:  # asks why first
        response = client.post(address, {"reason": REASONS[0], "password": PASSWORD})
    if response.status_code == 200 and response["Content-Type"] == XLSX:
        body = b"".join(response.streaming_content) if response.streaming else response.content
        view = resolve(address.partition("?")[0]).func
        yield Table(f"{view.__module__.removeprefix('shebao.web.')}.{view.__name__}", address, body)
    elif response.status_code not in (302, 404):
        raise AssertionError(f"{address} answers {response.status_code}")


def _written_in_the_background(client) -> Iterator[Table]:
    """A long table."""
    from django.urls import reverse

    begun = client.post(reverse("e_query_export", args=["contribution_list"]))
    yield from _fetched(client, f"{begun['Location']}file/")


def _marked(client, texts: Sequence[str]) -> Iterator[Table]:
    """A sheet with these texts in it goes in, and leaves with its mistakes marked."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from tests.sheets.files import xlsx

    rows = [list(texts[start : start + OF_A_ROW]) for start in range(0, len(texts), OF_A_ROW)]
    data = xlsx([["姓名", "部门名称", "通讯地址", "证件号码"], *rows])
    begun = client.post(
        "/e/import/", {"service": "employee_enrolment", "file": SimpleUploadedFile("十一月.xlsx", data)}
    )
    yield from _fetched(client, f"{begun['Location']}marked/")
