"""What the tests of the money pages share: a signed-in clerk with people, a settled month, a bank."""

import pytest

from tests.banking import Bank, bank  # noqa: F401 - a fixture

from ...settlement.hall import hire, make_clerk, make_employer, on_day, settle


@pytest.fixture
def november():
    """Every page of the test is opened on the morning of 10 November 2026."""
    with on_day():
        yield


@pytest.fixture
def clerk(db, november):
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    return make_clerk(employer)


@pytest.fixture
def pages(client, clerk):
    client.force_login(clerk)
    return client


@pytest.fixture
def bill(clerk):
    return settle(clerk.employer, clerk)


@pytest.fixture
def stranger(november, db):
    """A clerk of another employer."""
    return make_clerk(make_employer(number="120002"))


def text_of(response) -> str:
    text = response.content.decode()
    assert "UNDEFINED" not in text
    return text


def answer(payment, state="succeeded", **more):
    """What the bank says about a payment when it is asked."""
    return {
        "message_id": f"M{payment.pk}{state}", "order_id": payment.number, "state": state,
        "amount_fen": payment.amount_fen, "reason_code": "", "reason": "", "advice": "",
        "bank_serial": "YH20261110", "paid_at": "2026-11-10T09:31:00+08:00",
    } | more  # fmt: skip
