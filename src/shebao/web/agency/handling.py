"""What a reviewer does with a case besides deciding it: claim, give back, take over, hand on, hold, write a remark.

Every view takes the pages it belongs to (`at`): those of declarations, or of what else waits at the desk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from shebao.hall.declarations.states import State
from shebao.hall.desk import effects, operations, queries
from shebao.hall.desk.holds import holds_of
from shebao.hall.desk.kinds import DECLARATIONS, Kind
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of

from ..access import needs
from ..chosen import is_whole, numbers, whole
from .desk import in_hand, suffix, waiting_choice

CHECKING = "核对申报材料"
"""Why the numbers of a case that somebody took in hand are shown whole: nobody need write it again (0032)."""
DEEDS = ("claim_one", "give_back", "take_over", "transfer", "hold", "resume", "note")


@dataclass(frozen=True)
class Pages:
    """Where one kind of case is handled: the name of its queue and of one case, and how its other addresses begin.

    `choice` are the chosen filters as the queries take them; `outsider` does not see the remarks. `named` tells of a
    case in the queue beside another what it is called and whom or what it is about.
    """

    kind: Kind
    queue: str
    one: str
    begin: str
    outsider: str
    choice: Callable[..., dict]
    named: Callable[[Any], tuple[str, str]]

    def beside(self, request, cases: list, pk: int) -> list[dict]:
        """The queue as it stands beside the case that is open."""
        rows = []
        for one in cases:
            title, about = self.named(one)
            rows.append(in_hand(one) | {
                "url": reverse(self.one, args=[one.pk]) + suffix(request), "is_here": one.pk == pk, "title": title,
                "about": about, "has_findings": bool(getattr(one, "problems", ())), "revision": one.revision,
            })  # fmt: skip
        return rows

    def context(self, request, case) -> dict:
        """What the parts of a page that are about hands, clock and signatures need."""
        pk = case.pk
        desk = queries.desk_view(request.user, case, self.kind)
        reasons = region_of(case.region).codes["hold_reasons"].offered
        return {
            "desk": desk,
            "hold": holds_of([case], self.kind.of).get(pk) if desk.is_held else None,
            "may_decide": desk.is_free_for(request.user),
            "is_own": desk.is_own_of(request.user) and case.state == State.SUBMITTED,
            "noun": self.kind.of.noun,
            "may_sign": desk.may_sign(request.user),
            "has_signed": desk.has_signed(request.user),
            "waits": case.state == State.SUBMITTED,
            "hold_reasons": reasons,
            "deeds": {deed: reverse(f"{self.begin}{deed}", args=[pk]) + suffix(request) for deed in DEEDS},
            "undo_url": reverse(f"{self.begin}undo"),
            "may_unmask": request.user.may("unmask"),
            "is_in_hand": desk.is_in_hand_of(request.user) and case.state == State.SUBMITTED,
            "checking": CHECKING,
            "reveal_url": reverse(f"{self.begin}reveal", args=[pk]) + _with_batch(request),
            "outsider": self.outsider,
            "one": self.one,
            "pk": pk,
            "suffix": suffix(request),
        }


CASES = Pages(
    DECLARATIONS, "a_home", "a_case", "a_", "单位", waiting_choice,
    named=lambda one: (f"{one.subject_name} · {one.spec.title}", one.employer.name),
)  # fmt: skip


def _with_batch(request) -> str:
    """The chosen filters, and the batch that the case was opened from, as the end of an address."""
    batch = request.GET.get("batch", "")
    ending = suffix(request)
    return f"{ending}{'&' if ending else '?'}batch={batch}" if is_whole(batch) else ending


def back_to(request, at: Pages, pk: int) -> str:
    """The address of a case as it was come to: from which queue, and from which batch."""
    return reverse(at.one, args=[pk]) + _with_batch(request)


def _back(request, at: Pages, pk: int | None = None):
    address = reverse(at.one, args=[pk]) if pk else reverse(at.queue)
    return redirect(address + suffix(request))


def _done(request, at: Pages, pk: int, deed, said: str, *, onwards: bool = False):
    """Do it, say so, and show the case again; or the desk, where the case is no longer one's own."""
    try:
        deed(by=request.user, kind=at.kind)
    except Refused as no:
        messages.error(request, no.message)
        return _back(request, at, pk)
    messages.success(request, said)
    return _back(request, at, None if onwards else pk)


@require_POST
@needs("review")
def claim(request, at):
    """Take the ticked cases in hand, or without ticks the ten most urgent that nobody has."""
    pks = numbers(request.POST.getlist("chosen"))
    if not pks:
        pks = queries.next_free(request.user, operations.NEXT, kind=at.kind, **at.choice(request))
    taken, lost = operations.claim_cases(pks, by=request.user, kind=at.kind)
    if taken:
        messages.success(request, f"已领取 {len(taken)} 件，在“我的”里。")
    if lost:
        who = "、".join(one.subject_name for one in lost[:3])
        messages.error(request, f"{who}等 {len(lost)} 件没有领到：已在别人手里、是您自己录入的，或下一步须由别人签。")
    if not pks:
        messages.info(request, "待领的已经领完了。")
    return redirect(f"{reverse(at.queue)}?place=mine")


@require_POST
@needs("review")
def claim_one(request, pk, at):
    """Take one case in hand."""
    taken, _ = operations.claim_cases([pk], by=request.user, kind=at.kind)
    if taken:
        messages.success(request, "已领取，由您办理。")
    else:
        messages.error(request, "没有领到：已在别人手里、已经办结、是您自己录入的，或下一步须由别人签。")
    return _back(request, at, pk)


@require_POST
@needs("review")
def give_back(request, pk, at):
    """Lay a case back."""
    deed = partial(operations.give_back, pk, note=request.POST.get("text", ""))
    return _done(request, at, pk, deed, "已放回待领。", onwards=True)


@require_POST
@needs("review")
def take_over(request, pk, at):
    """Take a case from a colleague, with the reason."""
    deed = partial(operations.take_over, pk, reason=request.POST.get("text", ""))
    return _done(request, at, pk, deed, "已接手，由您办理。")


@require_POST
@needs("review")
def transfer(request, pk, at):
    """Hand a case on."""
    to = request.POST.get("to", "")
    chosen = whole(to) or None
    deed = partial(operations.transfer_case, pk, chosen, note=request.POST.get("text", ""))
    return _done(request, at, pk, deed, "已转办。", onwards=True)


@require_POST
@needs("review")
def hold(request, pk, at):
    """Stop the clock of a case."""
    deed = partial(operations.hold_case, pk, code=request.POST.get("code", ""), text=request.POST.get("text", ""))
    return _done(request, at, pk, deed, "已挂起，办理时限停止计算。")


@require_POST
@needs("review")
def resume(request, pk, at):
    """Let the clock go on."""
    return _done(request, at, pk, partial(operations.resume_case, pk), "已恢复，时限接着计算。")


@require_POST
@needs("review")
def note(request, pk, at):
    """Write a remark for colleagues."""
    deed = partial(operations.add_note, pk, request.POST.get("text", ""))
    return _done(request, at, pk, deed, f"已记下备注，{at.outsider}看不到。")


@require_POST
@needs("review")
def undo(request, at):
    """Take an approval back before it takes effect."""
    pks = numbers(request.POST.getlist("chosen"))
    try:
        operations_undone = effects.undo_approval(pks, by=request.user, kind=at.kind)
    except Refused as no:
        messages.error(request, no.message)
        return _back(request, at)
    messages.success(request, f"已撤回 {len(operations_undone)} 笔通过，没有生效，回到您手里。")
    return _back(request, at, pks[0] if len(pks) == 1 else None)


def say_approved(request, approved: list, said: str, at: Pages = CASES) -> None:
    """Tell of an approval, with the way to take it back while that is possible."""
    pending = [one.pk for one in approved if one.state == "submitted"]
    if not pending:
        messages.success(request, said)
        return
    context = {"text": said, "undo_url": reverse(f"{at.begin}undo"), "chosen": pending}
    text = render_to_string("agency/_undo.html", context, request)
    messages.success(request, mark_safe(text), extra_tags=f"undo-{settings.SHEBAO_UNDO_SECONDS}")  # noqa: S308 - a template of ours, escaped


def addresses(at: Pages, place: str) -> list[URLPattern]:
    """The addresses of one kind of case, below `place`."""
    views = {view.__name__: view for view in (claim_one, give_back, take_over, transfer, hold, resume, note)}
    words = {deed: deed.removesuffix("_one").replace("_", "-") for deed in DEEDS}
    return [
        path(f"{place}/claim", claim, {"at": at}, name=f"{at.begin}claim"),
        path(f"{place}/undo", undo, {"at": at}, name=f"{at.begin}undo"),
        *(path(f"{place}/<int:pk>/{words[one]}", views[one], {"at": at}, name=f"{at.begin}{one}") for one in DEEDS),
    ]


urlpatterns = addresses(CASES, "cases")
