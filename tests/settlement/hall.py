"""A small hall for the tests of settling and paying: one employer with people, in any region."""

from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from shebao.hall.bulk import insert_rows
from shebao.hall.clock import pretending
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.roster.models import DeclaredWage, Employee, Person, Spell
from shebao.hall.roster.names import pinyin_key
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.rules.contributions import enrol_schemes
from shebao.rules.months import Month
from tests.migrations import StepByStep

EARLIER = datetime(2025, 12, 15, tzinfo=UTC)
JANUARY, OCTOBER, NOVEMBER = Month(2026, 1), Month(2026, 10), Month(2026, 11)


def make_employer(code: str = "tianjin", number: str = "120001") -> Employer:
    """An employer insured since January."""
    return Employer.objects.create(
        region=code,
        employer_number=number,
        credit_code=f"91350100M{number}0Y4",
        name=f"测试单位{number}",
        industry_class="1",
        float_grade="100",
        legal_representative="赵一",
        first_month=Month(2026, 1),
    )


def make_clerk(employer: Employer, role: str = "clerk") -> Operator:
    return Operator.objects.create(
        username=f"{role}{employer.pk}", name="王敏", role=role, employer=employer, region=employer.region
    )


@transaction.atomic
def hire(employer: Employer, wages: list[int], first_month: Month = JANUARY) -> list[Employee]:
    """People with declared wages (fen), insured in every scheme that applies, in a few statements."""
    start, spec = Person.objects.count(), region(employer.region)
    households = spec.codes["household_kinds"]
    household = "11" if households.get("11") else households.items[0].code
    persons = [
        Person(id_kind="01", id_number=str(i), id_digest=f"d{i}", name=f"职工{i}", sex="1")
        for i in range(start, start + len(wages))
    ]
    insert_rows(persons)
    people = [
        Employee(
            employer=employer, person=person, person_number=f"{person.pk:08d}", name=person.name,
            name_pinyin=pinyin_key(person.name), employment_kind="41", household=household,
            facts={"medical_tier": "1"},
        )
        for person in persons
    ]  # fmt: skip
    insert_rows(people)
    schemes = enrol_schemes(spec, {"employment_kind": "41", "supplementary_medical": "0", "household": household})
    spells = [(one, key) for one in people for key in schemes]
    insert_rows(
        [Spell(employee=one, person=one.person, region=spec.code, scheme=key, first_month=first_month)
         for one, key in spells]
    )  # fmt: skip
    insert_rows(
        [DeclaredWage(employee=one, first_month=first_month, amount_fen=wage, declared_at=EARLIER)
         for one, wage in zip(people, wages, strict=True)]
    )  # fmt: skip
    return people


def dismiss(employee: Employee, last_month: Month) -> None:
    Spell.objects.filter(employee=employee).update(last_month=last_month)


@contextmanager
def unguarded_writing():
    """Rows as two transactions of PostgreSQL could write them that do not see each other: past every trigger."""
    from drill.faults import lifted

    with transaction.atomic(), lifted():
        yield


def nothing_waits() -> None:
    """What the database judges when a transaction ends is judged now; raises IntegrityError, as the commit would."""
    if connection.vendor == "postgresql":
        return connection.check_constraints()
    # On SQLite a row that points at nothing holds the commit up: to look for all such would read every table.
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%DEFAULT -1 REFERENCES%'")
        held = [name for (name,) in cursor.fetchall() if cursor.execute(f"SELECT 1 FROM {name}").fetchone()]
    if held:
        raise IntegrityError(f"{', '.join(held)}: something is not finished")
    return None


def step_by_step() -> MigrationExecutor:
    """Migrations as a hall that exists goes through them: the steps themselves, and no squashed ones in their place."""
    executor = MigrationExecutor(connection)
    executor.loader = StepByStep(connection)
    return executor


def migrate_to_newest() -> None:
    """The database as the program is: a test that took it back must leave nobody an older one."""
    executor = step_by_step()
    executor.migrate(executor.loader.graph.leaf_nodes())


def insured_at_both(one: Employee, two: Employee, **spells) -> None:
    """The same person insured at two employers at once, by spells that `spells` changes: what I-11 forbids."""
    with unguarded_writing():
        Spell.objects.filter(employee__in=(one, two)).update(person=one.person, **spells)
        Employee.objects.filter(pk=two.pk).update(person=one.person)


def raise_wage(employee: Employee, wage: int, first_month: Month) -> None:
    DeclaredWage.objects.create(employee=employee, first_month=first_month, amount_fen=wage, declared_at=EARLIER)


def declare(employer: Employer, by: Operator, state: State, month: Month = NOVEMBER, **more) -> Declaration:
    """A declaration as it stands in the database; who decided it is filled in where it must be."""
    decided, service = state in (State.APPROVED, State.RETURNED), "wage_declaration"
    if decided:
        more = {"decided_by": by, "decided_at": at(month, 5)} | more
    more = {"first_month": month} | more
    return Declaration.objects.create(
        employer=employer, region=employer.region, service=service, state=state, month=month,
        subject_name="某某", subject_digest=f"s{Declaration.objects.count()}", answers={}, declared_by=by,
        declared_at=EARLIER, **more,
    )  # fmt: skip


def settle(employer: Employer, by: Operator, month: Month = NOVEMBER):
    """Settle as the region wants it, confirmed as often as it wants."""
    kind = applicable_settlement(employer, month)
    with on_day(month):
        return settle_month(employer.pk, month, kind.key, by=by, confirmations=kind.confirmations)


def take_partition_away(month: Month) -> None:
    """As if nobody had ever prepared the month; what lay in its partition is gone (PostgreSQL)."""
    name = f"settlement_billline_{month.year}_{month.number:02}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0]:
            cursor.execute(f"ALTER TABLE settlement_billline DETACH PARTITION {name}")
            cursor.execute(f"DROP TABLE {name}")


def at(month: Month, day: int) -> datetime:
    """An instant of the month."""
    return datetime(month.year, month.number, day, tzinfo=UTC)


@contextmanager
def on_day(month: Month = NOVEMBER, day: int = 10):
    """The hall's clock on a morning of the month."""
    with pretending(datetime(month.year, month.number, day, 9, 30)):  # noqa: DTZ001 - naive local by contract
        yield
