"""单位注册: the wizard for an employer without an account; one step on a page, and nothing typed is lost."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect, reselect, reswap, retarget

from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.registration import checks, operations, queries
from shebao.hall.registration.models import Registration
from shebao.hall.registration.proving import is_unproved, may_prove
from shebao.hall.registration.states import WITH_APPLICANT, State
from shebao.hall.registration.telling import link_told, result_told
from shebao.hall.sign_in.codes import is_tried, sends_messages
from shebao.rules.region import Region

from ..access import public
from ..by_phone import PART
from ..employer.fields import Shown
from ..sent_files import TAKEN, uploads
from ..tariffs import priced_fields
from .asking_code import CODE, OFFERED, asking, count_code
from .holding import held, hold
from .registering_papers import ask_for_phone, code_of, count_upload, paper_part, replaced

HOUR = timedelta(hours=1)
BEGINNINGS = 40
"""How often an address may begin a registration in an hour."""
UNSIGNED = "请勾选真实性声明，再提交申请。"


@public
@require_safe
def register(request):
    """The regions in which employers register here: those whose agency works here."""
    regions = operations.open_regions()
    if len(regions) == 1:
        return redirect("register_at", regions[0].code)
    sub = "请选择社保局所在的地区" if regions else ""
    return render(request, "registration/regions.html", {"regions": regions, "sub": sub})


@public
@require_safe
def register_at(request, code):
    """What registering in one region takes, and where to begin or go on."""
    here = operations.open_region(code)
    made = held(request, here)
    context = {
        "region": here,
        "spec": here.registration,
        "made": made if made and made.state in WITH_APPLICANT else None,
        "papers": [one for one in here.registration.papers if one.keep == "upload"],
        "link_told": link_told(here.term("agency")),
        "result_told": result_told(),
        "elsewhere": len(operations.open_regions()) > 1,
    }
    return render(request, "registration/start.html", context)


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def register_step(request, code, number):
    """One step of the wizard; a POST keeps what was typed and goes on, or back."""
    here = operations.wizard_region(code)
    made, step = held(request, here), number - 1
    if not 0 <= step < len(here.registration.steps):
        raise Refused("no_such_step", "没有这一步，请从注册页面重新进入。", status=404)
    if PART in request.GET and here.registration.steps[step].kind == "papers":
        return paper_part(request, here, made, step + 1)
    if made and made.state not in WITH_APPLICANT:
        if made.state == State.SUBMITTED or step:
            return redirect("register_progress")
        made = None  # that one is decided: another may begin
    if made is None:
        operations.open_region(code)
    if made is None and step:
        messages.info(request, "请从第一步开始；填过的，凭申请号和手机号接着填。")
        return redirect("register_at", code)
    if request.method == "POST":
        return _STEPS[here.registration.steps[step].kind](request, here, made, step)
    return step_page(request, here, made, step)


def _save_form(request, here, made, step):
    raw = {field.id: request.POST.get(field.id, "") for index, field in _fields(here) if index == step}
    try:
        count_code(request, raw.get(CODE, ""))
    except Refused as no:
        return step_page(request, here, made, step, raw=raw, said=[(f"id_{no.field}", no.message)], status=no.status)
    if made is None:
        if not may_try("register", request.META.get("REMOTE_ADDR", ""), limit=BEGINNINGS, within=HOUR):
            return step_page(
                request, here, made, step, raw=raw, said=[("", "这个地址注册的次数过多，请一小时后再试。")], status=429
            )
        made, problems = operations.start_registration(here.code, raw)
        if made:
            hold(request, made)
    else:
        problems = operations.save_step(made.pk, step, raw)
    if problems and request.POST.get("go") != "back":
        return step_page(request, here, made, step, raw=raw, problems=problems)
    return _onwards(request, here, made, step)


def _save_areas(request, here, made, step):
    chosen = [area.key for area in here.registration.areas if request.POST.get(f"area_{area.key}") == "1"]
    try:
        operations.choose_areas(made.pk, step, chosen)
    except Conflict:
        raise
    except Refused as no:
        if request.POST.get("go") != "back":
            open_ones = [one.key for one in here.registration.areas if f"area_{one.key}" not in request.POST]
            at = f"id_area_{open_ones[0]}" if open_ones else ""
            return step_page(request, here, made, step, said=[(at, no.message)])
    return _onwards(request, here, made, step)


def _save_agreement(request, here, made, step):
    if request.POST.get("go") != "back":
        try:
            operations.agree(made.pk, request.POST.get("digest", ""))
        except Refused as no:
            return step_page(request, here, made, step, said=[("", no.message)])
    return _onwards(request, here, made, step)


def file_field(number: int | None) -> str:
    """The name in the page of the field that takes the files of a paper."""
    return "" if number is None else f"paper-file-{number}"


def _save_papers(request, here, made, step):
    """Every paper's files on their own: a file that is refused keeps no other out."""
    numbers = {paper.title: number for number, paper in enumerate(here.registration.papers)}
    said = [(file_field(numbers.get(title)), text) for title, text in replaced(request, made)]
    for number, paper in enumerate(here.registration.papers):
        name = f"paper_{number}"
        if len(request.FILES.getlist(name)) > operations.MOST:
            said.append((file_field(number), f"“{paper.title}”一次最多选 {operations.MOST} 个文件。"))
            continue
        files = uploads(request, name)
        if not files:
            continue
        try:
            count_upload(request)
            operations.add_papers(made.pk, paper.title, files)
        except Refused as no:
            if no.code != "already_uploaded":  # it is there: nothing is left to be done
                said.append((file_field(number), no.message))
    if "phone" in request.POST and not said:
        return _asked_for_phone(request, here, made, step)
    go = request.POST.get("go")
    if go == "next" and not said:
        lacking = checks.missing_papers(made)
        said = [(file_field(numbers.get(title)), f"还没有上传“{title}”。") for title in lacking]
    if go == "upload" and not request.FILES:
        # The browser sends none that it told would not be taken: without this, nothing would be told of it here.
        said = [(file_field(0), f"没有上传：没有选文件，或选的文件不收。可以收的是{TAKEN}。")]
    if said and go != "back":
        return step_page(request, here, made, step, said=said)
    if go == "upload":
        messages.success(request, "已上传。")
        return redirect("register_step", here.code, step + 1)
    return _onwards(request, here, made, step)


def _asked_for_phone(request, here, made, step):
    """The page with the code beside its paper; a script gets that paper alone, and what was chosen elsewhere stays."""
    try:
        number = ask_for_phone(request, made)
    except Refused as no:
        refused = step_page(request, here, made, step, said=[("", no.message)], status=no.status)
        return reswap(reselect(retarget(refused, "#main"), "#main"), "outerHTML") if request.htmx else refused
    if request.htmx:
        return paper_part(request, here, made, step + 1, at=number)
    return redirect(f"{reverse('register_step', args=[here.code, step + 1])}#part-{number}")


def _sent_papers(request, here, made, step):
    """As a form, or as the bar's request, which shows an answer in place and is told to go on to another page."""
    response = _save_papers(request, here, made, step)
    return HttpResponseClientRedirect(response.url) if request.htmx and response.status_code == 302 else response


_STEPS = {"form": _save_form, "areas": _save_areas, "agreement": _save_agreement, "papers": _sent_papers}


def _onwards(request, here, made, step):
    """The next step, the one before, or the check."""
    made = queries.own_registration(made.pk)
    shown = [number for number, _ in queries.steps_shown(made, here)]
    go = request.POST.get("go")
    if go == "back":
        before = [number for number in shown if number < step]
        return redirect("register_step", here.code, before[-1] + 1) if before else redirect("sign_in")
    if go == "check":
        return redirect("register_check", here.code)
    if step == phone_step(here) and may_prove(made):
        return redirect("register_phone", here.code)
    return redirect(following(made, here, step))


def following(made: Registration, here: Region, step: int) -> str:
    """The address of the step after this one, or of the check after the last."""
    after = [number for number, _ in queries.steps_shown(made, here) if number > step]
    return (
        reverse("register_step", args=[here.code, after[0] + 1])
        if after
        else reverse("register_check", args=[here.code])
    )


def phone_step(here: Region) -> int:
    """The step that asks the clerk's telephone."""
    return next(step for step, field in _fields(here) if field.id == "clerk_phone")


def _fields(here: Region):
    return here.registration.fields(here.forms)


def step_page(request, here, made, step, *, raw=None, problems=(), said=(), status=None):
    """The page of one step, with what was typed and all that is wrong with it; of `said` each has the field it is at.

    Who need not register is told that alone: what else is left empty matters no more.
    """
    problems = [problem for problem in problems if problem.code in OFFERED] or problems
    one = here.registration.steps[step]
    kept = raw if raw is not None else made.answers if made else {}
    answers = {field.id: field.default for _, field in _fields(here)} | kept
    shown = Shown(answers, tuple(problems), marks=made.marks if made else None)
    context = {
        "region": here,
        "spec": here.registration,
        "made": made,
        "step": one,
        "number": step + 1,
        "next_label": here.terms["register.next"],
        "groups": [
            {
                "title": part.title,
                "fields": _asked(here, two_ways(priced_fields(here.forms[part.form], here, shown)), problems),
            }
            for part in one.parts
        ],
        "areas": [area_field(one, made.areas if made else []) for one in here.registration.areas]
        if one.kind == "areas"
        else [],
        "agreement": here.registration.agreement if one.kind == "agreement" else None,
        "agreed": made.agreements.order_by("-agreed_at").first() if made and one.kind == "agreement" else None,
        "papers": queries.papers_of(made) if made and one.kind == "papers" else [],
        "phone": code_of(request, made) if made and one.kind == "papers" else {},
        "steps": stepping(made, here, step),
        "phone_note": _phone_note(made) if step == phone_step(here) else "",
        "may_check": bool(made) and (made.revision > 0 or not checks.faults(made, here)),
        "has_other": any(problem.code == "other_registration" for problem in problems),
        "errors": [{"id": f"id_{p.field}", "text": p.message} for p in problems]
        + [{"id": at, "text": text} for at, text in said],
    }
    return render(request, "registration/step.html", context, status=status or (422 if context["errors"] else 200))


def _asked(here: Region, fields: list[dict], problems) -> list[dict]:
    """The fields of a part: the code is told of as it is left; of number and first day one is shown, and asked."""
    either = {"employer_number", "first_insured_on"} if any(one["name"] == "has_number" for one in fields) else set()
    starred = [field | {"required": True} if field["name"] in either else field for field in fields]
    return [asking(field, here, problems) if field["name"] == CODE else field for field in starred]


def _phone_note(made: Registration | None) -> str:
    """What becomes of the telephone that this step asks."""
    if is_tried():
        return "试用：本网厅没有接通短信，下一步可以试一试短信验证码，不验证也能提交。手机号请仔细核对：查进度要用它。"
    if not sends_messages():
        return "本网厅还没有接通短信，手机号不用验证码验证，请仔细核对：查进度要用它。"
    return "" if made and not is_unproved(made) else "下一步会给专管员手机发短信验证码，验证后才能提交申请。"


def two_ways(fields: list[dict]) -> list[dict]:
    """A question of two answers shows both."""
    return [field | {"kind": "radios"} if len(field["options"]) == 2 else field for field in fields]


def area_field(area, chosen) -> dict:
    """The question whether a business area is opened; `chosen` are the keys of those that are."""
    value = "1" if area.key in chosen else "0" if chosen else ""
    return {
        "id": f"id_area_{area.key}", "name": f"area_{area.key}", "kind": "radios", "label": area.title, "full": True,
        "help": area.text, "required": True, "options": [("1", "是"), ("0", "否")], "value": value,
    }  # fmt: skip


def stepping(made, here: Region, current: int | None) -> list[dict]:
    """The steps at the top: the ones behind are links; a step with a remark stands out until it is repaired."""
    rows = []
    faulty = {fault.step for fault in checks.faults(made, here)} if made else set(range(99))
    marked = marked_steps(made, here) if made else set()
    left = {fault.step for fault in checks.unrepaired(made, here)} | (marked & faulty) if made else set()
    for number, step in queries.steps_shown(made, here):
        is_read = step.kind != "agreement" or (made is not None and made.agreements.exists())
        reached = made is not None and is_read and (number not in faulty or number in marked)
        state = "current" if number == current else "blocked" if number in left else "done" if reached else "next"
        url = reverse("register_step", args=[here.code, number + 1]) if reached and number != current else ""
        note = "已修改" if state == "done" and number in marked else ""
        rows.append({"title": step.title, "state": state, "url": url, "note": note})
    rows.append({"title": "核对并提交", "state": "current" if current is None else "next", "url": "", "note": ""})
    return rows


def marked_steps(made: Registration, here: Region) -> set[int]:
    """The steps that carry a reviewer's remark."""
    found = {step for step, field in _fields(here) if field.id in made.marks}
    papers = any(name.startswith("paper_") for name in made.marks)
    return found | {n for n, step in enumerate(here.registration.steps) if step.kind == "papers" and papers}


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def check(request, code):
    """Everything once more, by step; a POST submits."""
    here = operations.wizard_region(code)
    made = held(request, here)
    if made is None:
        return redirect("register_at", code)
    if made.state not in WITH_APPLICANT:
        return redirect("register_progress")
    errors = []
    if request.method == "POST":
        if request.POST.get("true") != "1":
            errors = [{"id": "true", "text": UNSIGNED}]
        else:
            try:
                operations.submit_registration(made.pk, keeps_marked=request.POST.get("same") == "1")
            except Refused as no:
                errors = [{"id": no.field, "text": no.message}]
            else:
                return redirect("register_progress")
    return _check_page(request, here, made, errors)


def _check_page(request, here, made, errors: list[dict]):
    answers, shown = queries.answers_of(made, here, in_full=True), queries.steps_shown(made, here)
    faults = checks.faults(made, here)
    context = {
        "region": here,
        "spec": here.registration,
        "made": made,
        "sections": [
            {
                "title": step.title,
                "kind": step.kind,
                "url": reverse("register_step", args=[here.code, number + 1]),
                "rows": [one for one in answers if one.step == number],
                "faults": [fault.text for fault in faults if fault.step == number],
            }
            for number, step in shown
        ],
        "areas": [(area.title, area.key in made.areas) for area in here.registration.areas],
        "agreed": made.agreements.order_by("-agreed_at").first(),
        "papers": queries.papers_of(made),
        "steps": stepping(made, here, None),
        "is_complete": not faults,
        "unrepaired": [fault.text for fault in checks.unrepaired(made, here)],
        "is_unproved": is_unproved(made),
        "typed": request.POST,
        "errors": errors,
    }
    return render(request, "registration/check.html", context, status=422 if errors else 200)
