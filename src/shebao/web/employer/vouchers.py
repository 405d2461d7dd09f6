"""The voucher of declarations (申报凭证): choose persons, month and kind; it is made, and mailed to the employer."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from shebao.hall.declarations.queries import before_after
from shebao.hall.documents.vouchers import MOST, VOUCHED, issue_voucher, vouched, voucher_kind
from shebao.hall.documents.withheld import permit_wages
from shebao.hall.errors import Refused
from shebao.hall.mail.operations import mail_document, send_mail_again, tidy_address
from shebao.hall.mail.queries import last_address, letters
from shebao.rules.months import BadMonth, Month

from ..access import needs
from ..chosen import numbers
from .common import crumbs, here, this_month

RECENT = 20


def show(request, page):
    """The declarations of a month to choose from, and the letters sent before; a POST makes and mails a voucher."""
    permit_wages(voucher_kind(here(request)), by=request.user)
    no = None
    if request.method == "POST":
        try:
            return _make(request, page)
        except Refused as refused:
            no = refused
    asked = request.POST if request.method == "POST" else request.GET
    month, wrong = _month(request, asked.get("month", "").strip())
    service = asked.get("service", "") if asked.get("service", "") in here(request).services else ""
    rows = list(vouched(request.user, month, service)[:MOST]) if month else []
    chosen = set(numbers(request.POST.getlist("chosen")))
    context = {
        "title": page.title,
        "crumbs": crumbs(page.title),
        "notes": page.notes,
        "filters": _filters(request, asked.get("month", "").strip() or str(month), service, wrong),
        "month": month,
        "service": service,
        "rows": [{"d": one, "change": before_after(one), "on": one.pk in chosen} for one in rows],
        "to": {
            "id": "to", "name": "to", "kind": "email", "label": "企业邮箱", "required": True, "autocomplete": "email",
            "maxlength": 120, "value": request.POST.get("to", "") or last_address(request.user),
            "error": no.message if no and no.field == "to" else "",
        },
        "letters": letters(request.user)[:RECENT],
        "errors": [{"id": no.field if no else "month", "text": no.message if no else wrong}] if no or wrong else [],
    }  # fmt: skip
    return render(request, "employer/vouchers.html", context, status=no.status if no else 200)


def _month(request, text: str) -> tuple[Month | None, str]:
    try:
        return (Month.parse(text) if text else this_month(request)), ""
    except BadMonth as wrong:
        return None, f"申报月份：{wrong.message}。"


def _filters(request, month: str, service: str, wrong: str) -> list[dict]:
    kinds = [(one.key, one.title) for one in here(request).services.values()]
    return [
        {"id": "month", "name": "month", "kind": "month", "label": "申报月份", "value": month, "error": wrong},
        {"id": "service", "name": "service", "kind": "choice", "label": "申报类型", "options": kinds, "value": service,
         "placeholder": "全部"},
    ]  # fmt: skip


def _make(request, page):
    to = tidy_address(request.POST.get("to", ""))
    pks = numbers(request.POST.getlist("chosen"))
    with transaction.atomic():
        made = issue_voucher(request.user.employer_id, pks, by=request.user)
        letter, is_new = mail_document(made, to, by=request.user)
    if is_new:
        messages.success(request, f"{made.title} {made.number} 已生成，正发送到 {to}。")
    else:
        at = f"{timezone.localtime(letter.written_at):%m-%d %H:%M}"
        messages.info(request, f"这些申报的{made.title} {made.number} 已于 {at} 发往 {to}，没有重复发送。")
    query = {"month": request.POST.get("month", ""), "service": request.POST.get("service", "")}
    return redirect(f"{reverse('e_page', args=[page.key])}?{urlencode(query)}")


@require_POST
@needs("print")
def voucher(request):
    """The voucher of some declarations at once, as a page to print; nothing is mailed."""
    try:
        made = issue_voucher(request.user.employer_id, numbers(request.POST.getlist("chosen")), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect(request.POST.get("back", "") if request.POST.get("back", "").startswith("/e/") else "e_cases")
    return redirect("e_document", made.pk)


@require_POST
@needs("print")
def again(request, pk):
    """Send a letter that could not be sent."""
    try:
        send_mail_again(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "正在重新发送。")
    keys = [one.key for one in here(request).pages.values() if one.page == "vouchers"]
    return redirect("e_page", keys[0]) if keys else redirect("e_home")


def vouches_for(request, declarations) -> bool:
    """Whether a voucher can be printed of these declarations here and now."""
    told = bool(declarations) and all(one.state in VOUCHED and one.is_listed for one in declarations)
    return told and bool(voucher_kind(here(request))) and request.user.may("print")


urlpatterns = [
    path("vouchers/", voucher, name="e_voucher"),
    path("mail/<int:pk>/again/", again, name="e_mail_again"),
]
