"""Projects (工程项目) and their workers: insured against injury only, paid for with the project, not by the month."""

from datetime import date

from shebao.rules.money import rounded, yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue

from ..bulk import insert_rows
from ..crypto import blind_index
from ..employers.models import Project
from ..errors import Conflict
from ..regions import region
from ..roster.models import Spell
from .enrolment import WORK_INJURY, find_or_add_employees, undo_enrolments
from .scene import Case, Scene, chunks, field_of_kind

RATE = "project_injury.rate"
"""The parameter that the contract sum of a project is multiplied by."""


def register_project(declarations: list, *, by) -> None:
    """Keep the projects that the declarations register, each with what its contract sum costs (工程项目登记生效)."""
    made = []
    for declaration in declarations:
        answers, here = declaration.answers, region(declaration.region)
        first_on = date.fromisoformat(answers["first_on"])
        try:
            rate = here.value(RATE, Month.of(first_on), known_on=declaration.declared_at.date())
        except NoValue as no:
            raise Conflict("no_value", f"{no}。请联系经办机构。") from no
        made.append(
            Project(
                employer_id=declaration.employer_id,
                number=answers["project_number"],
                name=answers["project_name"],
                address=str(answers.get("address") or ""),
                contract_fen=answers["contract_sum"],
                first_on=first_on,
                last_on=date.fromisoformat(answers["last_on"]),
                rate=str(rate.number),
                rate_source=rate.source[:300],
                injury_due=due_of(answers["contract_sum"], rate.number),
                declaration_id=declaration.pk,
            )
        )
    insert_rows(made)


def due_of(contract_fen: int, rate) -> int:
    """What a project costs in fen: contract sum × rate, to the fen (四舍五入到分)."""
    above, below = rate.as_integer_ratio()
    return rounded(contract_fen * above, below, "fen_half_up")


def undo_projects(declarations: list, *, by) -> None:
    """Void registered projects (撤销项目登记). Raises Conflict when somebody works there."""
    for part in chunks(declaration.pk for declaration in declarations):
        ours = Project.objects.filter(declaration__in=part)
        if used := Spell.objects.filter(project__in=ours, is_voided=False).select_related("project").first():
            raise Conflict("project_in_use", f"“{used.project.name}”已有项目人员，不能撤销登记。")
        ours.update(is_voided=True)


def enrol_project_workers(declarations: list, *, by) -> None:
    """Insure the workers of projects against injury (项目人员增加生效). Sets `declaration.employee`."""
    scheme = injury_scheme(region(declarations[0].region))
    employees, projects = find_or_add_employees(declarations), _projects(declarations)
    insert_rows(
        [
            Spell(
                employee_id=employees[d.pk].pk,
                person_id=employees[d.pk].person_id,
                region=d.region,
                scheme=scheme.key,
                first_month=d.first_month,
                kind=str(d.answers.get("enrolment_kind", ""))[:20],
                is_exclusive=False,  # several employers may have the same worker on their projects
                project_id=projects[d.pk].pk,
                opened_by_id=d.pk,
            )
            for d in declarations
        ]
    )


def undo_project_workers(declarations: list, *, by) -> None:
    """Void the spells that the declarations opened (撤销项目人员增加)."""
    undo_enrolments(declarations, by=by)


def injury_scheme(here):
    """The region's work-injury insurance; raises Conflict where it has none."""
    found = next((one for one in here.open_schemes if one.national_code == WORK_INJURY), None)
    if found is None:
        raise Conflict("no_injury_scheme", f"{here.title}没有开放工伤保险，不能办理项目参保。")
    return found


def _projects(declarations: list) -> dict[int, Project]:
    numbers = {d.answers["project"] for d in declarations}
    known = Project.objects.filter(employer=declarations[0].employer_id, number__in=numbers, is_voided=False)
    by_number = {project.number: project for project in known}
    for declaration in declarations:
        if declaration.answers["project"] not in by_number:
            text = f"没有编号为“{declaration.answers['project']}”的项目，可能刚被撤销，请刷新后再看。"
            raise Conflict("no_project", text)
    return {d.pk: by_number[d.answers["project"]] for d in declarations}


def project_case(scene: Scene, case: Case) -> None:
    """Whom the case is about: the project, by its number, from the month in which work begins."""
    number = str(case.values.get("project_number") or "")
    case.digest = blind_index("project", f"{scene.employer.pk}:{number}")
    case.subject, case.month = str(case.values.get("project_name") or number), Month.of(scene.today)


def project_known(scene: Scene, cases: list[Case]) -> None:
    """The number is free at this employer, the work ends after it begins, and there is a rate for it."""
    numbers = {str(case.values.get("project_number") or "") for case in cases}
    taken = set(
        Project.objects.filter(employer=scene.employer, number__in=numbers, is_voided=False).values_list(
            "number", flat=True
        )
    )
    for case in cases:
        begins, ends = (str(case.values.get(key) or "") for key in ("first_on", "last_on"))
        if case.values.get("project_number") in taken:
            text = "这个项目编号已登记，不需要再办。"
            case.add("project_known", "project_number", "error", text)
        if begins and ends and ends < begins:
            text = f"项目 {begins} 开工，{ends} 就竣工了。请核对两个日期。"
            case.add("project_known", "last_on", "error", text)
        if case.values.get("contract_sum") == 0:
            case.add("project_known", "contract_sum", "error", "合同总造价应大于 0，请按施工合同填写。")


def estimate_projects(scene: Scene, cases: list[Case]) -> None:
    """What the project will cost is told as a hint; it changes no month's bill."""
    for case in cases:
        begins, total = case.values.get("first_on"), case.values.get("contract_sum")
        if not begins or not total:
            continue
        try:
            rate = scene.region.value(RATE, Month.of(date.fromisoformat(begins)), known_on=scene.today)
        except NoValue as no:
            case.add("no_value", "first_on", "error", f"{no}。请联系经办机构。")
            continue
        due = yuan(due_of(total, rate.number))
        text = f"项目工伤保险费 {due} 元：合同总造价 {yuan(total)} 元 × {rate.number}（{rate.source}）。"
        case.add("project_cost", "contract_sum", "hint", f"{text}一次核定，不进每月账单。")


def project_open(scene: Scene, cases: list[Case]) -> None:
    """The project is registered, and the worker comes while it lasts."""
    name = field_of_kind(scene.form, "project")
    wanted = {str(case.values.get(name) or "") for case in cases}
    rows = Project.objects.filter(employer=scene.employer, number__in=wanted, is_voided=False)
    known = {project.number: project for project in rows}
    first = scene.service_that("register_project")
    for case in cases:
        number = case.values.get(name)
        if not number:
            continue
        project = known.get(str(number))
        if project is None:
            title = scene.region.services[first].title if first else "工程项目登记"
            text = f"没有编号为“{number}”的项目，请先办{title}。"
            case.add("project_open", name, "error", text, service=first)
        elif case.month and not Month.of(project.first_on) <= case.month <= Month.of(project.last_on):
            text = f"“{project.name}”的工期是 {project.first_on} 至 {project.last_on}，{case.month} 不在其中。"
            case.add("project_open", scene.month_field, "error", text)


def project_worker_not_yet(scene: Scene, cases: list[Case]) -> None:
    """A worker is insured against injury once at one employer, by the month or with a project."""
    name, scheme = field_of_kind(scene.form, "id_number"), injury_scheme(scene.region).key
    for case in cases:
        ours = [spell for spell in scene.ours(case) if spell.scheme == scheme]
        if still := next((spell for spell in ours if spell.last_month is None), None):
            text = f"该人员自 {still.first_month} 起已由本单位参加工伤保险，不需要再办。"
            case.add("project_worker_not_yet", name, "error", text)
        elif ours and case.month and (last := max(s.last_month for s in ours)) >= case.month:
            text = f"该人员在本单位的工伤保险到 {last} 为止，请把月份改为 {last.next()} 或以后。"
            fix = (f"改为 {last.next()}", str(last.next()))
            case.add("project_worker_not_yet", scene.month_field, "error", text, fix)
