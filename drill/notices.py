"""Call-backs of the bank, forged, replayed, wrong and out of order, through the hall's own door.

A small model says what may be booked: a payment that is open, when a message that the bank itself signed within five
minutes says that exactly this order succeeded with exactly this amount for exactly this bill. Everything else must
leave the ledger alone, and money that the bank says it took must stay in sight.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .outcome import Outcome

TITLE = "Call-backs of the bank"
URL = "/pay/notice"
PER_BILL = 12  # call-backs about one payment before the next bill is made
LATE = 301


@dataclass
class Expected:
    """What the model believes of one payment."""

    number: str
    bill: str
    amount_fen: int
    is_open: bool = True
    paid: bool = False
    mismatched: bool = False
    told: list[tuple[dict, bytes]] = field(default_factory=list)
    heard: dict[str, str] = field(default_factory=dict)


class Liar:
    """Makes call-backs: a true message, then usually something wrong with it."""

    def __init__(self, seed: int, secret: bytes, now: float):
        self.chance = random.Random(seed)  # noqa: S311
        self.secret, self.now, self.counter = secret, now, 0

    def true(self, one: Expected, state: str = "succeeded") -> dict:
        """What an honest bank says."""
        self.counter += 1
        return {
            "message_id": f"MSG{self.counter}", "order_id": one.number, "state": state, "amount_fen": one.amount_fen,
            "bill_number": one.bill, "reason_code": "", "reason": "", "advice": "", "bank_serial": f"YH{self.counter}",
            "paid_at": "2026-11-10T09:31:00+08:00",
        }  # fmt: skip

    def next(self, one: Expected, others: list[Expected]) -> tuple[str, dict[str, str], bytes]:
        """(kind of call-back, headers, body)."""
        from shebao.bank import signing

        kind = self.chance.choice(list(self.KINDS))
        if kind == "replayed" and not one.told:
            kind = "true"
        if kind == "replayed":
            headers, body = self.chance.choice(one.told)
            return kind, headers, body
        message = self.true(one, self.chance.choice(["succeeded"] * 3 + ["refused", "unknown", "waiting"]))
        body = self.KINDS[kind](self, message, one, others)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        at, secret = self.now, self.secret
        if kind == "late":
            at += self.chance.choice([-1, 1]) * self.chance.choice([LATE, 86_400])
        if kind == "another key":
            secret = self.chance.choice([b"", b"0" * 64, self.secret[:-1], self.secret + b"0", b"guess"])
        headers = signing.sign(secret, body, at=at, nonce=f"n{self.counter}")
        if kind == "changed after signing":
            place = self.chance.randrange(len(body))
            body = body[:place] + bytes([body[place] ^ (1 << self.chance.randrange(7))]) + body[place + 1 :]
        if kind == "broken header":
            name = self.chance.choice(list(headers))
            headers[name] = self.chance.choice(["", "0", "x" * 300, "-1", "９９９", headers[name][:-1], "é"])
        return kind, headers, body

    def _same(self, message, one, others):
        return message

    def _amount(self, message, one, others):
        wrong = [0, -one.amount_fen, one.amount_fen + 1, one.amount_fen - 1, one.amount_fen * 100, 2**63, 10**40]
        return message | {"amount_fen": self.chance.choice(wrong)}

    def _bill(self, message, one, others):
        return message | {"bill_number": self.chance.choice(["", "Z0", self.chance.choice(others).bill + "x", None, 7])}

    def _order(self, message, one, others):
        return message | {"order_id": self.chance.choice(["P0", "", "P" * 40, one.number + " ", one.number.lower()])}

    def _other_order(self, message, one, others):
        other = self.chance.choice(others)
        return message | {"order_id": other.number, "bill_number": one.bill, "amount_fen": one.amount_fen}

    def _type(self, message, one, others):
        key = self.chance.choice(list(message))
        return message | {
            key: self.chance.choice([None, True, [], {}, 1.5, "", "x" * 500, -1, "\u0000", "\ud800", "１２"])
        }

    def _shape(self, message, one, others):
        text = json.dumps(message).encode()
        odd = [b"", b"null", b"[]", b"{", text[:-1], text + text, b"[" * 60_000, b'{"a":' * 30_000, b"\xff" + text]
        odd += [
            text.replace(b'"amount_fen"', b'"amount_fen": 1, "amount_fen"'),
            text.replace(b": ", b': NaN, "n": ', 1),
        ]
        odd += [text[:-1] + b', "more": NaN}', text[:-1] + b', "more": 1e999}', text[:-1] + b', "more": "\\u0000"}']
        odd += [text[:-1] + b', "more": "\\ud800"}', b'{"message_id": 1' + b"0" * 5000 + b"}"]
        return self.chance.choice(odd)

    KINDS = {
        "true": _same, "replayed": _same, "late": _same, "another key": _same, "changed after signing": _same,
        "broken header": _same, "wrong amount": _amount, "wrong bill": _bill, "unknown order": _order,
        "another order": _other_order, "wrong type": _type, "no message": _shape,
    }  # fmt: skip


def _can_be_kept(value) -> bool:
    """Whether a database has room for it: no NUL, no half characters, no numbers without end."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_can_be_kept(one) for pair in value.items() for one in pair)
    return all(map(_can_be_kept, value)) if isinstance(value, list) else True


class Listener:
    """Sends call-backs to the hall and holds it to the model."""

    def __init__(self, found: Outcome, liar: Liar):
        from django.test import Client

        self.found, self.liar = found, liar
        self.client = Client(raise_request_exception=False)
        self.all: list[Expected] = []

    def send(self, label: str, kind: str, headers: dict[str, str], body: bytes, subjects: dict[str, Expected]) -> None:
        """One call-back, and what must and must not follow from it."""
        sent = {key: value.encode().decode("latin-1") for key, value in headers.items()}
        response = self.client.post(URL, body, content_type="application/json", headers=sent)
        self.found.counts["call-backs"] += 1
        outcome = response.content.decode()
        if response.status_code >= 500 or response.status_code not in (200, 403, 422):
            self.found.counts["5xx"] += 1
            return self.found.fail(f"{label} {kind}: status {response.status_code} for {body[:120]!r}")
        expected = self.judge(headers, body, subjects)
        self.found.counts["booked" if outcome == "booked" and expected == "books" else "left alone"] += 1
        if (expected == "books") != (outcome == "booked" and expected != "repeats"):
            self.found.counts["wrongly settled" if outcome == "booked" else "genuine ones lost"] += 1
            self.found.fail(f"{label} {kind}: expected {expected}, the hall said {response.status_code} {outcome}")
        if expected == "unheard" and response.status_code == 200:
            self.found.fail(f"{label} {kind}: heard although it must not be: {outcome}")
        return None

    def judge(self, headers: dict[str, str], body: bytes, subjects: dict[str, Expected]) -> str:
        """The model: unheard, books, repeats or other."""
        from shebao.bank import signing

        stamp = headers.get(signing.TIMESTAMP, "")
        made = stamp.isascii() and stamp.isdigit() and signing.sign(
            self.liar.secret, body, at=int(stamp), nonce=headers[signing.NONCE]
        )  # fmt: skip
        if not made or made != headers or abs(int(stamp) - self.liar.now) > 300:
            return "unheard"
        try:
            message = json.loads(body)
            one = subjects.get(message["order_id"])
            identity = f"{message['message_id']}:{message['state']}"
            amount = message["amount_fen"]
            well_named = isinstance(message["message_id"], str) and 0 < len(message["message_id"]) <= 40
        except (ValueError, TypeError, KeyError, RecursionError):
            return "other"
        if one is None or type(amount) is not int or not well_named or not _can_be_kept(message):
            return "other"
        if identity in one.heard:
            return one.heard[identity]
        return self.follow(one, message, identity)

    def follow(self, one: Expected, message: dict, identity: str) -> str:
        """What a genuine message about a known order does to its payment."""
        state, result = message["state"], "other"
        if state == "succeeded" and one.is_open:
            right = message["amount_fen"] == one.amount_fen and message.get("bill_number", one.bill) == one.bill
            # Once money came that was not as ordered, a person says what becomes of it, whatever the bank tells later.
            if right and not one.mismatched:
                one.is_open, one.paid, result = False, True, "books"
            elif not right:
                one.mismatched = True
        elif state == "refused" and one.is_open and not one.mismatched:
            one.is_open = False
        one.heard[identity] = "repeats" if result == "books" else result
        return result


def run(count: int, seed: int) -> Outcome:
    """`count` call-backs about a few hundred payments; the same seed, the same call-backs."""
    from django.conf import settings
    from tests.settlement.hall import on_day

    from shebao.hall import clock

    found = Outcome(TITLE, seed, count)
    found.counts.update({"5xx": 0, "wrongly settled": 0, "genuine ones lost": 0})
    with on_day():
        liar = Liar(seed, settings.SHEBAO_BANK_SECRET.encode(), clock.now().timestamp())
        listener, subjects = Listener(found, liar), {}
        for number in range(count):
            if number % PER_BILL == 0:
                one = payment_of(300_000 + number)
                subjects[one.number] = one
                listener.all.append(one)
            chosen = one if liar.chance.random() < 0.7 else liar.chance.choice(listener.all[-5:])
            kind, headers, body = liar.next(chosen, listener.all)
            if kind == "true":
                chosen.told.append((headers, body))
            listener.send(f"{seed}/{number}", kind, headers, body, subjects)
        _compare(found, listener.all)
    return found


def payment_of(number: int) -> Expected:
    """A settled bill of a new employer and a payment that waits for the bank's word."""
    from tests.settlement.hall import hire, make_clerk, make_employer, settle

    from shebao.hall.payments import operations

    employer = make_employer(number=str(number))
    clerk = make_clerk(employer)
    hire(employer, [720_000, 300_000])
    bill = settle(employer, clerk)
    with placed():
        payment = operations.start_payment(bill.pk, by=clerk)
    return Expected(payment.number, bill.number, payment.amount_fen)


@contextmanager
def placed() -> Iterator[None]:
    """Inside this block a bank is connected that takes every order."""
    from unittest.mock import patch

    from django.test import override_settings

    from shebao.hall.payments import operations

    with override_settings(SHEBAO_BANK_URL="https://bank.invalid"), patch.object(operations, "channel", Placed):
        yield


class Placed:
    """The bank has taken the order; what it says about it is the drill's business."""

    def __init__(self, payment):
        self.payment = payment

    def place(self, payment) -> tuple[str, None]:
        """Where the payer would pay; nobody has paid yet."""
        return f"https://bank.invalid/{payment.number}", None


def _compare(found: Outcome, everybody: list[Expected]) -> None:
    """At the end: every payment is what the model says, every fen is in the ledger, the books prove themselves."""
    from shebao.hall.audit.operations import broken_links
    from shebao.hall.payments.models import BankNotice, Payment
    from shebao.hall.settlement.ledger import balance, check_ledger

    for one in everybody:
        payment = Payment.objects.select_related("bill").get(number=one.number)
        due, paid = balance(payment.bill)
        if paid != (due if one.paid else 0) or (payment.state == "succeeded") != one.paid:
            found.counts["wrongly settled"] += 1
            found.fail(f"{one.number}: paid {paid} of {due}, {payment.state}; the model says paid={one.paid}")
    parked = BankNotice.objects.filter(outcome="parked").count()
    found.counts["payments"], found.counts["parked for a person to look at"] = len(everybody), parked
    for sentence in [*check_ledger(), *broken_links()]:
        found.fail(f"the books: {sentence}")
