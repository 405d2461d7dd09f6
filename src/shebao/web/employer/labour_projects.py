"""Lists beside the roster: registered employments (劳动用工备案), projects and their workers (项目人员)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.employers.queries import projects
from shebao.hall.errors import Refused
from shebao.hall.roster import queries
from shebao.hall.roster.letters import hand_over_letter, text_of
from shebao.hall.roster.models import AccountLetter
from shebao.rules.facts import FACTS

from ..access import needs
from .common import PAGE, crumbs, here, word

TABS = {"open": "在用", "ended": "已终止", "": "全部"}
ENDED = {"open": False, "ended": True, "": None}
WORK = FACTS["employment_kind"].codes


def _services(request, *operations: str) -> list[dict]:
    """The services that do something, as buttons over the list, for those who may declare."""
    found = [one for one in here(request).services.values() if one.operation in operations]
    return [
        {"label": one.title, "url": reverse("e_declare", args=[one.key]), "icon": one.menu} for one in found
    ] if request.user.may("declare") else []  # fmt: skip


def _search(request) -> dict:
    q = request.GET.get("q", "").strip()[:60]
    return {"name": "q", "label": "姓名、拼音或证件号码", "kind": "text", "value": q, "maxlength": 60}


@require_safe
@needs("see_roster")
def labour(request):
    """Employments registered with the labour authority, by state and person."""
    title, search = word(request, "menu.labour", "劳动用工备案查询"), _search(request)
    state = request.GET.get("state", "open")
    state = state if state in TABS else "open"
    rows = {key: queries.labour_registrations(request.user, q=search["value"], is_ended=ENDED[key]) for key in TABS}
    page = Paginator(rows[state], PAGE).get_page(request.GET.get("page"))
    codes = here(request).codes
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "actions": _services(request, "register_labour", "end_labour"),
        "search": search,
        "tabs": [
            {"label": label, "count": rows[key].count(), "current": key == state,
             "url": f"?{urlencode({'q': search['value'], 'state': key})}"}
            for key, label in TABS.items()
        ],
        "page": page,
        "rows": [
            {
                "one": one,
                "employment_kind": codes[WORK].title_of(one.employee.employment_kind),
                "reason": codes["labour_end_reasons"].title_of(one.end_reason) if one.end_reason else "",
            }
            for one in page
        ],
        "state": state,
    }  # fmt: skip
    return render(request, "employer/labour.html", context)


@require_safe
@needs("see_roster")
def workers(request):
    """The employer's projects with what each costs, and the workers insured with them."""
    title, search = word(request, "menu.projects", "项目人员查询"), _search(request)
    own = list(projects(request.user))
    chosen = next((one for one in own if str(one.pk) == request.GET.get("project", "")), None)
    rows = queries.project_workers(request.user, q=search["value"], project=chosen.pk if chosen else None)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "actions": _services(request, "enrol_project_workers", "register_project"),
        "filters": [
            {"name": "project", "label": "工程项目", "kind": "choice", "placeholder": "全部",
             "value": str(chosen.pk) if chosen else "",
             "options": [(str(one.pk), f"{one.number} {one.name}") for one in own]},
            search,
        ],
        "projects": own,
        "page": page,
        "is_filtered": bool(chosen or search["value"]),
    }  # fmt: skip
    return render(request, "employer/project_workers.html", context)


@require_safe
@needs("see_roster")
def letter(request, pk):
    """The word to one person about their account, to be printed."""
    found = AccountLetter.objects.visible_to(request.user).select_related("employee__employer").get(pk=pk)
    account = here(request).term("person_number")
    title = f"{account}告知书"
    context = {
        "title": title,
        "account": account,
        "letter": found,
        "rows": text_of(found.employee),
        "crumbs": crumbs(
            title,
            (word(request, "menu.roster", "员工花名册"), reverse("e_roster")),
            (found.employee.name, reverse("e_employee", args=[found.employee_id])),
        ),
        "may_hand_over": request.user.may("declare") and not found.sent_at,
    }
    return render(request, "employer/letter.html", context)


@require_POST
@needs("declare")
def hand_over(request, pk):
    """Note that the person got the printed letter."""
    found = AccountLetter.objects.visible_to(request.user).get(pk=pk)
    try:
        hand_over_letter(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "已登记当面交付。")
    return redirect("e_employee", found.employee_id)


urlpatterns = [
    path("letters/<int:pk>/", letter, name="e_letter"),
    path("letters/<int:pk>/hand-over/", hand_over, name="e_letter_hand_over"),
    path("labour/", labour, name="e_labour"),
    path("projects/", workers, name="e_projects"),
]
