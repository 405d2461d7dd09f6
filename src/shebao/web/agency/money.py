"""Money at the agency (资金对账): what nobody has claimed, the bank's statement against the ledger, credit."""

from collections.abc import Mapping
from types import MappingProxyType

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.correcting import correct_cleared, disproved
from shebao.hall.payments.models import CHOSEN, SuspenseItem
from shebao.hall.payments.queries import credits_of, reconciliations, statement_lines, suspense_sums
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.payments.suspense import end_without_money, refund_credit, without_money
from shebao.hall.payments.unfilled import unfilled
from shebao.rules.money import BadMoney, parse_fen

from ..access import needs
from ..chosen import is_whole, typed_day

SHOWN = 50
NONE: Mapping[str, str] = MappingProxyType({})


@require_safe
@needs("reconcile")
def money(request):
    """Unmatched money first, then the last comparisons with the bank, then who has credit.

    `?of=` opens one comparison: what the bank's statement said, line by line, beside the books.
    """
    return _page(request)


def _page(request, refused: str = "", form: str = "", pk: int = 0, status: int = 200, wrong: Mapping[str, str] = NONE):
    """The page; where a form on it was refused, with why and with what was typed into that form.

    `wrong` says what is the matter with each field of the form, where more than one thing may be.
    """

    def typed(name: str, of: int = 0):
        return request.POST if (refused or wrong) and (name, of) == (form, pk) else {}

    items = SuspenseItem.objects.visible_to(request.user)
    items = items.select_related("employer", "payment", "cleared_by")
    context = {
        "waiting": [(one, typed("clearing", one.pk)) for one in items.filter(clearing="")],
        "cleared": items.exclude(clearing="")[:SHOWN],
        "sums": suspense_sums(request.user),
        "disproved": [(one, typed("correct", one.item.pk)) for one in disproved(request.user)],
        "stuck": [(one, typed("end", one.pk)) for one in without_money(request.user)],
        "clearings": [(one.value, one.label) for one in CHOSEN],
        "reconciliations": reconciliations(request.user)[:SHOWN],
        "statement": _statement(request),
        "credits": [(one, typed("refund", one["employer"])) for one in credits_of(request.user)[:SHOWN]],
        "day": typed("day").get("day") or clock.today().isoformat(),
        "errors": [
            *([{"id": f"{form}-{pk}" if pk else form, "text": refused}] if refused else []),
            *({"id": f"{field}-{pk}", "text": text} for field, text in wrong.items()),
        ],
        "wrong": wrong,
    }
    return render(request, "agency/money.html", context, status=status)


def _statement(request) -> dict | None:
    """The comparison that the address asks for, and a page of its lines."""
    asked = request.GET.get("of", "")
    if not is_whole(asked):
        return None
    made = reconciliations(request.user).get(pk=int(asked))
    page = Paginator(sorted(made.lines), SHOWN).get_page(request.GET.get("page"))
    return {"made": made, "page": page, "lines": statement_lines(made, page.object_list, request.user)}


@require_POST
@needs("reconcile")
def clear(request, pk):
    """Say what becomes of one amount."""
    said = {name: request.POST.get(name, "") for name in ("clearing", "number", "note")}
    if wrong := unfilled(**said):
        return _page(request, form="clearing", pk=pk, status=422, wrong=wrong)
    try:
        done = clear_suspense(pk, by=request.user, **said)
    except Refused as no:
        return _page(request, no.message, "clearing", pk, no.status)
    messages.success(request, f"银行流水 {done.bank_serial} 已处理：{done.get_clearing_display()}。")
    return redirect("a_money")


@require_POST
@needs("reconcile")
def correct(request, pk):
    """Take back what was made of an amount that the bank's statement disproved."""
    try:
        made = correct_cleared(pk, by=request.user, note=request.POST.get("note", ""))
    except Refused as no:
        return _page(request, no.message, "correct", pk, no.status)
    messages.success(request, f"银行流水 {made.bank_serial} 已按对账单更正，请在待查款里重新处理。")
    return redirect("a_money")


@require_POST
@needs("reconcile")
def end(request, pk):
    """Say that an attempt brought no money."""
    try:
        done = end_without_money(pk, by=request.user, note=request.POST.get("note", ""))
    except Refused as no:
        return _page(request, no.message, "end", pk, no.status)
    messages.success(request, f"缴费 {done.number} 已结束，账单可以重新缴费。")
    return redirect("a_money")


@require_POST
@needs("reconcile")
def reconcile(request):
    """Compare a day with the bank now."""
    try:
        day = typed_day(request.POST.get("day", ""))
        made = reconcile_day(day, by=request.user, region=request.user.region)
    except ValueError:
        return _page(request, "请填写对账日，如 2026-11-05。", "day", status=422)
    except Refused as no:
        return _page(request, no.message, "day", status=no.status)
    word = f"有 {len(made.differences)} 处需要看" if made.differences else "两边一致"
    messages.success(request, f"{made.day} 对账完成：银行 {made.bank_count} 笔，{word}。")
    return redirect("a_money")


@require_POST
@needs("reconcile")
def refund(request, pk):
    """Pay credit back to an employer."""
    try:
        refund_credit(pk, parse_fen(request.POST.get("amount", "")), by=request.user, note=request.POST.get("note", ""))
    except BadMoney as bad:
        return _page(request, f"退费金额：{bad}", "refund", pk, 422)
    except Refused as no:
        return _page(request, no.message, "refund", pk, no.status)
    messages.success(request, "已登记退费。")
    return redirect("a_money")


urlpatterns = [
    path("money/", money, name="a_money"),
    path("money/reconcile", reconcile, name="a_reconcile"),
    path("money/suspense/<int:pk>", clear, name="a_clear"),
    path("money/suspense/<int:pk>/correct", correct, name="a_correct_cleared"),
    path("money/payments/<int:pk>/end", end, name="a_end_payment"),
    path("money/credit/<int:pk>/refund", refund, name="a_refund"),
]
