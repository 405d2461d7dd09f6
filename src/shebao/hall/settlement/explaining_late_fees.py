"""为什么是这个数, of the late fee of a bill (滞纳金): from the principal that was late to what is asked for today."""

from datetime import date

from shebao.rules.arrears_told import LatePart, late_fee_steps
from shebao.rules.contributions import Step
from shebao.rules.money import yuan

from ..regions import region
from .collecting import LateFee, late_fee_of
from .explaining import Explanation, plain
from .models import Bill


def explain_late_fee(actor, bill_pk: int, on: date) -> Explanation:
    """Explain the late fee that a bill of the actor bears until a day: what is asked for or, once paid, what was taken.

    Raises Bill.DoesNotExist for what is not theirs, NoValue without a rate.
    """
    bill = Bill.objects.visible_to(actor).ever().select_related("employer", "assessment").get(pk=bill_pk)
    fee = late_fee_of(bill, on)
    asked = max(fee.whole - sum(fee.taken.values()), 0)
    word, amount = ("滞纳金", asked) if asked or not fee.whole else ("已缴滞纳金", fee.whole)
    steps = _steps(bill, fee, on) if fee.whole else [_why_nothing(bill, fee)]
    title = f"账单 {bill.label} · {word} · 截至 {on}"
    return Explanation(title, amount, steps, None, plain(title, amount, steps))


def _steps(bill: Bill, fee: LateFee, on: date) -> list[Step]:
    parts = [LatePart(fen, day, is_paid=True) for fen, day in fee.paid]
    parts += [LatePart(fee.left, on, is_paid=False)] if fee.left else []
    steps = late_fee_steps(region(bill.employer.region), fee.due, parts, on)
    return [*steps[:-1], *_paid_before(fee), steps[-1]]


def _why_nothing(bill: Bill, fee: LateFee) -> Step:
    if bill.assessment.voided_at:
        return Step("账单", "已作废", "不再应缴，没有滞纳金")
    if not region(bill.employer.region).collection.late_fee.charged:
        return Step("滞纳金", "不计收", "本地不由网上核定滞纳金")
    return Step("缴费截止", str(fee.due), "到今天没有逾期的应缴额，没有滞纳金")


def _paid_before(fee: LateFee) -> list[Step]:
    """What was taken of it, day by day, and what is left to pay."""
    if not fee.taken:
        return []
    rows = [Step("已缴滞纳金", f"{yuan(fen)} 元", f"{day} 缴") for day, fen in fee.taken.items()]
    before = " − ".join(yuan(fen) for fen in (fee.whole, *fee.taken.values()))
    return [*rows, Step("还应缴滞纳金", f"{before} = {yuan(fee.whole - sum(fee.taken.values()))} 元")]
