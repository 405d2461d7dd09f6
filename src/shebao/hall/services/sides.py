"""What the roster says beside what is declared: the old side of every change."""

from typing import Any

from shebao.rules.forms import changes
from shebao.rules.region import Form, Service

from ..roster.facts import roster_answers
from ..roster.models import Employee
from .scene import Case, KnownSpell, Scene

COVERED, NOT_COVERED = "1", "0"
"""Insured in a scheme or not: codes of the national list of yes and no."""


def known_answers(spec: Service, form: Form, employee: Employee, wage: int | None) -> dict[str, Any]:
    """How the roster answers a form. What a correction need not say is left blank: then it stays as it was charged, and
    the roster is of today.
    """
    answers = roster_answers(form, employee, wage)
    if spec.corrects:
        blank = {field.id for field in form.fields if field.feeds and not field.required}
        answers = {key: value for key, value in answers.items() if key not in blank}
    return answers


def roster_side(scene: Scene, case: Case) -> dict[str, Any]:
    """How the roster answers the form today; nothing about somebody who is not on it."""
    if case.employee is None:
        return {}
    person = case.employee.person
    answers = known_answers(scene.service, scene.form, case.employee, case.wage_before)
    identity = {
        "new_name": case.employee.name,
        "new_id_kind": person.id_kind,
        "new_id_number": case.identity.number,
        "new_born_on": person.born_on.isoformat() if person.born_on else "",
    }
    covering = covering_spells(scene, case)
    for field in scene.form.fields:
        if field.scheme:
            answers[field.id] = COVERED if field.scheme in covering else NOT_COVERED
        elif identity.get(field.id):
            answers[field.id] = identity[field.id]
    return answers


def covering_spells(scene: Scene, case: Case) -> dict[str, KnownSpell]:
    """The person's spells here that count in the month of the case, by scheme."""
    month = case.month or scene.month
    return {s.scheme: s for s in scene.ours(case) if s.first_month <= month and s.reaches(month)}


def changed_answers(scene: Scene, case: Case) -> dict[str, Any]:
    """What the case changes on the roster."""
    return changes(scene.form, roster_side(scene, case), case.values)


def scheme_answers(form: Form, answers: dict) -> dict[str, str]:
    """Scheme → insured or not, of the schemes that were answered."""
    return {f.scheme: str(answers[f.id]) for f in form.fields if f.scheme and answers.get(f.id) not in (None, "")}
