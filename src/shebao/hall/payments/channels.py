"""Ways to pay, by name: a channel places an order and answers what became of it."""

from collections.abc import Mapping
from typing import Protocol

from django.conf import settings

from shebao.bank.client import BankClient, BankRefused
from shebao.rules.region import Region
from shebao.rules.region_collection import Way

from ..errors import Refused
from ..regions import region
from .models import UNDECIDED, WITHDRAWN, Payment


class Channel(Protocol):
    """What the hall needs of whoever moves the money. Amounts are fen; raises what `bank.client` raises."""

    def place(self, payment: Payment) -> tuple[str, Mapping | None]:
        """Place the order of a committed payment: the page to pay on, and what became of it if that is known at once.

        The same payment is the same order.
        """

    def ask(self, payment: Payment) -> Mapping:
        """What became of the order, in the words of a notice."""

    def close(self, payment: Payment) -> Mapping:
        """Close the order so that nobody can pay it any more; what became of it, in the words of a notice."""


class BankChannel:
    """An order that somebody pays at the bank: on its page (网上银行), by phone (扫码), at its counter (凭证)."""

    def __init__(self):
        if not settings.SHEBAO_BANK_URL:
            raise Refused("no_bank", "还没有接通银行，请联系系统管理员。", status=503)
        self.client = BankClient(settings.SHEBAO_BANK_URL, bank_secret())

    def place(self, payment: Payment) -> tuple[str, Mapping | None]:
        """Place the order; nothing is known until somebody pays."""
        employer = payment.employer
        answer = self.client.create_order(
            order_id=payment.number,
            amount_fen=payment.amount_fen,
            payer=employer.name,
            payee=region(employer.region).collector,
            bill_number=payment.bill.number,
            callback_url=f"{settings.SHEBAO_BASE_URL}/pay/notice",
            return_url=f"{settings.SHEBAO_BASE_URL}/e/payments/{payment.pk}/",
            valid_until=payment.valid_until.isoformat() if payment.valid_until else "",
        )
        return answer["pay_url"], None

    def ask(self, payment: Payment) -> Mapping:
        """Ask the bank."""
        return self.client.query(payment.number)

    def close(self, payment: Payment) -> Mapping:
        """Close the order at the bank."""
        return self.client.close(payment.number)


class AgreementChannel(BankChannel):
    """三方协议: the bank debits the employer's signed account at once."""

    def place(self, payment: Payment) -> tuple[str, Mapping | None]:
        """Place the order and have it debited; a second time is the same debit."""
        page, _ = super().place(payment)
        return page, self.client.debit(payment.number, payment.employer.bank_account)


class FileChannel:
    """银行代扣: the attempt waits for the next debit file; the bank's return says what became of it."""

    def place(self, payment: Payment) -> tuple[str, Mapping | None]:
        """Nothing to place: the next file is made of such attempts. Raises BankRefused without an account."""
        if not payment.employer.bank_account:
            raise BankRefused(422, "单位没有登记银行账号，请先在单位信息里登记")
        return "", None

    def ask(self, payment: Payment) -> Mapping:
        """A file is answered as a whole: nobody can be asked about one line."""
        return {"message_id": "", "state": "waiting", "amount_fen": payment.amount_fen}

    def close(self, payment: Payment) -> Mapping:
        """Take the attempt out of what waits; raises BankRefused once it is in a file."""
        waiting = Payment.objects.filter(pk=payment.pk, state__in=UNDECIDED, debit_file=None)
        if not waiting.update(reason_code=WITHDRAWN):
            raise BankRefused(409, "这一笔已列入代扣文件，要等银行回盘")
        return {
            "message_id": f"W{payment.number}"[:40],
            "state": "refused",
            "amount_fen": payment.amount_fen,
            "reason_code": WITHDRAWN,
            "reason": "已撤回代扣，没有扣款。",
        }


CHANNELS: dict[str, type[Channel]] = {
    "online": BankChannel,
    "agreement": AgreementChannel,
    "voucher": BankChannel,
    "code": BankChannel,
    "file": FileChannel,
}


def way_of(employer, name: str) -> Way:
    """The region's way to pay called `name` ("" = its first); refused in words where there is none on line."""
    found = next((one for one in ways_of(region(employer.region)) if name in ("", one.key)), None)
    if found is None:
        raise Refused("no_such_channel", "没有这种缴费方式，请重新选择。")
    return found


def way_chosen(employer, name: str) -> Way:
    """The way to pay that was chosen; where there are several, one must be: none moves money by itself."""
    if not name and len(ways_of(region(employer.region))) > 1:
        raise Refused("no_way_chosen", "请先选择缴费方式。", field="channel")
    return way_of(employer, name)


def is_direct(way: Way) -> bool:
    """Whether this way moves the money at once, with no page of the bank to look at before."""
    return way.kind == "agreement"


def ways_of(spec: Region) -> list[Way]:
    """The ways to pay on line that a region has, in its order."""
    return [one for one in spec.collection.ways.values() if one.kind in CHANNELS]


def channel(payment: Payment) -> Channel:
    """The channel that an attempt goes through."""
    return CHANNELS[way_of(payment.employer, payment.channel).kind]()


def bank_client() -> BankClient:
    """The bank as the hall asks it; refused in words where none is connected."""
    if not settings.SHEBAO_BANK_URL:
        raise Refused("no_bank", "还没有接通银行，不能对账。", status=503)
    return BankClient(settings.SHEBAO_BANK_URL, bank_secret())


def bank_secret() -> bytes:
    """The secret that the hall and the bank share."""
    return settings.SHEBAO_BANK_SECRET.encode()


def way_title(spec: Region, key: str) -> str:
    """The region's name of a way that was taken; a way that it no longer has keeps its kind's."""
    way = spec.collection.ways.get(key)
    return way.title if way else "经办窗口" if key == "counter" else "网上银行"
