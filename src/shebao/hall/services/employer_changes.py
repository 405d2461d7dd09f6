"""Changes of the employer's own data (单位信息变更): the answers that differ from what is on file take effect."""

from django.utils import timezone

from shebao.rules.months import Month

from ..crypto import blind_index
from ..declarations.models import Declaration
from ..declarations.states import State
from ..employers.models import Employer
from ..employers.operations import Change, change_employer
from ..employers.queries import employer_answers
from ..mail.old_contacts import WATCHED, reached_at, tell_old_contacts
from ..regions import region
from .scene import Case, Scene

WITHHELD = "bank_account"
"""The kind of field whose present value no form shows: left blank, it stays as it is."""


def change_employers(declarations: list, *, by) -> None:
    """Let the changed answers take effect (单位信息变更生效). Raises Conflict when one was changed since."""
    for declaration in declarations:
        _change(declaration, _changes(declaration), by)


def undo_employer_changes(declarations: list, *, by) -> None:
    """Bring back what the declarations replaced (撤销). Raises Conflict when a later change stands on it."""
    for declaration in declarations:
        back = {name: Change(one.label, one.new, one.old) for name, one in _changes(declaration).items()}
        _change(declaration, back, by)


def _change(declaration, changes: dict[str, Change], by) -> None:
    """Write the new values; who stood for the employer before is told where they concern who stands for it."""
    reached = reached_at(declaration.employer)
    employer = change_employer(declaration.employer_id, changes, by=by, declaration=declaration)
    labels = [one.label for name, one in changes.items() if name in WATCHED]
    if labels:
        said = f"变更了{'、'.join(labels)}"
        tell_old_contacts(employer, reached, said, occasion=f"{declaration.pk}", by=by)


def _changes(declaration) -> dict[str, Change]:
    form = region(declaration.region).forms[declaration.spec.form]
    pairs = [(f, declaration.before.get(f.id, ""), declaration.answers.get(f.id, "")) for f in form.fields]
    return {f.id: Change(f.label, old, new) for f, old, new in pairs if old != new}


def confirm_employers(declarations: list, *, by) -> None:
    """Confirming changes nothing (单位信息确认): who confirmed what was on file, and when, is the case itself."""


def undo_confirmations(declarations: list, *, by) -> None:
    """Nothing to bring back (撤销单位信息确认)."""


def confirmed_today(scene: Scene, cases: list[Case]) -> None:
    """Once a day is enough: a second press confirms nothing new."""
    own = Declaration.objects.filter(employer=scene.employer, service=scene.service.key, state=State.APPROVED)
    last = own.select_related("declared_by").order_by("-declared_at").first()
    if last and timezone.make_naive(last.declared_at).date() == scene.today:
        text = f"今天已由{last.declared_by.name}确认过，不需要再办。"
        for case in cases:
            case.add("confirmed_today", "", "error", text)


def cost_nothing(scene: Scene, cases: list[Case]) -> None:
    """The employer's name, address or account charges nobody more or less."""


def answers_on_file(form, employer: Employer, raw: dict, declaration=None) -> dict:
    """What was typed, completed by what is on file.

    A withheld field that is blank stays as it is. In a kept declaration every answer that was left as it stood
    follows what is on file, so that an old address never undoes a newer one.
    """
    now = employer_answers(form, employer)
    kept = declaration.answers if declaration else now
    blank = [f.id for f in form.fields if f.kind == WITHHELD and not str(raw.get(f.id) or "").strip()]
    raw = {**raw, **{name: kept.get(name, "") for name in blank}}
    was = declaration.before if declaration else {}
    return raw | {key: value for key, value in now.items() if key in was and str(raw.get(key) or "") == was[key]}


def employer_case(scene: Scene, case: Case) -> None:
    """Whom the case is about: the employer, from this month on; of a change, what is on file is the left side."""
    case.digest = blind_index("employer", str(scene.employer.pk))
    case.subject, case.month = scene.employer.name, Month.of(scene.today)
    if scene.service.is_about_employer:
        case.before = employer_answers(scene.form, scene.employer)


def something_changed(scene: Scene, cases: list[Case]) -> None:
    """At least one answer differs from what is on file."""
    for case in cases:
        is_wrong = any(problem.level == "error" for problem in case.problems)
        if not is_wrong and all(case.before[f.id] == case.values.get(f.id, "") for f in scene.form.fields):
            case.add("something_changed", "", "error", "没有改动任何信息。请改好要变更的内容再办理。")


def credit_code_free(scene: Scene, cases: list[Case]) -> None:
    """No other employer of the region has that credit code."""
    name = next((f.id for f in scene.form.fields if f.kind == "credit_code"), "")
    codes = {case.values[name] for case in cases if case.values.get(name)}
    others = Employer.objects.filter(region=scene.region.code, credit_code__in=codes).exclude(pk=scene.employer.pk)
    taken = set(others.values_list("credit_code", flat=True)) if codes else set()
    for case in cases:
        if case.values.get(name) in taken:
            text = "这个统一社会信用代码已登记在其他单位，请核对；确属本单位的，请到经办窗口办理。"
            case.add("credit_code_free", name, "error", text)
