"""What an employer's later bills may correct or give back: of every charge its last line, asked as settling asks."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from shebao.rules.months import Month

from ..prepared import prepared
from .giving_back import RETURNED
from .models import ADJUSTING, CHARGING, BillLine, Refund


def last_charges(employer: int) -> QuerySet[BillLine]:
    """The last line of every charge of an employer that was not given back whole."""
    return BillLine.objects.live().filter(
        ~Exists(BillLine.objects.live().filter(adjusts=OuterRef("pk"), month=OuterRef("month"))),
        Q(employer_evidence__isnull=False) | Q(employee_evidence__isnull=False),
        bill__employer=employer,
        kind__in=(*CHARGING, *ADJUSTING),
    )


def is_to_be_returned() -> Q:
    """Whether a charge is one that a leaver gets back and has not got: one that is paid back after that stays."""
    asked = Refund.objects.filter(is_voided=False, employee=OuterRef("employee"), month=OuterRef("month"))
    same = {name: OuterRef(name) for name in ("employee", "scheme", "month")}
    done = BillLine.objects.live().filter(RETURNED, **same)
    return Q(Exists(asked)) & ~Q(Exists(done))


@prepared
def correctable(employer: int, people: list[int], months: list[Month]) -> QuerySet:
    """The charges of these people and months that a correction may move, each by its last line: its key, and what is
    charged.
    """
    rows = last_charges(employer).filter(~is_to_be_returned(), employee__in=people, month__in=months).order_by()
    return rows.values_list(
        "pk", "employee", "month", "scheme", "declared_wage", "employer_evidence", "employee_evidence"
    )


@prepared
def claimed_months(employer: int, month: Month) -> QuerySet:
    """The months before this one of which a leaver gets something back."""
    claims = Refund.objects.filter(is_voided=False, employee__employer=employer, month__lt=month).order_by()
    return claims.values_list("month", flat=True).distinct()


@prepared
def to_be_returned(employer: int, months: list[Month]) -> QuerySet:
    """The charges of these months that leavers get back and have not got."""
    # One declared after all may be older than others.
    rows = last_charges(employer).filter(is_to_be_returned(), month__in=months)
    return rows.select_related("employee").order_by("month", "pk")


def _charges_before(employer: int, month: Month, people: list[int], of: list[Month], whole: list[Month]) -> QuerySet:
    """The last lines of the charges before `month` of these people `of` these months, and of everybody of `whole`
    months.
    """
    charges = last_charges(employer).filter(~is_to_be_returned(), month__lt=month)
    return charges.filter(Q(month__in=whole) | Q(employee__in=people, month__in=of))


@prepared
def kinds_of_charges(employer: int, month: Month, people: list[int], of: list[Month], whole: list[Month]) -> QuerySet:
    """Each month and pair of evidences that there is among them."""
    rows = _charges_before(employer, month, people, of, whole).order_by()
    return rows.values_list("month", "employer_evidence", "employee_evidence").distinct()


@prepared
def lines_of_charges(employer: int, month: Month, people: list[int], of: list[Month], whole: list[Month]) -> QuerySet:
    """They themselves, by month and name."""
    rows = _charges_before(employer, month, people, of, whole).select_related("employee").defer("employee__phone")
    return rows.order_by("month", "employee__name_pinyin", "employee_id", "pk")
