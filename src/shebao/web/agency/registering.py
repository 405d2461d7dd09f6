"""单位参保登记 at the counter (社保前台): the region's whole wizard on one page, entered on the employer's behalf."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.clock import today
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.registration import checks, deciding, entering
from shebao.hall.registration.models import Registration
from shebao.hall.registration.operations import wizard_region
from shebao.hall.registration.states import State
from shebao.rules.forms import Problem
from shebao.rules.region import Region

from ..access import needs
from ..employer.fields import Shown
from ..public.registering import area_field, two_ways
from ..tariffs import priced_fields
from .revealing import note_brought_back

TITLE = "单位参保登记"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("enter_at_counter")
def enter(request):
    """Enter a registration; a POST submits it, or says all that is wrong and keeps what was typed."""
    here = wizard_region(request.user.region)
    if request.method != "POST":
        return _page(request, here, entering.Entry({}))
    entry = _typed(request, here)
    try:
        made = entering.enter_registration(entry, by=request.user)
    except Refused as no:
        return _page(request, here, entry, no=no)
    return _entered(request, made)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("enter_at_counter")
def repair(request, pk):
    """Repair what was entered at the counter and was returned."""
    made = Registration.objects.visible_to(request.user).get(pk=pk)
    here = wizard_region(made.region)
    if not entering.may_repair(made):
        messages.info(request, f"申请 {made.number} 现在是“{made.state_label}”，不用在窗口补正。")
        return redirect("a_registration", pk)
    if request.method != "POST":
        fields = (field for _, field in here.registration.fields(here.forms))
        note_brought_back(made, fields, made.answers, f"窗口补正 {made.number}", by=request.user, employer=None)
        signed = made.agreements.exists()
        entry = entering.Entry(made.answers, tuple(made.areas), signed, tuple(made.seen_papers), made.kept_at)
        return _page(request, here, entry, made)
    entry = _typed(request, here)
    try:
        made = entering.repair_at_counter(pk, entry, by=request.user)
    except Refused as no:
        return _page(request, here, entry, made, no)
    return _entered(request, made)


def _typed(request, here: Region) -> entering.Entry:
    said, spec = request.POST, here.registration
    return entering.Entry(
        raw={field.id: said.get(field.id, "") for _, field in spec.fields(here.forms)},
        areas=tuple(area.key for area in spec.areas if said.get(f"area_{area.key}") == "1"),
        has_agreed=said.get("agreed") == "1",
        seen=tuple(paper.title for n, paper in enumerate(spec.papers) if said.get(f"seen_{n}") == "1"),
        kept_at=said.get("kept_at", ""),
    )


def _entered(request, made: Registration):
    """To the registration where it took effect at once and its first password waits, else to the queue."""
    if made.state == State.APPROVED:
        messages.success(request, f"{made.subject_name}已登记，编号 {made.employer.employer_number}。")
        return redirect("a_registration", made.pk)
    messages.success(request, f"已录入并提交，申请号 {made.number}，由另一位审核人员审核。")
    return redirect("a_registrations")


def _page(request, here: Region, entry: entering.Entry, made: Registration | None = None, no: Refused | None = None):
    spec, faults = here.registration, getattr(no, "faults", [])
    marks = made.marks if made else {}
    problems = tuple(Problem("fault", one.field, "error", one.text) for one in faults)
    shown = Shown(dict(entry.raw), problems, marks=marks)
    papers = [(n, one) for n, one in enumerate(spec.papers) if one.keep == "upload"]
    title = f"{TITLE}（{'窗口补正' if made else '窗口录入'}）"
    context = {
        "title": title,
        "region": here,
        "spec": spec,
        "made": made,
        "steps": [
            {
                "title": step.title,
                "kind": step.kind,
                "groups": [
                    {"title": part.title, "fields": two_ways(_optional(here, part.form, shown))} for part in step.parts
                ],
            }
            for step in spec.steps
        ],
        "areas": _areas(here, entry, faults),
        "agreement": spec.agreement,
        "entry": entry,
        "papers": [
            {"number": n, "paper": one, "seen": one.title in entry.seen, "mark": marks.get(f"paper_{n}", "")}
            for n, one in papers
        ],
        "kept_at": {
            "id": "kept_at", "name": "kept_at", "kind": "text", "label": "纸质材料存放", "value": entry.kept_at,
            "full": True, "maxlength": 120, "help": "卷宗号或存放处，日后查得到原件",
        },
        "number_note": _number_note(here),
        "errors": [_error(here, one) for one in faults] or ([_refusal(no)] if no else []),
        "crumbs": [{"label": "单位注册", "url": reverse("a_registrations")}, {"label": title, "url": ""}],
    }  # fmt: skip
    return render(request, "agency/register.html", context, status=no.status if no else 200)


def _areas(here: Region, entry: entering.Entry, faults: list[checks.Fault]) -> list[dict]:
    """The business areas; where none was chosen the first one says so."""
    steps = here.registration.steps
    said = next((one.text for one in faults if steps[one.step].kind == "areas"), "")
    fields = [area_field(one, entry.areas) for one in here.registration.areas]
    return [field | {"error": said if not place else ""} for place, field in enumerate(fields)]


def _optional(here: Region, form: str, shown: Shown) -> list[dict]:
    """The questions of a form; a number that is given at the counter need not be typed there."""
    fields = priced_fields(here.forms[form], here, shown)
    for field in fields if here.registration.is_issued_at_counter else ():
        if field["name"] == "employer_number":
            field |= {
                "required": False,
                "help": f"还没有的留空，通过时接着编排；已有的填 {here.registration.digits} 位",
            }
    return fields


def _number_note(here: Region) -> str:
    spec, label = here.registration, here.term("employer_number")
    if spec.is_issued_at_counter or (spec.digits and not spec.is_issued):
        return f"{label}（{spec.digits} 位）{'登记时' if spec.is_direct else '通过时'}按本地规则接着编排。"
    return f"{label}由审核人员在通过时填写。" if not spec.is_issued else f"{label}由别处发放，核对后填写。"


def _error(here: Region, fault: checks.Fault) -> dict:
    """A fault in the words of the counter, with the field that it leads to."""
    kind = here.registration.steps[fault.step].kind
    if kind == "agreement":
        text = f"请由单位签署《{here.registration.agreement.title}》，核对后勾选。"
        return {"id": "agreed", "text": text}
    if kind == "papers":
        return {"id": "kept_at", "text": fault.text.replace("请上传", "请核对原件并勾选")}
    first = f"id_area_{here.registration.areas[0].key}" if kind == "areas" else f"id_{fault.field}"
    return {"id": first, "text": fault.text}


def _refusal(no: Refused) -> dict:
    return {"id": f"id_{no.field}" if no.field else "", "text": no.message}


@require_POST
@needs("review")
@sensitive_variables("password")
def first_password(request, pk):
    """A random first password on a notice to be printed now (首次登录通知书); shown this once."""
    try:
        made, password = deciding.hand_out_first_password(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("a_registration", pk)
    here = region_of(made.region)
    context = {
        "made": made,
        "password": password,
        "number_label": here.term("employer_number"),
        "agency": here.term("agency"),
        "address": settings.SHEBAO_BASE_URL,
        "today": today(),
        "crumbs": [
            {"label": "单位注册", "url": reverse("a_registrations")},
            {"label": made.employer.name, "url": reverse("a_registration", args=[made.pk])},
            {"label": "首次登录通知书", "url": ""},
        ],
    }
    return render(request, "agency/first_password.html", context)


urlpatterns = [
    path("registrations/new", enter, name="a_register"),
    path("registrations/<int:pk>/repair", repair, name="a_register_repair"),
    path("registrations/<int:pk>/first-password", first_password, name="a_registration_password"),
]
