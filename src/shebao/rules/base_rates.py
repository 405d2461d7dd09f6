"""What a choice costs: the rates of a scheme that go by a code which an employer chooses for itself."""

from collections.abc import Mapping
from datetime import date

from shebao.rules.back_fees import percent
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue, Region


def base_rates(here: Region, fact: str, month: Month, *, known_on: date) -> dict[str, str]:
    """The rate of each code of a fact (`industry_class`) as a percentage, where a scheme charges by it; else none.

    Without the factor that goes by another fact, as the floating grade of the injury insurance.
    """
    found: dict[str, str] = {}
    for scheme in here.open_schemes:
        for share in scheme.shares.values():
            if share.kind != "rate" or share.by != fact:
                continue
            try:
                table = here.value(share.parameter, month, known_on=known_on).value
            except NoValue:
                continue
            if isinstance(table, Mapping):
                found |= {code: percent(str(rate)) for code, rate in table.items()}
    return found
