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


def told_before(message: dict) -> tuple[str, str]:
    """What became of this message if it was brought already (same number, same state, same order), else "", and under
    which identity it is kept.
    """
    known = [_identity(message), _identity_of_another(message)]
    found = _notices(known)
    told = next((outcome for _, body, outcome in found if body["order_id"] == message["order_id"]), "")
    is_used = any(identity == known[0] for identity, *_ in found)
    return told, known[1] if is_used else known[0]


@prepared
def _notices(identities: list[str]) -> QuerySet:
    notices = BankNotice.objects.filter(message_id__in=identities).order_by("pk")
    return notices.values_list("message_id", "body", "outcome")
