"""加入申请 at an employer: who asks for an account here, and what its administrator answers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.audit.looks import note_look
from shebao.hall.errors import Refused
from shebao.hall.registration import join_deciding
from shebao.hall.registration.join_states import JoinState
from shebao.hall.registration.telling import applicant_told
from shebao.hall.sign_in.codes import sends_mail

from ..access import needs
from ..operators.new_operator import errors_of, first_rights, left_out, operator_fields, said
from .common import crumbs, here, word

PAGE = 50
TITLE = "加入申请"
LISTS = {"": ("待处理", join_deciding.open_joins), "done": ("已办结", join_deciding.decided_joins)}


@require_safe
@needs("manage_operators")
def joins(request):
    """Those that wait, or those that are done with."""
    chosen = request.GET.get("list", "")
    chosen = chosen if chosen in LISTS else ""
    found = {key: rows(request.user) for key, (_, rows) in LISTS.items()}
    context = {
        "page": Paginator(found[chosen], PAGE).get_page(request.GET.get("page")),
        "is_done": chosen == "done",
        "tabs": [
            {"label": label, "count": found[key].count(), "current": key == chosen,
             "url": f"?{urlencode({'list': key})}" if key else "?"}
            for key, (label, _) in LISTS.items()
        ],
        "crumbs": _crumbs(request, TITLE),
    }  # fmt: skip
    return render(request, "employer/joins.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def join(request, pk):
    """One request, what the hall found about it, and the form of a new operator filled in; a POST opens the account.

    The link to it is shown this once.
    """
    if request.method != "POST":
        return _page(request, pk)
    if wrong := left_out(request):
        return _page(request, pk, wrong=wrong)
    try:
        made, link = join_deciding.accept_join(pk, *said(request), by=request.user)
    except Refused as no:
        return _refused(request, pk, no, {no.field: no.message})
    way = "已同时发到申请人的邮箱；收不到的，请当面交给本人" if sends_mail() else "本网厅还不能发邮件，请当面交给本人"
    page, reset = word(request, "menu.operators", "操作员"), here(request).terms["operators.reset"]
    told = f"{way}。过期的，在“{page}”里{reset}。"
    context = {"made": made, "link": link, "told": told, "crumbs": _crumbs(request, "账号已开通")}
    context["rights"] = first_rights(made.operator)
    return render(request, "employer/join_accepted.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def decline(request, pk):
    """Decline it with a reason; where a refused form was shown, its address opened again leads to the request."""
    if request.method != "POST":
        join_deciding.join_of(request.user, pk)
        return redirect("e_join", pk)
    try:
        join_deciding.decline_join(pk, request.POST.get("note", ""), by=request.user)
    except Refused as no:
        return _refused(request, pk, no, {no.field: no.message})
    messages.success(request, f"已办理，{applicant_told()}")
    return redirect("e_joins")


def _refused(request, pk: int, no: Refused, wrong: dict[str, str]):
    """The page with what is wrong; where somebody was faster, as it stands now."""
    if no.status == 409:
        messages.error(request, no.message)
        return redirect("e_join", pk)
    return _page(request, pk, wrong=wrong, status=no.status)


def _page(request, pk: int, *, wrong: dict[str, str] | None = None, status: int = 422):
    made, wrong = join_deciding.join_of(request.user, pk), wrong or {}
    is_open = made.standing == JoinState.SUBMITTED
    if request.method != "HEAD":
        note_look(made, f"处理加入申请 {made.number}", by=request.user, employer=made.employer)
    proposed = {"username": join_deciding.proposed_username(made), "name": made.answers["name"], "role": ""}
    answers = request.POST if "username" in request.POST else proposed
    context = {
        "made": made,
        "id_kind": here(request).codes["id_kinds"].title_of(made.answers["id_kind"]),
        "is_open": is_open,
        "findings": join_deciding.join_findings(made, request.user) if is_open else [],
        "fields": operator_fields(answers, wrong, by=request.user),
        "note": request.POST.get("note", ""),
        "is_declining": "note" in request.POST,
        "errors": errors_of(wrong),
        "crumbs": _crumbs(request, made.answers["name"], (TITLE, reverse("e_joins"))),
    }
    return render(request, "employer/join.html", context, status=status if wrong else 200)


def _crumbs(request, last: str, *middle: tuple[str, str]) -> list[dict]:
    return crumbs(last, (word(request, "menu.operators", "操作员"), reverse("operators")), *middle)


urlpatterns = [
    path("operators/joins/", joins, name="e_joins"),
    path("operators/joins/<int:pk>/", join, name="e_join"),
    path("operators/joins/<int:pk>/decline/", decline, name="e_join_decline"),
]
