"""A small hall with everything in it, twice: what one employer or agency must never see of another carries a canary.

Rows are written as they stand in the database; how they come about, other tests tell. `World.of(kind, owner)` gives
the number of an object: `owner` is an employer's letter ("A"), or a region's code for what belongs to its agency.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from unittest.mock import patch

from django.apps import apps
from django.db import connection
from django.utils import timezone

from shebao.hall.crypto import blind_index
from shebao.hall.declarations.models import Declaration, DeclarationEvent
from shebao.hall.desk.models import Sample
from shebao.hall.documents.models import PrintRun
from shebao.hall.documents.statements import issue_statement
from shebao.hall.employers.models import Department, Employer, EmployerChange, Project
from shebao.hall.evidence import files
from shebao.hall.evidence.files import Upload, written
from shebao.hall.evidence.models import EmployerPaper
from shebao.hall.evidence.models import Evidence as Paper
from shebao.hall.evidence.thumbnails import Small, thumbnail
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import Payment, SuspenseItem
from shebao.hall.payments.suspense import book_moved
from shebao.hall.regions import region
from shebao.hall.registration.models import Registration, RegistrationPaper
from shebao.hall.reports.models import ExportRun, SavedView
from shebao.hall.roster.models import AccountLetter, LabourRegistration, PreEntry
from shebao.hall.settlement.evidences import keep_evidence
from shebao.hall.settlement.ledger import book_assessed
from shebao.hall.settlement.models import (
    Account,
    Assessment,
    Bill,
    Booking,
    ProvisionalLine,
    SandboxRun,
    UndeclaredRun,
    VoidRequest,
)
from shebao.hall.sheets.models import Batch, BatchRow
from shebao.rules.assessed import undeclared_evidence
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled, synthetic_id
from tests.papers import PDF, PNG
from tests.settlement.hall import settle

from . import belongings

WHEN = timezone.make_aware(datetime(2026, 11, 9, 9, 0))  # noqa: DTZ001 - naive local time
MONTH, OCTOBER = Month(2026, 11), Month(2026, 10)
REGIONS = {"A": "tianjin", "B": "tianjin", "C": "leshan", "D": "shenzhen", "E": "shanghai"}
AGENCIES = ("tianjin", "leshan", "shenzhen")
DIVISIONS = {"A": "120101", "B": "120102"}
"""The employers. B is the neighbour of A in the same region, but in another division: who is limited to A's must
not see it. The agency of the region may see both.
"""
PICTURED = "AC"
"""Who has a picture among the papers: its small one is made in a process of its own."""
DEPARTMENT, ELSEWHERE = "生产部", "销售部"


OWNERS = [*REGIONS, *AGENCIES]
BIRDS, FISH, BEASTS = "鵡鶘鷓鷗鸚鶇鶚鷥", "鯤鯨鮪鱒鯢", "麂麈麝"
"""Characters that stand nowhere else; one is enough to be recognised, also where the rest of a name is masked."""


def canary(owner: str) -> str:
    """The words that stand in whatever belongs to an employer or, by the code of its region, to an agency."""
    return f"{BIRDS[OWNERS.index(owner)]}鸣"


def news(code: str) -> str:
    """The canary of what an agency tells the employers of its region."""
    return f"{BEASTS[AGENCIES.index(code)]}行"


def hidden(letter: str) -> str:
    """The canary of the department of an employer that some operators may not see."""
    return f"{FISH[list(REGIONS).index(letter)]}跃"


@dataclass
class World:
    """Who acts, and the numbers of the objects by kind and owner."""

    actors: dict[str, Operator] = field(default_factory=dict)
    objects: dict[tuple[str, str], int] = field(default_factory=dict)
    models: dict[str, type] = field(default_factory=dict)

    def of(self, kind: str, owner: str) -> int | None:
        """The number of that owner's object; None where it has none of the kind."""
        return self.objects.get((kind, owner))

    def owners(self, kind: str) -> list[str]:
        """Everybody who has an object of the kind."""
        return [owner for known, owner in self.objects if known == kind]


def build() -> World:
    """The whole hall. Takes half a second."""
    _number_from(7001)
    world = World()
    with patch.object(files, "thumbnail", _small):
        for number, letter in enumerate(REGIONS):
            _employer(world, letter, number)
        for code in AGENCIES:
            _agency(world, code)
        _special_actors(world)
    return world


@lru_cache
def _small(content: bytes) -> Small | None:
    """The small picture of a picture, which a process of its own makes: once for the six that are the same."""
    return thumbnail(content)


def _number_from(first: int) -> None:
    """Numbers that stand nowhere else in a page, so that they are found again where an answer repeats them."""
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.app_config.name.startswith("shebao")}
    with connection.cursor() as cursor:
        for place, table in enumerate(sorted(tables)):
            start = first + 23 * place
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, start])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, start])


def _operator(world, key: str, role: str, employer=None, region="", **more) -> Operator:
    owner = key.split(".")[0]
    made = Operator(
        username=f"{key}{canary(owner)}" if owner in REGIONS else key, name=f"{key}{canary(owner)}", role=role,
        employer=employer, region=employer.region if employer else region, **more,
    )  # fmt: skip
    made.set_unusable_password()
    made.save()
    world.actors[key] = made
    return made


def _employer(world: World, letter: str, number: int) -> None:
    word = canary(letter)
    employer = EmployerFactory(
        region=REGIONS[letter], name=f"{word}机械厂", address=f"{word}路 1 号", contact_name=word,
        legal_representative=word, first_month=Month(2026, 1), agency_division=DIVISIONS.get(letter, ""),
    )  # fmt: skip
    clerk = _operator(world, f"{letter}.clerk", "clerk", employer)
    admin = _operator(world, f"{letter}.admin", "employer_admin", employer) if letter == "A" else clerk
    people = _people(employer, letter, number)
    found = {"employer": employer, "colleague": clerk, "employers_account": clerk, "employee": people[0]}
    found["person"] = people[0].person
    found |= _money(employer, people, word, clerk)
    found |= _declared(employer, people, word, clerk)
    found |= _kept(employer, people, word, clerk, found)
    found |= belongings.of_employer(employer, found["bill"], found["case"], word, clerk, WHEN, letter in PICTURED)
    found["certificate"] = belongings.certificate(clerk, word, WHEN)
    found["join"] = belongings.join(employer, word, WHEN)
    for one, key in {clerk: f"{letter}.clerk", admin: f"{letter}.admin"}.items():
        view = SavedView.objects.create(operator=one, query="employer_contributions", name=word)
        world.objects["view", key] = view.pk
        export = ExportRun.objects.create(
            operator=one, employer=employer, query="employer_contributions", title=word, asked_line=word, asked_at=WHEN,
            rows_total=1, state="done", busy_at=WHEN, expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        world.objects["export", key] = export.pk
        world.models |= {"view": SavedView, "export": ExportRun}
        _person(world, key, one)
    world.objects |= {(kind, letter): one.pk for kind, one in found.items()}
    world.models |= {kind: type(one) for kind, one in found.items()}
    world.objects |= {(kind, f"{letter}.hidden"): one.pk for kind, one in _behind(employer, people[1], clerk).items()}


def _people(employer, letter: str, number: int) -> list:
    return [
        enrolled(
            employer, name=name, number=synthetic_id(date(1990, 1, 1 + number), 101 + place), department=department,
            facts={"enrolment_kind": "11", "medical_tier": "1"},
        )
        for place, (name, department) in enumerate([(canary(letter), DEPARTMENT), (hidden(letter), ELSEWHERE)])
    ]  # fmt: skip


def _case(employer, employee, clerk, state: str, service="wage_declaration", **more) -> Declaration:
    decided = state in ("approved", "returned", "rejected")
    return Declaration.objects.create(
        employer=employer, region=employer.region, service=service, state=state, month=MONTH, first_month=MONTH,
        employee=employee, subject_name=employee.name, subject_digest=f"{state}{service}{employee.pk}"[:32],
        answers={"name": employee.name, "id_number": employee.person.id_number, "declared_wage": 900_000},
        declared_by=clerk, declared_at=WHEN, submitted_at=None if state == "draft" else WHEN,
        case_number=None if state == "draft" else f"N{state}{employee.pk}", decided_by=clerk if decided else None,
        note=employee.name, **more,
    )  # fmt: skip


def _declared(employer, people, word, clerk) -> dict:
    cases = {state: _case(employer, people[0], clerk, state) for state in ("draft", "submitted", "returned")}
    cases["approved"] = _case(employer, people[0], clerk, "approved", service="employee_cessation")
    for case in cases.values():
        DeclarationEvent.objects.create(
            declaration=case, move="save", to_state=case.state, by=clerk, at=WHEN, note=word, answers=case.answers
        )
    batch = _batch(employer, word, clerk)
    return {f"case_{state}": case for state, case in cases.items()} | {"case": cases["submitted"], "batch": batch}


def _batch(employer, word: str, clerk) -> Batch:
    batch = Batch.objects.create(
        employer=employer, service="employee_enrolment", month=MONTH, state="fixing", file_name=f"{word}.xlsx",
        file_digest="f" * 64, created_by=clerk, created_at=WHEN, rows_read=1, rows_checked=1,
        columns=[{"index": 0, "header": "姓名", "field": "name", "confidence": "exact", "samples": [word]}],
        edited_at=WHEN, editor=clerk, file_content=_sheet(word),
    )  # fmt: skip
    BatchRow.objects.create(batch=batch, number=2, cells={"name": word}, original={"name": word}, state="error")
    return batch


def _sheet(word: str) -> dict:
    rows = [[["姓名", "text"]], [[word, "text"]]]
    return {"rows": rows, "sheet": word, "first_data_row": 1, "key_column": 0}


def _behind(employer, employee, clerk) -> dict:
    """What is about somebody of the other department."""
    states = ("draft", "submitted", "returned")
    found = {f"case_{state}": _case(employer, employee, clerk, state) for state in states}
    letter = AccountLetter.objects.create(employee=employee, declaration=found["case_submitted"], made_at=WHEN)
    return found | {"case": found["case_submitted"], "employee": employee, "letter": letter}


def _money(employer, people, word, clerk) -> dict:
    bill = settle(employer, clerk, OCTOBER)
    assessment = bill.assessment
    ways = region(employer.region).collection.ways.values()
    payments = {
        kind: Payment.objects.create(
            employer=employer, bill=bill, number=f"{kind}{word}", amount_fen=300_00, state=state, reason=word,
            channel=next((way.key for way in ways if way.kind == kind), "none"), started_by=clerk, started_at=WHEN,
        )
        for kind, state in (("online", "refused"), ("voucher", "sent"))
    }  # fmt: skip
    wish = VoidRequest.objects.create(
        employer=employer, assessment=assessment, reason=word, asked_by=clerk, asked_at=WHEN
    )
    line = bill.lines.filter(employee=people[0]).first()
    late = _undeclared(bill)
    return {
        "assessment": assessment, "bill": bill, "line": line, "wish": wish, "payment": payments["online"],
        "payment_voucher": payments["voucher"], "provisional": late.bill, "provisional_line": late,
    }  # fmt: skip


def _undeclared(basis) -> ProvisionalLine:
    """A month long ago that was not declared: a line of its bill."""
    month = OCTOBER.previous(6)
    made = Assessment.objects.create(
        employer=basis.employer, month=month, series=1, kind="undeclared", number=f"H{basis.number}", fingerprint="f",
        known_on=WHEN.date(), basis_month=basis.month, made_at=WHEN,
    )  # fmt: skip
    bill = Bill.objects.create(
        assessment=made, employer=basis.employer, month=month, series=1, number=f"Y{basis.number}", employer_due=110,
        employee_due=0, total_due=110, head_count=0, pay_until=WHEN, basis_month=basis.month,
        last_month=month,
    )  # fmt: skip
    told = undeclared_evidence(region(basis.employer.region), "injury", month, basis.month, WHEN.date())
    line = ProvisionalLine.objects.create(
        bill=bill, basis=basis, scheme="injury", employer_base=100, employee_base=0, employer_due=110, employee_due=0,
        evidence_id=keep_evidence([told])[0],
    )  # fmt: skip
    book_assessed(bill, {(month, "injury", "employer"): 110})
    return line


def _kept(employer, people, word, clerk, found) -> dict:
    with written([Upload(f"{word}.pdf", PDF)] * 3, employer, by=clerk, at=WHEN) as files:
        for file in files:
            file.save()
    paper = Paper.objects.create(
        employer=employer, service="wage_declaration", title="合同", declaration=found["case"], stored=files[0],
        added_by=clerk, added_at=WHEN,
    )  # fmt: skip
    own = EmployerPaper.objects.create(
        employer=employer, title=f"{word}执照", stored=files[1], changed_by=clerk, changed_at=WHEN
    )
    document = issue_statement(employer.pk, "roster_list", by=clerk, first=None, last=MONTH, people=[])
    run = PrintRun.objects.create(
        employer=employer, asked_by=clerk, asked_at=WHEN, title=word, papers_total=1, busy_at=WHEN, state="failed",
        failure=word, expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        requests=[{"statement": "roster_list", "employee": people[0].pk}],
    )  # fmt: skip
    letter = AccountLetter.objects.create(employee=people[0], declaration=found["case_approved"], made_at=WHEN)
    LabourRegistration.objects.create(employee=people[0], region=employer.region, first_on=date(2026, 1, 1), work=word)
    mail = Mail.objects.create(
        employer=employer, to=f"{employer.pk}@example.org", subject=word, text=word, occasion=f"o{employer.pk}",
        state="failed", said=word, written_by=clerk, written_at=WHEN,
    )  # fmt: skip
    EmployerChange.objects.create(employer=employer, field="name", label="单位名称", new=word, by=clerk, at=WHEN)
    department = Department.objects.create(employer=employer, name=DEPARTMENT, rank=1)
    Department.objects.create(employer=employer, name=f"{word}部", rank=2)
    Project.objects.create(
        employer=employer, number=f"P{word}", name=f"{word}工程", contract_fen=100, first_on=date(2026, 1, 1),
        last_on=date(2027, 1, 1), rate="0.001", injury_due=1,
    )  # fmt: skip
    return {
        "evidence": paper, "own_paper": own, "document": document, "run": run, "letter": letter, "mail": mail,
        "department": department,
    }  # fmt: skip


def _agency(world: World, code: str) -> None:
    word = canary(code)
    admin = _operator(world, f"{code}.admin", "agency_admin", region=code)
    reviewer = _operator(world, f"{code}.reviewer", "reviewer", region=code) if code == "tianjin" else admin
    asker = _asker(world, code)
    if code == "tianjin":
        for role in ("system_admin", "security_admin", "audit_admin"):
            _operator(world, f"{code}.{role.partition('_')[0]}", role, region=code)
        security = world.actors["tianjin.security"]
        world.objects["certificate", "tianjin.security"] = belongings.certificate(admin, word, WHEN).pk
        _person(world, "tianjin.security", security)
    _person(world, f"{code}.admin", admin)
    registered = _registration(code, code, word, DIVISIONS["A"])
    if code == "tianjin":
        for kind, one in _registration(code, f"{code}.elsewhere", canary("B"), DIVISIONS["B"]).items():
            world.objects[kind, f"{code}.elsewhere"] = one.pk
    PreEntry.objects.create(
        region=code, id_number=synthetic_id(sequence=777), id_digest=blind_index("person", code), name=word,
        made_by=reviewer, made_at=WHEN,
    )  # fmt: skip
    suspense = SuspenseItem.objects.create(
        region=code, bank_serial=f"S{code}", amount_fen=100, payer=word, reason=word, arrived_at=WHEN
    )
    book_moved(suspense, Booking.SUSPENDED, None, [(Account.BANK, 100), (Account.SUSPENSE, -100)])
    run = SandboxRun.objects.create(asked_by=admin, asked_at=WHEN, month=MONTH, proposal="", failure=word)
    found = registered | {"suspense": suspense, "sandbox": run}
    # It names employers of any division: nothing for whoever is limited to one.
    assessed = UndeclaredRun.objects.create(
        region=code, month=MONTH, asked_by=admin, asked_at=WHEN, skipped=[["1", word, word]], finished_at=WHEN
    )
    world.objects["undeclared_run", f"{code}.elsewhere"], world.models["undeclared_run"] = assessed.pk, UndeclaredRun
    found["colleague"] = reviewer
    letter = next(letter for letter, region_code in REGIONS.items() if region_code == code)
    employer = Employer.objects.get(pk=world.of("employer", letter))
    found |= belongings.of_agency(code, word, admin, asker, employer, WHEN)
    world.objects["privileged_look", f"{code}.district"] = found["privileged"].pk
    world.models["privileged_look"] = type(found["privileged"])
    told = belongings.announcements(code, news(code), admin, WHEN)
    readers = [code, *(one for one, there in REGIONS.items() if there == code)]
    world.objects |= {(kind, reader): one.pk for kind, one in told.own.items() for reader in readers}
    if code == "tianjin":
        world.objects |= {(kind, "everybody"): one.pk for kind, one in told.public.items()}
        own = told.own.values()
        world.objects |= {(kind, "nobody"): one.pk for kind, one in zip(told.public, own, strict=True)}
    world.models |= {kind: type(one) for kind, one in (told.own | told.public).items()}
    world.objects |= {(kind, code): one.pk for kind, one in found.items()}
    world.models |= {kind: type(one) for kind, one in found.items()}


def _asker(world: World, code: str) -> Operator:
    """Somebody named for privileged queries. In the region with divisions an actor, limited to one of them."""
    if code == "tianjin":
        return _operator(world, f"{code}.district", "reviewer", region=code, divisions=[DIVISIONS["A"]])
    asker = Operator(username=f"{code}.asker", name=canary(code), role="reviewer", region=code, password="!")
    asker.save()
    return asker


def _registration(code: str, number: str, word: str, division: str) -> dict:
    made = Registration.objects.create(
        region=code, number=f"Z{number}"[:20], state="submitted", touched_at=WHEN, submitted_at=WHEN,
        credit_digest=blind_index("credit", number), agency_division=division,
        answers={"name": word, "clerk_name": word, "clerk_phone": "13900008888", "clerk_email": f"{code}@example.org"},
    )  # fmt: skip
    with written([Upload(f"{word}.pdf", PDF), Upload(f"{word}.png", PNG)], None, by=None, at=WHEN) as files:
        for file in files:
            file.save()
    papers = [RegistrationPaper.objects.create(registration=made, title="执照", stored=f, added_at=WHEN) for f in files]
    return {"registration": made, "registration_paper": papers[0], "registration_picture": papers[1]}


def _person(world: World, key: str, one: Operator) -> None:
    """What is somebody's own and nobody else's."""
    word = canary(key.split(".")[0])
    for kind, made in belongings.of_person(one, word, WHEN).items():
        world.objects[kind, key] = made.pk
        world.models[kind] = type(made)


def _special_actors(world: World) -> None:
    for key, one in world.actors.items():
        divisions = one.divisions
        if one.is_desk:
            letters = [letter for letter, code in REGIONS.items() if code == one.region]
            served = [one for one in letters if not divisions or DIVISIONS.get(one) in divisions]
            cases = [world.of("case", letter) for letter in served]
            world.objects["sample", key] = Sample.objects.create(drawn_for=one, at=WHEN, chosen=cases, drawn=cases).pk
    employer = Employer.objects.get(pk=world.of("employer", "A"))
    _operator(world, "A.disabled", "employer_admin", employer, is_active=False)
    _operator(world, "A.new", "employer_admin", employer, must_change_password=True)
    narrow = _operator(world, "A.narrow", "clerk", employer, departments=[DEPARTMENT])
    world.objects["batch", "A.narrow"] = _batch(employer, canary("A"), narrow).pk
    for duty in ("entry", "finance"):
        _operator(world, f"A.{duty}", "clerk", employer, duty=duty)
    _operator(world, "A.ticked", "clerk", employer, withheld=["roster", "bills", "service:employee_enrolment"])
    _operator(world, "A.paperless", "clerk", employer, withheld=["bills", "documents", "statement:roster_list"])
