"""One-time codes by telephone or mail (验证码): only where a gateway or a mail server can bring them.

In the demo alone some may be tried although nothing brings them: the system administrator reads them in the outbox.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model

from .. import clock
from ..crypto import blind_index
from ..errors import Refused
from ..mail.operations import write_message, write_text
from ..mail.wording import worded
from ..operators.models import Operator
from ..operators.throttle import may_try
from ..patience import note_done
from .models import Contact, SentCode

LASTS = timedelta(minutes=10)
TRIES = 5
SENDS, WINDOW = 5, timedelta(hours=1)
WRONG = "验证码不对或已过期，请核对后重输，或重新获取。"
TRIED = ("forgotten",)
"""What an operator may try with a code that stays in the outbox. No second factor: it would lock its owner out of the
same hall when it is no demo any more.
"""
TITLES = {
    "sign_in": "登录",
    "forgotten": "找回密码",
    "contact": "更换联系方式",
    "registration": "注册单位",
    "join": "申请加入单位",
}


def sends_messages() -> bool:
    """Whether this installation sends short messages: a gateway is connected."""
    return bool(settings.SHEBAO_SMS_URL)


def sends_mail() -> bool:
    """Whether this installation sends mail: a server is connected."""
    return bool(settings.EMAIL_HOST)


def is_tried() -> bool:
    """Whether codes are written for trying, and read in the outbox: the demo, while nothing is connected (0025)."""
    is_demo = settings.SHEBAO_TRIAL_CODES and settings.SHEBAO_LOCAL_OUTBOX
    return is_demo and not (sends_messages() or sends_mail())


def takes_messages() -> bool:
    """Whether a code goes to a telephone here, be it for trying."""
    return sends_messages() or is_tried()


def takes_mail() -> bool:
    """Whether a code or link goes to a mail address here, be it for trying."""
    return sends_mail() or is_tried()


def ways_of(operator: Operator, purpose: str = "") -> dict[str, str]:
    """Where a code can be sent: channel → masked address. Only what this installation can really reach, or for a
    purpose that may be tried what stays in the demo's outbox.
    """
    contact = Contact.objects.filter(operator=operator).first()
    found, may_try_it = {}, purpose in TRIED and is_tried()
    if contact and contact.phone and (sends_messages() or may_try_it):
        found["sms"] = f"{contact.phone[:3]}****{contact.phone[-4:]}"
    if contact and contact.mail_address and (sends_mail() or may_try_it):
        name, _, host = contact.mail_address.partition("@")
        found["mail"] = f"{name[:1]}***@{host}"
    return found


@dataclass(frozen=True)
class Receiver:
    """Whose code it is: the column of SentCode that names them, who is counted, and what the code's digest is bound to.

    `bound_to` is told apart from `who` where one person may be reached at another address the next time. `region`:
    whose agency words the message.
    """

    owner: dict[str, Model]
    who: str
    bound_to: str
    region: str


def _operator(operator: Operator) -> Receiver:
    return Receiver({"operator": operator}, str(operator.pk), str(operator.pk), operator.region)


@transaction.atomic
def send_code(operator: Operator, purpose: str, channel: str) -> None:
    """Send six digits to the operator; codes of the same purpose before it end. Raises Refused when sent too often."""
    if channel not in ways_of(operator, purpose):
        raise Refused("no_way", "没有可以接收验证码的手机或邮箱，请联系管理员重置密码。")
    contact = Contact.objects.get(operator=operator)
    send(_operator(operator), purpose, channel, contact.phone if channel == "sms" else contact.mail_address)


@transaction.atomic
def send(receiver: Receiver, purpose: str, channel: str, to: str) -> None:
    """Send six digits; the receiver's codes of the same purpose before it end. Raises Refused when sent too often."""
    if not may_try(f"send-{purpose}", receiver.who, limit=SENDS, within=WINDOW):
        raise Refused("too_often", "获取验证码的次数过多，请一小时后再试。", status=429)
    now, code = clock.now(), f"{secrets.randbelow(10**6):06d}"
    SentCode.objects.filter(**receiver.owner, purpose=purpose, used_at=None, until__gt=now).update(until=now)
    digest = _digest(receiver, purpose, code)
    made = SentCode.objects.create(**receiver.owner, purpose=purpose, digest=digest, until=now + LASTS)
    occasion, purpose_words = f"code:{made.pk}", TITLES[purpose]
    if channel == "sms":
        _, text = worded(receiver.region, "code_sms", purpose=purpose_words)
        write_message(to, text, region=receiver.region, occasion=occasion, by=None, secret=code)
    else:
        subject, text = worded(receiver.region, "code", purpose=purpose_words)
        write_text(to, subject, [text], region=receiver.region, occasion=occasion, by=None, secret=code)


def take_sent(operator: Operator, purpose: str, code: str) -> bool:
    """Use up a code if it is the one that was sent; a wrong one counts as one of its five tries."""
    return take(_operator(operator), purpose, code)


@transaction.atomic
def take(receiver: Receiver, purpose: str, code: str) -> bool:
    """Use up a receiver's code if it is the one that was sent; a wrong one counts as one of its five tries."""
    rows = SentCode.objects.filter(**receiver.owner, purpose=purpose, used_at=None, until__gt=clock.now())
    # Counted before it is looked at: five tries for one code, however many come at once.
    if not rows.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        return False
    good = rows.filter(digest=_digest(receiver, purpose, code.strip()))
    is_used = bool(good.update(used_at=clock.now()))
    if is_used:
        transaction.on_commit(note_done)  # what fails after it meets a spent code
    return is_used


def take_code(operator: Operator | None, purpose: str, code: str) -> None:
    """Use up a code. Raises Refused for a wrong, spent or late one; the try counts although it is refused."""
    if operator is None or not take_sent(operator, purpose, code):
        raise Refused("wrong_code", WRONG, field="code")


def _digest(receiver: Receiver, purpose: str, code: str) -> str:
    return blind_index(f"code:{purpose}:{receiver.bound_to}", code)
