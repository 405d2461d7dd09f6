"""查询统计 at a glance: the last twelve months as bars, by scheme, and the newest month beside those before."""

from dataclasses import replace
from itertools import dropwhile

from shebao.hall.reports.money import billed
from shebao.hall.reports.months import month_sums
from shebao.hall.reports.report import MONTHS, Asked, asked
from shebao.rules.unit_words import signed_percent

from .common import here


def overview(request) -> dict:
    """What the charts show; nothing for those who are not shown what is charged."""
    nothing = {"bars": [], "shares": [], "latest": None}
    if not request.user.may("settle"):
        return nothing
    given = asked(request.user, request.user.employer, here(request), {}, (MONTHS,))
    by_month, by_scheme = billed(given)
    last = max((month for month, fen in by_month.items() if fen), default=None)
    if last is None:
        return nothing
    until = ((month, fen) for month, fen in by_month.items() if month <= last)
    months = dropwhile(lambda one: not one[1], until)  # before its first bill an employer has no zeros
    return {
        "bars": [{"month": month, "amount": fen, "estimate": False} for month, fen in months],
        "shares": [
            {"code": scheme.colour, "label": scheme.title, "amount": by_scheme[scheme.key]}
            for scheme in here(request).schemes.values()
            if scheme.key in by_scheme
        ],
        "latest": _latest(request, replace(given, first_month=last, last_month=last)),
    }


def _latest(request, given: Asked) -> dict | None:
    """The last month that was billed, with what it is compared with, and the query that lists all months."""
    row = next(iter(month_sums(given)), None)
    if row is None:
        return None
    grown = (("比上月（环比）", row["on_month"]), ("比上年同月（同比）", row["on_year"]))
    told = [(label, "没有可比的月份" if value is None else signed_percent(value)) for label, value in grown]
    return row | {"grown": told, "query": reading(request, "month_summary")}


def reading(request, model: str) -> str:
    """The region's first query of a read model; "" where it has none."""
    return next((one.key for one in here(request).queries.values() if one.model == model), "")
