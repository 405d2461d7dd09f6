"""The basket (待提交): what was declared and not yet submitted; check, submit, remove, take back."""

from datetime import date
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.basket import basket_rows
from shebao.hall.declarations.declared_month import closing_words
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.pipe import due_on
from shebao.hall.declarations.seconding import send_back, sent_back
from shebao.hall.declarations.states import State
from shebao.hall.desk.holds import holds_of
from shebao.hall.errors import Refused
from shebao.hall.settlement.declared import open_counts
from shebao.hall.sign_in.submissions import canonical, signed_with, signs_here, submit_signed
from shebao.rules.months import Month
from shebao.rules.settling_words import settling

from ..access import needs
from ..certified import SIGNER, signature_in, signer_allowed
from ..chosen import compact, numbers, spread, whole
from ..templatetags.ui import common_name, signed_yuan
from .common import crumbs, effect_head, here, this_month, undo_toast, word
from .vouchers import vouches_for

UNSIGNED = {"id": "declared", "text": "请阅读并勾选声明后再提交。"}


def _too_late(request, month: Month, days) -> str:
    """A sentence where a decision is expected after `month` must be settled; "" where there is time."""
    calendar = here(request).calendar
    until = calendar.window(month).pay_until
    last = max((day for day in days if day), default=until.date())
    if last <= until.date():
        return ""
    told = settling(here(request).terms, f"预计办结日晚于结算截止（{until:%Y-%m-%d %H:%M}）")
    if rule := calendar.open_after(last) and calendar.late_decisions:
        return settling(
            here(request).terms, f"{told}；办结后 {rule.settle_within} 个工作日内仍可结算。急办请联系经办窗口。"
        )
    return f"{told}；急办请联系经办窗口。"


def _expected(rows) -> list[date]:
    """The days by which the agency decides about what would be submitted now; one calculation for those alike."""
    waiting = {
        (one.service, one.state, one.due_on, one.decided_at): one
        for one in (row.declaration for row in rows if row.is_ready)
        if not one.is_direct and not one.spec.is_aside  # no settlement waits for it
    }
    return [due_on(one) for one in waiting.values()]


def _later_bill(request, first: Month, declarations) -> Month | None:
    """The month from whose bill on these count, where the business month is settled or closed; None where it is not.

    `first` is the first month that is still to be settled: it waits for every declaration that is undecided. None too
    where all of them change no bill.
    """
    charging = [one for one in declarations if not one.spec.is_aside]
    if first == this_month(request) or (declarations and not charging):
        return None
    return max(first, min((one.first_month for one in charging), default=first))


def _to_redate(declarations, first: Month) -> str:
    """How many name a month that is over: they are refused until it is changed."""
    count = sum(one.first_month < first and "month_window" in one.spec.checks for one in declarations)
    return f"；其中 {count} 笔的月份请先改为 {first} 或以后" if count else ""


@require_safe
@needs("declare")
def basket(request):
    """Everything waiting, by service; what can be submitted is ticked."""
    rows = basket_rows(request.user)
    given_back = sent_back([row.declaration for row in rows])
    ready = [row.declaration for row in rows if row.is_ready and row.declaration.pk not in given_back]
    month = queries.first_open_month(request.user)
    later = _later_bill(request, month, ready)
    until = here(request).calendar.window(month).declare_until
    why = closing_words(here(request))
    settled = f"（{this_month(request)} {why}，从 {later} 的账单起计入{_to_redate(ready, month)}）" if later else ""
    title, services = word(request, "menu.basket", "待提交"), here(request).services
    waiting = sum(bool(row.declaration.proposed_by_id) and row.is_ready for row in rows)
    shut = next((row.shut for row in rows if row.shut), "")
    deadline = "" if shut else f"，{until:%m-%d %H:%M} 截止"
    submit = {"label": "核对并提交", "kind": "p", "icon": "check", "formaction": reverse("e_check")}
    context = {
        "has_second": request.user.employer.needs_second,
        "may_send_back": bool(waiting) and request.user.may("confirm"),
        "title": title,
        "crumbs": crumbs(title),
        "sub": f"{len(ready)} 笔可提交{_stuck(rows, given_back)}{deadline}{settled}",
        "shut": shut,
        "groups": [
            {
                "title": services[key].title,
                "head": effect_head(services[key]),
                "rows": [_row(row, given_back) for row in some],
            }
            for key, some in groupby(rows, key=lambda row: row.declaration.service)
        ],
        "effect": signed_yuan(sum(declaration.effect_fen for declaration in ready)),
        "ready": len(ready),
        "month": this_month(request),
        "nothing": {} if rows else _nothing_left(request, later),
        "too_late": "" if shut else _too_late(request, month, _expected(rows)),
        "buttons": [
            {"label": "移除", "kind": "d", "icon": "trash", "formaction": reverse("e_remove")},
            *([submit] if ready or not shut else []),
        ],
    }
    return render(request, "employer/basket.html", context)


def _nothing_left(request, later: Month | None) -> dict:
    """What an empty basket says: settle now, wait for what is in review, or nothing, once the month is settled."""
    waiting = open_counts(request.user.employer, this_month(request)).get(State.SUBMITTED, 0)
    settle, cases = word(request, "menu.settle", "结算"), word(request, "menu.cases", "办件进度")
    if waiting:
        text = f"还有 {waiting} 笔审核中，" + (f"从 {later} 的账单起计入。" if later else f"办结后再办理“{settle}”。")
        return {"text": text, "url": f"{reverse('e_cases')}?state={State.SUBMITTED}", "action": f"查看{cases}"}
    if later:
        return {"text": f"{this_month(request)} {closing_words(here(request))}。"}
    return {
        "text": f"没有要提交的了，可以{here(request).term('settle')}。",
        "url": reverse("e_settle"),
        "action": settle,
    }


def _stuck(rows, given_back: dict[int, str]) -> str:
    """What keeps the others back, each named once: by the agency, by the second person, or for want of papers."""
    told = (
        (f"{State.RETURNED.label}、还没有修改", sum(row.is_unrepaired for row in rows)),
        ("复核退回、还没有修改", len(given_back)),
        ("待另一位操作员复核", sum(row.waits_for_another for row in rows)),
        ("缺材料", sum(bool(row.missing) for row in rows)),
        ("不在申报期", sum(bool(row.shut) for row in rows)),
    )
    return "".join(f"，{count} 笔{what}" for what, count in told if count)


def _row(row, given_back: dict[int, str]) -> dict:
    """One line; the person's other undecided declarations are named, because somebody must choose.

    `given_back` holds the reasons of those that the second person sent back: they are not ticked from the start.
    """
    mates = [{"title": mate.spec.title, "state": mate.state_label, "mate": mate} for mate in row.mates]
    return {
        "row": row,
        "d": row.declaration,
        "before_after": row.before_after,
        "problems": row.problems,
        "waits_for_another": row.waits_for_another,
        "is_unrepaired": row.is_unrepaired,
        "sent_back": given_back.get(row.declaration.pk, ""),
        "mates": mates,
    }


def check_url(pks) -> str:
    """Where some declarations are looked at once more; an address of its own, so that going back works."""
    return f"{reverse('e_check')}?ids={compact(pks)}"


@require_http_methods(["GET", "HEAD", "POST"])
@signer_allowed
@needs("declare")
def check(request):
    """What will be submitted, once more, in one list (check answers). The ticks of the basket become its address."""
    if request.method == "POST":
        pks = numbers(request.POST.getlist("chosen"))
        if pks:
            return redirect(check_url(pks))
        messages.error(request, "还没有勾选要提交的业务。")
        return redirect("e_basket")
    chosen = set(spread(request.GET.get("ids", "")))
    rows = [row for row in basket_rows(request.user) if row.declaration.pk in chosen and row.is_ready]
    if not rows:
        messages.info(request, "这里没有可以提交的业务：已经提交过，退回之后还没有修改，或者不在申报期内。")
        return redirect("e_basket")
    is_unsigned = "unsigned" in request.GET
    signs = signs_here(request.user)
    context = {
        "errors": [UNSIGNED] if is_unsigned else [],
        "unsigned": UNSIGNED["text"] if is_unsigned else "",
        "rows": rows,
        "sub": _what_follows(rows),
        "signs": signs,
        "content": canonical([row.declaration for row in rows], request.user) if signs != "never" else "",
        "signer": SIGNER,
        "ids": compact(chosen),
        "effect": sum(row.declaration.effect_fen for row in rows),
        "crumbs": crumbs("核对", (word(request, "menu.basket", "待提交"), reverse("e_basket"))),
    }
    return render(request, "employer/check.html", context)


def _what_follows(rows) -> str:
    """What happens after submitting: somebody reviews, or it takes effect at once."""
    if any(row.declaration.asks_second and row.declaration.proposed_by_id is None for row in rows):
        return "提交后先由本单位另一位操作员复核，复核通过才送出"
    direct = sum(row.declaration.is_direct for row in rows)
    if direct == len(rows):
        return "提交后即时生效"
    return "提交后由经办机构审核，审核期间可以撤回" + ("，即时办理的立即生效" if direct else "")


@require_safe
@needs("declare")
def content(request):
    """What is signed, as a file, for a signing tool."""
    rows = Declaration.objects.visible_to(request.user).filter(pk__in=spread(request.GET.get("ids", "")))
    response = HttpResponse(canonical(list(rows), request.user), content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="submission.json"'
    return response


@require_POST
@needs("declare")
def submit(request):
    """Send the checked declarations to review; what is refused stays, with the reason."""
    chosen = numbers(request.POST.getlist("chosen"))
    if "declared" not in request.POST:
        return redirect(f"{check_url(chosen)}&unsigned=1")
    is_signed = signs_here(request.user) != "never" and "plain" not in request.POST
    try:
        if is_signed:
            result = submit_signed(chosen, signature_in(request), by=request.user)
        else:
            result = operations.submit_declarations(chosen, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect(check_url(chosen) if is_signed else reverse("e_basket"))
    if result.proposed:
        messages.success(request, f"已送内部复核 {len(result.proposed)} 笔，由另一位操作员确认后提交。")
    for declaration, why in result.refused:
        messages.error(request, f"{declaration.subject_name} · {declaration.spec.title}没有提交：{why}")
    if not result.submitted:
        return redirect("e_basket")
    ids = compact(declaration.pk for declaration in result.submitted)
    return redirect(f"{reverse('e_submitted')}?ids={ids}&left={len(result.refused)}")


@require_POST
@needs("confirm")
def return_proposed(request):
    """Give what waits for confirmation back to whoever prepared it, with the reason."""
    chosen = numbers(request.POST.getlist("chosen"))
    try:
        done = send_back(chosen, request.POST.get("reason", ""), by=request.user) if chosen else []
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_basket")
    if done:
        messages.success(request, f"已退回 {len(done)} 笔，录入人修改后可以再送复核。")
    else:
        messages.error(request, "还没有勾选要退回的业务。")
    return redirect("e_basket")


@require_safe
@needs("declare")
def submitted(request):
    """The case numbers after submitting, and what comes next."""
    pks = spread(request.GET.get("ids", ""))[:500]
    rows = list(Declaration.objects.visible_to(request.user).filter(pk__in=pks).order_by("pk"))
    holds = holds_of(rows)
    for one in rows:
        one.hold = holds.get(one.pk)
    left = request.GET.get("left", "0")
    month = queries.first_open_month(request.user)
    later = _later_bill(request, month, rows)
    charging = [one for one in rows if not one.spec.is_aside]
    waited = [one.due_on for one in charging if one.state == State.SUBMITTED and not one.hold]
    context = {
        "rows": rows,
        "in_force": bool(rows) and all(one.is_direct for one in rows),
        "vouches": vouches_for(request, rows),
        "left": whole(left),
        "later": later,
        "is_charged": bool(charging),
        "settled": f"{this_month(request)} {closing_words(here(request))}",
        "settle_until": here(request).calendar.window(later or month).pay_until,
        "too_late": _too_late(request, month, waited),
        "signed_text": _signed(request, rows),
        "cases_title": word(request, "menu.cases", "办件进度"),
        "basket_title": word(request, "menu.basket", "待提交"),
        "crumbs": crumbs("提交结果", (word(request, "menu.basket", "待提交"), reverse("e_basket"))),
    }
    return render(request, "employer/submitted.html", context)


def _signed(request, rows) -> str:
    """Who signed what was submitted, with which certificate and when; "" where nobody did."""
    made = signed_with(request.user, rows) if rows and signs_here(request.user) != "never" else None
    if made is None:
        return ""
    one, at = made.certificate, localtime(made.signed_at)
    return f"{common_name(one.holder)}，证书 {one.serial}，{at:%Y-%m-%d %H:%M:%S}。在办件页和申报凭证上可以核验。"


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
        ids = compact(declaration.pk for declaration in gone)
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
    return numbers(request.POST.getlist("chosen")) + spread(request.GET.get("ids", ""))
