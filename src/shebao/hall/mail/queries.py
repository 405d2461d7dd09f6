"""The letters of an employer (发件记录), and the outbox of the whole installation."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from .. import clock
from ..audit.looks import note_look
from ..errors import permit
from .models import Channel, Mail, MailState
from .operations import LEGIBLE

PURPOSES = {
    "registration": "单位注册", "join": "加入申请", "reset": "密码重置", "code": "验证码", "forgotten": "找回密码",
    "account_letter": "社保账号告知书", "old_contacts": "告知原联系人",
}  # fmt: skip
"""What a letter is about, by how its occasion begins; every other brings a paper."""


def letters(actor) -> QuerySet[Mail]:
    """The actor's letters with their papers, newest first."""
    rows = Mail.objects.visible_to(actor).select_related("document", "written_by")
    return rows.order_by("-written_at", "-pk")


def last_address(actor) -> str:
    """Where the last letter went, so that it need not be typed again."""
    last = letters(actor).first()
    return last.to if last else ""


def outbox(actor) -> QuerySet[Mail]:
    """Every letter of one's own region, newest first, for whoever runs it; subject, text and links are not read.

    Regions share an installation, but a letter opens accounts: another region's is not there (0025).
    """
    permit(actor, "run_system", "查看发件记录")
    kept = ("employer_id", "channel", "to", "occasion", "state", "written_at", "sent_at")
    return _of_region(actor).only(*kept).order_by("-written_at", "-pk")


def _of_region(actor) -> QuerySet[Mail]:
    return Mail.objects.filter(region=actor.region).exclude(region="")


def is_legible(letter: Mail) -> bool:
    """Whether a letter's text may be read in the outbox: it went nowhere, and the installation is one for trying."""
    return settings.SHEBAO_LOCAL_OUTBOX and letter.state == MailState.KEPT


@dataclass(frozen=True)
class KeptLetter:
    """A letter that stayed in the outbox, as it would have gone out; `is_hushed`: its code or link is told no more."""

    letter: Mail
    text: str
    is_hushed: bool


@transaction.atomic
def kept_letter(actor, pk: int) -> KeptLetter:
    """One letter of the outbox with its words (试用), on record. Raises DoesNotExist where it may not be read.

    A code or link is told for ten minutes, whether or not the chore that forgets it has come by.
    """
    permit(actor, "run_system", "查看发件内容")
    letter = _of_region(actor).select_related("employer").get(pk=pk)
    if not is_legible(letter):
        raise Mail.DoesNotExist("its text is not read here")
    note_look(letter, "试用：查看留在网厅的邮件、短信内容", by=actor, employer=letter.employer)
    secret = letter.secret if letter.written_at > clock.now() - LEGIBLE else ""
    return KeptLetter(letter, letter.text.replace("{secret}", secret or "……"), "{secret}" in letter.text and not secret)


def purpose_of(letter: Mail) -> str:
    """What a letter is about, without a word of its business."""
    return PURPOSES.get(letter.occasion.partition(":")[0], "单据")


def masked_recipient(letter: Mail) -> str:
    """Enough of the address to tell two apart; the host of an e-mail address would name the employer."""
    if letter.channel == Channel.SMS:
        return f"{letter.to[:3]}****{letter.to[-2:]}"
    name, _, host = letter.to.partition("@")
    return f"{name[:1]}***@{host[:1]}***"
