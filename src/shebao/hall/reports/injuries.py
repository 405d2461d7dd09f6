"""Work injuries: what the agency paid back by hand of the costs of their treatment."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from ..reimbursements.models import Reimbursement
from ..roster.queries import people_named
from .report import MONTHS, PERSON, Asked, Link, Report, Shown


def _reimbursements(asked: Asked) -> QuerySet[Reimbursement]:
    found = Reimbursement.objects.visible_to(asked.actor).live().filter(
        employee__employer=asked.employer,
        approved_on__gte=asked.first_month.first_day, approved_on__lte=asked.last_month.last_day,
    )  # fmt: skip
    if asked.q:
        found = found.filter(employee__in=people_named(asked.actor, asked.q))
    return found.select_related("employee__person").order_by("-approved_on", "-pk")


def _show_reimbursements(asked: Asked, rows: Iterable[Reimbursement]) -> list[dict]:
    payees = asked.region.codes["reimbursement_payees"]
    return [
        {
            "name": Link(row.employee.name, "employee", (row.employee_id,)),
            "id_number": row.employee.person.id_number,
            "number": row.number,
            "accident_on": row.accident_on,
            "treated": f"{row.hospital} {row.treated_from} 至 {row.treated_until}",
            "invoices": row.invoices,
            "claimed": row.claimed_fen,
            "approved": row.approved_fen,
            "not_covered": row.not_covered_fen,
            "approved_on": row.approved_on,
            "paid_on": row.paid_on,
            "payee": payees.title_of(row.payee),
            "note": row.note,
        }
        for row in rows
    ]


REPORTS = {
    "reimbursements": Report(
        (
            Shown("name", "姓名"), Shown("id_number", "证件号码", "id"), Shown("number", "报销单号"),
            Shown("accident_on", "事故日期", "date"), Shown("treated", "就诊医院和治疗起止", is_long=True),
            Shown("invoices", "发票", "whole"),
            Shown("claimed", "费用总额", "yuan", True, "claimed_fen"),
            Shown("approved", "核定报销", "yuan", True, "approved_fen"),
            Shown("not_covered", "不予支付", "yuan", True, F("claimed_fen") - F("approved_fen")),
            Shown("approved_on", "核定日期", "date"), Shown("paid_on", "支付日期", "date"),
            Shown("payee", "收款人"), Shown("note", "备注", is_long=True),
        ),
        (MONTHS, PERSON), _reimbursements, _show_reimbursements, "笔", heads="employee",
        note="由经办机构在窗口登记，金额单位是元；没有支付日期的还没有支付。",
    ),
}  # fmt: skip
