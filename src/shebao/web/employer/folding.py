"""What of a record a phone shows while it is folded: whose it is, briefly what it is about, and its amount."""

from collections.abc import Iterable

FEW = 4
"""So many columns are shown whole."""
BRIEF = (
    "scheme",
    "service",
    "subject",
    "change",
    "month",
    "schemes",
    "since",
    "changed_in",
    "bill",
    "document",
    "number",
)
MOST_BRIEF = 2
AMOUNT = ("total", "total_due", "amount", "closing", "approved", "wage", "both", "state", "ready", "paid_mark")


def folded(keys: Iterable[str], head: str) -> dict[str, str]:
    """Which columns stay while a record is folded, and as what: `brief` or `sum`; none where it needs no folding."""
    beside = [key for key in keys if key != head]
    if len(beside) < FEW:
        return {}
    amount = [key for key in AMOUNT if key in beside][:1]
    brief = [key for key in BRIEF if key in beside][:MOST_BRIEF]
    return dict.fromkeys(brief, "brief") | dict.fromkeys(amount, "sum")
