"""窗口收款: money taken at the counter for a bill, found by its number; entered once, voided with a reason."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments import counter
from shebao.hall.payments.models import ReceiptKind
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.collecting import owing
from shebao.rules.money import BadMoney, parse_fen, plain_yuan

from ..access import needs
from ..chosen import typed_day

PAGE = 50
TITLE = "窗口收款"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("reconcile")
def receipts(request):
    """The bill that was asked for with what it owes, the form for its receipt, and the receipts so far."""
    if not counter.takes_money(region_of(request.user.region)):
        raise Http404
    said = request.POST if request.method == "POST" else request.GET
    number, bill, errors = said.get("bill", "").strip()[:30], None, []
    try:
        bill = counter.bill_by_number(number, by=request.user) if number else None
        if request.method == "POST" and bill:
            return _enter(request, number)
    except Refused as no:
        errors = [{"id": "", "text": line} for line in no.message.splitlines()]
    context = {
        "title": TITLE,
        "crumbs": [{"label": TITLE, "url": ""}],
        "search": {"name": "bill", "label": "账单号", "kind": "text", "value": number, "maxlength": 30},
        "bill": bill,
        "owes": owing(bill, clock.today()) if bill else None,
        "fields": _fields(request.POST, bill) if bill else [],
        "errors": errors,
        "page": Paginator(counter.receipts(request.user), PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "agency/receipts.html", context, status=422 if errors else 200)


def _fields(answers, bill) -> list[dict]:
    open_fen = owing(bill, clock.today()).total
    fields = [
        {"name": "number", "label": "收据号", "kind": "text", "maxlength": 40, "value": "",
         "help": "同一收据号只登记一次，重复提交不会重复入账"},
        {"name": "amount", "label": "收款金额", "kind": "money", "value": plain_yuan(open_fen) if open_fen > 0 else "",
         "help": "可以少于欠缴；多出的转入该单位的待转金"},
        {"name": "received_on", "label": "收款日期", "kind": "date", "value": clock.today().isoformat()},
        {"name": "kind", "label": "收款方式", "kind": "choice", "options": ReceiptKind.choices, "value": "",
         "placeholder": "请选择"},
    ]  # fmt: skip
    for field in fields:
        field |= {"id": f"id_{field['name']}", "required": True, "value": answers.get(field["name"], field["value"])}
    return fields


def _enter(request, number: str):
    said, problems, fen, on = request.POST, [], 0, date.max
    try:
        fen = parse_fen(said.get("amount", ""))
    except BadMoney as bad:
        problems.append(f"收款金额：{bad}")
    try:
        on = typed_day(said.get("received_on", ""))
    except ValueError:
        problems.append("请填写收款日期，如 2026-11-05。")
    if problems:
        raise Refused("receipt_wrong", "\n".join(problems))
    made = counter.enter_receipt(
        said.get("number", ""), bill=number, fen=fen, received_on=on, kind=said.get("kind", ""), by=request.user
    )
    messages.success(request, f"收据 {made.number} 已登记入账：{made.employer.name}。")
    return redirect(f"{reverse('a_receipts')}?{urlencode({'bill': number})}")


@require_POST
@needs("reconcile")
def void(request, pk):
    """Undo a receipt that was entered wrongly."""
    try:
        done = counter.void_receipt(pk, reason=request.POST.get("reason", ""), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"收据 {done.number} 已作废，账上已冲回。")
    return redirect("a_receipts")


urlpatterns = [
    path("receipts/", receipts, name="a_receipts"),
    path("receipts/<int:pk>/void", void, name="a_receipt_void"),
]
