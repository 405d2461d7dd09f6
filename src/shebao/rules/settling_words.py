"""What settling a month (结算) is called in a region: sentences have the national word, and follow its own."""

from collections.abc import Mapping

NATIONAL = "结算"
LONGER = ("申报结算", "月度结算")
"""Phrases that hold the national word and become one: where the verb is 申报 nobody says 申报申报."""


def settling(terms: Mapping[str, str], words: str) -> str:
    """`words` with the region's own verb for settling where it has one (term `settle`); else as they are."""
    verb = terms.get("settle", NATIONAL)
    if verb == NATIONAL:
        return words
    declared, monthly = LONGER
    return words.replace(declared, verb).replace(monthly, terms.get("settlement", verb)).replace(NATIONAL, verb)


def settle_name(terms: Mapping[str, str]) -> str:
    """What the right to settle is called: as its page where the verb is the region's own, which may mean more."""
    return settling(terms, LONGER[1]) if terms.get("settle", NATIONAL) != NATIONAL else NATIONAL
