"""The basket (待提交): what was declared and not yet submitted; check, submit, remove, take back."""

from itertools import groupby

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Refused

from ..access import needs
from ..templatetags.ui import signed_yuan
from .common import crumbs, here, numbers, this_month, undo_toast, word


@require_safe
@needs("declare")
def basket(request):
    """Everything waiting, by service; what can be submitted is ticked."""
    rows = queries.basket(request.user)
    ready = [row.declaration for row in rows if not row.is_unrepaired]
    until = here(request).calendar.window(this_month(request)).declare_until
    title = word(request, "menu.basket", "待提交")
    left = len(rows) - len(ready)
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "sub": f"{len(ready)} 笔可提交{f'，{left} 笔被退回、还没有修改' if left else ''}，{until:%m-%d %H:%M} 截止",
        "groups": [
            {"title": name, "rows": [_row(row) for row in some]}
            for name, some in groupby(rows, key=lambda row: row.service_title)
        ],
        "effect": signed_yuan(sum(declaration.effect_fen for declaration in ready)),
        "ready": len(ready),
        "month": this_month(request),
        "settle_url": reverse("e_settle"),
        "buttons": [
            {"label": "移除", "kind": "d", "icon": "trash", "formaction": reverse("e_remove")},
            {"label": "核对并提交", "kind": "p", "icon": "check", "formaction": reverse("e_check")},
        ],
    }
    return render(request, "employer/basket.html", context)


def _row(row) -> dict:
    """One line; the person's other undecided declarations are named, because somebody must choose."""
    mates = [{"title": mate.spec.title, "state": mate.get_state_display(), "mate": mate} for mate in row.mates]
    return {
        "row": row,
        "d": row.declaration,
        "before_after": row.before_after,
        "problems": row.problems,
        "is_unrepaired": row.is_unrepaired,
        "mates": mates,
    }


@needs("declare")
def check(request):
    """What will be submitted, once more, in one list (check answers)."""
    pks = numbers(request.POST.getlist("chosen"))
    rows = [row for row in queries.basket(request.user) if row.declaration.pk in set(pks)]
    if not rows:
        messages.error(request, "还没有勾选要提交的业务。")
        return redirect("e_basket")
    return _check_page(request, rows)


def _check_page(request, rows, errors=()):
    context = {
        "errors": list(errors),
        "rows": rows,
        "effect": sum(row.declaration.effect_fen for row in rows),
        "crumbs": crumbs("核对", (word(request, "menu.basket", "待提交"), reverse("e_basket"))),
    }
    return render(request, "employer/check.html", context, status=422 if errors else 200)


@require_POST
@needs("declare")
def submit(request):
    """Send the checked declarations to review; what is refused stays, with the reason."""
    chosen = numbers(request.POST.getlist("chosen"))
    waiting = [row for row in queries.basket(request.user) if row.declaration.pk in set(chosen)]
    if waiting and "declared" not in request.POST:
        return _check_page(request, waiting, [{"id": "declared", "text": "请阅读并勾选声明后再提交。"}])
    try:
        result = operations.submit_declarations(chosen, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_basket")
    for declaration, why in result.refused:
        messages.error(request, f"{declaration.subject_name} · {declaration.spec.title}没有提交：{why}")
    if not result.submitted:
        return redirect("e_basket")
    ids = ",".join(str(declaration.pk) for declaration in result.submitted)
    return redirect(f"{reverse('e_submitted')}?ids={ids}&left={len(result.refused)}")


@require_safe
@needs("declare")
def submitted(request):
    """The case numbers after submitting, and what comes next."""
    pks = numbers(request.GET.getlist("ids"))[:500]
    rows = Declaration.objects.visible_to(request.user).filter(pk__in=pks).order_by("pk")
    left = request.GET.get("left", "0")
    context = {
        "rows": rows,
        "left": int(left) if left.isdigit() else 0,
        "crumbs": crumbs("提交结果", (word(request, "menu.basket", "待提交"), reverse("e_basket"))),
    }
    return render(request, "employer/submitted.html", context)


@require_POST
@needs("declare")
def remove(request):
    """Take rows out of the basket; the toast brings them back."""
    pks = _asked(request)
    try:
        gone = operations.delete_declarations(pks, by=request.user) if pks else []
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_basket")
    if gone:
        ids = ",".join(str(declaration.pk) for declaration in gone)
        undo_toast(request, f"已移除 {len(gone)} 笔。", f"{reverse('e_restore')}?ids={ids}")
    else:
        messages.error(request, "还没有勾选要移除的业务。")
    return redirect("e_basket")


@require_POST
@needs("declare")
def restore(request):
    """Bring removed rows back."""
    return _apply(request, operations.restore_declarations, "已放回待提交 {} 笔。", "e_basket")


@require_POST
@needs("declare")
def undo(request):
    """Take back what took effect at once."""
    return _apply(request, operations.undo_declarations, "已撤销 {} 笔，花名册已恢复。", "e_cases")


def _apply(request, operation, text: str, target: str):
    try:
        done = operation(_asked(request), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, text.format(len(done)))
    return redirect(target)


def _asked(request) -> list[int]:
    return numbers([*request.POST.getlist("chosen"), *request.GET.getlist("ids")])
