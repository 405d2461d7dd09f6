"""Published cases: YAML written by whoever knows the rule, every value read as text so that no float appears."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from shebao.rules.money import parse_fen

CASES = Path(__file__).with_name("cases")


def published(name: str, key: str = "cases"):
    """`@published("late_fees")` runs the test once for each case, named by the case."""
    told = yaml.load((CASES / f"{name}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)[key]
    assert told and all(case["source"] for case in told)
    return pytest.mark.parametrize("case", told, ids=[case["name"] for case in told])


def table(name: str, key: str) -> dict[str, str]:
    """A table that the cases of a file share."""
    return yaml.load((CASES / f"{name}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)[key]


def fen(text: str) -> int:
    return parse_fen(text)


def day(text: str) -> date:
    return date.fromisoformat(text)


def exact(text: str) -> Decimal:
    return Decimal(text)
