from datetime import date

from shebao.hall.regions import region
from shebao.rules.base_rates import base_rates
from shebao.rules.months import Month

TODAY = date(2026, 11, 5)


NOVEMBER = Month(2026, 11)


def rates(fact: str, month=NOVEMBER, known_on=TODAY) -> dict[str, str]:
    return base_rates(region("tianjin"), fact, month, known_on=known_on)


def test_every_class_of_industry_says_the_rate_that_the_state_council_published():
    assert rates("industry_class") == {
        "1": "0.2%", "2": "0.4%", "3": "0.7%", "4": "0.9%", "5": "1.1%", "6": "1.3%", "7": "1.6%", "8": "1.9%",
    }  # fmt: skip


def test_what_decides_no_rate_says_none():
    assert rates("float_grade") == {} and rates("household") == {}


def test_before_there_was_a_tariff_there_is_nothing_to_say():
    assert rates("industry_class", Month(2010, 1)) == {}
