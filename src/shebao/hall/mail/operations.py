"""Writing a letter with the deed it tells of, sending it once that is done, and once only."""

from datetime import timedelta
from functools import partial
from smtplib import SMTPException
from string import ascii_letters, digits

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..documents.models import Document
from ..documents.operations import pdf
from ..errors import Conflict, Refused, permit
from .models import Channel, Mail, MailState
from .sms import send_message
from .tasks import deliver_in_background
from .wording import worded

LONGEST_OPENING = 40
LEGIBLE = timedelta(minutes=10)
"""How long a code or link can be read in the outbox of an installation for trying: as long as a code is good."""


def tidy_address(text: str) -> str:
    """An e-mail address as it is written to. Raises Refused in words."""
    address = text.strip()
    try:
        validate_email(address)
    except ValidationError as wrong:
        said = f"“{address}”不是电子邮箱地址，请写成 name@example.cn 的样子。" if address else "请填写接收的电子邮箱。"
        raise Refused("bad_address", said, field="to") from wrong
    return address


@transaction.atomic
def mail_document(document: Document, to: str, *, by) -> tuple[Mail, bool]:
    """Write the letter that brings a paper to an address; sent when the transaction is done.

    The same paper to the same address is one letter: the second time it is the one that is there, and False.
    """
    address = tidy_address(to)
    occasion = f"{document.kind}:{document.pk}:{blind_index('mail', address.lower())}"
    there = Mail.objects.visible_to(by).filter(occasion=occasion).first()
    if there:
        return there, False
    employer = document.employer
    subject, text = worded(
        employer.region, "document", employer=employer.name, month=document.month.label, title=document.title,
        number=document.number, code=document.verification_code, link=f"{settings.SHEBAO_BASE_URL}/verify",
    )  # fmt: skip
    letter = Mail.objects.create(
        employer=employer,
        region=employer.region,
        to=address,
        subject=subject,
        text=text,
        document=document,
        occasion=occasion,
        written_by=by,
        written_at=clock.now(),
    )
    record("mail.written", letter, by=by, kind=document.kind, number=document.number)
    transaction.on_commit(partial(deliver_in_background, letter.pk))
    return letter, True


def send_text(employer, to: str, subject: str, lines: list[str], *, occasion: str, by) -> Mail:
    """Send a letter without a paper, once for its occasion; called in the background.

    Raises OSError with what happened when the server did not take it: the same call tries once more.
    """
    words = {"to": to, "subject": subject, "text": "\n".join(lines), "written_by": by}
    words |= {"employer": employer, "region": employer.region}
    with transaction.atomic():
        letter, is_new = Mail.objects.get_or_create(occasion=occasion, defaults={**words, "written_at": clock.now()})
        if is_new:
            record("mail.written", letter, by=by, kind=occasion.partition(":")[0])
    Mail.objects.filter(pk=letter.pk, state=MailState.FAILED).update(state=MailState.WAITING)
    deliver_mail(letter.pk)
    letter.refresh_from_db()
    if letter.state == MailState.FAILED:
        raise OSError(letter.said)
    return letter


@transaction.atomic
def write_text(to: str, subject: str, lines: list[str], *, region: str, occasion: str, by, secret: str = "") -> Mail:
    """Write a letter without a paper, with the deed it tells of; sent when the transaction is done, once.

    `region` is the one whom it concerns belongs to. `secret` replaces `{secret}` in the lines as the letter goes out.
    `by` is None where nobody decided.
    """
    letter = Mail.objects.create(
        region=region, to=to, subject=subject, text="\n".join(lines), secret=secret, occasion=occasion,
        written_by=by, written_at=clock.now(),
    )  # fmt: skip
    record("mail.written", letter, by=by, kind=occasion.partition(":")[0])
    transaction.on_commit(partial(deliver_in_background, letter.pk))
    return letter


def opening(text: str) -> str:
    """What a short message begins with, for its title: cut within no number or word of letters, and without a code."""
    text = text.replace("{secret}", "……")
    if len(text) <= LONGEST_OPENING:
        return text
    return text[:LONGEST_OPENING].rstrip(ascii_letters + digits).rstrip("，、。；： ") + "…"


@transaction.atomic
def write_message(phone: str, text: str, *, region: str, occasion: str, by, secret: str = "") -> Mail:
    """Write a short message to a telephone (短信), with the deed it tells of; sent once that is done.

    `region` is the one whom it concerns belongs to. `secret` replaces `{secret}` in the text as it goes out.
    """
    message = Mail.objects.create(
        region=region, channel=Channel.SMS, to=phone, subject=opening(text), text=text, secret=secret,
        occasion=occasion, written_by=by, written_at=clock.now(),
    )  # fmt: skip
    record("mail.written", message, by=by, kind=occasion.partition(":")[0])
    transaction.on_commit(partial(deliver_in_background, message.pk))
    return message


@transaction.atomic
def send_mail_again(pk: int, *, by) -> Mail:
    """Try once more to send what could not be sent (重新发送)."""
    permit(by, "print", "发送邮件")
    letter = Mail.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if letter.state != MailState.FAILED:
        raise Conflict("not_failed", f"这封邮件现在是“{letter.get_state_display()}”，不需要重新发送。")
    letter.state = MailState.WAITING
    letter.save(update_fields=["state"])
    record("mail.repeated", letter, by=by)
    transaction.on_commit(partial(deliver_in_background, letter.pk))
    return letter


def deliver_mail(pk: int) -> None:
    """Send a waiting letter. Whoever claims it first sends it: a second worker finds nothing to do."""
    if not Mail.objects.filter(pk=pk, state=MailState.WAITING).update(state=MailState.SENDING):
        return
    letter = Mail.objects.select_related("document__employer").get(pk=pk)
    if letter.channel == Channel.SMS:
        _deliver_message(letter)
        return
    if not settings.EMAIL_HOST:
        _done(letter, MailState.KEPT)
        return
    try:
        message = EmailMessage(letter.subject, _text(letter), settings.DEFAULT_FROM_EMAIL, [letter.to])
        if letter.document:
            message.attach(f"{letter.document.title}.pdf", pdf(letter.document), "application/pdf")
        message.send()
    except (OSError, SMTPException) as error:
        _done(letter, MailState.FAILED, f"邮件服务器没有收下（{type(error).__name__}），请稍后重新发送。")
    else:
        _done(letter, MailState.SENT)


def _deliver_message(message: Mail) -> None:
    if not settings.SHEBAO_SMS_URL:
        _done(message, MailState.KEPT)
        return
    try:
        send_message(message.to, _text(message), number=message.pk)
    except OSError as error:
        _done(message, MailState.FAILED, f"短信网关没有收下（{type(error).__name__}），请稍后重新发送。")
    else:
        _done(message, MailState.SENT)


def _text(letter: Mail) -> str:
    return letter.text.replace("{secret}", letter.secret) if letter.secret else letter.text


def forget_kept_secrets() -> int:
    """Take away the secrets of letters that stay in the outbox and were legible long enough; returns how many."""
    old = Mail.objects.filter(state=MailState.KEPT, written_at__lt=clock.now() - LEGIBLE)
    return old.exclude(secret="").update(secret="")


def _done(letter: Mail, state: MailState, said: str = "") -> None:
    letter.state, letter.said = state, said
    is_read_here = state == MailState.KEPT and settings.SHEBAO_LOCAL_OUTBOX
    if state != MailState.FAILED and not is_read_here:
        letter.secret = ""  # it was told; nobody needs to find it here
    letter.sent_at = None if state == MailState.FAILED else clock.now()
    letter.save(update_fields=["state", "said", "secret", "sent_at"])
