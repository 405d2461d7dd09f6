"""Money taken at the agency's counter (经办窗口收款): entered once by the number of its receipt, voided by a mirror."""

import secrets
from datetime import date, datetime, time

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.region import Region
from shebao.rules.settling_words import settling

from ..audit.operations import record
from ..clock import now, today
from ..documents.issuing import revoke_documents
from ..documents.models import Document
from ..errors import Conflict, Refused, permit
from ..regions import region
from ..settlement.collecting import credit_of, day_of, owing
from ..settlement.ledger import book_mirror, book_paid
from ..settlement.models import Account, Bill, Booking, LedgerEntry
from .models import UNDECIDED, CounterReceipt, Payment, PaymentState, ReceiptKind
from .suspense import MOST

COUNTER = "counter"
"""The channel of what the agency took itself."""


def takes_money(spec: Region) -> bool:
    """Whether the region's agencies take money at their counter."""
    return any(way.kind == COUNTER for way in spec.collection.ways.values())


def bill_by_number(number: str, *, by) -> Bill:
    """The bill in force with this number. Raises Refused where the actor's agency has none."""
    found = Bill.objects.visible_to(by).live().select_related("employer", "assessment").filter(number=number).first()
    if found is None:
        raise Refused("no_such_bill", f"没有账单号“{number}”的账单，或它已经作废。", field="bill")
    return found


def receipts(actor) -> QuerySet[CounterReceipt]:
    """The receipts of the actor's agency, the newest first."""
    rows = CounterReceipt.objects.visible_to(actor)
    return rows.select_related("employer", "payment__bill", "entered_by", "voided_by")


def enter_receipt(number: str, *, bill: str, fen: int, received_on: date, kind: str, by) -> CounterReceipt:
    """Enter money taken at the counter for a bill and book it; the same receipt again is the one entered.

    Amount in fen. Raises Refused with everything that is wrong, and for a number used for another receipt.
    """
    permit(by, "reconcile", "对账")
    number = " ".join(number.split())
    found = bill_by_number(bill.strip(), by=by)
    if not takes_money(region(found.employer.region)):
        raise Refused("no_counter", "本地不在经办窗口收款。", status=404)
    try:
        return _enter(number, found.pk, fen, received_on, kind, by=by)
    except IntegrityError:
        # Somebody entered the same number in the same moment.
        return _same(_held(found.employer.region, number), found.pk, fen, received_on, kind)


def _held(code: str, number: str) -> CounterReceipt | None:
    rows = CounterReceipt.objects.select_related("payment__bill")
    return rows.filter(region=code, number=number, voided_at=None).first()


def _same(held: CounterReceipt, bill_id: int, fen: int, received_on: date, kind: str) -> CounterReceipt:
    payment = held.payment
    if (payment.bill_id, payment.amount_fen, held.received_on, held.kind) != (bill_id, fen, received_on, kind):
        told = f"账单 {payment.bill.number}，{yuan(payment.amount_fen)} 元，{held.received_on:%Y-%m-%d}"
        raise Conflict("number_used", f"收据号 {held.number} 已经登记（{told}），内容不同，请核对收据号。")
    return held


@transaction.atomic
def _enter(number: str, bill_id: int, fen: int, received_on: date, kind: str, *, by) -> CounterReceipt:
    bill = Bill.objects.visible_to(by).live().select_for_update(of=("self",), no_key=True).get(pk=bill_id)
    if number and (held := _held(bill.employer.region, number)):
        return _same(held, bill_id, fen, received_on, kind)
    _check(number, bill, fen, received_on, kind)
    at = timezone.make_aware(datetime.combine(received_on, time(12)))
    payment = Payment.objects.create(
        employer=bill.employer,
        bill=bill,
        number=f"C{today():%Y%m%d}{secrets.randbelow(10**12):012d}",
        channel=COUNTER,
        amount_fen=fen,
        paid_fen=fen,
        state=PaymentState.SUCCEEDED,
        bank_serial=number,
        started_by=by,
        started_at=now(),
        finished_at=now(),
        paid_at=min(at, now()),
    )
    receipt = CounterReceipt.objects.create(
        payment=payment,
        employer=bill.employer,
        region=bill.employer.region,
        number=number,
        kind=kind,
        received_on=received_on,
        entered_by=by,
        entered_at=now(),
    )
    book_paid(bill, payment)
    detail = {"bill": bill.number, "number": number, "amount_fen": fen, "kind": kind}
    record("receipt.entered", receipt, by=by, employer=bill.employer, **detail)
    return receipt


def _check(number: str, bill: Bill, fen: int, received_on: date, kind: str) -> None:
    problems = []
    if not number or len(number) > 40:
        problems.append("请填写收据号，最多 40 个字。")
    if not 0 < fen <= MOST:
        problems.append("收款金额须大于零。")
    if kind not in ReceiptKind.values:
        problems.append("请选择收款方式。")
    made_on = day_of(bill.assessment.made_at)
    if not made_on <= received_on <= today():
        problems.append(f"收款日期须在核定日 {made_on:%Y-%m-%d} 至今天之间。")
    if bill.payments.filter(state__in=UNDECIDED).exists():
        problems.append("这张账单有一笔网上缴费还没有结果，请等它有结果再登记，以免重复。")
    elif owing(bill, received_on).total <= 0:
        problems.append("这张账单已经缴清，不需要再收款。")
    if problems:
        raise Refused("receipt_wrong", "\n".join(problems))


@transaction.atomic
def void_receipt(receipt_id: int, *, reason: str, by) -> CounterReceipt:
    """Void a receipt that was entered wrongly (作废): its booking is mirrored, and papers that say paid are revoked.

    Raises Refused without a reason, and where what was overpaid has been used since.
    """
    permit(by, "reconcile", "对账")
    receipt = CounterReceipt.objects.visible_to(by).select_for_update(of=("self",)).get(pk=receipt_id)
    reason = reason.strip()[:200]
    if not reason:
        raise Refused("no_reason", "请写明作废的原因。", field="reason")
    if receipt.voided_at:
        raise Conflict("already_voided", f"收据 {receipt.number} 已经作废。")
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=receipt.payment_id)
    bill = (
        Bill.objects.ever()
        .select_for_update(of=("self",), no_key=True)
        .select_related("employer")
        .get(pk=payment.bill_id)
    )
    if bill.transactions.filter(kind=Booking.RELEASED).exists():
        raise Refused(
            "settled_since",
            settling(
                region(bill.employer.region).terms,
                "这张暂核定账单已经结清，收款已经转到结算的账单，不能作废，请用退费处理。",
            ),
        )
    booked = payment.transactions.get()
    entries = LedgerEntry.objects.filter(transaction=booked, account=Account.CREDIT)
    credit = -(entries.aggregate(fen=Sum("amount_fen"))["fen"] or 0)
    if credit > credit_of(bill.employer_id):
        raise Refused("credit_used", f"这笔收款多出的 {yuan(credit)} 元已经抵扣或退费，不能作废，请用退费或调整处理。")
    book_mirror(booked)
    payment.state, payment.reason_code, payment.reason = PaymentState.VOIDED, "voided", reason
    payment.save(update_fields=["state", "reason_code", "reason"])
    receipt.voided_by, receipt.voided_at, receipt.void_reason = by, now(), reason
    receipt.save()
    revoke_paid_papers(bill, f"收款 {receipt.number} 已作废", by)
    detail = {"bill": bill.number, "number": receipt.number, "amount_fen": payment.amount_fen, "reason": reason}
    record("receipt.voided", receipt, by=by, employer=bill.employer, **detail)
    return receipt


def revoke_paid_papers(bill: Bill, reason: str, by) -> None:
    """The papers that are given for a paid bill no longer stand once it is not paid."""
    kinds = [kind for kind, spec in region(bill.employer.region).documents.items() if spec["stage"] == "paid"]
    papers = Document.objects.visible_to(by).filter(bill=bill, kind__in=kinds)
    if papers.exists() and owing(bill, today()).total > 0:
        pks = list(papers.values_list("pk", flat=True))
        revoke_documents(pks, reason=reason, by=by)
