"""单位注册 at the agency: what waits and in whose hands, one registration with its checks and papers, the answers."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall import clock
from shebao.hall.audit.looks import note_glance, note_look
from shebao.hall.desk import queries as desk_queries
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.registration import checks, deciding, queries
from shebao.hall.registration.entering import may_repair
from shebao.hall.registration.models import Registration, RegistrationPaper
from shebao.hall.registration.registering import activation_link
from shebao.hall.registration.states import State, open_moves
from shebao.hall.registration.telling import applicant_told
from shebao.hall.roster.unmasking import let_open_paper
from shebao.hall.sign_in.codes import sends_mail

from ..access import needs
from ..chosen import whole
from ..employer.fields import Shown
from ..sent_files import sent, sent_small, shown_image
from ..tariffs import priced_fields
from .case import marks_of, neighbours
from .desk import suffix
from .handling import addresses, say_approved
from .registration_list import PAGE, PAGES, TITLE, queue, registrations, row
from .revealing import whole_or_question

WHY_WHOLE = ("联系专管员", "核对单位登记", "核对银行账号")
REASONS = "registration_return_reasons"


@require_safe
@needs("review")
def registration(request, pk):
    """One registration: what was filled in, what the checks found, the papers, what was agreed to."""
    return _page(request, pk)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def reveal(request, pk):
    """Show the registration with all that is hidden, this once: its numbers and pictures."""
    made = Registration.objects.visible_to(request.user).get(pk=pk)
    view, asking = whole_or_question(
        request,
        PAGES,
        made,
        WHY_WHOLE,
        lambda reason: queries.whole_registration(request.user, pk, reason),
        about=f"{made.subject_name} {made.number}",
        queue=TITLE,
    )
    return asking or _page(request, pk, view=view)


def _page(request, pk, error: Refused | None = None, doing: str = "", view: queries.DeskView | None = None):
    is_whole = view is not None
    view = view or queries.desk_view(request.user, pk)
    made, here = view.registration, view.region
    if not is_whole:  # which is a look of its own kind
        note_look(made, f"审核单位注册 {made.number}", by=request.user, employer=made.employer)
    at_desk = PAGES.context(request, made)
    desk = at_desk["desk"]
    beside = list(queue(request)[:PAGE])
    before, after = neighbours([one.pk for one in beside], pk)
    # Who signs second sees what the first would register.
    raw = request.POST if doing == "approve" else desk.signed[-1].decided if desk.signed else view.proposed
    fields = priced_fields(here.forms["registration_approval"], here, Shown(raw)) if view.proposed else []
    for field in fields:
        if error and doing == "approve" and error.field == field["name"]:
            field["error"] = error.message
    context = at_desk | {
        "queue": PAGES.beside(request, beside, pk),
        "before": before,
        "after": after,
        "is_last": desk.is_last_for(request.user),
        "view": view,
        "made": made,
        "region": here,
        "row": row(made),
        "moves": open_moves(made, request.user),
        "fields": fields,
        "flags": _flags(view, request.POST if doing == "return" else {}),
        "reasons": here.codes[REASONS].choices(),
        "note": request.POST.get("note", ""),
        "is_returning": doing == "return",
        "may_renew": deciding.may_renew(made),
        "may_repair": may_repair(made) and request.user.may("enter_at_counter"),
        "crumbs": [{"label": TITLE, "url": reverse("a_registrations")}, {"label": made.answers.get("name", "")}],
        "images": [one for paper in view.papers for one in paper.files if one.stored.is_picture],
        "is_whole": is_whole,
        "checks": (found := _checks(view)),
        "passed": [one for one in found if not one["problems"]],
        "checked_at": clock.now(),
        "hides": any(one.is_masked for one in view.answers) or any(one.files for one in view.papers),
        "has_old": any(one.old for one in view.answers),
        "repaired": _repaired(view),
        "unrepaired": [one.text for one in checks.unrepaired(made, here)] if made.state == State.SUBMITTED else [],
        "sends_mail": sends_mail(),
        "undo_seconds": settings.SHEBAO_UNDO_SECONDS,
        "errors": [{"id": _mistaken(error, doing), "text": error.message}] if error else [],
    }
    return render(request, "agency/registration.html", context, status=error.status if error else 200)


def _checks(view) -> list[dict]:
    """The automatic checks as the page lists them, those that found something first."""
    rows = [
        {"title": one.title, "against": one.against,
         "problems": [{"level": "warning", "message": one.text, "word": "提示"}] if one.text else []}
        for one in view.findings
    ]  # fmt: skip
    return sorted(rows, key=lambda row: not row["problems"])


def _repaired(view) -> list[str]:
    """What is otherwise than it was returned, by name: answers, and papers."""
    papers = [one.title for one in view.papers if one.is_repaired]
    return [one.label for one in view.answers if one.is_repaired] + papers


def _mistaken(error: Refused, doing: str) -> str:
    return f"id_{error.field}" if doing == "approve" and error.field else error.field


def _flags(view, typed) -> list[dict]:
    """What may be marked, each with what was ticked and typed when a return was refused."""
    papers = [(one.id, one.title, f"{len(one.files)} 个文件", "text") for one in view.papers]
    things = [(one.id, one.label, one.new, one.kind) for one in view.answers] + papers
    return [
        {"id": id, "label": label, "new": new, "kind": kind, "is_flagged": f"flag_{id}" in typed,
         "code": typed.get(f"code_{id}", ""), "reason": typed.get(f"reason_{id}", "")}
        for id, label, new, kind in things
    ]  # fmt: skip


def _again(request, pk):
    """To the page; where a refused form was shown its address stays in the browser, and opened again leads there."""
    made = Registration.objects.visible_to(request.user).get(pk=pk)
    return redirect(reverse("a_registration", args=[made.pk]) + suffix(request))


def _version(request) -> int:
    return whole(request.POST.get("version", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def approve(request, pk):
    """Put the employer on file and open its account: in a moment, or at once, and then the link is shown this once."""
    if request.method != "POST":
        return _again(request, pk)
    form = region_of(request.user.region).forms["registration_approval"]
    decided = {field.id: request.POST.get(field.id, "") for field in form.fields}
    try:
        made, token = deciding.approve_registration(pk, decided, by=request.user, seen=_version(request))
    except Refused as no:
        if no.status == 409:
            messages.error(request, no.message)
            return _again(request, pk)
        return _page(request, pk, no, "approve")
    if token:
        return _link_page(request, made, token)
    step = desk_queries.desk_view(request.user, made, PAGES.kind).step
    if step is None:  # it waits: on its own page stand the way back and, in a moment, the link
        messages.success(request, f"{made.subject_name}已通过，{settings.SHEBAO_UNDO_SECONDS} 秒后生效。")
        return _again(request, pk)
    say_approved(request, [made], f"{made.subject_name}已签，还须{step.words}，账号还没有开通。", PAGES)
    return redirect(reverse("a_registrations") + suffix(request))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def send_back(request, pk):
    """Return it with remarks; what was typed stays when the return is refused."""
    if request.method != "POST":
        return _again(request, pk)
    note = request.POST.get("note", "").strip()
    try:
        deciding.return_registration(pk, marks_of(request, REASONS), note, by=request.user, seen=_version(request))
    except Refused as no:
        return _page(request, pk, no, "return")
    messages.success(request, f"已退回，{applicant_told()}")
    return redirect(reverse("a_registrations") + suffix(request))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def reject(request, pk):
    """Decline it, with the reason."""
    if request.method != "POST":
        return _again(request, pk)
    note = request.POST.get("note", "").strip()
    try:
        deciding.reject_registration(pk, note, by=request.user, seen=_version(request))
    except Refused as no:
        return _page(request, pk, no, "return")
    messages.success(request, f"已办理，{applicant_told()}")
    return redirect(reverse("a_registrations") + suffix(request))


@require_POST
@needs("review")
def renew(request, pk):
    """A new link for an account that nobody used yet."""
    try:
        made, token = deciding.renew_activation(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return _again(request, pk)
    return _link_page(request, made, token)


def _link_page(request, made, token):
    way = "已同时发往专管员邮箱，收不到的请当面交给专管员" if sends_mail() else "本网厅还不能发邮件，请当面交给专管员"
    context = {"made": made, "link": activation_link(token), "title": "激活链接"}
    context["told"] = f"{way}；过期的，在申请页再按“取激活链接”。"
    return render(request, "agency/activation.html", context)


@require_safe
@needs("review")
def paper(request, pk):
    """One file, as a download."""
    return sent(_looked_at(request, pk).stored)


def _looked_at(request, pk: int) -> RegistrationPaper:
    one = queries.stored_paper(request.user, pk)
    let_open_paper(by=request.user)
    why = f"审核注册材料：{one.title}"
    note_look(one, why, by=request.user, employer=one.registration.employer, action="evidence.looked_at")
    return one


@require_safe
@needs("review")
def small(request, pk):
    """The small picture of one image."""
    one = queries.stored_paper(request.user, pk)
    small_picture = sent_small(one.stored)
    note_glance(one, one.title, by=request.user, employer=one.registration.employer)
    return small_picture


@require_safe
@needs("review")
def shown(request, pk):
    """One picture, to be looked at beside the registration."""
    return shown_image(_looked_at(request, pk).stored)


urlpatterns = [
    path("registrations/", registrations, name="a_registrations"),
    path("registrations/<int:pk>", registration, name="a_registration"),
    path("registrations/<int:pk>/reveal", reveal, name="a_registration_reveal"),
    path("registrations/<int:pk>/approve", approve, name="a_registration_approve"),
    path("registrations/<int:pk>/return", send_back, name="a_registration_return"),
    path("registrations/<int:pk>/reject", reject, name="a_registration_reject"),
    path("registrations/<int:pk>/link", renew, name="a_registration_link"),
    path("registrations/files/<int:pk>", paper, name="a_registration_paper"),
    *addresses(PAGES, "registrations"),
    path("registrations/files/<int:pk>/small", small, name="a_registration_small"),
    path("registrations/files/<int:pk>/shown", shown, name="a_registration_shown"),
]
