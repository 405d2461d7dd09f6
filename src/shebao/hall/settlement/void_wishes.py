"""Wishes to void that wait for the agency: the bill is not paid meanwhile; taken back, or closed by money that came."""

from django.db import transaction
from django.db.models import QuerySet

from shebao.rules.settling_words import settle_name

from ..audit.operations import record
from ..clock import now
from ..errors import Conflict, permit
from ..prepared import prepared
from ..regions import region
from .models import Bill, VoidRequest, VoidState

PAID_MEANWHILE = "审核以前这张账单已经缴费，不能作废，申请自动结束。"


def waiting_void(assessment_id: int) -> VoidRequest | None:
    """The wish to void this assessment that the agency has not decided; None where there is none."""
    return next(iter(_waiting([assessment_id])), None)


def waiting_voids_of(bills: list[Bill]) -> set[int]:
    """Of these bills the ids of those whose assessment somebody wants voided, undecided; one query."""
    asked = {one.assessment_id for one in _waiting([bill.assessment_id for bill in bills])}
    return {bill.pk for bill in bills if bill.assessment_id in asked}


@prepared
def _waiting(assessments: list[int]) -> QuerySet[VoidRequest]:
    return VoidRequest.objects.filter(assessment__in=assessments, state="asked")


def close_wishes(bill: Bill) -> None:
    """End the wish to void a bill for which money came: it cannot be voided any more. Inside the caller's booking."""
    for request in _locked(bill.assessment_id):
        request.state, request.note, request.decided_at = VoidState.CLOSED, PAID_MEANWHILE, now()
        request.save()
        record("void.closed", request, by=None, employer=bill.employer, bill=bill.number, note=request.note)


@prepared
def _locked(assessment: int) -> QuerySet[VoidRequest]:
    return VoidRequest.objects.select_for_update().filter(assessment=assessment, state="asked")


@transaction.atomic
def withdraw_void(request_id: int, *, by) -> VoidRequest:
    """Take a wish to void back before the agency decides (撤回申请): the bill stands, and can be paid.

    Raises Conflict where it is decided.
    """
    permit(by, "settle", settle_name(region(by.region).terms))
    request = VoidRequest.objects.visible_to(by).select_for_update(of=("self",)).get(pk=request_id)
    if request.state != VoidState.ASKED:
        raise Conflict("already_decided", f"这笔作废申请已经办结（{request.get_state_display()}），不能撤回。")
    request.state, request.decided_by, request.decided_at = VoidState.WITHDRAWN, by, now()
    request.save()
    record("void.withdrawn", request, by=by, month=str(request.assessment.month), bill=request.assessment.bill.number)
    return request
