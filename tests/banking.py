"""What stands at the other end of a payment in tests that need no bank process."""

import pytest

from shebao.hall.payments import channels


class Bank:
    """Remembers orders, answers as told, may be away."""

    def __init__(self):
        self.orders, self.answer, self.trouble, self.lines = [], {}, None, []

    def create_order(self, **order):
        if self.trouble:
            raise self.trouble
        self.orders.append(order)
        return {"order_id": order["order_id"], "pay_url": f"https://bank.invalid/pay/{order['order_id']}"}

    def debit(self, order_id, account):
        return self.query(order_id)

    def close(self, order_id):
        return self.query(order_id)

    def statement(self, day):
        if self.trouble:
            raise self.trouble
        return self.lines

    def query(self, order_id):
        if self.trouble:
            raise self.trouble
        return self.answer


@pytest.fixture
def bank(monkeypatch, settings):
    settings.SHEBAO_BANK_URL = "https://bank.invalid"
    bank = Bank()
    monkeypatch.setattr(channels, "BankClient", lambda *_: bank)
    return bank
