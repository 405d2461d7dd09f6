"""The employer's own file, the grade of its injury insurance, and what it declared."""

from collections.abc import Iterable

from django.db.models import QuerySet

from shebao.rules.identity import masked, masked_phone
from shebao.rules.months import Month, months_between
from shebao.rules.region import NoValue

from ..declarations.models import Declaration
from ..declarations.states import State, label_of
from .report import MONTHS, PERSON, SERVICE, STATE, Asked, Link, Report, Shown, plain

INJURY = "410"
"""Work injury in the national list of schemes."""


def _file(asked: Asked) -> list[dict]:
    one, codes = asked.employer, asked.region.codes

    def title(name: str, code: str) -> str:
        return codes[name].title_of(code) if name in codes else code

    term = asked.region.terms.get
    rows = [
        (term("employer_number", "单位编号"), one.employer_number),
        (term("credit_code", "统一社会信用代码"), one.credit_code),
        ("单位名称", one.name),
        ("法定代表人", one.legal_representative),
        ("单位类型", title("employer_kinds", one.employer_kind)),
        ("经济类型", title("economic_kinds", one.economic_kind)),
        ("地址", one.address),
        ("通讯地址", one.mailing_address),
        ("邮政编码", one.postcode),
        ("联系人", one.contact_name),
        ("联系电话", masked_phone(one.phone)),
        ("开户银行", one.bank_name),
        ("银行账号", masked(one.bank_account)),
        ("工伤行业类别", title("industry_classes", one.industry_class)),
        ("工伤浮动档次", title("float_grades", one.float_grade)),
        ("参保起始年月", str(one.first_month)),
    ]
    return [{"item": label, "value": value or "—"} for label, value in rows]


def _float_grades(asked: Asked) -> list[dict]:
    """By month: the register holds one class and grade, the rates change with the region's values."""
    scheme = next((one for one in asked.region.open_schemes if one.national_code == INJURY), None)
    share = scheme.shares.get("employer") if scheme else None
    if share is None:
        return []
    start = max(asked.first_month, asked.employer.first_month, asked.region.opened_on)
    months = months_between(start, asked.last_month) if start <= asked.last_month else ()
    return [_grade(asked, share, month) for month in reversed(months)]


def _grade(asked: Asked, share, month: Month) -> dict:
    codes, one = asked.region.codes, asked.employer

    def value(name: str | None, fact: str | None):
        if not name:
            return None
        key = getattr(one, fact) if fact else None
        try:
            return asked.region.value(name, month, known_on=asked.today, key=key).value
        except NoValue:
            return None

    rate, factor = value(share.parameter, share.by), value(share.times, share.times_by)
    both = rate * factor if rate is not None and factor is not None else rate
    return {
        "month": month,
        "industry_class": codes["industry_classes"].title_of(one.industry_class),
        "float_grade": codes["float_grades"].title_of(one.float_grade),
        "rate": rate if rate is not None else "没有数值",
        "both": both if both is not None else "没有数值",
    }


def _declarations(asked: Asked) -> QuerySet[Declaration]:
    found = Declaration.objects.visible_to(asked.actor).filter(
        employer=asked.employer, month__gte=asked.first_month, month__lte=asked.last_month
    )
    if asked.service:
        found = found.filter(service=asked.service)
    if asked.state:
        found = found.filter(state=asked.state)
    if asked.q:
        found = found.filter(subject_name__icontains=asked.q)
    return found.exclude(state=State.DELETED).select_related("declared_by").order_by("-declared_at", "-pk")


def _show_declarations(asked: Asked, rows: Iterable) -> list[dict]:
    services = asked.region.services
    return [
        {
            "case_number": Link(row.case_number or "未提交", "case", (row.pk,)),
            "service": services[row.service].title if row.service in services else row.service,
            "subject": row.subject_name,
            "month": row.month,
            "state": label_of(row.state, services[row.service]) if row.service in services else State(row.state).label,
            "declared_by": row.declared_by.name,
            "submitted_at": row.submitted_at,
            "decided_at": row.decided_at,
        }
        for row in rows
    ]


REPORTS = {
    "employer_file": Report(
        (Shown("item", "项目"), Shown("value", "内容", is_long=True)), (), _file, lambda _, rows: plain(rows), "项"
    ),
    "float_grades": Report(
        (
            Shown("month", "费款所属期", "month"), Shown("industry_class", "工伤行业类别", is_long=True),
            Shown("rate", "行业基准费率", "rate"), Shown("float_grade", "浮动档次"), Shown("both", "执行费率", "rate"),
        ),
        (MONTHS,), _float_grades, lambda _, rows: plain(rows), "个月",
    ),
    "declarations": Report(
        (
            Shown("case_number", "办件号"), Shown("service", "事项"), Shown("subject", "办理对象", is_long=True),
            Shown("month", "业务年月", "month"), Shown("state", "状态"), Shown("declared_by", "经办人"),
            Shown("submitted_at", "提交时间", "moment"), Shown("decided_at", "办结时间", "moment"),
        ),
        (MONTHS, SERVICE, STATE, PERSON), _declarations, _show_declarations, "笔",
    ),
}  # fmt: skip
