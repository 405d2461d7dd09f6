"""The ways to pay as cards to choose from: the name, one line of note, and the account that the money comes from."""

from shebao.hall.employers.models import Employer
from shebao.rules.identity import masked
from shebao.rules.region_collection import Way

ICONS = {"agreement": "certificate", "file": "receipt", "voucher": "printer", "code": "qrcode", "online": "bank"}
FROM_ACCOUNT = ("agreement", "file")
"""The kinds that take the money from the account that the employer registered."""


def way_cards(employer: Employer, ways: list[Way], typed: str = "") -> list[dict]:
    """One card for each way of a region; a way that needs an account which is not registered says so."""
    account = account_of(employer)
    return [
        {
            "way": way,
            "icon": ICONS[way.kind],
            "account": account if way.kind in FROM_ACCOUNT else "",
            "lacks": way.kind in FROM_ACCOUNT and not account,
            "checked": way.key == typed,
        }
        for way in ways
    ]


def account_of(employer: Employer) -> str:
    """The bank and the masked account that an employer registered; "" where there is none."""
    number = masked(employer.bank_account)
    return f"{employer.bank_name or '开户银行没有登记'} {number}" if number else ""
