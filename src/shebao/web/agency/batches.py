"""Many cases at once: on a page of their own, with a sample to open, and then approved all or none."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.declarations.states import State
from shebao.hall.desk.models import Sample
from shebao.hall.desk.queries import sample_of
from shebao.hall.desk.sampling import LONGEST_REASON, approve_batch, draw_sample
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of

from ..access import needs
from ..chosen import numbers
from .case import seen
from .desk import is_others, row, suffix, waiting
from .handling import say_approved

HINT = "写您核对了什么、凭什么一起通过，和抽中的办件一起记入操作记录，单位看不到"


@require_POST
@needs("review")
def choose(request):
    """The ticks of the desk become a batch with a sample to open."""
    pks = numbers(request.POST.getlist("chosen"))
    if not pks:
        messages.error(request, "还没有勾选要通过的申报。")
        return redirect(reverse("a_home") + suffix(request))
    try:
        sample = draw_sample(pks, by=request.user)
    except Refused as no:
        messages.info(request, no.message)
        return redirect(reverse("a_home") + suffix(request))
    return redirect(f"{reverse('a_approve_many', args=[sample.pk])}{suffix(request)}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def approve_many(request, pk):
    """What would be approved, and which cases have to be opened first (抽查); a POST approves, all or none."""
    sample = sample_of(request.user, pk)
    return _approve(request, sample) if request.method == "POST" else _page(request, sample)


def _page(request, sample: Sample, wrong: Refused | None = None):
    """The page; with what was typed and ticked, where an approval was refused for a field of it."""
    there = {one.pk: one for one in waiting(request, place="all", risk=None, service=None, employer="")}
    ticked = set(numbers(request.POST.getlist("chosen"))) if wrong else set(sample.chosen)
    rows = [row(there[one]) for one in sample.chosen if one in there]
    for one in rows:
        one |= {"is_others": is_others(one, request.user), "is_ticked": one["declaration"].pk in ticked}
    if not rows:
        messages.info(request, "勾选的申报已经不在待审核里了。")
        return redirect(reverse("a_home") + suffix(request))
    rule = region_of(request.user.region).agency.sampling
    context = {
        "sample": sample,
        "rows": rows,
        "drawn": [one | {"is_open": one["declaration"].pk in sample.opened} for one in rows
                  if one["declaration"].pk in sample.drawn],
        "left": len([one for one in sample.left if one in there]),
        "others": others_words(rows),
        "effect": sum(one["declaration"].effect_fen for one in rows),
        "rule": rule,
        "undo_seconds": settings.SHEBAO_UNDO_SECONDS,
        "reason": {
            "id": "reason", "name": "reason", "kind": "text", "label": "批量通过的理由", "maxlength": LONGEST_REASON,
            "required": True, "full": True, "value": request.POST.get("reason", ""), "hint": HINT,
            "error": wrong.message if wrong else "",
        },
        "errors": [{"id": "reason", "text": wrong.message}] if wrong else [],
        "suffix": suffix(request),
        "crumbs": [{"label": "审核台", "url": reverse("a_home") + suffix(request)}, {"label": "批量通过", "url": ""}],
    }  # fmt: skip
    return render(request, "agency/batch.html", context, status=wrong.status if wrong else 200)


def others_words(rows: list[dict]) -> str:
    """How many of a batch somebody else has in hand, or nobody may decide just now; "" where none."""
    count = sum(one["is_others"] for one in rows)
    return f"{count} 笔现在不由您办" if count else ""


def _approve(request, sample: Sample):
    pks = numbers(request.POST.getlist("chosen"))
    try:
        approved = approve_batch(
            sample.pk, pks, by=request.user, reason=request.POST.get("reason", ""), seen=seen(request, *pks)
        )
    except Refused as no:
        if no.field == "reason":
            return _page(request, sample, no)
        messages.error(request, no.message)
        return redirect(f"{reverse('a_approve_many', args=[sample.pk])}{suffix(request)}")
    waits = any(one.state == State.SUBMITTED for one in approved)
    when = f"，{settings.SHEBAO_UNDO_SECONDS} 秒后生效" if waits else ""
    say_approved(request, approved, f"已通过 {len(pks)} 笔{when}。")
    return redirect(reverse("a_home") + suffix(request))
