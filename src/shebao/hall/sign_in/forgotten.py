"""A forgotten password (忘记密码): a code to the known telephone or mail, or a question and then a link.

Nobody learns here whether an account exists: every answer is the same until a code or an answer was right.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from ..audit.operations import record
from ..errors import Refused
from ..mail.operations import write_text
from ..mail.wording import worded
from ..operators.models import Operator
from ..operators.throttle import may_try
from ..regions import region
from ..registration.activation import make_activation
from . import guesses
from .codes import is_tried, send_code, take_code, takes_mail, takes_messages, ways_of
from .linking import end_sent
from .models import Contact, SecurityQuestion, Why
from .sessions import end_sessions

PURPOSE = "forgotten"
TRIES, WINDOW = 5, timedelta(minutes=15)
SENT = "如果账号存在并登记了手机或邮箱，验证码已经发出，10 分钟内有效。"
LINKED = "如果问题和答案都对，设置密码的链接已经发到登记的邮箱，24 小时内有效。"
SENT_TRIED = "如果账号存在并登记了手机或邮箱，验证码已写在发件记录里，10 分钟内有效。"
LINKED_TRIED = "如果问题和答案都对，设置密码的链接已写在发件记录里，10 分钟内看得到。"
TOO_OFTEN = "试的次数过多，请 15 分钟后再试。"
SHORTEST = 4


def ways_here() -> list[str]:
    """How this installation reaches anybody, in words; nothing where neither gateway nor mail server is connected, and
    nothing is tried.
    """
    connected = (("手机", takes_messages()), ("邮箱", takes_mail()))
    return [way for way, is_connected in connected if is_connected]


def sent_words() -> str:
    """What is said to everybody alike when a code was asked for."""
    return SENT_TRIED if is_tried() else SENT


def linked_words() -> str:
    """What is said to everybody alike when a question was answered."""
    return LINKED_TRIED if is_tried() else LINKED


def account(username: str) -> Operator | None:
    """An account that may get a new password: in use, and with one."""
    found = Operator.objects.select_related("employer").filter(username=username.strip(), is_active=True).first()
    return found if found and found.has_usable_password() else None


def send_forgotten_code(username: str) -> None:
    """Send a code to the account's telephone, or else its mail; says nothing about whether there is one."""
    _throttled(username)
    operator = account(username)
    channel = next(iter(ways_of(operator, PURPOSE)), "") if operator else ""
    if channel:
        send_code(operator, PURPOSE, channel)


def _throttled(username: str) -> None:
    if not may_try("forgotten", username.strip().lower(), limit=TRIES * 2, within=WINDOW):
        raise Refused("too_often", TOO_OFTEN, status=429)


def set_forgotten_password(username: str, code: str, new: str) -> Operator:
    """Set a new password with the code that was sent; all sessions of the account end. Raises Refused.

    A weak password is said before the code is used up, and to everybody alike.
    """
    _throttled(username)
    operator = account(username)
    try:
        validate_password(new, operator)
    except ValidationError as problems:
        raise Refused("weak_password", " ".join(problems.messages), field="new") from None
    take_code(operator, PURPOSE, code)
    with transaction.atomic():
        operator.set_password(new)
        operator.must_change_password = False
        operator.save(update_fields=["password", "must_change_password"])
        record("operator.password_recovered", operator, by=operator, employer=operator.employer)
        end_sessions(operator, Why.PASSWORD, by=operator)
        end_sent(operator)
        guesses.forget(operator.username)
    return operator


@transaction.atomic
def set_question(question: str, answer: str, *, by: Operator) -> None:
    """Keep a question and the hash of its answer (密码遗忘设定), where the region has it. Raises Refused."""
    if question not in region(by.region).sign_in.questions:
        raise Refused("no_question", "请选择列表中的问题。", field="question")
    if len(_plain(answer)) < SHORTEST:
        raise Refused("short_answer", f"答案至少 {SHORTEST} 个字符，不要用别人查得到的内容。", field="answer")
    values = {"question": question, "answer": make_password(_plain(answer))}
    SecurityQuestion.objects.update_or_create(operator=by, defaults=values)
    record("operator.question_set", by, by=by, employer=by.employer)


def _plain(answer: str) -> str:
    return "".join(answer.split()).lower()


def question_link(username: str, question: str, answer: str) -> None:
    """One step more before a link goes to the account's mail; no answer alone opens anything.

    Five tries in a quarter of an hour for an account; takes as long for an unknown one. Raises Refused too often.
    """
    if not may_try("question", username.strip().lower(), limit=TRIES, within=WINDOW):
        raise Refused("too_often", TOO_OFTEN, status=429)
    operator = account(username)
    kept = SecurityQuestion.objects.filter(operator=operator).first() if operator else None
    # One hash either way: the time does not tell whether there is such an account.
    right = check_password(_plain(answer), kept.answer) if kept else not make_password(_plain(answer))
    contact = Contact.objects.filter(operator=operator).first() if operator else None
    if not (kept and right and kept.question == question and contact and contact.mail_address and takes_mail()):
        return
    with transaction.atomic():
        token, made = make_activation(operator, by=operator)
        subject, text = worded(operator.region, "forgotten_link")
        link = f"{settings.SHEBAO_BASE_URL}/activate/{token}"
        write_text(
            contact.mail_address, subject, [text],
            region=operator.region, occasion=f"forgotten:{made.pk}", by=operator, secret=link,
        )  # fmt: skip
