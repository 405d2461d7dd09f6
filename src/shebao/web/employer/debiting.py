"""银行代扣: choose bills for the next file of debits; what waits, and what became of it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.models import UNDECIDED, Payment
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.collecting import owings
from shebao.hall.settlement.models import Bill

from ..chosen import numbers
from .common import crumbs, here
from .paying import TAGS

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
    due = [
        {"bill": bill, "asked": asked[bill.pk], "running": running.get(bill.pk)}
        for bill in bills
        if asked[bill.pk].total > 0
    ]
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
            {"payment": one, "tag": TAGS[one.state]}
            for one in payments.filter(channel=way.key if way else "").order_by("-pk")[:RECENT]
        ],
    }
    return render(request, "employer/debits.html", context)


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
