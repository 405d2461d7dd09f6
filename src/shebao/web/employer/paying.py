"""Paying (缴费与支付): what is due, one attempt at a time, what the bank said."""

from collections.abc import Mapping
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shebao.hall import clock
from shebao.hall.documents.amount_words import amount_in_words
from shebao.hall.documents.bank_vouchers import issue_bank_voucher, rows_of
from shebao.hall.errors import Refused
from shebao.hall.payments.channels import is_direct, way_chosen, way_title, ways_of
from shebao.hall.payments.closing import cancel_payment
from shebao.hall.payments.debits import problems_of
from shebao.hall.payments.models import MISMATCH, UNDECIDED, Payment, PaymentState
from shebao.hall.payments.operations import ANOTHER_PAYS, ask_bank, is_for_another, second_pays, start_payment
from shebao.hall.payments.queries import cleared_money, running_payment, running_payments, state_word
from shebao.hall.regions import region
from shebao.hall.settlement.collecting import Owing, credit_of, owing, owings
from shebao.hall.settlement.ledger import balance
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.paying_state import Paying, is_unknown, paying
from shebao.hall.settlement.void_wishes import waiting_void, waiting_voids_of
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.vocabulary import SHARES

from ..access import needs
from ..rights import may_open
from .common import crumbs, here, word
from .debit_check import check_page, must_be_checked
from .papers import print_action
from .way_cards import way_cards

RECORDS = 50
TAGS = {
    PaymentState.CREATED: "pending",
    PaymentState.SENT: "processing",
    PaymentState.SUCCEEDED: "succeeded",
    PaymentState.REFUSED: "failed",
    PaymentState.UNKNOWN: "processing",
    PaymentState.VOIDED: "failed",
    PaymentState.CLEARED: "warning",
}


def tag_of(payment: Payment) -> str:
    """The tag of an attempt, the same on every page."""
    return "void" if payment.is_taken_back else TAGS[payment.state]


@needs("pay")
@require_GET
def pay(request):
    """What is due, and the records."""
    bills = list(Bill.objects.visible_to(request.user).live().select_related("employer", "assessment"))
    payments = Payment.objects.visible_to(request.user).select_related("bill", "started_by")
    running = running_payments(bills)
    asked, due = owings(bills, clock.today()), []
    for bill in bills:
        if (one := asked[bill.pk]).total > 0:
            stands = paying(bill, one, running.get(bill.pk))
            due.append({"bill": bill, "asked": one, "paying": stands, "asked_to_void": False})
    asked_to_void = waiting_voids_of([one["bill"] for one in due])
    for one in due:
        one["asked_to_void"] = one["bill"].pk in asked_to_void
    records = list(payments.select_related("bill__employer")[:RECORDS])
    cleared = cleared_money(records)
    title = word(request, "menu.pay", "缴费与支付")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "due": due,
        "credit": credit_of(request.user.employer_id),
        "records": [
            {
                "payment": one,
                "tag": tag_of(one),
                "word": state_word(one, cleared.get(one.pk)),
                "cleared": cleared.get(one.pk),
                "way": _way_title(request, one),
                "receipt": _receipt(request, one, asked),
            }
            for one in records
        ],
    }
    return render(request, "employer/pay.html", context)


@needs("pay")
@require_http_methods(["GET", "POST"])
def pay_bill(request, pk):
    """One bill: the amount to check, the way to pay, and the start."""
    bill = Bill.objects.visible_to(request.user).ever().select_related("employer", "assessment").get(pk=pk)
    if bill.assessment.voided_at:
        context = {"bill": bill, "crumbs": _crumbs(request, f"{bill.label} 缴费")} | _ways_on(request, bill)
        return render(request, "employer/pay_voided.html", context, status=410)
    running, errors = running_payment(bill), []
    if request.method == "POST":
        try:
            return _start(request, bill, running)
        except Refused as no:
            if not no.field:
                messages.error(request, no.message)
                return redirect("e_pay_bill", bill.pk)
            errors = [{"id": no.field, "text": no.message}]
    elif request.GET.get("check") and not running:
        return _check_page(request, bill)
    return _bill_page(request, bill, running, errors)


def _start(request, bill: Bill, running: Payment | None):
    """Start paying; what moves the money at once is shown once more first, with the account and the amount."""
    said = {name: request.POST.get(name, "") for name in ("channel", "part")}
    if not running and is_direct(way := way_chosen(bill.employer, said["channel"])):
        fen = owing(bill, clock.today()).asked(said["part"])
        if must_be_checked(way, fen, request.POST):
            query = urlencode({"check": way.key, "part": said["part"]})
            return redirect(f"{reverse('e_pay_bill', args=[bill.pk])}?{query}")
    return redirect("e_payment", start_payment(bill.pk, by=request.user, **said).pk)


def _check_page(request, bill: Bill):
    """The check before a debit: from which account, at which bank, how much."""
    part = request.GET.get("part", "")
    asked = owing(bill, clock.today())
    wish = waiting_void(bill.assessment_id)
    try:
        way = way_chosen(bill.employer, request.GET["check"])
    except Refused:
        way = None
    is_shut = wish or is_for_another(bill, by=request.user) or part not in ("", *SHARES) or asked.asked(part) <= 0
    if way is None or not is_direct(way) or is_shut:
        return redirect("e_pay_bill", bill.pk)
    here = reverse("e_pay_bill", args=[bill.pk])
    return check_page(
        request, bill, way, asked.asked(part), what=SHARES.get(part, "整张账单"), kept=[("part", part)], form=here,
        back=here, crumbs=_crumbs(request, f"{bill.label} 缴费"),
    )  # fmt: skip


def _bill_page(request, bill: Bill, running: Payment | None, errors: list[dict]):
    due, paid = balance(bill)
    asked, collection = owing(bill, clock.today()), region(bill.employer.region).collection
    ways = ways_of(region(bill.employer.region))
    context = {
        "bill": bill,
        "due": due,
        "paid": paid,
        "asked": asked,
        "late_fee_rule": _late_fee_words(collection.late_fee),
        "cards": way_cards(bill.employer, ways, request.POST.get("channel", "")),
        "errors": errors,
        "typed": request.POST,
        "wish": waiting_void(bill.assessment_id),
        "may_withdraw": request.user.may("settle"),
        "parts": _parts(asked) if collection.apart else [],
        "late": clock.now() > bill.pay_until,
        "second_title": second_pays(bill.employer),
        "for_another": ANOTHER_PAYS if is_for_another(bill, by=request.user) else "",
        "running": running,
        "running_title": _way_title(request, running) if running else "",
        "running_note": next((way.note for way in ways if running and way.key == running.channel), ""),
        "shown_fen": running.amount_fen if running else asked.total,
        "is_unknown": is_unknown(running),
        "crumbs": _crumbs(request, f"{bill.label} 缴费"),
    }
    return render(request, "employer/pay_bill.html", context, status=422 if errors else 200)


def _ways_on(request, bill: Bill) -> dict:
    """Where one goes on from a bill that was voided: to the bill as it was, and to settling its month anew."""
    user, month = request.user, f"?month={bill.month}"
    again = reverse("e_settle") + month if not bill.series and may_open(user, reverse("e_settle")) else ""
    shown = reverse("e_bill", args=[bill.pk]) if may_open(user, reverse("e_bill", args=[bill.pk])) else ""
    return {"bill_url": shown, "settle_url": again}


def _receipt(request, payment: Payment, asked: Mapping[int, Owing]) -> dict | None:
    """The button that opens the receipt of what arrived; None where there is none, or not before the rest is paid."""
    is_whole = payment.bill_id in asked and asked[payment.bill_id].total <= 0
    has_one = is_whole and payment.state == PaymentState.SUCCEEDED and not payment.people and request.user.may("print")
    return print_action(payment.bill, "receipt", "凭证") if has_one else None


def _way_title(request, payment: Payment) -> str:
    return way_title(here(request), payment.channel)


def _qr(address: str) -> str:
    """The address as a picture that a phone reads."""
    return mark_safe(segno.make(address, error="m", micro=False).svg_inline(scale=5, border=2))  # noqa: S308 - our own


def _late_fee_words(rule) -> str:
    return DAY_COUNTS[rule.day_count].title


def _parts(asked) -> list[dict]:
    """What can be paid by itself: everything, or one part that is still open."""
    found = [{"key": "", "title": "单位部分和个人部分", "fen": asked.total}]
    found += [
        {"key": key, "title": title, "fen": asked.asked(key)} for key, title in SHARES.items() if asked.asked(key) > 0
    ]
    return found if len(found) > 2 else found[:1]


def _crumbs(request, last: str) -> list[dict]:
    return crumbs(last, (word(request, "menu.pay", "缴费与支付"), reverse("e_pay")))


@needs("pay")
@require_GET
def payment(request, pk):
    """How one attempt stands, where the bank sends the browser back to; the card alone for the page that asks again."""
    found = (
        Payment.objects.visible_to(request.user)
        .select_related("bill__employer", "bill__assessment", "started_by")
        .get(pk=pk)
    )
    way = here(request).collection.ways.get(found.channel)
    kind = way.kind if way else "online"
    cleared = cleared_money([found]).get(found.pk)
    context = {
        "payment": found,
        "word": state_word(found, cleared),
        "cleared": cleared,
        "owing": _still_owing(found.bill_id, request.user) if cleared else None,
        "way": _way_title(request, found),
        "kind": kind,
        "qr": _qr(found.pay_url) if kind == "code" and found.state == PaymentState.SENT else "",
        "tag": tag_of(found),
        "undecided": found.state in UNDECIDED,
        "in_file": found.debit_file_id is not None,
        "is_voided": found.bill.assessment.voided_at is not None,
        "may_cancel": found.state in (PaymentState.CREATED, PaymentState.SENT) and not found.debit_file_id,
        **_ways_on(request, found.bill),
        "file_problems": problems_of(found) if kind == "file" and found.state in UNDECIDED else [],
        "print_receipt": print_action(found.bill, "receipt", "打印缴费凭证") if request.user.may("print") else None,
        "crumbs": _crumbs(request, found.number),
    }
    name = "employer/pay_state_card.html" if request.htmx else "employer/pay_state.html"
    return render(request, name, context)


def _still_owing(bill_id: int, user) -> Paying | None:
    """How a bill stands that still asks for money; None where it asks for nothing."""
    bill = Bill.objects.visible_to(user).live().select_related("employer", "assessment").filter(pk=bill_id).first()
    if bill is None or (asked := owing(bill, clock.today())).total <= 0:
        return None
    return paying(bill, asked, running_payment(bill))


@needs("pay")
@require_GET
def voucher(request, pk):
    """银行端查询缴费凭证: what the teller at the bank needs to find the order."""
    found = Payment.objects.visible_to(request.user).select_related("bill__assessment", "employer").get(pk=pk)
    way = here(request).collection.ways.get(found.channel)
    if way is None or way.kind != "voucher":
        raise Refused("no_voucher", "这笔缴费不用银行端查询缴费凭证。", status=404)
    context = {
        "payment": found,
        "undecided": found.state in UNDECIDED,
        "rows": rows_of(found),
        "may_print": request.user.may("print"),
        "words": amount_in_words(found.amount_fen),
        "collector": here(request).collector,
        "crumbs": _crumbs(request, "银行端查询缴费凭证"),
    }
    return render(request, "employer/voucher.html", context)


@needs("print")
@require_POST
def print_voucher(request, pk):
    """The same as a paper with a number, which anybody can verify."""
    try:
        return redirect("e_document", issue_bank_voucher(pk, by=request.user).pk)
    except Refused as no:
        if no.status == 404:
            raise
        messages.error(request, no.message)
        return redirect("e_payment", pk)


@needs("pay")
@require_POST
def withdraw(request, pk):
    """Take an attempt back before the bank took money for it (撤销缴费、撤回代扣)."""
    try:
        cancel_payment(pk, by=request.user)
        messages.success(request, "已撤销，没有扣款，可以换一种方式缴费。")
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_payment", pk)


@needs("pay")
@require_POST
def ask(request, pk):
    """Ask the bank now (查询结果)."""
    try:
        found = ask_bank(pk, by=request.user)
        if found.state in UNDECIDED:
            messages.info(request, _nothing_new(found))
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_payment", pk)


def _nothing_new(found: Payment) -> str:
    """What is said of a question that changed nothing: when it was asked, so that one sees that it was."""
    at = f"已在 {timezone.localtime(clock.now()):%H:%M} 查询"
    if found.reason_code == MISMATCH:
        return f"{at}，银行的答复与这笔缴费仍然不符，请等经办机构核对。"
    return f"{at}，银行还没有结果。"


urlpatterns = [
    path("pay/", pay, name="e_pay"),
    path("pay", pay),
    path("pay/<int:pk>/", pay_bill, name="e_pay_bill"),
    path("payments/<int:pk>/", payment, name="e_payment"),
    path("payments/<int:pk>/voucher/", voucher, name="e_pay_voucher"),
    path("payments/<int:pk>/voucher/print/", print_voucher, name="e_pay_voucher_print"),
    path("payments/<int:pk>/withdraw/", withdraw, name="e_payment_withdraw"),
    path("payments/<int:pk>/ask/", ask, name="e_payment_ask"),
]
