"""Repairing (修改、补正): a draft or a returned declaration, changed where it stands and submitted again."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview, raw_answers, service_of
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.patience import DRAFT_SECONDS, waiting_at_most
from shebao.hall.regions import region

from ..access import keeps, needs
from ..chosen import whole
from .common import here, toast
from .fields import confirmed, extras, offered, typed
from .form_page import UNSIGNED, form_page


def keep_typed(request, writer, pk):
    """What was posted after the session had ended waits for its writer like any draft."""
    declaration = Declaration.objects.visible_to(writer).get(pk=pk)
    form = region(declaration.region).forms[declaration.spec.form]
    operations.save_repair_draft(pk, typed(form, request.POST) | extras(request.POST), by=writer)


@keeps(keep_typed)
@require_http_methods(["GET", "HEAD", "POST"])
@needs("declare")
def repair(request, pk):
    """The form with what was declared, or with what was typed and not yet saved; the reviewer's marks beside it."""
    declaration, spec, form = _asked(request, pk)
    if request.method == "POST":
        return _save(request, declaration, spec, form)
    if declaration.state not in (State.DRAFT, State.RETURNED):
        messages.info(request, f"这笔申报现在是“{declaration.state_label}”，不能修改。要修改请先撤回。")
        return redirect("e_case", pk)
    draft = queries.repair_draft_of(request.user, declaration)
    raw = raw_answers(form, declaration.answers) | (draft.answers if draft else {})
    reasons = confirmed(draft.answers) if draft else declaration.confirmed
    found = _preview(request, declaration, spec, raw, reasons)
    return form_page(request, spec, form, raw, found=found, declaration=declaration, draft=draft)


def _asked(request, pk):
    declaration = Declaration.objects.visible_to(request.user).select_related("employer").get(pk=pk)
    spec = service_of(here(request), declaration.service)
    return declaration, spec, here(request).forms[spec.form]


def _preview(request, declaration, spec, raw, reasons):
    employer = declaration.employer
    return preview(employer, spec.key, raw, by=request.user, confirmed=reasons, declaration=declaration)


def _save(request, declaration: Declaration, spec, form):
    raw, reasons, version = typed(form, request.POST), confirmed(request.POST), request.POST.get("version", "")
    page = {"declaration": declaration, "version": version}
    if "fix" in request.POST:
        raw |= offered(form, request.POST["fix"])
        return form_page(request, spec, form, raw, found=_preview(request, declaration, spec, raw, reasons), **page)
    if request.POST.get("next") == "submit" and "declared" not in request.POST:
        refusal = Refused(UNSIGNED, "请阅读并勾选声明后再提交。", field="declared")
        found = _preview(request, declaration, spec, raw, reasons)
        return form_page(request, spec, form, raw, found=found, refusal=refusal, **page)
    try:
        # Both or neither: told between them that the database is busy, a second press would meet its own change.
        with transaction.atomic():
            made = operations.repair_declaration(
                declaration.pk,
                raw,
                by=request.user,
                confirmed=reasons,
                version=whole(version),
                note=request.POST.get("reply", ""),
            )
            if request.POST.get("next") == "submit":
                return _submit(request, made)
    except InvalidDeclaration as no:
        return form_page(request, spec, form, raw, found=no.previews[0], is_refused=True, **page)
    except Conflict as no:
        # The page shows what it is now beside what was typed, and carries the new version: look, then decide.
        declaration.refresh_from_db()
        now = raw_answers(form, declaration.answers)
        old = {key: value for key, value in now.items() if str(raw.get(key, "")).replace(",", "") != value}
        page["version"] = declaration.version
        return form_page(request, spec, form, raw, refusal=no, old=old, **page)
    toast(request, "已保存修改 ·", reverse("e_basket"), "去提交")
    return redirect("e_basket")


def _submit(request, made: Declaration):
    result = operations.submit_declarations([made.pk], by=request.user)
    for refused, why in result.refused:
        messages.error(request, f"{refused.subject_name}没有提交：{why}")
    if result.proposed:
        messages.success(request, "已送内部复核，由另一位操作员确认后提交。")
        return redirect("e_basket")
    if not result.submitted:
        return redirect("e_repair", made.pk)
    due = result.submitted[0].due_on
    messages.success(request, f"已重新提交，预计 {due.month} 月 {due.day} 日前办结。")
    return redirect("e_case", made.pk)


@require_POST
@needs("declare")
def draft(request, pk):
    """Keep what is typed into a repair (自动保存), or forget it."""
    declaration, _, form = _asked(request, pk)
    if "discard" in request.POST:
        operations.discard_repair_draft(declaration.pk, by=request.user)
        messages.success(request, "已放弃没有保存的修改。")
        return redirect("e_repair", declaration.pk)
    raw = typed(form, request.POST) | extras(request.POST)
    with waiting_at_most(DRAFT_SECONDS):
        operations.save_repair_draft(declaration.pk, raw, by=request.user)
    return HttpResponse(status=204)
