"""Who is insured, since when, who came and went, and what does not fit together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain

from django.db.models import Min, QuerySet

from shebao.rules.contributions import enrol_schemes
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue

from ..declarations.change_log import in_words, roster_changes
from ..declarations.models import Declaration
from ..declarations.states import State
from ..roster.changes import RosterChange, roster_changes_in
from ..roster.facts import employee_facts
from ..roster.models import Employee, Person, Spell
from ..roster.queries import covering, people_named, wages_in
from ..roster.retiring import ages
from ..services.registry import OPERATIONS
from .report import MONTH, MONTHS, PERSON, SCHEME, Asked, Link, Report, Shown, plain

EMPLOYERS_OWN = ("industry_class", "float_grade")
"""Facts that the employer's register holds: a table by one of them is one value for all its people."""


def _people(asked: Asked) -> QuerySet[Employee]:
    found = people_named(asked.actor, asked.q) if asked.q else Employee.objects.visible_to(asked.actor)
    return found.filter(employer=asked.employer).select_related("person", "employer").order_by("name_pinyin", "pk")


def _spells(asked: Asked) -> QuerySet[Spell]:
    """Spells that count in the month."""
    return Spell.objects.visible_to(asked.actor).filter(covering(asked.last_month), employee__employer=asked.employer)


def _insured(asked: Asked) -> QuerySet[Employee]:
    spells = _spells(asked)
    if asked.scheme:
        spells = spells.filter(scheme=asked.scheme)
    return _people(asked).filter(pk__in=spells.values("employee"))


def _by_employee(asked: Asked, ids: set[int]) -> dict[int, list[Spell]]:
    found = defaultdict(list)
    for spell in _spells(asked).filter(employee__in=ids).order_by("first_month", "pk"):
        found[spell.employee_id].append(spell)
    return found


def _named(employee: Employee) -> dict:
    return {
        "name": Link(employee.name, "employee", (employee.pk,)),
        "id_number": employee.person.id_number,
        "person_number": employee.person_number,
        "department": employee.department,
    }


def _show_insured(asked: Asked, rows: Iterable) -> list[dict]:
    rows = list(rows)
    spells, wages = _by_employee(asked, {row.pk for row in rows}), wages_in(asked.employer, asked.last_month)
    return [
        _named(row)
        | {
            "schemes": "、".join(_short(asked, spell.scheme) for spell in spells[row.pk]),
            "since": min((spell.first_month for spell in spells[row.pk]), default=None),
            "wage": wages.get(row.pk),
        }
        for row in rows
    ]


def _short(asked: Asked, key: str) -> str:
    return asked.region.schemes[key].short if key in asked.region.schemes else key


def _insured_schemes(asked: Asked) -> list[dict]:
    wages = wages_in(asked.employer, asked.last_month)
    people = defaultdict(set)
    for employee, scheme in _spells(asked).values_list("employee", "scheme"):
        people[scheme].add(employee)
    first = dict(
        Spell.objects.visible_to(asked.actor)
        .filter(employee__employer=asked.employer, is_voided=False)
        .values_list("scheme")
        .annotate(Min("first_month"))
        .order_by()
    )
    return [
        {
            "scheme": scheme.title,
            "heads": len(people[scheme.key]),
            "wage": sum(wages.get(one, 0) for one in people[scheme.key]),
            "since": Month.parse(str(first[scheme.key])) if first.get(scheme.key) else None,
            "employer_rate": _rate(asked, scheme, "employer"),
            "employee_rate": _rate(asked, scheme, "employee"),
        }
        for scheme in asked.region.open_schemes
    ]


def _rate(asked: Asked, scheme, part: str) -> Decimal | str:
    share = scheme.shares.get(part)
    if share is None:
        return "不缴"
    key = getattr(asked.employer, share.by) if share.by in EMPLOYERS_OWN else None
    try:
        value = asked.region.value(share.parameter, asked.last_month, known_on=asked.today, key=key).value
    except NoValue:
        return "没有数值"
    if isinstance(value, Mapping):
        return "按人员分档"
    return value if share.kind == "rate" else f"{yuan(value)} 元"


def _assessable(asked: Asked) -> QuerySet[Employee]:
    return _insured(asked)


def _show_assessable(asked: Asked, rows: Iterable) -> list[dict]:
    shown = _show_insured(asked, rows)
    for row in shown:
        row["ready"] = "可以做账" if row["wage"] is not None else "没有申报工资，不能做账"
    return shown


def _anomalies(asked: Asked) -> list[dict]:
    """Who is insured, and yet something does not fit: one sentence for each person and finding."""
    people = list(_people(asked).filter(pk__in=_spells(asked).values("employee")))
    spells, wages = _by_employee(asked, {one.pk for one in people}), wages_in(asked.employer, asked.last_month)
    register = {"industry_class": asked.employer.industry_class, "float_grade": asked.employer.float_grade}
    aged, rows = _of_age(asked), []
    for one in people:
        covered = {spell.scheme for spell in spells[one.pk]}
        due = set(enrol_schemes(asked.region, employee_facts(one) | register))
        for sentence in chain(_findings(asked, covered, due, one.pk in wages), aged.get(one.pk, ())):
            rows.append(_named(one) | {"finding": sentence})
    return rows


def _of_age(asked: Asked) -> dict[int, list[str]]:
    """What is to be said of those who are past the statutory age, by the rule of the reminders (到龄提醒); one query.

    In the month of the age itself one is insured still, so that fits together. A woman whose post nobody registered
    is pointed out, never guessed about.
    """
    found = ages(asked.employer, asked.last_month, asked.actor)
    said = {
        one.pk: [f"{one.statutory} 已到法定退休年龄（{one.age_words}），请核对是否应办理退休"]
        for one in found.within("past_retirement")
    }
    return said | {pk: ["没有登记岗位类别，不能推算法定退休年龄"] for pk, _ in found.unknown}


def _findings(asked: Asked, covered: set[str], due: set[str], has_wage: bool) -> Iterator[str]:
    if lost := [asked.region.scheme_title(key) for key in asked.region.schemes if key in due - covered]:
        yield f"按登记的用工形式和户口性质应参加{'、'.join(lost)}，现在没有参加"
    if more := [asked.region.scheme_title(key) for key in asked.region.schemes if key in covered - due]:
        yield f"按登记的用工形式和户口性质不参加{'、'.join(more)}，现在参加着"
    if not has_wage:
        yield "没有申报工资"


def _changes(asked: Asked) -> list[RosterChange]:
    """One row for each person, month, direction and reason."""
    found = Spell.objects.visible_to(asked.actor).filter(employee__employer=asked.employer)
    if asked.q:
        found = found.filter(employee__in=people_named(asked.actor, asked.q))
    return roster_changes_in(found, asked.region, asked.first_month, asked.last_month)


def _transfers(asked: Asked) -> list[RosterChange]:
    return [one for one in _changes(asked) if one.code and one.code.is_transfer]


def _show_changes(asked: Asked, rows: Iterable) -> list[dict]:
    rows = list(rows)
    ids = {row.employee.person_id for row in rows}
    numbers = dict(Person.objects.filter(pk__in=ids).values_list("pk", "id_number"))
    return [
        {
            "month": row.month,
            "change": row.change,
            "name": Link(row.employee.name, "employee", (row.employee.pk,)),
            "id_number": numbers[row.employee.person_id],
            "schemes": "、".join(_short(asked, spell.scheme) for spell in row.spells),
            "reason": row.reason,
        }
        for row in rows
    ]


def _show_files(asked: Asked, rows: Iterable) -> list[dict]:
    codes = asked.region.codes

    def title(name: str, code: str) -> str:
        return codes[name].title_of(code) if name in codes and code else code

    rows = list(rows)
    first = dict(
        Spell.objects.filter(employee__in=rows, is_voided=False)
        .values_list("employee")
        .annotate(Min("first_month"))
        .order_by()
    )
    spells = _by_employee(asked, {row.pk for row in rows})
    return [
        _named(row)
        | {
            "sex": title("sexes", row.person.sex),
            "born_on": row.person.born_on,
            "household": title("household_kinds", row.household),
            "employment_kind": title("employment_kinds", row.employment_kind),
            "since": Month.parse(str(first[row.pk])) if first.get(row.pk) else None,
            "schemes": "、".join(_short(asked, spell.scheme) for spell in spells[row.pk]) or "未参保",
        }
        for row in rows
    ]


def _show_answers(asked: Asked, rows: Iterable) -> list[dict]:
    """What each person on the roster has on file under one field of the region's forms."""
    fields = (field for form in asked.region.forms.values() for field in form.fields)
    options = next((field.options for field in fields if field.id == asked.answer and field.options), "")
    shown = []
    for row in rows:
        value = str(row.details.get(asked.answer) or row.facts.get(asked.answer) or "")
        value = asked.region.codes[options].title_of(value) if options and value else value
        shown.append(_named(row) | {"answer": value or "没有登记"})
    return shown


def _person_changes(asked: Asked) -> QuerySet[Declaration]:
    services = [s.key for s in asked.region.services.values() if not s.is_about_employer and _is_change(s)]
    found = Declaration.objects.visible_to(asked.actor).filter(
        employer=asked.employer, state=State.APPROVED, service__in=services,
        month__gte=asked.first_month, month__lte=asked.last_month,
    )  # fmt: skip
    if asked.q:
        found = found.filter(employee__in=people_named(asked.actor, asked.q))
    return found.select_related("employee").order_by("-decided_at", "-pk")


def _is_change(service) -> bool:
    return OPERATIONS[service.operation].is_change


def _show_person_changes(asked: Asked, rows: Iterable) -> list[dict]:
    return [
        {
            "decided_at": row.decided_at,
            "name": Link(row.subject_name, "employee", (row.employee_id,)) if row.employee_id else row.subject_name,
            "service": asked.region.services[row.service].title,
            "changes": "；".join(in_words(change) for change in roster_changes(row)) or "没有改动",
            "case_number": Link(row.case_number, "case", (row.pk,)),
        }
        for row in rows
    ]


NAME = (Shown("name", "姓名"), Shown("id_number", "证件号码", "id"))
INSURED = (
    *NAME, Shown("person_number", "个人编号"), Shown("department", "部门", is_long=True),
    Shown("schemes", "险种", is_long=True), Shown("since", "参保起始", "month"),
    Shown("wage", "申报工资（元）", "yuan", is_wage=True),
)  # fmt: skip
CHANGES = (
    Shown("month", "变动年月", "month"), Shown("change", "增减"), *NAME, Shown("schemes", "险种", is_long=True),
    Shown("reason", "原因", is_long=True),
)  # fmt: skip
REPORTS = {
    "insured_people": Report(INSURED, (MONTH, SCHEME, PERSON), _insured, _show_insured, "人"),
    "insured_schemes": Report(
        (
            Shown("scheme", "险种"), Shown("heads", "在保人数", "whole"),
            Shown("wage", "申报工资合计（元）", "yuan", is_wage=True),
            Shown("since", "最早参保", "month"), Shown("employer_rate", "单位费率", "rate"),
            Shown("employee_rate", "个人费率", "rate"),
        ),
        (MONTH,), _insured_schemes, lambda _, rows: plain(rows), "个险种",
    ),
    "assessable_people": Report(
        (*INSURED, Shown("ready", "能否做账", is_long=True)), (MONTH, SCHEME, PERSON), _assessable, _show_assessable,
        "人",
    ),
    "insurance_anomalies": Report(
        (*NAME, Shown("person_number", "个人编号"), Shown("finding", "异常", is_long=True)), (MONTH, PERSON),
        _anomalies,
        lambda _, rows: plain(rows), "处",
        note="这里列出的是不合常理、请核对的地方，不一定是错误。",
    ),
    "people_changes": Report(CHANGES, (MONTHS, PERSON), _changes, _show_changes, "人次",
                             note="减少从变动年月起不再缴费。"),
    "month_changes": Report(CHANGES, (MONTH, PERSON), _changes, _show_changes, "人次",
                            note="减少从变动年月起不再缴费。"),
    "transfers": Report(CHANGES, (MONTHS, PERSON), _transfers, _show_changes, "人次"),
    "person_file": Report(
        (
            *NAME, Shown("person_number", "个人编号"), Shown("sex", "性别"), Shown("born_on", "出生日期", "date"),
            Shown("household", "户口性质"), Shown("employment_kind", "用工形式", is_long=True),
            Shown("department", "部门", is_long=True),
            Shown("since", "首次参保", "month"), Shown("schemes", "现在参加", is_long=True),
        ),
        (PERSON,), _people, _show_files, "人",
    ),
    "kept_answers": Report(
        (
            *NAME, Shown("person_number", "个人编号"), Shown("department", "部门", is_long=True),
            Shown("answer", "登记的内容", is_long=True),
        ),
        (PERSON,), _people, _show_answers, "人",
    ),
    "person_changes": Report(
        (
            Shown("decided_at", "生效时间", "moment"), Shown("name", "姓名"), Shown("service", "事项"),
            Shown("changes", "改动", is_long=True), Shown("case_number", "办件号"),
        ),
        (MONTHS, PERSON), _person_changes, _show_person_changes,
    ),
}  # fmt: skip
