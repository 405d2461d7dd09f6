"""The sources of statements by the names that regions use: what was asked in, rows of plain values out."""

from collections.abc import Callable, Mapping

from .money_rows import Asked, Row, of_bills, of_payments, of_receipts, of_schemes
from .people_rows import of_changes, of_pension_account, of_person_lines, of_person_schemes, of_person_sums, of_roster

BLANK_ROWS = 20
"""More than lie on a page: a form takes as many as do."""


def of_nothing(asked: Asked) -> list[Row]:
    """Empty rows to be filled in by hand."""
    return [{} for _ in range(BLANK_ROWS)]


READERS: Mapping[str, Callable[[Asked], list[Row]]] = {
    "bills": of_bills,
    "schemes": of_schemes,
    "person_lines": of_person_lines,
    "person_sums": of_person_sums,
    "person_schemes": of_person_schemes,
    "pension_account": of_pension_account,
    "changes": of_changes,
    "roster": of_roster,
    "payments": of_payments,
    "receipts": of_receipts,
    "blank": of_nothing,
}
