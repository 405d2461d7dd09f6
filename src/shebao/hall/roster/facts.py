"""What the registers say about people, in the words that rules and forms understand."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from shebao.rules.facts import FACTS
from shebao.rules.region import Field, Form, Region

from ..employers.models import Employer
from .models import Employee

COLUMNS = ("household", "employment_kind", "position")
"""Facts that have a column of their own; every other fact is in `Employee.facts`."""
COPIED = ("department", "phone")
"""Answers that are kept in the column of the same name."""
IDENTITY = ("new_name", "new_id_kind", "new_id_number", "new_born_on")
"""Answers that change who the person is by the documents; the roster keeps them with the person."""
DETAILS = ("text", "choice", "date", "phone", "number", "email")
"""Kinds of fields whose answers are kept as details where there is no better place."""


def employee_facts(employee: Employee) -> dict[str, str]:
    """The facts of one employee, silence filled with the vocabulary's defaults."""
    known = {**employee.facts, **{name: getattr(employee, name) for name in COLUMNS}}
    return complete_facts({**known, "id_kind": employee.person.id_kind, "sex": employee.person.sex})


def complete_facts(known: dict) -> dict[str, str]:
    """Code facts as text; a fact nobody was asked about takes its default from the vocabulary."""
    facts = {key: str(value) for key, value in known.items() if value not in (None, "") and key != "declared_wage"}
    for fact in FACTS.values():
        if fact.supplied_by == "form" and fact.key not in facts and fact.kind == "code":
            facts[fact.key] = fact.default or ""
    return facts


def fact_columns(employer: Employer, rows: Sequence[dict[str, str]]) -> dict[str, str | np.ndarray]:
    """Facts of many people as columns for the engine; the employer's own facts are one value for all."""
    keys = {key for row in rows for key in row}
    columns: dict = {key: np.array([row.get(key, "") for row in rows], dtype=np.str_) for key in sorted(keys)}
    return columns | employer_facts(employer)


def fact_columns_of(employers: Sequence[Employer], owners: np.ndarray, rows: Sequence[dict[str, str]]) -> dict:
    """As `fact_columns`, for the people of many employers; `owners` is each one's place in `employers`."""
    columns = fact_columns(employers[0], rows)
    told = [employer_facts(one) for one in employers]
    for key, value in told[0].items():
        values = [one[key] for one in told]
        # What all employers have in common stays one value: so one employer is charged as it always was.
        columns[key] = value if len(set(values)) == 1 else np.array(values, dtype=np.str_)[owners]
    return columns


def employer_facts(employer: Employer) -> dict[str, str]:
    """What the employer's own record tells the rules, the same for all its people."""
    return {
        "industry_class": employer.industry_class,
        "float_grade": employer.float_grade,
        "account_kind": employer.account_kind,
    }


def is_detail(field: Field) -> bool:
    """Whether an answer has no place on the roster but among the details."""
    elsewhere = field.id in (*COPIED, *IDENTITY, "contract_from")
    return field.kind in DETAILS and not (elsewhere or field.identity or field.feeds or field.scheme)


def details_in_words(region: Region, employee: Employee) -> list[tuple[str, str]]:
    """(label, words) of what is kept about an employee without being calculated with, in the order of the forms."""
    shown: dict[str, tuple[str, str]] = {}
    for field in (field for form in region.forms.values() for field in form.fields if is_detail(field)):
        if value := str(employee.details.get(field.id, "")):
            words = region.codes[field.options].title_of(value) if field.options else value
            shown.setdefault(field.id, (field.label, words))
    return list(shown.values())


def write_answers(form: Form, answers: dict, employee: Employee) -> None:
    """Put answers of a form into their places on the roster; a blank one clears its place. Saves nothing.

    Wages, schemes and what concerns the person's identity are not written: they have their own records.
    """
    facts, details = dict(employee.facts), dict(employee.details)
    for field in form.fields:
        if field.id not in answers or field.feeds in ("declared_wage", "id_kind"):
            continue
        value = answers[field.id]
        if field.feeds in COLUMNS or field.id in COPIED:
            setattr(employee, field.feeds or field.id, value or "")
        elif field.feeds:
            facts[field.feeds] = value
        elif field.id == "contract_from":
            employee.contract_from = date.fromisoformat(value) if value else None
        elif is_detail(field):
            details[field.id] = value
    employee.facts = {key: value for key, value in facts.items() if value not in (None, "")}
    employee.details = {key: value for key, value in details.items() if value not in (None, "")}


def roster_answers(form: Form, employee: Employee, wage: int | None) -> dict:
    """How the roster would answer the questions of a form: the left side of every comparison."""
    known = {
        "name": employee.name,
        "department": employee.department,
        "contract_from": str(employee.contract_from) if employee.contract_from else "",
        "phone": employee.phone,
        **employee.details,
    }
    facts = employee_facts(employee)
    answers = {}
    for field in form.fields:
        if field.feeds == "declared_wage":
            answers[field.id] = wage
        elif field.feeds:
            answers[field.id] = facts.get(field.feeds, "")
        elif field.id in known:
            answers[field.id] = known[field.id]
    return {key: value for key, value in answers.items() if value not in (None, "")}
