"""What a principal bears (滞纳金、利息) as one factor, from the evidence alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shebao.rules.columns import ratio
from shebao.rules.interest import growth
from shebao.rules.late_fees import days_by_rate
from shebao.rules.months import Month
from shebao.rules.terms import Terms, terms_of_factor

LATE_FEE, INTEREST = "late_fee", "interest"
DAY = timedelta(days=1)


def terms_of_borne(data: Mapping[str, Any]) -> Terms | None:
    """What a principal bears by this evidence, in whole numbers, before it is held to the principal; None of evidence
    of anything else.
    """
    factors = {LATE_FEE: _of_late_fee, INTEREST: _of_interest}
    factor = factors.get(data.get("bears", ""))
    return terms_of_factor(factor(data), data["rounding"]) if factor else None


def borne_by(data: Mapping[str, Any], principal: int) -> int:
    """The late fee or interest of one principal, fen, rounded once. Raises ValueError for evidence of anything else."""
    terms = terms_of_borne(data)
    if terms is None:
        raise ValueError("this is no evidence of a late fee or of interest")
    fen = terms.amount(principal)
    return min(fen, principal) if data.get("capped") else fen


def yearly(data: Mapping[str, Any]) -> dict[int, Decimal]:
    """The yearly rates that evidence of interest names, by year."""
    return {int(year): Decimal(one["value"]) for year, one in data["rates"].items()}


def _of_late_fee(data: Mapping[str, Any]) -> Fraction:
    """Σ(rate × days under that rate); the evidence has a rate for each of its days."""
    first, until = date.fromisoformat(data["first_on"]), date.fromisoformat(data["until"])
    since = [date.fromisoformat(one["since"]) for one in data["rates"]]
    days = days_by_rate(first - DAY, until, since, day_count=data["day_count"])
    told = zip(data["rates"], days, strict=True)
    return sum((ratio(Decimal(one["value"])) * int(some[0]) for one, some in told), Fraction(0))


def _of_interest(data: Mapping[str, Any]) -> Fraction:
    month, paid_in = Month.parse(data["month"]), Month.parse(data["paid_in"])
    return growth(month, paid_in, rates=yearly(data), compounding=data["compounding"]) - 1
