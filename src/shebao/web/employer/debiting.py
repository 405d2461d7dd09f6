"""银行代扣: choose bills for the next file of debits; what waits, and what became of it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.models import UNDECIDED, Payment, PaymentState
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.queries import cleared_money, state_word
from shebao.hall.settlement.collecting import Owing, owings
from shebao.hall.settlement.models import Bill
from shebao.rules.region_collection import Way

from ..chosen import numbers
from .common import crumbs, here
from .paying import tag_of

RECENT = 20


def show(request, page):
    """The bills to pay by debit; a POST puts the chosen ones into the next file."""
    way = next((one for one in here(request).collection.ways.values() if one.kind == "file"), None)
    if request.method == "POST" and way:
        return _start(request, page, way)
    bills = Bill.objects.visible_to(request.user).live().select_related("employer").order_by("month", "series")
    asked = owings(bills, clock.today())
    payments = Payment.objects.visible_to(request.user).select_related("bill", "debit_file")
    running = {one.bill_id: one for one in payments.filter(state__in=UNDECIDED)}
    due = [_due(bill, asked[bill.pk], running.get(bill.pk), way) for bill in bills if asked[bill.pk].total > 0]
    records = list(payments.filter(channel=way.key if way else "").order_by("-pk")[:RECENT])
    cleared = cleared_money(records)
    employer = request.user.employer
    context = {
        "title": page.title,
        "crumbs": crumbs(page.title),
        "notes": page.notes,
        "way": way,
        "due": due,
        "can_choose": any(not one["running"] for one in due),
        "bank_name": employer.bank_name,
        "account": f"尾号 {employer.bank_account[-4:]}" if employer.bank_account else "",
        "records": [
            {"payment": one, "tag": tag_of(one), "word": state_word(one, cleared.get(one.pk))} for one in records
        ],
    }
    return render(request, "employer/debits.html", context)


def _due(bill: Bill, asked: Owing, running: Payment | None, way: Way | None) -> dict:
    """A bill that asks for money; with how its attempt stands, and whether that can still be taken back here."""
    waits = running is not None and way is not None and running.channel == way.key and not running.debit_file_id
    return {
        "bill": bill,
        "asked": asked,
        "running": running,
        "word": state_word(running) if running else "",
        "may_withdraw": waits and running.state == PaymentState.SENT,
    }


def _start(request, page, way):
    chosen, started = numbers(request.POST.getlist("bill")), 0
    if not chosen:
        messages.error(request, "还没有选择账单，请先勾选。")
    for pk in chosen:
        try:
            start_payment(pk, by=request.user, channel=way.key)
            started += 1
        except Refused as no:
            messages.error(request, no.message)
    if started:
        messages.success(request, f"{started} 张账单已列入下一批代扣文件。")
    return redirect(reverse("e_page", args=[page.key]))
