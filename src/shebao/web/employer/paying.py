"""Paying (缴费与支付): what is due, one attempt at a time, what the bank said."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.models import UNDECIDED, Payment, PaymentState
from shebao.hall.payments.operations import ask_bank, start_payment
from shebao.hall.settlement.ledger import balance, balances
from shebao.hall.settlement.models import Bill

from ..access import needs
from .common import crumbs, word

RECORDS = 50
TAGS = {
    PaymentState.CREATED: "pending",
    PaymentState.SENT: "processing",
    PaymentState.SUCCEEDED: "succeeded",
    PaymentState.REFUSED: "failed",
    PaymentState.UNKNOWN: "processing",
}


@needs("pay")
@require_GET
def pay(request):
    """What is due, and the records. The bank sends the browser back here."""
    bills = list(Bill.objects.visible_to(request.user).live())
    payments = Payment.objects.visible_to(request.user).select_related("bill", "started_by")
    running = {one.bill_id: one for one in payments.filter(state__in=UNDECIDED)}
    booked, due = balances(bills), []
    for bill in bills:
        owed, paid = booked.get(bill.pk, (0, 0))
        if paid < owed:
            late = clock.now() > bill.pay_until
            due.append({"bill": bill, "open": owed - paid, "late": late, "running": running.get(bill.pk)})
    title = word(request, "menu.pay", "缴费与支付")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "due": due,
        "records": [{"payment": one, "tag": TAGS[one.state]} for one in payments[:RECORDS]],
    }
    return render(request, "employer/pay.html", context)


@needs("pay")
@require_http_methods(["GET", "POST"])
def pay_bill(request, pk):
    """One bill: the amount to check, the way to pay, and the start."""
    bill = Bill.objects.visible_to(request.user).live().select_related("employer").get(pk=pk)
    if request.method == "POST":
        try:
            return redirect("e_payment", start_payment(bill.pk, by=request.user).pk)
        except Refused as no:
            messages.error(request, no.message)
            return redirect("e_pay_bill", bill.pk)
    due, paid = balance(bill)
    context = {
        "bill": bill,
        "due": due,
        "paid": paid,
        "open": due - paid,
        "late": clock.now() > bill.pay_until,
        "running": bill.payments.filter(state__in=UNDECIDED).first(),
        "crumbs": _crumbs(request, f"{bill.month} 缴费"),
    }
    return render(request, "employer/pay_bill.html", context)


def _crumbs(request, last: str) -> list[dict]:
    return crumbs(last, (word(request, "menu.pay", "缴费与支付"), reverse("e_pay")))


@needs("pay")
@require_GET
def payment(request, pk):
    """How one attempt stands; the card alone for the page that asks every two seconds."""
    found = Payment.objects.visible_to(request.user).select_related("bill", "started_by").get(pk=pk)
    context = {
        "payment": found,
        "tag": TAGS[found.state],
        "undecided": found.state in UNDECIDED,
        "crumbs": _crumbs(request, found.number),
    }
    name = "employer/pay_state_card.html" if request.htmx else "employer/pay_state.html"
    return render(request, name, context)


@needs("pay")
@require_POST
def ask(request, pk):
    """Ask the bank now (查询结果)."""
    try:
        found = ask_bank(pk, by=request.user)
        if found.state in UNDECIDED:
            messages.info(request, "银行还没有结果，请稍后再查。")
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_payment", pk)


urlpatterns = [
    path("pay/", pay, name="e_pay"),
    path("pay", pay),
    path("pay/<int:pk>/", pay_bill, name="e_pay_bill"),
    path("payments/<int:pk>/", payment, name="e_payment"),
    path("payments/<int:pk>/ask/", ask, name="e_payment_ask"),
]
