"""The closed vocabulary of services: the names that a region's data may use, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass

from .amount_doubts import question_amount, undo_amount_doubts
from .back_payment_checks import (
    back_payment_months,
    back_payments_waiting,
    enrolled_first,
    estimate_back_payments,
    estimate_late_fees,
    estimate_waiting,
    estimate_withdrawals,
    late_fees_waiting,
)
from .back_payments import (
    assess_back_payments,
    assess_late_fees,
    keep_assessed,
    make_back_payments,
    undo_back_payments,
    undo_withdrawals,
    withdraw_back_payments,
)
from .cessation import cease_employees, undo_cessations
from .checks import CHECKS as COMMON_CHECKS
from .clerks import account_free, administrator_left, not_undone, register_clerk, replace_clerk, undo_clerks
from .deposits import deposit_request, request_deposit, undo_deposit_requests
from .employer_changes import (
    change_employers,
    confirm_employers,
    confirmed_today,
    cost_nothing,
    undo_confirmations,
    undo_employer_changes,
)
from .enrolment import enrol_employees, undo_enrolments
from .estimates import estimate_cessations, estimate_enrolments, estimate_wages
from .insurance_changes import change_insurance, estimate_insurance_changes, scheme_changes, undo_insurance_changes
from .labour import (
    end_labour,
    labour_day,
    labour_ended,
    labour_not_yet,
    labour_open,
    labour_registered,
    register_labour,
    undo_labour_ends,
    undo_labour_registrations,
)
from .personal_changes import (
    change_employees,
    change_identities,
    contract_dates,
    estimate_changes,
    new_identity,
    nothing_changed,
    undo_employee_changes,
    undo_identity_changes,
)
from .projects import (
    enrol_project_workers,
    estimate_projects,
    project_known,
    project_open,
    project_worker_not_yet,
    register_project,
    undo_project_workers,
    undo_projects,
)
from .refunds import estimate_refunds, keep_refunds, refund_leavers, refundable_months
from .wage_corrections import correct_wages, correctable_months, estimate_corrections, undo_corrections
from .wages import declare_wages_of, once_a_year, withdraw_wages
from .yearly_cover import cover_year, estimate_covers, undo_covers, yearly_cover

CHECKS = COMMON_CHECKS | {
    check.__name__: check
    for check in (
        nothing_changed, contract_dates, new_identity, scheme_changes, enrolled_first, back_payment_months,
        back_payments_waiting, late_fees_waiting, refundable_months, yearly_cover,
        confirmed_today, nothing_changed, contract_dates, new_identity, scheme_changes, labour_registered, labour_ended,
        labour_not_yet, labour_open, labour_day, project_known, project_open, project_worker_not_yet, account_free,
        administrator_left, deposit_request, once_a_year, correctable_months,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """What an approved declaration does.

    `apply` and `revert` take declarations of one employer and service and `by`; `estimate` fills cost and
    effect of the cases of a scene and writes nothing. `is_about_known` tells that the person is on the roster;
    `is_about_insured` that they must be insured for it;
    `is_change` that the answers replace what the roster says, so that old and new are shown and kept as history;
    `is_for_many` that one set of answers can be meant for several people. Where the service looks back, `revert`
    itself refuses what a bill has taken.
    """

    apply: Callable
    revert: Callable
    estimate: Callable
    is_about_known: bool
    is_change: bool = False
    is_for_many: bool = True
    is_about_insured: bool = True


def _change(apply: Callable, revert: Callable, estimate: Callable, *, is_for_many: bool = True) -> Effect:
    return Effect(apply, revert, estimate, is_about_known=True, is_change=True, is_for_many=is_for_many)


OPERATIONS = {
    "enrol_employees": Effect(enrol_employees, undo_enrolments, estimate_enrolments, is_about_known=False),
    "cease_employees": Effect(cease_employees, undo_cessations, estimate_cessations, is_about_known=True),
    "declare_wages": Effect(declare_wages_of, withdraw_wages, estimate_wages, is_about_known=True),
    "correct_wages": Effect(
        correct_wages,
        undo_corrections,
        estimate_corrections,
        is_about_known=True,
        is_for_many=False,
        is_about_insured=False,
    ),
    "change_employees": _change(change_employees, undo_employee_changes, estimate_changes),
    "change_identities": _change(change_identities, undo_identity_changes, estimate_changes, is_for_many=False),
    "change_insurance": _change(change_insurance, undo_insurance_changes, estimate_insurance_changes),
    "cover_year": Effect(cover_year, undo_covers, estimate_covers, is_about_known=True),
    "make_back_payments": Effect(
        make_back_payments,
        undo_back_payments,
        estimate_back_payments,
        is_about_known=True,
        is_for_many=False,
    ),
    "withdraw_back_payments": Effect(
        withdraw_back_payments,
        undo_withdrawals,
        estimate_withdrawals,
        is_about_known=True,
        is_for_many=False,
    ),
    "assess_back_payments": Effect(
        assess_back_payments,
        keep_assessed,
        estimate_waiting,
        is_about_known=True,
        is_for_many=False,
    ),
    "assess_late_fees": Effect(
        assess_late_fees,
        keep_assessed,
        estimate_late_fees,
        is_about_known=True,
        is_for_many=False,
        is_about_insured=False,
    ),
    "refund_leavers": Effect(
        refund_leavers,
        keep_refunds,
        estimate_refunds,
        is_about_known=True,
        is_for_many=False,
        is_about_insured=False,
    ),
    "change_employer": Effect(change_employers, undo_employer_changes, cost_nothing, is_about_known=False),
    "confirm_employer": Effect(confirm_employers, undo_confirmations, cost_nothing, is_about_known=False),
    "question_amount": Effect(question_amount, undo_amount_doubts, cost_nothing, is_about_known=False),
    "request_deposit": Effect(request_deposit, undo_deposit_requests, cost_nothing, is_about_known=False),
    "register_labour": Effect(register_labour, undo_labour_registrations, cost_nothing, is_about_known=False),
    "end_labour": Effect(end_labour, undo_labour_ends, cost_nothing, is_about_known=True, is_about_insured=False),
    "register_project": Effect(register_project, undo_projects, estimate_projects, is_about_known=False),
    "enrol_project_workers": Effect(enrol_project_workers, undo_project_workers, cost_nothing, is_about_known=False),
    "register_clerk": Effect(register_clerk, undo_clerks, cost_nothing, is_about_known=False),
    "replace_clerk": Effect(replace_clerk, not_undone, cost_nothing, is_about_known=False),
}


def missing_names(regions) -> list[str]:
    """A sentence for every check or operation that a region names and nobody wrote."""
    sentences = []
    for region in regions:
        for service in region.services.values():
            where = f"{region.code}/services.yaml: {service.key}"
            sentences += [f"{where}.checks: 没有名为“{name}”的校验" for name in service.checks if name not in CHECKS]
            if service.operation not in OPERATIONS:
                sentences.append(f"{where}.operation: 没有名为“{service.operation}”的办理动作")
    return sentences
