"""What a declaration would mean before it is made: findings, the person known, the monthly cost."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db import transaction

from shebao.rules.conditions import holds
from shebao.rules.forms import RETIRED, Cleaner, Problem
from shebao.rules.identity import CITIZEN, FOREIGN_RESIDENT, SETTLED_COMPATRIOT, check_id_number, tidy_number
from shebao.rules.money import plain_yuan
from shebao.rules.months import Month, months_between
from shebao.rules.region import Form

from .. import clock
from ..audit.models import AuditEntry
from ..audit.operations import record
from ..crypto import blind_index
from ..employers.models import Employer
from ..errors import Refused
from ..regions import region
from ..roster.facts import IDENTITY, employer_facts
from ..roster.models import Employee
from ..scopes import serves
from ..services.amount_doubts import amount_case
from ..services.checks import age_on
from ..services.clerks import operator_case
from ..services.employer_changes import WITHHELD, answers_on_file, employer_case
from ..services.projects import project_case
from ..services.registry import CHECKS, OPERATIONS
from ..services.scene import LAST_MONTH, NEW_NUMBER, Case, CostRow, MonthCost, Scene, field_of_kind, read_people
from ..services.sides import roster_side

SEXES = {"1": "男", "2": "女"}
NUMBERED = (CITIZEN, SETTLED_COMPATRIOT, FOREIGN_RESIDENT)
SUBJECT_CASES = {
    "employer": employer_case,
    "project": project_case,
    "operator": operator_case,
    "amount": amount_case,
}
HINTS, LOOKED, LOOKS_A_DAY = {"enrolled_elsewhere", "number_taken", "ended_for_good"}, "roster.elsewhere_hinted", 300
PEOPLE_A_DAY = 3_000
"""So many people may be pointed out to an employer a day: one sheet has many rows, and is checked more than once."""


@dataclass
class Preview:
    """The answer to "what if I declared this": nothing is written. Amounts in fen, each month."""

    values: dict
    problems: list[Problem]
    notes: dict
    known: Employee | None
    derived: dict
    cost: list[CostRow]
    employer_total: int
    employee_total: int
    effect_fen: int
    months: list[Month]
    window: object
    digest: str = ""
    asked: str = ""
    subject: str = ""
    first_month: Month | None = None
    before: dict = field(default_factory=dict)
    confirmed: dict = field(default_factory=dict)
    monthly: list[MonthCost] = field(default_factory=list)
    charged: dict = field(default_factory=dict)

    @property
    def old_side(self) -> dict:
        """What is kept beside the answers: what the roster said, or what was charged. The latter is filled in nowhere:
        what a correction leaves blank stays as it is.
        """
        return self.before | self.charged

    @property
    def blocking(self) -> list[Problem]:
        """Errors, and findings to be confirmed that have no reason yet."""
        return [
            problem
            for problem in self.problems
            if problem.level == "error" or (problem.level == "confirm" and not self.confirmed.get(problem.code))
        ]


def preview(employer: Employer, service_key: str, raw: dict, *, by, confirmed=None, declaration=None) -> Preview:
    """The batch of one. `declaration`: the one being repaired, which is no double of itself."""
    owners = [declaration] if declaration else None
    return previews(employer, service_key, [raw], by=by, confirmed=[confirmed or {}], declarations=owners)[0]


def previews(
    employer: Employer, service_key: str, raws: list, *, by, confirmed=None, declarations=None, whole=None, places=None
) -> list[Preview]:
    """Clean, check and price every row of a batch in a constant number of queries.

    Of a sheet `places` are the words for its rows, and `whole` is what all of it says, where these are a part.
    Raises Employer.DoesNotExist for an employer the actor may not see, Refused for an unknown service.
    """
    if not (serves(by, employer) if by.is_agency else by.employer_id == employer.pk):
        raise Employer.DoesNotExist
    here = region(employer.region)
    service = service_of(here, service_key)
    form = here.forms[service.form]
    scene = Scene(employer, here, service, form, [], whole=whole, by=by)
    reader = _Reader(form, here)
    confirmed = confirmed or [{}] * len(raws)
    owners = declarations or [None] * len(raws)
    for raw, reasons, owner, place in zip(raws, confirmed, owners, places or [""] * len(raws), strict=True):
        if service.is_about_employer:
            raw = answers_on_file(form, employer, raw, owner)
        scene.cases.append(reader.case(raw, reasons or {}, owner, place))
    _ask_of_employer(scene)
    if not scene.month_field:
        for case in scene.cases:
            case.month = scene.first_open
    read_subjects(scene)
    _keep_what_is_on_file(scene)
    for name in service.checks:
        CHECKS[name](scene, scene.cases)
    OPERATIONS[service.operation].estimate(scene, scene.cases)
    keep_within(scene, by)
    _account_for_hints(scene, by)
    return [_preview(scene, case) for case in scene.cases]


def keep_within(scene: Scene, by) -> None:
    """An operator with some departments or schemes declares for their own people only, and about nothing else."""
    if by.is_agency or not by.is_narrow:
        return
    if not scene.service.is_about_person:
        raise Refused("not_your_scope", f"“{scene.service.title}”由负责全单位的操作员办理。", status=403)
    known = {case.employee.pk for case in scene.cases if case.employee}
    mine = set(Employee.objects.visible_to(by).filter(pk__in=known).values_list("pk", flat=True))
    for case in scene.cases:
        asked = case.values.get("department", "")
        if case.employee and case.employee.pk not in mine:
            case.add("not_your_person", "id_number", "error", "该人员不在您负责的部门或险种，请由负责的操作员办理。")
        elif by.departments and "department" in case.values and asked not in by.departments:
            names = "、".join(by.departments)
            case.add("not_your_department", "department", "error", f"您负责的部门是{names}，请填其中之一。")
        elif by.departments and not case.employee and "department" not in case.values:
            case.add("not_your_department", "", "error", "您只负责部分部门，新人员请由负责全单位的操作员办理。")


def required_here(form: Form, employer: Employer) -> set[str]:
    """The questions that must be answered because of what the employer is."""
    known = employer_facts(employer)
    return {f.id for f in form.fields if f.required_when and holds(f.required_when, known)}


def _ask_of_employer(scene: Scene) -> None:
    for name in required_here(scene.form, scene.employer):
        label = scene.form.field(name).label
        for case in scene.cases:
            if case.values.get(name) in (None, "") and not any(p.field == name for p in case.problems):
                case.add("required", name, "error", f"请填写“{label}”")


def _keep_what_is_on_file(scene: Scene) -> None:
    """A retired code that is on file may stay while something else is changed; whoever is enrolled chooses anew."""
    if not (scene.service.is_about_employer or OPERATIONS[scene.service.operation].is_about_known):
        return
    for case in scene.cases:
        if any(problem.code == RETIRED for problem in case.problems):
            on_file = case.before or roster_side(scene, case)
            case.problems = [
                p for p in case.problems if p.code != RETIRED or on_file.get(p.field) != case.values[p.field]
            ]


def read_subjects(scene: Scene) -> None:
    """Give every case whom it is about: the employer itself, what is its own, or a person of the roster."""
    if scene.service.is_about_person:
        read_people(scene)
    else:
        for case in scene.cases:
            SUBJECT_CASES[scene.service.subject](scene, case)


def _account_for_hints(scene: Scene, by) -> None:
    """Being insured elsewhere is another employer's fact: each look is recorded, and a day's looks are limited."""
    told = sum(any(problem.code in HINTS for problem in case.problems) for case in scene.cases)
    if not told or by.is_agency:
        return
    midnight = clock.now() - timedelta(hours=scene.local_now.hour, minutes=scene.local_now.minute)
    asked = AuditEntry.objects.filter(employer=scene.employer, action=LOOKED, at__gte=midnight)
    before = [detail.get("rows", 1) for detail in asked.values_list("detail", flat=True)]
    if len(before) >= LOOKS_A_DAY or sum(before) + told > PEOPLE_A_DAY:
        text = "今天查到“当前在其他单位参保”的次数已达上限，请明天再报，或到经办窗口办理。"
        raise Refused("too_many_looks", text, status=429)
    with transaction.atomic():
        record(LOOKED, scene.employer, by=by, employer=scene.employer, rows=told)


def service_of(here, key: str):
    """The region's service, or a refusal in words."""
    try:
        return here.services[key]
    except KeyError:
        raise Refused("unknown_service", f"{here.title}没有开通这个事项，请从菜单重新进入。", status=404) from None


def raw_answers(form: Form, values: dict) -> dict[str, str]:
    """Kept answers as somebody would type them, to be judged again; what no form shows is left blank."""
    kinds = {field.id: field.kind for field in form.fields if field.kind != WITHHELD}
    return {
        key: plain_yuan(value) if kinds[key] == "money" else str(value)
        for key, value in values.items()
        if key in kinds and value is not None
    }


def kind_told_by(number: str, kind: str) -> str:
    """The kind of document that a whole 18-digit number can only be, or the chosen kind where it tells nothing."""
    told = check_id_number(number)
    return told.kind if kind in NUMBERED and told.kind in NUMBERED and told.ok else kind


def remembered(form: Form, raw: dict, found: Preview) -> dict[str, str]:
    """Answers that the roster knows about the person and nobody has typed: words and choices, no months or amounts.

    The documents of the person are not repeated where a change of them is asked.
    """
    if found.known is None:
        return {}
    kept = raw_answers(form, {**found.before, "name": found.known.name})
    untouched = {f.id for f in form.fields if not str(raw.get(f.id) or "").strip() or raw[f.id] == f.default}
    told = {f.id for f in form.fields if f.kind in ("text", "choice", "phone") and f.id not in ("id_kind", *IDENTITY)}
    return {key: value for key, value in kept.items() if key in untouched & told and value != raw.get(key)}


class _Reader:
    """Makes cases of what was typed into one form."""

    def __init__(self, form: Form, here):
        self.cleaner = Cleaner(form, here)
        self.number, self.month = field_of_kind(form, "id_number"), field_of_kind(form, "month")
        self.wage = next((f.id for f in form.fields if f.feeds == "declared_wage"), "")

    def case(self, raw: dict, confirmed: dict, owner, place: str) -> Case:
        """One row: its answers judged by themselves, and whom they name."""
        done = self.cleaner.clean(raw)
        typed = str(done.values.get(self.number) or raw.get(self.number) or "")
        identity = check_id_number(typed, done.values.get("id_kind"))
        month, last = done.values.get(self.month), done.values.get(LAST_MONTH)
        asked = done.values.get(NEW_NUMBER)
        return Case(
            values=done.values,
            # The form's own finding about the number is the check's: one code, one reason, one group.
            problems=[_same_code(problem) for problem in done.problems],
            notes=done.notes,
            confirmed=dict(confirmed),
            identity=identity,
            digest=blind_index("person", identity.number) if identity.number else "",
            month=Month.parse(month) if month else None,
            last_month=Month.parse(last) if last else None,
            wage=done.values.get(self.wage),
            declaration=owner,
            asked=blind_index("person", tidy_number(asked)) if asked else "",
            place=place,
        )


def _same_code(problem: Problem) -> Problem:
    return replace(problem, code="id_number_valid") if problem.code == "bad_id_number" else problem


def _preview(scene: Scene, case: Case) -> Preview:
    born_on, sex = case.identity.born_on, case.identity.sex
    if case.employee:
        born_on, sex = case.employee.person.born_on or born_on, case.employee.person.sex or sex
    derived = {"sex": sex, "sex_label": SEXES.get(sex, ""), "born_on": born_on, "age": _age(born_on, scene.today)}
    ours = scene.ours(case)
    # Still insured here: no last month. Never was: no first month either.
    derived["insured_from"] = min((spell.first_month for spell in ours), default=None)
    ended = [spell.last_month for spell in ours]
    derived["insured_until"] = max(ended) if ended and None not in ended else None
    past = months_between(case.month, scene.month.previous()) if case.month else []
    return Preview(
        values=case.values,
        problems=case.problems,
        notes=case.notes,
        known=case.employee,
        derived=derived,
        cost=case.cost,
        employer_total=sum(row.employer_due for row in case.cost),
        employee_total=sum(row.employee_due for row in case.cost),
        effect_fen=case.effect_fen,
        monthly=case.monthly,
        months=past if not OPERATIONS[scene.service.operation].is_about_known else [],
        window=scene.window,
        digest=case.digest,
        asked=case.asked,
        subject=case.name,
        first_month=case.month,
        before=case.before or roster_side(scene, case),
        confirmed=case.confirmed,
        charged=case.charged,
    )


def _age(born_on: date | None, today: date) -> int | None:
    return age_on(born_on, today) if born_on else None
