"""Reading the roster: who is insured here, since when, at what wage, and the columns that the engine charges."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db.models import Case, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When

from shebao.rules.contributions import People
from shebao.rules.identity import tidy_number
from shebao.rules.money import BadMoney, parse_fen
from shebao.rules.months import Month, months_between

from .. import clock
from ..crypto import blind_index
from ..employers.models import Department, Employer
from ..prepared import prepared
from ..regions import region
from ..supplements.queries import covers_charged
from .facts import COLUMNS, complete_facts, employee_facts, fact_columns_of
from .models import DeclaredWage, Employee, LabourRegistration, PreEntry, Spell

STATUSES = {"insured": "在保", "new": "本月新增", "left": "已停保", "none": "未参保"}


def covering(month: Month) -> Q:
    """Spells that count in a month."""
    return Q(is_voided=False, first_month__lte=month) & (Q(last_month__isnull=True) | Q(last_month__gte=month))


def roster(actor, params=None) -> QuerySet[Employee]:
    """The actor's employees, annotated: `wage` (fen), `first_month`, `last_month`, `status`; `live_spells` is a list.

    `params`: q (name, pinyin, personal number, last digits of the id number), department, status (insured, new,
    left, none), scheme, project (pk), employment_kind, household, base_from and base_to (yuan); of single columns:
    name (or pinyin), id_number (whole or its last 4 to 6 digits), person_number (any part), since (the month or year
    that the insurance began). Unknown values filter nothing.
    """
    params, month = params or {}, Month.of(clock.today())
    rows = _annotated(Employee.objects.visible_to(actor), month)
    for name in ("department", "employment_kind", "household"):
        if params.get(name):
            rows = rows.filter(**{name: params[name]})
    if params.get("employer"):
        rows = rows.filter(employer=params["employer"])
    if params.get("status") == "insured":
        rows = rows.filter(status__in=["insured", "new"])
    elif params.get("status") in STATUSES:
        rows = rows.filter(status=params["status"])
    if params.get("scheme"):
        insured = Spell.objects.filter(covering(month), employee=OuterRef("pk"), scheme=params["scheme"])
        rows = rows.filter(Exists(insured))
    project = str(params.get("project") or "")
    if project.isascii() and project.isdigit() and len(project) < 16:
        there = Spell.objects.filter(employee=OuterRef("pk"), is_voided=False, project=int(project))
        rows = rows.filter(Exists(there))
    rows = _within_wages(rows, params)
    rows = _within_columns(rows, Employee.objects.visible_to(actor), params)
    if q := str(params.get("q") or "").strip():
        rows = rows.filter(_matches(Employee.objects.visible_to(actor), q))
    return rows.order_by("name_pinyin", "pk")


def _annotated(rows: QuerySet[Employee], month: Month) -> QuerySet[Employee]:
    spells = Spell.objects.filter(employee=OuterRef("pk"), is_voided=False)
    now = spells.filter(covering(month))
    wages = DeclaredWage.objects.filter(employee=OuterRef("pk"), is_voided=False, first_month__lte=month)
    live = Spell.objects.filter(is_voided=False).filter(Q(last_month__isnull=True) | Q(last_month__gte=month))
    status = Case(
        When(Exists(now.filter(first_month=month)), then=Value("new")),
        When(Exists(now), then=Value("insured")),
        When(Exists(spells.filter(first_month__gt=month)), then=Value("new")),
        When(Exists(spells), then=Value("left")),
        default=Value("none"),
    )
    first = now.order_by("first_month").values("first_month")[:1]
    return (
        rows.select_related("person")
        .annotate(
            wage=Subquery(wages.order_by("-first_month").values("amount_fen")[:1]),
            first_month=Subquery(first),
            last_month=Subquery(spells.filter(last_month__lt=month).order_by("-last_month").values("last_month")[:1]),
            status=status,
        )
        .prefetch_related(Prefetch("spells", live.order_by("pk"), to_attr="live_spells"))
    )


def _within_wages(rows: QuerySet[Employee], params) -> QuerySet[Employee]:
    for name, lookup in (("base_from", "wage__gte"), ("base_to", "wage__lte")):
        try:
            fen = parse_fen(params.get(name) or "")
        except BadMoney:
            continue
        rows = rows.filter(**{lookup: fen})
    return rows


def _within_columns(rows: QuerySet[Employee], mine: QuerySet[Employee], params) -> QuerySet[Employee]:
    """The boxes above single columns; every one that is filled narrows further."""
    asked = {name: str(params.get(name) or "").strip() for name in ("name", "id_number", "person_number", "since")}
    if asked["name"]:
        rows = rows.filter(_named(asked["name"]))
    if asked["id_number"]:
        rows = rows.filter(_numbered(mine, asked["id_number"]))
    if asked["person_number"]:
        rows = rows.filter(person_number__contains=asked["person_number"])
    if asked["since"]:
        rows = rows.filter(first_month__startswith=asked["since"])
    return rows


def _matches(mine: QuerySet[Employee], q: str) -> Q:
    """Name, pinyin, personal number or identity number."""
    return _named(q) | Q(person_number=tidy_number(q)) | _numbered(mine, q)


def people_named(actor, q: str) -> QuerySet[Employee]:
    """The actor's employees that a name, pinyin, personal number or identity number fits."""
    mine = Employee.objects.visible_to(actor)
    return mine.filter(_matches(mine, q))


def _named(q: str) -> Q:
    letters = q.lower().replace(" ", "")
    found = Q(name__icontains=q)
    if letters.isascii() and letters.isalpha():
        found |= Q(name_pinyin__contains=f" {letters}")
    return found


def _numbered(mine: QuerySet[Employee], q: str) -> Q:
    """A whole identity number by its blind index; four to six last digits by decrypting one's own people's."""
    number = tidy_number(q)
    if len(number) >= 8:
        return Q(person__id_digest=blind_index("person", number))
    if 4 <= len(number) <= 6 and number[:-1].isdigit():
        rows = mine.values_list("pk", "person__id_number")
        return Q(pk__in=[pk for pk, id_number in rows if id_number.endswith(number)])
    return Q(pk__in=[])


def insured_count(employer: Employer, month: Month, actor=None) -> int:
    """How many people are insured at the employer in a month; of those that the actor may see, where one is named."""
    rows = Spell.objects.visible_to(actor) if actor else Spell.objects.all()
    spells = rows.filter(covering(month), employee__employer=employer)
    return spells.values("employee").distinct().count()


def departments(actor) -> list[str]:
    """The department names for the filter: the employer's list in its order, then other names in use."""
    listed = list(Department.objects.visible_to(actor).values_list("name", flat=True))
    rows = Employee.objects.visible_to(actor).exclude(department="").exclude(department__in=listed)
    return listed + list(rows.order_by("department").values_list("department", flat=True).distinct())


def ribbon(employee: Employee, months: int = 24) -> list[dict]:
    """Lanes of the participation ribbon: for every scheme the last `months` months.

    Each is insured, back (paid back, 补缴), gap or none.
    """
    here = region(employee.employer.region)
    last = Month.of(clock.today())
    span = months_between(last.previous(months - 1), last)
    spells = defaultdict(list)
    for spell in Spell.objects.filter(employee=employee, is_voided=False):
        spells[spell.scheme].append((spell.first_month, spell.last_month or max(last, spell.first_month)))
    back = set(employee.back_payments.filter(is_voided=False, month__gte=span[0]).values_list("scheme", "month"))
    lanes = []
    for scheme in here.monthly_schemes:
        known = spells.get(scheme.key, [])
        cells = [
            {"month": month, "state": "back" if (scheme.key, month) in back else _state(month, known)} for month in span
        ]
        lanes.append({"scheme": scheme.key, "title": scheme.title, "short": scheme.short, "months": cells})
    return lanes


def _state(month: Month, spells: list[tuple[Month, Month]]) -> str:
    if any(first <= month <= last for first, last in spells):
        return "insured"
    between = spells and min(first for first, _ in spells) < month < max(last for _, last in spells)
    return "gap" if between else "none"


class Insured(NamedTuple):
    """An employee as the engine's columns know them, without the cost of a whole object."""

    pk: int
    person_id: int
    name: str


def columns_for_charge(employer: Employer, month: Month) -> tuple[list[Insured], People]:
    """Everyone insured by the month in this month, by pk, and the columns the engine charges.

    Workers of a project are paid for with the project. The wage is 0 where none is declared: ask `wages_in` who has
    one.
    """
    employees, _, people = columns_of_many([employer], month)
    return employees, people


def columns_of_many(employers: Sequence[Employer], month: Month) -> tuple[list[Insured], np.ndarray, People]:
    """As `columns_for_charge`, for employers of one region: by employer and pk, and whose each is, a place in the list.

    Three queries however many people there are, and one more where facts may be corrected; identity numbers and phones
    are not decrypted.
    """
    here = region(employers[0].region)
    schemes = defaultdict(set)
    keys = [employer.pk for employer in employers]
    for employee_id, scheme in _schemes(keys, month):
        schemes[employee_id].add(scheme)
    yearly = covers_charged(employers, month) if here.yearly_scheme else []
    for employee_id, scheme in yearly:
        schemes[employee_id].add(scheme)
    rows = _charged(keys, month, [employee_id for employee_id, _ in yearly])
    employees = [Insured(*row[:3]) for row in rows]
    places = {employer.pk: place for place, employer in enumerate(employers)}
    owners = np.array([places[row[3]] for row in rows], dtype=np.intp)
    wages = wages_of_many(employers, month)
    said = _corrected_facts(employers, month) if here.corrected_facts else {}
    facts = [
        complete_facts(
            {**known, **dict(zip(COLUMNS, columns, strict=True)), "id_kind": id_kind, "sex": sex, **said.get(pk, {})}
        )
        for pk, _, _, _, known, id_kind, sex, *columns in rows
    ]
    covered = {
        key: np.array([key in schemes[employee.pk] for employee in employees], dtype=bool) for key in here.schemes
    }
    declared = np.array([wages.get(employee.pk, 0) for employee in employees], dtype=np.int64)
    return employees, owners, People(declared, fact_columns_of(employers, owners, facts), covered)


def _spells(employers: list[int], month: Month) -> QuerySet[Spell]:
    """Of a month, but for the workers of projects."""
    return Spell.objects.filter(covering(month), employee__employer__in=employers, project=None)


@prepared
def _schemes(employers: list[int], month: Month) -> QuerySet:
    return _spells(employers, month).values_list("employee_id", "scheme")


@prepared
def _charged(employers: list[int], month: Month, yearly: list[int]) -> QuerySet:
    """Who is charged, and the columns that it depends on."""
    mine = Q(pk__in=_spells(employers, month).values("employee")) | Q(pk__in=yearly)
    insured = Employee.objects.filter(mine, employer__in=employers).order_by("employer", "pk")
    names = "pk", "person_id", "name", "employer", "facts", "person__id_kind", "person__sex"
    return insured.values_list(*names, *COLUMNS)


def wages_in(employer: Employer, month: Month) -> dict[int, int]:
    """The declared wage in force in a month, in fen, by employee; those without one are missing from it."""
    return wages_of_many([employer], month)


def wages_of_many(employers: Sequence[Employer], month: Month) -> dict[int, int]:
    """As `wages_in`, of the people of many employers."""
    return dict(_wages([employer.pk for employer in employers], month))


@prepared
def _wages(employers: list[int], month: Month) -> QuerySet:
    rows = DeclaredWage.objects.filter(employee__employer__in=employers, is_voided=False, first_month__lte=month)
    return rows.order_by("first_month").values_list("employee_id", "amount_fen")


def _corrected_facts(employers: Sequence[Employer], month: Month) -> dict[int, dict[str, str]]:
    """The facts that corrections in force say otherwise of a month, by employee: it is settled anew, after a void."""
    rows = DeclaredWage.objects.filter(
        employee__employer__in=employers, first_month=month, is_voided=False, facts__isnull=False
    )
    return dict(rows.values_list("employee", "facts"))


@dataclass(frozen=True)
class EmployeeDetail:
    """One employee's page."""

    employee: Employee
    spells: list[Spell]
    wages: list[DeclaredWage]
    ribbon: list[dict]
    first_month: Month | None
    facts: list[tuple[str, str]]


def employee_detail(actor, pk: int) -> EmployeeDetail:
    """Everything about one of the actor's employees. Raises Employee.DoesNotExist for anybody else's."""
    month = Month.of(clock.today())
    rows = _annotated(Employee.objects.visible_to(actor), month).select_related("employer")
    employee = rows.get(pk=pk)
    spells = list(employee.spells.filter(is_voided=False).order_by("-first_month", "pk"))
    wages = employee.wages.filter(is_voided=False).order_by("-first_month")
    first = employee.spells.filter(is_voided=False).aggregate(first=Min(F("first_month")))["first"]
    return EmployeeDetail(employee, spells, list(wages), ribbon(employee), first, _fact_titles(employee))


def _fact_titles(employee: Employee) -> list[tuple[str, str]]:
    """(label, words) of the facts that the region's enrolment forms ask about."""
    here, facts, shown = region(employee.employer.region), employee_facts(employee), {}
    for form in here.forms.values():
        for field in form.fields:
            if field.feeds in facts and field.options:
                shown.setdefault(field.label, here.codes[field.options].title_of(facts[field.feeds]))
    return [(label, words) for label, words in shown.items() if words]


def labour_registrations(actor, *, q: str = "", is_ended: bool | None = None) -> QuerySet[LabourRegistration]:
    """The actor's registered employments (劳动用工备案), the newest first; `q` as in the roster."""
    rows = LabourRegistration.objects.visible_to(actor).filter(is_voided=False)
    if is_ended is not None:
        rows = rows.filter(last_on__isnull=not is_ended)
    if q:
        mine = Employee.objects.visible_to(actor)
        rows = rows.filter(employee__in=mine.filter(_matches(mine, q)))
    return rows.select_related("employee__person").order_by("-first_on", "-pk")


def project_workers(actor, *, q: str = "", project: int | None = None) -> QuerySet[Spell]:
    """Who is or was insured with a project of the actor's employer (项目人员), the newest first."""
    rows = Spell.objects.visible_to(actor).filter(is_voided=False, project__isnull=False)
    if project is not None:
        rows = rows.filter(project=project)
    if q:
        mine = Employee.objects.visible_to(actor)
        rows = rows.filter(employee__in=mine.filter(_matches(mine, q)))
    return rows.select_related("employee__person", "project").order_by("-first_month", "-pk")


def pre_entries(actor, *, q: str = "") -> QuerySet[PreEntry]:
    """Whom the actor's agency has entered at its counter (信息预录入), the newest first; by name or whole number."""
    rows = PreEntry.objects.visible_to(actor).select_related("made_by").order_by("-made_at", "-pk")
    return rows.filter(Q(name__icontains=q) | Q(id_digest=blind_index("person", tidy_number(q)))) if q else rows
