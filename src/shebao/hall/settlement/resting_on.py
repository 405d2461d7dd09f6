"""计算依据 of a bill: the version of the rules, and the values that its amounts rest on."""

from dataclasses import dataclass

from shebao.rules.value_table import SchemeValues, newest_since, values_of
from shebao.rules.vocabulary import SHARES

from ..regions import region
from .evidences import data_of
from .models import CHARGING, Bill

SHORT = 8
"""So many digits of a fingerprint tell two versions of a region apart for a person."""


@dataclass(frozen=True)
class Rules:
    """The rows of the table by scheme, the version of the region's rules in short, and since when its newest value
    applies ("2026-07").
    """

    rows: tuple[SchemeValues, ...]
    version: str
    newest_since: str


def rules_of(bill: Bill) -> Rules:
    """What the amounts of a bill rest on; two queries."""
    used = bill.lines.filter(kind__in=CHARGING).order_by()
    used = used.values_list("scheme", *(f"{share}_evidence" for share in SHARES)).distinct()
    kinds: dict[str, set[int]] = {}
    for scheme, *ids in used:
        kinds.setdefault(scheme, set()).update(pk for pk in ids if pk is not None)
    data = data_of(set().union(*kinds.values()))
    schemes = [key for key in region(bill.employer.region).schemes if key in kinds]
    schemes += sorted(kinds.keys() - set(schemes))
    told = [[data[pk] for pk in sorted(kinds[scheme])] for scheme in schemes]
    rows = tuple(values_of(of_scheme) for of_scheme in told if of_scheme)
    newest = max((newest_since(of_scheme) for of_scheme in told), default="")
    return Rules(rows, bill.assessment.fingerprint[:SHORT], newest)
