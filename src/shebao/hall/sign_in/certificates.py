"""Signing in by certificate (数字证书登录): a certificate is bound to an operator, and its key signs a challenge."""

import secrets
from datetime import timedelta

from asn1crypto import x509
from django.conf import settings
from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..errors import Conflict, Refused
from ..operators.models import Operator
from ..regions import region
from ..scopes import served_by
from .models import OperatorCertificate
from .trust import check_certificate, read_certificate, signer_of

CHALLENGE_LASTS = timedelta(minutes=5)
UNBOUND = "这张证书没有绑定操作员。请单位管理员或经办机构先绑定，再登录。"
NOT_OFFERED = "本地没有开通数字证书登录，请用账号和密码登录。"


def is_offered_to(operator: Operator) -> bool:
    """Whether people sign in by certificate where this operator works."""
    return region(operator.region).sign_in.has_certificate


@transaction.atomic
def bind_certificate(username: str, data: bytes, *, by: Operator) -> OperatorCertificate:
    """Bind a certificate to an operator (绑定证书): by the employer's administrator, or by the agency.

    A certificate that names an employer's credit code is bound to that employer's people only.
    Raises Refused with what is wrong with the certificate; Operator.DoesNotExist for somebody else's operator.
    """
    mine = _bindable(by).filter(is_active=True)
    operator = Operator.objects.select_for_update(of=("self",)).get(pk=mine.get(username=username.strip()).pk)
    if not is_offered_to(operator):
        raise Refused("not_offered", NOT_OFFERED, field="username")
    certificate = read_certificate(data)
    check_certificate(certificate)
    named = _credit_code(certificate)
    if operator.employer and named and named != operator.employer.credit_code:
        raise Refused("another_employer", f"证书上的信用代码是 {named}，不是本单位的。", field="file")
    fingerprint = certificate.sha256.hex()
    if OperatorCertificate.objects.filter(fingerprint=fingerprint, ended_at=None).exists():
        raise Conflict("already_bound", "这张证书已经绑定了操作员，请先解除。")
    made = OperatorCertificate.objects.create(
        operator=operator,
        fingerprint=fingerprint,
        holder=certificate.subject.human_friendly[:200],
        issuer=certificate.issuer.human_friendly[:200],
        serial=format(certificate.serial_number, "x")[:50],
        good_from=certificate.not_valid_before,
        good_until=certificate.not_valid_after,
        bound_by=by,
        bound_at=clock.now(),
    )
    record("certificate.bound", made, by=by, employer=operator.employer, account=operator.username)
    return made


def _bindable(by: Operator):
    """Whose certificates `by` binds: those of one's own people, and at the agency whoever reviews those of the
    employers that they serve. Who may sign in as a colleague is nothing that a reviewer decides.
    """
    reviews = by.is_agency and by.may("review")
    if not (reviews or by.may("manage_operators")):
        raise Refused("not_permitted", "您的账号没有“管理操作员”权限，请联系管理员。", status=403)
    found = Operator.objects.filter(served_by(by, "employer")) if reviews else Operator.objects.none()
    return found | Operator.objects.visible_to(by) if by.may("manage_operators") else found


def colleagues(by: Operator) -> list[Operator]:
    """One's own people in use, to choose from; none for whoever binds for all employers: of them are thousands."""
    if by.is_agency and by.may("review"):
        return []
    return list(_bindable(by).filter(is_active=True).order_by("username"))


def _credit_code(certificate: x509.Certificate) -> str:
    """The organisation's code, where the authority wrote it into the subject (organizationIdentifier or number)."""
    named = certificate.subject.native
    code = str(named.get("organization_identifier") or named.get("serial_number") or "")
    return code[-18:] if len(code) >= 18 else ""


def bound_certificates(actor: Operator):
    """Certificates in force that the actor may take away, by account."""
    rows = OperatorCertificate.objects.visible_to(actor).filter(ended_at=None)
    return rows.select_related("operator__employer").order_by("operator__username", "pk")


@transaction.atomic
def unbind_certificate(pk: int, *, by: Operator) -> OperatorCertificate:
    """Nobody signs in with it any more (解除绑定); what it signed stays signed."""
    rows = OperatorCertificate.objects.visible_to(by).select_for_update(of=("self",))
    found = rows.filter(operator__in=_bindable(by).values("pk")).get(pk=pk, ended_at=None)
    found.ended_at = clock.now()
    found.save(update_fields=["ended_at"])
    record("certificate.unbound", found, by=by, employer=found.operator.employer, account=found.operator.username)
    return found


def new_challenge() -> str:
    """What is to be signed: for whom, since when, and 256 bits that nobody has signed before."""
    return f"社保网厅登录\n{settings.SHEBAO_BASE_URL}\n{clock.now():%Y-%m-%d %H:%M:%S %z}\n{secrets.token_hex(32)}\n"


def holder_of(challenge: str, signature: bytes) -> OperatorCertificate:
    """The binding of the certificate that signed this challenge. Raises Refused in words."""
    certificate = signer_of(signature, challenge.encode())
    rows = OperatorCertificate.objects.select_related("operator__employer").filter(ended_at=None)
    found = rows.filter(fingerprint=certificate.sha256.hex(), operator__is_active=True).first()
    if found is None:
        raise Refused("unbound", UNBOUND)
    if not is_offered_to(found.operator):
        raise Refused("not_offered", NOT_OFFERED)
    return found
