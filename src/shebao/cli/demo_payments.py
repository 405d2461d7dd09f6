"""The demonstration's past payments: made in the bank's own book before it opens, and told by it as it tells of any."""

import json
import secrets
from pathlib import Path

from shebao.bank import signing
from shebao.bank.orders import OrderBook, message
from shebao.bank.server import BEIJING
from shebao.rules.months import Month


def pay_at_the_bank(history, month: Month) -> None:
    """Pay the month's bill of a demo employer now, as the hall believes now to be; the bank's statement knows it.

    The bank is no process yet: its book is opened here, and its notice comes through the same signed door.
    """
    from django.conf import settings

    from shebao.hall import clock
    from shebao.hall.payments import channels, operations
    from shebao.hall.settlement.models import Bill

    bill = Bill.objects.visible_to(history.clerk).live().get(month=month, series=0)
    payment = operations._begin(bill.pk, by=history.clerk, name="bank")
    order = {
        "order_id": payment.number, "amount_fen": payment.amount_fen, "payer": bill.employer.name,
        "payee": history.region.collector, "bill_number": bill.number, "callback_url": "-", "return_url": "-",
    }  # fmt: skip
    folder = getattr(settings, "DATA_DIR", None)
    book = OrderBook(folder / "bank.sqlite3" if folder else Path(":memory:"))
    try:
        at = clock.now().astimezone(BEIJING)
        book.place(order, at)
        paid = book.decide(payment.number, state="succeeded", reason_code="", paid=True, at=at)
    finally:
        book.close()
    body = json.dumps(message(paid)).encode()
    headers = signing.sign(channels.bank_secret(), body, at=clock.now().timestamp(), nonce=secrets.token_hex(16))
    operations.receive_notice(headers, body)
