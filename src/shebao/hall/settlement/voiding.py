"""Undoing a settlement that nobody has paid (核定回退、申报作废): by mirror entries; the old bill stays readable."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from shebao.rules.region_model import Void
from shebao.rules.settling_words import settle_name, settling

from ..audit.operations import record
from ..clock import now
from ..documents.issuing import revoke_documents
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..payments.closing import close_payments
from ..payments.models import UNDECIDED
from ..prepared import prepared
from ..regions import region
from .back_fees import bears_on_another_bill
from .giving_back import returned_by, take_months_again
from .ledger import book_voided
from .models import Assessment, Bill, BillLine, Booking, LedgerTransaction, VoidRequest, VoidState
from .paying_state import Paying, paying_of
from .void_wishes import waiting_void

LONGEST_REASON = 200
PAID = "这张账单已经缴费，不能作废"


@dataclass(frozen=True)
class Settled:
    """One settlement in the list of an employer: its bill, how that stands, and what may be done about it.

    `obstacle` says why it cannot be voided; "" where it can. `request` is the newest wish to void it.
    """

    bill: Bill
    paying: Paying
    obstacle: str
    request: VoidRequest | None


def void_rule(code: str) -> Void:
    """How a region undoes a settlement; raises Refused where it does not on line."""
    found = region(code).void
    if found is None:
        raise Refused("no_void", "本地没有开放网上作废，请到经办窗口办理。", status=404)
    return found


def ask_to_void(assessment_id: int, *, by, reason: str) -> VoidRequest:
    """Undo an assessment at once, or ask the agency to where the region's data says that it decides.

    Payments that are under way are closed at the bank first. Raises Refused with what stands in the way, Conflict
    when somebody else was first.
    """
    assessment = next(iter(_assessment(by, assessment_id)), None)
    if assessment is None:
        raise Assessment.DoesNotExist
    permit(by, "settle", settle_name(region(by.region).terms))
    rule, reason = void_rule(assessment.employer.region), _reason(reason, "作废原因")
    _refuse_obstacle(assessment)
    kind = region(assessment.employer.region).settlements.get(assessment.kind)
    if kind and kind.computed_by == "office" and not by.is_agency:
        raise Refused("computed_by_office", "这是经办机构核定的应缴，有误的请联系经办机构。")
    if not rule.is_direct:
        return _ask(assessment, by=by, reason=reason)
    close_payments(assessment.bill.pk, by=by)
    return _carry_out(assessment.pk, by=by, reason=reason)


@prepared
def _assessment(by, pk: int) -> QuerySet:
    return Assessment.objects.visible_to(by).ever().select_related("employer", "bill").filter(pk=pk)


def approve_void(request_id: int, *, by) -> VoidRequest:
    """Let the agency agree to a wish to void, and carry it out."""
    permit(by, "review", "审核")
    request = VoidRequest.objects.visible_to(by).select_related("assessment__bill").get(pk=request_id)
    _refuse_decided(request)
    close_payments(request.assessment.bill.pk, by=by)
    return _carry_out(request.assessment_id, by=by, request_id=request.pk)


@transaction.atomic
def decline_void(request_id: int, *, by, note: str) -> VoidRequest:
    """Let the agency decline a wish to void, with the reason that the employer will read."""
    permit(by, "review", "审核")
    found = VoidRequest.objects.visible_to(by).get(pk=request_id)
    # The employer first, as whoever carries the wish out: two who wait for each other would both fail.
    Employer.objects.select_for_update(no_key=True).get(pk=found.employer_id)
    request = VoidRequest.objects.select_for_update().get(pk=request_id)
    _refuse_decided(request)
    request.note = _reason(note, "不同意的原因")
    return _decide(request, VoidState.DECLINED, by=by)


def _reason(text: str, title: str) -> str:
    text = text.strip()
    if not text:
        raise Refused("no_reason", f"请填写{title}。", field="reason")
    if len(text) > LONGEST_REASON:
        raise Refused("reason_too_long", f"{title}最多 {LONGEST_REASON} 字，现在有 {len(text)} 字。", field="reason")
    return text


@transaction.atomic
def _ask(assessment: Assessment, *, by, reason: str) -> VoidRequest:
    # The employer is what settling and voiding lock: of two at once, the second sees what the first did.
    Employer.objects.select_for_update(no_key=True).get(pk=assessment.employer_id)
    # And the bill, which money that comes locks: the wish sees the money, or the money the wish.
    Bill.objects.ever().select_for_update(no_key=True).get(assessment=assessment)
    if waiting := waiting_void(assessment.pk):
        return waiting
    _refuse_obstacle(assessment)
    request = VoidRequest.objects.create(
        employer_id=assessment.employer_id, assessment=assessment, reason=reason, asked_by=by, asked_at=now()
    )
    record("void.asked", request, by=by, month=str(assessment.month), bill=assessment.bill.number, reason=reason)
    return request


@transaction.atomic
def _carry_out(assessment_id: int, *, by, reason: str = "", request_id: int | None = None) -> VoidRequest:
    """Mirror the bill's bookings, take its lines out of force, and write down who did it and why."""
    found = Assessment.objects.ever().get(pk=assessment_id)
    Employer.objects.select_for_update(no_key=True).get(pk=found.employer_id)
    assessment = Assessment.objects.ever().select_related("employer").get(pk=assessment_id)
    bill = Bill.objects.ever().select_for_update(no_key=True).get(assessment=assessment)
    request = VoidRequest(
        employer=assessment.employer, assessment=assessment, reason=reason, asked_by=by, asked_at=now()
    )
    if request_id:
        request = VoidRequest.objects.select_for_update().get(pk=request_id)
        _refuse_decided(request)
    _refuse_obstacle(assessment)
    if bill.payments.filter(state__in=UNDECIDED).exists():
        raise Conflict("paying", "这张账单正在缴费，请先等缴费有结果。")
    book_voided(bill)
    returned = returned_by(bill)
    bill.lines.live().update(is_voided=True)
    if returned:
        take_months_again(returned)
    Assessment.objects.live().filter(pk=assessment.pk).update(voided_at=now())
    papers = list(bill.documents.values_list("pk", flat=True))
    revoke_documents(papers, reason="所依据的核定已经作废，请向出具单据的单位要新的单据。", by=by)
    _decide(request, VoidState.VOIDED, by=by)
    record("month.voided", bill, by=by, month=str(bill.month), total_fen=bill.total_due, reason=request.reason)
    return request


def _decide(request: VoidRequest, state: VoidState, *, by) -> VoidRequest:
    request.state, request.decided_by, request.decided_at = state, by, now()
    request.save()
    if state == VoidState.DECLINED:
        record("void.declined", request, by=by, note=request.note)
    return request


def _refuse_decided(request: VoidRequest) -> None:
    if request.state != VoidState.ASKED:
        raise Conflict("already_decided", f"这笔作废申请已经办结（{request.get_state_display()}），请刷新后查看。")


def _refuse_obstacle(assessment: Assessment) -> None:
    if assessment.voided_at:
        raise Conflict("already_voided", "这次核定已经作废，请刷新后查看。")
    if text := obstacle(assessment):
        raise Refused("not_voidable", text)


def obstacle(assessment: Assessment) -> str:
    """Why an assessment in force cannot be voided; "" where it can."""
    bill, terms = assessment.bill, region(assessment.employer.region).terms
    if bill.is_provisional:
        return settling(terms, "这是暂核定的账单：申报结算以后自动结清，核定有误的由经办机构撤销。")
    if has_money(bill):
        return f"{PAID}；多缴或错缴的款请向经办机构申请退费。"
    if now() > bill.pay_until:
        return f"{bill.month.label}的缴费期已过，不能在网上作废，请到经办窗口办理。"
    if bill.transactions.filter(kind=Booking.CREDITED).exists():
        return "这张账单的退费已经转入待转金，不能作废；退错的，请办理补缴。"
    if other := bears_on_another_bill(bill):
        return f"账单 {other.bill.number} 是这张账单补缴的滞纳金，请先作废那一张。"
    if other := corrected_by_another(bill):
        if other.transactions.filter(kind=Booking.CREDITED).exists():
            return f"这张账单的费用已由 {other.label} 退回，不能作废。"
        return f"账单 {other.number}（{other.label}）更正或退回了这张账单的费用，请先作废那一张。"
    if assessment.series:
        return ""  # it stands apart: no later month counts on it
    later = Assessment.objects.live().filter(employer=assessment.employer_id, month__gt=assessment.month, series=0)
    if month := later.order_by("-month").values_list("month", flat=True).first():
        return settling(terms, f"{month.label}已经结算，请先作废后面的月份。")
    return ""


def corrected_by_another(bill: Bill) -> Bill | None:
    """Another bill in force that corrects or gives back a charge of this one; None where there is none."""
    lines = BillLine.objects.live().in_months_of(bill).filter(adjusts__bill=bill).exclude(bill=bill)
    return line.bill if (line := lines.select_related("bill").order_by("pk").first()) else None


def has_money(bill: Bill) -> bool:
    """Whether anything was paid of a bill, apart from credit that the bill itself took."""
    return bool(_paid(bill.pk))


@prepared
def _paid(bill: int) -> QuerySet:
    rows = LedgerTransaction.objects.filter(bill=bill, kind__in=("paid", "cleared", "carried"))
    return rows.values_list("pk", flat=True)[:1]


def settled_months(employer, *, by) -> list[Settled]:
    """Every settlement of an employer, voided ones too, the newest first; what is in force comes before what is not."""
    bills = list(
        Bill.objects.visible_to(by)
        .ever()
        .filter(employer=employer)
        .select_related("assessment__made_by", "assessment__employer")
        .order_by("-month", "-pk")
    )
    wishes = VoidRequest.objects.visible_to(by).filter(employer=employer).select_related("asked_by", "decided_by")
    newest = {one.assessment_id: one for one in reversed(wishes)}
    latest = max((bill.month for bill in bills if not (bill.series or bill.assessment.voided_at)), default=None)
    states, rows = paying_of(bills), []
    for bill in bills:
        paying = states[bill.pk]
        if bill.assessment.voided_at:
            stands = "已经作废。"
        else:
            # Only the newest month is asked about, and what stands apart: the earlier ones wait for it anyway.
            is_asked = bill.series or bill.month == latest
            waits = f"{PAID}。" if paying.paid else "请先作废后面的月份。"
            stands = obstacle(bill.assessment) if is_asked else waits
        rows.append(Settled(bill, paying, stands, newest.get(bill.assessment_id)))
    return rows


@dataclass(frozen=True)
class Waiting:
    """A wish to void that waits: how its bill stands, and why the agency cannot agree to it; "" where it can."""

    request: VoidRequest
    paying: Paying
    obstacle: str


def waiting_voids(actor) -> list[Waiting]:
    """The wishes to void that wait for the agency, the oldest first."""
    asked = VoidRequest.objects.visible_to(actor).filter(state=VoidState.ASKED).order_by("asked_at", "pk")
    found = list(asked.select_related("employer", "asked_by", "assessment__employer", "assessment__bill__employer"))
    for one in found:
        one.assessment.bill.assessment = one.assessment
    states = paying_of(one.assessment.bill for one in found)
    return [Waiting(one, states[one.assessment.bill.pk], _stands_in_the_way(one.assessment)) for one in found]


def _stands_in_the_way(assessment: Assessment) -> str:
    return "这次核定已经作废。" if assessment.voided_at else obstacle(assessment)
