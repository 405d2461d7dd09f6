"""A question that was composed once has the rows that it has when it is composed anew, whatever it is asked about."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from django.db.models import Model, Q, Sum

from shebao.hall.declarations.models import Declaration
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Operator
from shebao.hall.prepared import FEW, Question, prepared, streamed
from shebao.hall.roster.models import DeclaredWage, Employee, Person, Spell
from shebao.rules.months import Month

from .factories import JANUARY, EmployerFactory, OperatorFactory, enrolled, synthetic_id
from .settlement.hall import make_clerk
from .settlement.machine import run

pytestmark = pytest.mark.django_db


def of_names(names: list[str]):
    """People of these names."""
    return Employee.objects.filter(name__in=names).select_related("person").defer("phone").order_by("pk")


@pytest.fixture
def people() -> list[Employee]:
    employer = EmployerFactory()
    return [
        enrolled(employer, name=f"甲{n}", number=synthetic_id(sequence=n + 1), wage_fen=500_000 + n) for n in range(5)
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_it_finds_what_the_queryset_finds_for_any_number_of_values(people, count):
    ask, names = prepared(of_names), [one.name for one in people[:count]]
    for _ in range(2):
        assert [(one, one.name, one.person.id_number) for one in ask(names)] == [
            (one, one.name, one.person.id_number) for one in of_names(names)
        ]


def test_objects_are_as_from_the_queryset(people, django_assert_num_queries):
    ask = prepared(of_names)
    ask(["甲1"])
    with django_assert_num_queries(1):
        (one,) = ask(["甲2"])
        assert one.person.name == "甲2" and not one._state.adding and one._state.db == "default"
    assert one.get_deferred_fields() == {"phone"} and one.employer == people[0].employer


def test_it_is_composed_once_for_many_values(people):
    composed = []

    @prepared
    def wages(employees: list[int], month: Month):
        composed.append(employees)
        rows = DeclaredWage.objects.filter(employee__in=employees, first_month__lte=month)
        return rows.order_by("pk").values_list("employee", "first_month", "amount_fen")

    for one in people:
        fen = 500_000 + people.index(one)
        assert wages([one.pk], JANUARY) == [(one.pk, JANUARY, fen)] and wages([one.pk], JANUARY.previous()) == []
    assert len(composed) == 1
    assert len(wages([one.pk for one in people[:3]], JANUARY)) == 3 and len(wages([people[0].pk] * 4, JANUARY)) == 1
    assert len(composed) == 2, "three are asked like four"


def test_what_is_streamed_comes_row_by_row_and_is_asked_only_by_whoever_reads_it(people, django_assert_num_queries):
    ask, names = streamed(of_names), [one.name for one in people]
    for some in ([], names[:1], names, names + [f"乙{n}" for n in range(FEW)]):
        with django_assert_num_queries(bool(some)):
            rows = ask(some)
            assert iter(rows) is rows and list(rows) == people[: len(some)]
    with django_assert_num_queries(0):
        ask(names)


def test_every_kind_of_value_is_stored_as_a_lookup_stores_it(people):
    person = people[0].person
    Person.objects.filter(pk=person.pk).update(born_on=date(1990, 2, 3))

    @prepared
    def born(day: date, name: str):
        return Person.objects.filter(born_on=day, name=name).values_list("pk", flat=True)

    @prepared
    def opened(before: datetime, months: list[Month]):
        rows = Spell.objects.filter(Q(opened_by=None) | Q(opened_by__decided_at__lt=before), first_month__in=months)
        return rows.order_by("pk").values_list("pk", flat=True).distinct()

    assert born(date(1990, 2, 3), "甲0") == [person.pk] and born(date(1990, 2, 4), "甲0") == []
    every = list(Spell.objects.order_by("pk").values_list("pk", flat=True))
    assert opened(datetime(2026, 1, 2, tzinfo=UTC), [JANUARY]) == every


def test_what_is_no_value_makes_a_question_of_its_own(people):
    @prepared
    def spells(employer: int, project: None, kinds: tuple):
        rows = Spell.objects.filter(employee__employer=employer, project=project, is_voided=False)
        return rows.values_list("employee").annotate(schemes=Sum("pk")).filter(employee__employment_kind__in=kinds)

    kinds = tuple({one.employment_kind for one in people})
    assert len(spells(people[0].employer_id, None, kinds)) == 5 and spells(people[0].employer_id, None, ("no",)) == []


def test_many_values_are_asked_as_ever(people):
    ask = prepared(of_names)
    assert ask([one.name for one in people] + [f"乙{n}" for n in range(FEW)]) == people


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only():
    ask, employer = prepared(lambda pk: Employer.objects.select_for_update().filter(pk=pk)), EmployerFactory()
    with transaction.atomic():
        assert ask(employer.pk) == [employer]
    with pytest.raises(transaction.TransactionManagementError):
        ask(employer.pk)


def test_whose_it_is_to_see_is_asked_with_the_question():
    ask = prepared(lambda by, name: Declaration.objects.visible_to(by).filter(subject_name=name))
    employers = EmployerFactory.create_batch(2, region="tianjin")
    ours, theirs = (
        Declaration.objects.create(
            employer=one, region=one.region, service="employee_enrolment", subject_name="甲", answers={},
            month=JANUARY, first_month=JANUARY, declared_by=make_clerk(one),
            declared_at=datetime(2026, 1, 5, tzinfo=UTC), revision=1,
        )
        for one in employers
    )  # fmt: skip
    same = {"employer": ours.employer, "region": "tianjin"}
    narrow = OperatorFactory(**same, departments=["另一部门"])
    withheld = OperatorFactory(**same, withheld=[f"service:{ours.service}"])
    reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region="tianjin")
    for by, seen in (
        (ours.declared_by, [ours]), (theirs.declared_by, [theirs]), (narrow, []), (withheld, []),
        (reviewer, [ours, theirs]), (ours.declared_by, [ours]),
    ):  # fmt: skip
        assert sorted(ask(by, "甲"), key=lambda one: one.pk) == seen and ask(by, "乙") == []


@pytest.mark.parametrize(
    "compose",
    [
        lambda pk: Employee.objects.filter(pk=pk + 1),
        lambda pk: Employee.objects.filter(pk=1),
        lambda pk: Employee.objects.filter(pk=pk).prefetch_related("spells"),
        lambda pk: Employee.objects.filter(pk=pk).values("pk"),
    ],
)
def test_what_cannot_be_prepared_is_refused_before_it_is_asked(compose):
    with pytest.raises(TypeError):
        prepared(compose)(3)


def test_in_a_life_every_question_is_answered_as_if_it_were_composed_anew(monkeypatch):
    ask, seen = Question.ask, set()

    def told(row) -> object:
        return vars(row) | {"_state": None} if isinstance(row, Model) else row

    def asked_twice(question, values):
        rows, anew = list(ask(question, values)), question.compose(*values)
        same = [told(row) for row in rows], [told(row) for row in anew]
        # Without an order PostgreSQL gives the same rows now so, now otherwise: while a table grows its plans change.
        assert same[0] == same[1] if anew.ordered else sorted(same[0], key=repr) == sorted(same[1], key=repr), (
            question.compose
        )
        seen.add(question.compose)
        return ask(question, values)

    monkeypatch.setattr(Question, "ask", asked_twice)
    run(3, 30, seed=1)
    assert len(seen) > 15
