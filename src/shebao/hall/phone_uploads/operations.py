"""A telephone sends what a clerk photographs (手机上传): the code is asked for on the desktop and used on the phone.

Whoever holds the address may add files to one paper and see nothing; it is done with the right of whoever asked for it,
by the operation that the desktop uses, and dies with that right.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..declarations.models import Declaration
from ..errors import Refused, may_do, permit_service
from ..evidence.files import Upload, fitted
from ..evidence.operations import add_evidence, add_monthly_evidence, refuse_unasked
from ..evidence.queries import is_open_for_papers
from ..regions import region
from ..registration.models import Registration
from ..registration.operations import add_papers
from ..registration.states import WITH_APPLICANT
from ..sign_in.sessions import session_of
from .models import MOST, PhoneUpload

LASTS = timedelta(minutes=10)
SALT = "phone-upload"
VIA = "phone"
"""What the record says of a file that came this way."""
OVER = "这个二维码已经失效：过了时间、传满了，或者电脑上的申报已经提交、退出。请在电脑上点“刷新”，再扫新的二维码。"


@transaction.atomic
def ask_for_registration(pk: int, title: str) -> PhoneUpload:
    """Make the code for a paper of a registration (手机上传); its earlier codes end. Nobody is signed in."""
    made = Registration.objects.get(pk=pk)
    if made.state not in WITH_APPLICANT:
        raise Refused("wrong_state", f"申请 {made.number} 现在是“{made.state_label}”，不能再修改。")
    if not any(paper.title == title and paper.keep == "upload" for paper in made.spec.papers):
        raise Refused("no_such_paper", "这里不收这种材料，请刷新页面后再试。", status=404)
    end_for_registration(pk)
    return _made(made, title, registration=made, by=None)


@transaction.atomic
def ask_for_declaration(declaration_id: int, title: str, *, by, session_key: str) -> PhoneUpload:
    """Make the code for a paper of a declaration, good while this session of the actor lasts; earlier codes end."""
    declaration = Declaration.objects.visible_to(by).select_related("employer").get(pk=declaration_id)
    permit_service(by, declaration.spec)
    if not is_open_for_papers(declaration):
        raise Refused("wrong_state", f"这笔申报现在是“{declaration.state_label}”，材料不能再改。")
    refuse_unasked(declaration.spec, title, "each")
    return _in_session(declaration, title, by, session_key, declaration=declaration)


@transaction.atomic
def ask_for_month(service_key: str, title: str, *, by, session_key: str) -> PhoneUpload:
    """The same for a paper that all declarations of a service share this month."""
    service = region(by.employer.region).services[service_key]
    permit_service(by, service)
    refuse_unasked(service, title, "month")
    return _in_session(by.employer, title, by, session_key, service=service_key)


def _in_session(subject, title: str, by, session_key: str, **place) -> PhoneUpload:
    session = session_of(by, session_key)
    _still_good().filter(session=session).update(until=clock.now())
    return _made(subject, title, operator=by, session=session, by=by, **place)


def _made(subject, title: str, *, by, **place) -> PhoneUpload:
    now = clock.now()
    made = PhoneUpload.objects.create(
        code=secrets.token_urlsafe(12), title=title, made_at=now, until=now + LASTS, **place
    )
    record("phone_upload.asked", subject, by=by, title=title)
    return made


def end_for_registration(pk: int) -> None:
    """Whoever leaves a registration at a computer leaves no code behind that still works."""
    _still_good().filter(registration=pk).update(until=clock.now())


def _still_good():
    return PhoneUpload.objects.filter(until__gt=clock.now())


def token_of(made: PhoneUpload) -> str:
    """What the address holds: nobody who reads the table can make it, and it tells nothing."""
    return signing.Signer(salt=SALT).sign(made.code)


def phone_upload_of(token: str, phone: str) -> PhoneUpload:
    """What an address stands for, for the telephone with this key, while it is good. Raises Refused in words (410).

    One that took all it takes may still be looked at by the telephone that sent it.
    """
    return _good(_found(token), phone)


def _found(token: str) -> PhoneUpload:
    try:
        code = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        raise _over() from None
    rows = PhoneUpload.objects.select_related("registration", "session", "operator__employer")
    found = rows.filter(code=code).first()
    if found is None:
        raise _over()
    return found


def _good(found: PhoneUpload, phone: str) -> PhoneUpload:
    is_anothers = found.phone and found.phone != blind_index(SALT, phone)
    if found.until <= clock.now() or is_anothers or not (_applies(found) if found.registration_id else _is_in(found)):
        raise _over()
    return found


def _applies(found: PhoneUpload) -> bool:
    return found.registration.state in WITH_APPLICANT


def _is_in(found: PhoneUpload) -> bool:
    """Whether the operator's session goes on, and they may still do what they asked this for."""
    operator, session = found.operator, found.session
    is_late = clock.now() - session.began_at > settings.SHEBAO_ABSOLUTE_LIMIT
    if session.ended_at or is_late or not operator.is_active or operator.must_change_password:
        return False
    if found.declaration_id is None:
        return may_do(operator, region(operator.employer.region).services[found.service])
    declaration = Declaration.objects.visible_to(operator).filter(pk=found.declaration_id).first()
    return declaration is not None and is_open_for_papers(declaration) and may_do(operator, declaration.spec)


def _over() -> Refused:
    return Refused("link_spent", OVER, status=410)


@dataclass(frozen=True)
class Sent:
    """What became of a sending: how many files the code took by now, and whether a picture among these is unclear."""

    used: int
    is_unclear: bool


def send_by_phone(token: str, phone: str, uploads: list[Upload]) -> Sent:
    """Add what a telephone sends to the paper that the code is for (手机上传); all of it, or none.

    Raises Refused: the code is over, another telephone has it, too many files, or what the paper itself refuses.
    """
    phone_upload_of(token, phone)
    if not uploads:
        raise Refused("no_file", "请先拍照或选择文件，再上传。")
    return _send(token, phone, [fitted(one) for one in uploads])


@transaction.atomic
def _send(token: str, phone: str, uploads: list[Upload]) -> Sent:
    # Held until the end: of two that come at the same moment, the later one counts what the first one sent.
    pk = PhoneUpload.objects.select_for_update().only("pk").get(pk=_found(token).pk).pk
    found = _good(_found(token), phone)
    if found.used + len(uploads) > MOST:
        text = f"这个二维码还能再传 {MOST - found.used} 个文件。" if found.used < MOST else OVER
        raise Refused("too_many_files", text)
    if found.registration_id:
        made = add_papers(found.registration_id, found.title, uploads, via=VIA)
    elif found.declaration_id:
        made = add_evidence(found.declaration_id, found.title, uploads, by=found.operator, via=VIA)
    else:
        employer_id = found.operator.employer_id
        made = add_monthly_evidence(employer_id, found.service, found.title, uploads, by=found.operator, via=VIA)
    PhoneUpload.objects.filter(pk=pk).update(used=F("used") + len(made), phone=blind_index(SALT, phone))
    return Sent(found.used + len(made), any(one.stored.is_unclear for one in made))
