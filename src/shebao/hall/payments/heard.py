"""What the bank told before: the same message again has the same outcome."""

from hashlib import sha256

from django.db.models import QuerySet

from ..prepared import prepared
from .models import BankNotice


def _identity(message: dict) -> str:
    # A bank that clears up an unknown order says so under the same message number: the state is part of it.
    return f"{message['message_id']}:{message['state']}"


def _identity_of_another(message: dict) -> str:
    # A number that the bank used for another order before: money must not be taken for that other message.
    text = f"{_identity(message)}:{message['order_id']}"
    return f"again:{sha256(text.encode()).hexdigest()[:48]}"


def _identity_of_answer(message: dict) -> str:
    # Asked, the bank says something else than its notice of the same number and state did: that one was misreported.
    text = f"{_identity(message)}:{message['order_id']}:{_said(message)}"
    return f"asked:{sha256(text.encode()).hexdigest()[:48]}"


def _said(message: dict) -> list:
    return [message.get(key, "") for key in ("amount_fen", "bank_serial", "payer", "bill_number")]


def told_before(message: dict, *, is_answer: bool = False) -> tuple[str, str]:
    """What became of this message if it was brought already (same number, same state, same order), else "", and under
    which identity it is kept.

    A notice that is brought again is the same whatever it says now. What the bank answers when it is asked
    (`is_answer`) is the same only if it says the same of the money.
    """
    known = [_identity(message), _identity_of_another(message)]
    known += [_identity_of_answer(message)] if is_answer else []
    found = _notices(known)
    same = [
        outcome
        for _, body, outcome in found
        if body["order_id"] == message["order_id"] and (not is_answer or _said(body) == _said(message))
    ]
    used = {identity for identity, *_ in found}
    return same[0] if same else "", next((one for one in known if one not in used), known[-1])


@prepared
def _notices(identities: list[str]) -> QuerySet:
    notices = BankNotice.objects.filter(message_id__in=identities).order_by("pk")
    return notices.values_list("message_id", "body", "outcome")
