"""What a reviewer does with a case besides deciding it: claim, give back, take over, hand on, hold, write a remark."""

from django.contrib import messages
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from shebao.hall.desk import effects, operations, queries
from shebao.hall.errors import Refused

from ..access import needs
from ..chosen import numbers
from .desk import suffix, waiting_choice


def _back(request, pk: int | None = None):
    address = reverse("a_case", args=[pk]) if pk else reverse("a_home")
    return redirect(address + suffix(request))


def _done(request, pk: int, deed, said: str, *, onwards: bool = False):
    """Do it, say so, and show the case again; or the desk, where the case is no longer one's own."""
    try:
        deed()
    except Refused as no:
        messages.error(request, no.message)
        return _back(request, pk)
    messages.success(request, said)
    return _back(request, None if onwards else pk)


@require_POST
@needs("review")
def claim(request):
    """Take the ticked cases in hand, or without ticks the ten most urgent that nobody has."""
    pks = numbers(request.POST.getlist("chosen"))
    if not pks:
        pks = queries.next_free(request.user, operations.NEXT, **waiting_choice(request))
    taken, lost = operations.claim_cases(pks, by=request.user)
    if taken:
        messages.success(request, f"已领取 {len(taken)} 件，在“我的”里。")
    if lost:
        who = "、".join(one.subject_name for one in lost[:3])
        messages.error(request, f"{who}等 {len(lost)} 件没有领到：已在别人手里，或是您自己录入的。")
    if not pks:
        messages.info(request, "待领的已经领完了。")
    return redirect(f"{reverse('a_home')}?place=mine")


@require_POST
@needs("review")
def claim_one(request, pk):
    """Take one case in hand."""
    taken, _ = operations.claim_cases([pk], by=request.user)
    if taken:
        messages.success(request, "已领取，由您办理。")
    else:
        messages.error(request, "没有领到：已在别人手里、已经办结，或是您自己录入的。")
    return _back(request, pk)


@require_POST
@needs("review")
def give_back(request, pk):
    """Lay a case back."""
    note = request.POST.get("text", "")
    return _done(
        request, pk, lambda: operations.give_back(pk, by=request.user, note=note), "已放回待领。", onwards=True
    )


@require_POST
@needs("review")
def take_over(request, pk):
    """Take a case from a colleague, with the reason."""
    reason = request.POST.get("text", "")
    return _done(request, pk, lambda: operations.take_over(pk, by=request.user, reason=reason), "已接手，由您办理。")


@require_POST
@needs("review")
def transfer(request, pk):
    """Hand a case on."""
    to, note = request.POST.get("to", ""), request.POST.get("text", "")
    chosen = int(to) if to.isdecimal() else None
    deed = lambda: operations.transfer_case(pk, chosen, by=request.user, note=note)  # noqa: E731
    return _done(request, pk, deed, "已转办。", onwards=True)


@require_POST
@needs("review")
def hold(request, pk):
    """Stop the clock of a case."""
    code, text = request.POST.get("code", ""), request.POST.get("text", "")
    deed = lambda: operations.hold_case(pk, by=request.user, code=code, text=text)  # noqa: E731
    return _done(request, pk, deed, "已挂起，办理时限停止计算。")


@require_POST
@needs("review")
def resume(request, pk):
    """Let the clock go on."""
    return _done(request, pk, lambda: operations.resume_case(pk, by=request.user), "已恢复，时限接着计算。")


@require_POST
@needs("review")
def note(request, pk):
    """Write a remark for colleagues."""
    text = request.POST.get("text", "")
    return _done(request, pk, lambda: operations.add_note(pk, text, by=request.user), "已记下备注，单位看不到。")


@require_POST
@needs("review")
def undo(request):
    """Take an approval back before it takes effect."""
    pks = numbers(request.POST.getlist("chosen"))
    try:
        operations_undone = effects.undo_approval(pks, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return _back(request)
    messages.success(request, f"已撤回 {len(operations_undone)} 笔通过，没有生效，回到您手里。")
    return _back(request, pks[0] if len(pks) == 1 else None)


def say_approved(request, approved: list, said: str) -> None:
    """Tell of an approval, with the way to take it back while that is possible."""
    pending = [one.pk for one in approved if one.state == "submitted"]
    if not pending:
        messages.success(request, said)
        return
    context = {"text": said, "undo_url": reverse("a_undo"), "chosen": pending}
    text = render_to_string("agency/_undo.html", context, request)
    messages.success(request, mark_safe(text), extra_tags="undo")  # noqa: S308 - a template of ours, escaped


urlpatterns = [
    path("cases/claim", claim, name="a_claim"),
    path("cases/undo", undo, name="a_undo"),
    path("cases/<int:pk>/claim", claim_one, name="a_claim_one"),
    path("cases/<int:pk>/give-back", give_back, name="a_give_back"),
    path("cases/<int:pk>/take-over", take_over, name="a_take_over"),
    path("cases/<int:pk>/transfer", transfer, name="a_transfer"),
    path("cases/<int:pk>/hold", hold, name="a_hold"),
    path("cases/<int:pk>/resume", resume, name="a_resume"),
    path("cases/<int:pk>/note", note, name="a_note"),
]
