"""The voucher for the bank's counter (银行端查询缴费凭证): by its number a teller finds the order."""

from itertools import chain

from django.utils.timezone import make_naive

from shebao.rules.money import yuan
from shebao.rules.region import Region

from ..clock import today
from ..errors import Refused, permit
from ..payments.models import UNDECIDED, Payment
from ..payments.order_papers import order_question
from ..regions import region
from ..settlement.queries import SchemeSum, bill_earlier, bill_summary
from .amount_words import amount_in_words
from .issuing import issue_paper
from .models import Document
from .rendering import Column, Paper

LAYOUT = "payment_notice"


def bank_voucher_kind(spec: Region) -> str:
    """The region's name for the paper; "" where it has none."""
    return next((kind for kind, one in spec.documents.items() if one["stage"] == "ordered"), "")


def issue_bank_voucher(payment_id: int, *, by) -> Document:
    """The voucher of a payment at the bank's counter; the second time, the one that was issued.

    Raises Refused for a payment that is no such one, or is decided.
    """
    permit(by, "print", "打印")
    payments = Payment.objects.visible_to(by).select_related("bill__assessment", "employer")
    payment = payments.get(pk=payment_id)
    spec = region(payment.employer.region)
    way, kind = spec.collection.ways.get(payment.channel), bank_voucher_kind(spec)
    if way is None or way.kind != "voucher" or not kind:
        raise Refused("no_voucher", "这笔缴费不用银行端查询缴费凭证。", status=404)
    if payment.state not in UNDECIDED:
        raise Refused("payment_decided", "这笔缴费已有结果，凭证不能再用来缴款。", status=409)
    return issue_paper(
        voucher_paper(payment, kind), employer=payment.employer, kind=kind, layout=LAYOUT, month=payment.bill.month,
        total_fen=payment.amount_fen, by=by, asked=order_question(payment),
    )  # fmt: skip


def rows_of(payment: Payment) -> list[SchemeSum]:
    """What the bill of a payment demands, by scheme, that of earlier months too."""
    return [*bill_summary(payment.bill), *chain(*bill_earlier(payment.bill).values())]


def voucher_paper(payment: Payment, kind: str) -> Paper:
    """What the voucher says; number and code are still blank."""
    spec, bill, employer = region(payment.employer.region), payment.bill, payment.employer
    document = spec.documents[kind]
    money: list[Column] = [
        {"title": title, "align": "right", "width": 1.3}
        for title in ("单位部分（元）", "个人部分（元）", "账单金额（元）")
    ]
    rows = [[one.title, yuan(one.employer_due), yuan(one.employee_due), yuan(one.total)] for one in rows_of(payment)]
    if payment.late_fee_fen:
        rows.append(["滞纳金", "", "", yuan(payment.late_fee_fen)])
    return {
        "title": document["title"],
        "letterhead": spec.collector,
        "subtitle": f"费款所属期 {bill.label}",
        "number": "",
        "code": "",
        "made_on": today().isoformat(),
        "header": [
            ["凭证序号（缴费流水）", payment.number],
            ["征收机关", spec.collector],
            ["单位名称", employer.name],
            [spec.term("credit_code"), employer.credit_code],
            ["应征凭证号（账单号）", bill.number],
            ["限缴日期", f"{make_naive(payment.valid_until or bill.pay_until):%Y-%m-%d %H:%M}"],
            ["填开日期", f"{make_naive(payment.started_at):%Y-%m-%d}"],
        ],
        "columns": [{"title": "险种", "width": 2.2}, *money],
        "rows": rows,
        "total": ["本次应缴", "", "", yuan(payment.amount_fen)],
        "amount_words": amount_in_words(payment.amount_fen),
        "people": None,
        "notes": [*(str(note) for note in document["notes"])],
        "signatures": list(document["signatures"]),
        "seals": [f"{spec.collector}（章）"],
        "illustrative": sorted(bill.illustrative),
    }  # fmt: skip
