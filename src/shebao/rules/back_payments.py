"""补缴: what a month that was not paid costs when it is paid later, of the schemes that are paid back and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from shebao.rules.contributions import Charges, People, charge
from shebao.rules.months import Month
from shebao.rules.region_model import Region


def charge_back(region: Region, month: Month, people: People, schemes: frozenset[str], *, known_on: date) -> Charges:
    """The contribution of `schemes` for a month, by that month's own values as known on a day.

    Values that only other schemes need may be missing: old months have fewer schemes. Raises what `charge` raises.
    """
    return charge(_narrowed(region, schemes), month, people, known_on=known_on)


@lru_cache(maxsize=256)
def _narrowed(region: Region, schemes: frozenset[str]) -> Region:
    """The region with these schemes only; the same object each time, because plans are kept by it."""
    return replace(region, schemes={key: scheme for key, scheme in region.schemes.items() if key in schemes})


def first_working_month(born_on: date, youngest: int) -> Month:
    """The month of the birthday on which a person reaches the age at which one may be insured."""
    return Month(born_on.year + youngest, born_on.month)
