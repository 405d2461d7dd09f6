"""Rows written in bulk are what the ORM would have written."""

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.bulk import give_keys, insert_rows, maker, update_if, update_rows
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.roster.models import DeclaredWage, Employee, Person, Spell
from shebao.rules.months import Month
from tests.factories import JANUARY, EmployerFactory, OperatorFactory, at, enrolled
from tests.settlement.hall import declare

pytestmark = pytest.mark.django_db


def employees(count: int = 3) -> list[Employee]:
    people = [Person(id_kind="01", id_number=f"X{n}", id_digest=f"digest{n}", name=f"甲{n}") for n in range(count)]
    insert_rows(people)
    employer = EmployerFactory()
    rows = [
        Employee(employer=employer, person=p, person_number=f"{p.pk:010d}", name=p.name, facts={"kind": "1"})
        for p in people
    ]
    insert_rows(rows)
    return rows


def test_rows_inserted_in_bulk_are_read_back_as_they_were_and_know_their_keys():
    for row in employees():
        read = Employee.objects.get(pk=row.pk)
        assert (read.name, read.facts, read.phone, read.contract_from) == (row.name, {"kind": "1"}, "", None)
        assert read.person.id_number == row.person.id_number


def test_encrypted_columns_are_encrypted_row_by_row():
    insert_rows([Person(id_kind="01", id_number="same", id_digest=f"d{n}", name="乙") for n in range(3)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number FROM roster_person")
        stored = {text for (text,) in cursor.fetchall()}
    assert len(stored) == 3 and not any("same" in text for text in stored)


def test_the_orm_goes_on_numbering_after_a_bulk():
    last = max(row.pk for row in employees())
    person = Person.objects.create(id_kind="01", id_number="Y", id_digest="later", name="丙")
    assert person.pk > max(Person.objects.exclude(pk=person.pk).values_list("pk", flat=True)) and last


def test_keys_given_before_are_kept():
    people = [Person(id_kind="01", id_number="Z", id_digest=f"z{n}", name="丁") for n in range(2)]
    with transaction.atomic():
        give_keys(people)
        keys = [person.pk for person in people]
        insert_rows(people)
    assert list(Person.objects.order_by("pk").values_list("pk", flat=True)) == keys


def test_the_constraints_of_the_database_hold_in_bulk():
    (employee, *_) = employees()
    with at():
        wages = [
            DeclaredWage(employee=employee, first_month=Month(2026, 1), amount_fen=n, declared_at="2026-01-01T00:00Z")
            for n in (1, 2)
        ]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(wages)
    assert not DeclaredWage.objects.exists()


def test_an_update_in_bulk_writes_the_named_columns_of_each_row_only():
    rows = employees()
    for number, row in enumerate(rows):
        row.name, row.facts, row.phone, row.department = (
            f"新{number}",
            {"n": number},
            f"1380000000{number}",
            "unwritten",
        )
    update_rows(rows, "name", "facts", "phone")
    for number, row in enumerate(rows):
        read = Employee.objects.get(pk=row.pk)
        assert (read.name, read.facts, read.phone) == (f"新{number}", {"n": number}, f"1380000000{number}")
        assert read.department == ""


def test_an_update_with_a_condition_writes_and_counts_the_rows_that_still_meet_it():
    clerk = OperatorFactory(clerk=True)
    months = Month(2026, 10), Month(2026, 11)
    met, changed = (declare(clerk.employer, clerk, State.DRAFT, month) for month in months)
    Declaration.objects.filter(pk=changed.pk).update(state=State.SUBMITTED)
    marks, moment = [{"field": "name"}], clock.now()
    values = {"state": State.APPROVED, "marks": marks, "month": JANUARY, "decided_by": clerk, "decided_at": moment}
    sources = "state", [State.DRAFT, State.RETURNED]
    assert update_if(Declaration, [met.pk, changed.pk], sources, "version", values) == 1
    read = Declaration.objects.get(pk=met.pk)
    assert (read.state, read.marks, read.month) == (State.APPROVED, marks, JANUARY)
    assert (read.decided_by, read.decided_at, read.version) == (clerk, moment, met.version + 1)
    other = Declaration.objects.get(pk=changed.pk)
    assert (other.state, other.version, other.month) == (State.SUBMITTED, changed.version, months[1])


def test_nothing_to_write_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_rows([])
        update_rows([], "name")


def test_a_made_row_is_what_the_model_itself_would_have_made():
    employee = enrolled(EmployerFactory(), sequence=5)
    given = {
        Spell: {"employee": employee, "person_id": employee.person_id, "scheme": "pension", "first_month": JANUARY},
        DeclaredWage: {"employee_id": employee.pk, "first_month": JANUARY, "amount_fen": 1},
        AuditEntry: {"subject": "a:1", "actor": None, "employer": employee.employer},
    }
    for model, values in given.items():
        made, usual = maker(model)(**values), model(**values)
        assert {**vars(made), "_state": None} == {**vars(usual), "_state": None}
        assert made._state.fields_cache == usual._state.fields_cache
        assert (made._state.adding, made._state.db) == (True, None)
    one, two = maker(AuditEntry)(), maker(AuditEntry)()
    assert one.detail == {} and one.detail is not two.detail
    with pytest.raises(TypeError, match="no field 'wage'"):
        maker(DeclaredWage)(wage=1)
