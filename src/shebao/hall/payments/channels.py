"""Ways to pay, by name: a channel places an order and answers what became of it."""

from collections.abc import Mapping
from typing import Protocol

from django.conf import settings

from shebao.bank.client import BankClient

from ..errors import Refused
from ..regions import region
from .models import Payment


class Channel(Protocol):
    """What the hall needs of whoever moves the money. Amounts are fen; raises what `bank.client` raises."""

    def place(self, payment: Payment) -> str:
        """Place the order of a committed payment and return the page to pay on; the same payment, the same order."""

    def ask(self, payment: Payment) -> Mapping:
        """What became of the order, in the words of a notice."""

    def close(self, payment: Payment) -> Mapping:
        """Close the order so that nobody can pay it any more; what became of it, in the words of a notice."""


class BankChannel:
    """网上银行: the payer confirms on the bank's own page."""

    title = "网上银行支付"

    def __init__(self):
        if not settings.SHEBAO_BANK_URL:
            raise Refused("no_bank", "还没有接通银行，请联系系统管理员。", status=503)
        self.client = BankClient(settings.SHEBAO_BANK_URL, bank_secret())

    def place(self, payment: Payment) -> str:
        employer = payment.employer
        answer = self.client.create_order(
            order_id=payment.number,
            amount_fen=payment.amount_fen,
            payer=employer.name,
            payee=region(employer.region).term("agency"),
            bill_number=payment.bill.number,
            callback_url=f"{settings.SHEBAO_BASE_URL}/pay/notice",
            return_url=f"{settings.SHEBAO_BASE_URL}/e/pay",
            valid_until=payment.valid_until.isoformat() if payment.valid_until else "",
        )
        return answer["pay_url"]

    def ask(self, payment: Payment) -> Mapping:
        return self.client.query(payment.number)

    def close(self, payment: Payment) -> Mapping:
        return self.client.close(payment.number)


CHANNELS: dict[str, type[Channel]] = {"bank": BankChannel}


def channel(name: str) -> Channel:
    """The channel called `name`; refused in words when there is none."""
    if name not in CHANNELS:
        raise Refused("no_such_channel", "没有这种缴费方式，请重新选择。")
    return CHANNELS[name]()


def bank_secret() -> bytes:
    """The secret that the hall and the bank share."""
    return settings.SHEBAO_BANK_SECRET.encode()
