"""Many cases at once: looked at on a page of their own, with a sample to read, and then approved all or none."""

from random import Random

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.declarations import operations, queries
from shebao.hall.errors import Refused

from ..access import needs
from ..chosen import compact, numbers, spread
from .desk import row, seen, suffix, waiting, word_findings

SAMPLE = 3
"""How many cases of a batch are laid out to be read whole."""


@require_POST
@needs("review")
def choose(request):
    """The ticks of the desk become the address of the page that asks."""
    pks = numbers(request.POST.getlist("chosen"))
    if not pks:
        messages.error(request, "还没有勾选要通过的申报。")
        return redirect(reverse("a_home") + suffix(request))
    tail = suffix(request).replace("?", "&", 1)
    return redirect(f"{reverse('a_approve_many')}?ids={compact(pks)}{tail}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def approve_many(request):
    """What would be approved, some of it whole (抽查); a POST approves them, all or none."""
    if request.method == "POST":
        return _approve(request)
    chosen = set(spread(request.GET.get("ids", "")))
    rows = [row(one) for one in waiting(request) if one.pk in chosen]
    if not rows:
        messages.info(request, "勾选的申报已经不在待审核里了。")
        return redirect(reverse("a_home") + suffix(request))
    context = {
        "rows": rows,
        "sample": _sample(request, [one["declaration"].pk for one in rows]),
        "effect": sum(one["declaration"].effect_fen for one in rows),
        "flagged": sum(bool(one["declaration"].problems) for one in rows),
        "suffix": suffix(request),
        "crumbs": [{"label": "审核台", "url": reverse("a_home") + suffix(request)}, {"label": "批量通过", "url": ""}],
    }
    return render(request, "agency/batch.html", context)


def _sample(request, pks: list[int]) -> list:
    """Some cases whole, drawn by lot; the same ones when the page is asked for again."""
    lot = Random(f"{request.session.session_key}:{pks}")  # noqa: S311 - which cases to read, not a secret
    views = [queries.case_view(request.user, pk) for pk in sorted(lot.sample(pks, min(SAMPLE, len(pks))))]
    for view in views:
        word_findings(view)
    return views


def _approve(request):
    pks = numbers(request.POST.getlist("chosen"))
    try:
        operations.approve_declarations(pks, by=request.user, seen=seen(request, *pks))
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"已通过 {len(pks)} 笔。")
    return redirect(reverse("a_home") + suffix(request))
