"""The second look before money moves at once (核对扣款): from which account, at which bank, how much."""

from collections.abc import Mapping, Sequence

from django.shortcuts import render

from shebao.hall.payments.channels import is_direct
from shebao.hall.settlement.models import Bill
from shebao.rules.identity import masked
from shebao.rules.region_collection import Way

CHECKED = "checked"
"""The field that says which amount, fen, was looked at."""


def must_be_checked(way: Way, fen: int, said: Mapping) -> bool:
    """Whether a debit of so much was not looked at yet: today's amount, and no other, was seen before it moves."""
    return is_direct(way) and said.get(CHECKED) != str(fen)


def check_page(
    request, bill: Bill, way: Way, fen: int, *, what: str, kept: Sequence[tuple[str, object]], form: str, back: str,
    crumbs: list[dict],
):  # fmt: skip
    """The page that asks once more: `what` is paid, `kept` are the fields that the form sends on to the address `form`.

    `back` is where another way, or other people, are chosen.
    """
    employer = bill.employer
    context = {
        "bill": bill,
        "way": way,
        "fen": fen,
        "what": what,
        "kept": [("channel", way.key), *kept, (CHECKED, fen)],
        "form": form,
        "back": back,
        "account": masked(employer.bank_account) if employer.bank_account else "",
        "crumbs": crumbs,
    }
    return render(request, "employer/pay_check.html", context)
