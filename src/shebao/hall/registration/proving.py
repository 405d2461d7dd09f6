"""The applicant's telephone (手机号 + 短信码): it gets a code, and is proved before anything is given to the agency.

Only where this installation can send short messages: elsewhere nobody is asked, and the pages say so. In the demo it
may be tried, and nothing depends on it.
"""

from datetime import timedelta

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused
from ..operators.throttle import may_try
from ..sign_in.codes import WRONG, Receiver, send, sends_messages, take, takes_messages
from .models import Registration
from .states import WITH_APPLICANT

PURPOSE = "registration"
SENDS, WINDOW = 5, timedelta(hours=1)
"""How many codes one telephone gets in an hour, whoever writes it into an application."""
UNPROVED = "专管员手机号还没有用短信验证码验证，验证后才能提交。"


def is_unproved(made: Registration) -> bool:
    """Whether the telephone as it stands now is still to be proved; at the counter its owner was there."""
    return sends_messages() and _lacks_proof(made)


def may_prove(made: Registration) -> bool:
    """Whether a code can go to the telephone as it stands now, be it for trying."""
    return takes_messages() and _lacks_proof(made)


def _lacks_proof(made: Registration) -> bool:
    is_stranger = made.entered_by_id is None and bool(made.phone_digest)
    return is_stranger and made.proved_digest != made.phone_digest


def _receiver(made: Registration) -> Receiver:
    # Bound to the number: a code that went to one telephone proves no other.
    bound_to = f"registration:{made.pk}:{made.phone_digest}"
    return Receiver({"registration": made}, f"registration {made.pk}", bound_to, made.region)


@transaction.atomic
def send_phone_code(pk: int) -> None:
    """Send six digits to the clerk's telephone (获取验证码). Raises Refused when there is no way, or too often."""
    made = _writable(pk)
    send_proof(_receiver(made), PURPOSE, made.answers["clerk_phone"], made.phone_digest, is_wanted=may_prove(made))


def send_proof(receiver: Receiver, purpose: str, phone: str, digest: str, *, is_wanted: bool) -> None:
    """Send the digits that prove a telephone, whatever application it stands in; `digest` is what it is counted by.

    Raises Refused when it need not be proved or there is no way, or too often.
    """
    if not is_wanted:
        raise Refused("nothing_to_prove", "这个手机号不用再验证。")
    if not may_try(f"{purpose}-phone", digest, limit=SENDS, within=WINDOW):
        raise Refused("too_often", "这个手机号获取验证码的次数过多，请一小时后再试。", status=429)
    send(receiver, purpose, "sms", phone)


def take_proof(receiver: Receiver, purpose: str, code: str) -> None:
    """Take the digits that prove it. Raises Refused; the try counts although it is."""
    if not take(receiver, purpose, code):
        raise Refused("wrong_code", WRONG, field="code")


def prove_phone(pk: int, code: str) -> None:
    """Prove the telephone with the code that went to it (验证手机号). Raises Refused; the try counts although it is."""
    made = Registration.objects.get(pk=pk)
    take_proof(_receiver(made), PURPOSE, code)
    with transaction.atomic():
        now = _writable(pk)
        now.proved_digest, now.touched_at = made.phone_digest, clock.now()
        now.save(update_fields=["proved_digest", "touched_at"])
        record("registration.phone_proved", now, by=None)


def _writable(pk: int) -> Registration:
    made = Registration.objects.select_for_update().get(pk=pk)
    if made.state not in WITH_APPLICANT:
        raise Conflict("wrong_state", f"申请 {made.number} 现在是“{made.state_label}”，不能再修改。")
    return made
