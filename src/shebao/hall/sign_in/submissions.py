"""Non-repudiation (不可否认): what is submitted is signed, kept word for word, and can be verified years later."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import Prefetch

from shebao.rules.vocabulary import DERIVED

from .. import clock
from ..audit.operations import record
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.operations import SubmitResult, send_declarations
from ..declarations.states import State
from ..errors import Conflict, Refused
from ..operators.models import Operator
from ..regions import region
from ..roster.models import Person
from ..services.scene import chunks
from .models import OperatorCertificate, SignedSubmission
from .trust import signer_of

SUBMITTING = ("submit", "complete")
REPAIRABLE = (State.DRAFT, State.RETURNED)
DERIVED_LABELS = {name: str(Person._meta.get_field(name).verbose_name) for name in DERIVED}
"""What answers hold beside those to the form's questions: what an identity number says."""


def signs_here(by: Operator) -> str:
    """Whether this operator's submissions are signed: "never", "offered" or "required"."""
    return region(by.region).sign_in.signs


def canonical(declarations: list[Declaration], by: Operator) -> str:
    """What is signed: one JSON text with sorted keys, so that the same declarations always give the same bytes.

    Every answer is in it by the field's id and as it is kept; nothing that changes after submitting is.
    """
    employer = by.employer
    said = {
        "kind": "shebao-submission-1",
        "region": employer.region,
        "employer": {"number": employer.employer_number, "credit_code": employer.credit_code},
        "operator": by.username,
        "declarations": [
            {"id": one.pk, "service": one.service, "month": str(one.month), "answers": one.answers}
            for one in sorted(declarations, key=lambda one: one.pk)
        ],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@transaction.atomic
def submit_signed(pks: list[int], signature: bytes, *, by: Operator) -> SubmitResult:
    """Submit declarations together with a signature over all of them (签名并提交): all of them, or none.

    The certificate must be bound to `by`. Raises Refused with what does not fit; then nothing was submitted.
    """
    rows = Declaration.objects.visible_to(by).select_for_update(of=("self",)).filter(pk__in=pks)
    declarations = list(rows.order_by("pk"))
    content = canonical(declarations, by)
    certificate = signer_of(signature, content.encode())
    bound = OperatorCertificate.objects.filter(operator=by, ended_at=None, fingerprint=certificate.sha256.hex()).first()
    if bound is None:
        raise Refused(
            "unbound", "签名的证书没有绑定在您的账号上。请用自己的证书签名，或请管理员绑定。", field="signature"
        )
    result = send_declarations(pks, by=by)
    if result.refused:
        # A signature is over all of them: with one less it would be a signature over something else.
        declaration, why = result.refused[0]
        raise Refused(
            "not_all", f"{declaration.subject_name} · {declaration.spec.title}：{why}全部没有提交，请处理后重新签名。"
        )
    if canonical(list(rows.order_by("pk")), by) != content:
        raise Conflict("changed_meanwhile", "申报内容刚才有变化，签名没有用上。请重新核对、签名。")
    made = SignedSubmission.objects.create(
        employer=by.employer,
        operator=by,
        certificate=bound,
        content=content,
        digest=sha256(content.encode()).hexdigest(),
        signature=base64.b64encode(signature).decode(),
        signed_at=clock.now(),
    )
    made.declarations.add(*declarations)
    record("submission.signed", made, by=by, count=len(declarations), digest=made.digest[:16])
    return result


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit a signature any more; `field` names the answer where it is one."""

    field: str
    text: str


def signatures_of(declaration: Declaration, *, whole: bool = False) -> list[SignedSubmission]:
    """The signatures over a declaration, the latest first, each verified now (`findings`).

    Of the other declarations under the same signature only that they are still there, unless `whole`: a page about one
    case takes no longer because it was submitted with ten thousand others.
    """
    found = list(declaration.signed.select_related("certificate", "operator"))
    for one in found:
        one.findings = verify_submission(one, only=None if whole else [declaration])
    return found


def signed_with(actor: Operator, declarations: Iterable[Declaration]) -> SignedSubmission | None:
    """The latest signature over all of these declarations, for the page that tells of their submitting."""
    wanted = {one.pk for one in declarations}
    found = SignedSubmission.objects.visible_to(actor).filter(declarations__in=wanted).select_related("certificate")
    latest = found.order_by("-signed_at", "-pk").first()
    if latest is None or latest.declarations.filter(pk__in=wanted).count() < len(wanted):
        return None
    return latest


def verify_submission(made: SignedSubmission, *, only: Iterable[Declaration] | None = None) -> list[Finding]:
    """Everything that does not fit: the signature itself, and each answer that differs from what was signed.

    `only`: the answers of these declarations alone, as far as they are under the signature.
    """
    found = []
    content = made.content
    if sha256(content.encode()).hexdigest() != made.digest:
        found.append(Finding("content", "保存的签名内容与当时的摘要不符，内容被改动过。"))
    try:
        certificate = signer_of(base64.b64decode(made.signature), content.encode(), at=made.signed_at)
    except Refused as no:
        found.append(Finding("signature", no.message))
    else:
        if certificate.sha256.hex() != made.certificate.fingerprint:
            found.append(Finding("certificate", "签名的证书不是登记的那一张。"))
    submitting = DeclarationEvent.objects.filter(move__in=SUBMITTING).order_by("at", "pk")
    said = {one["id"]: one for one in json.loads(content)["declarations"]}
    there = set(made.declarations.order_by().values_list("pk", flat=True))
    for part in chunks(there if only is None else there & {one.pk for one in only}):
        rows = made.declarations.filter(pk__in=part).order_by("pk")
        for declaration in rows.prefetch_related(Prefetch("events", submitting, to_attr="submittings")):
            found += _differences(declaration, said.get(declaration.pk), made.signed_at)
    lost = sorted(said.keys() - there)
    found += [Finding("declaration", f"签名内容里的第 {pk} 号申报不见了。") for pk in lost]
    return found


def _differences(declaration: Declaration, signed: dict | None, signed_at) -> Iterator[Finding]:
    name = f"办件 {declaration.case_number or declaration.pk}"
    if signed is None:
        yield Finding("declaration", f"{name}不在签名内容里。")
        return
    if declaration.service != signed["service"]:
        yield Finding("service", f"{name}的事项被改动过。")
    labels = DERIVED_LABELS | {field.id: field.label for field in declaration.form.fields}
    differing = set()
    for answers in _kept_answers(declaration, signed_at):
        differing |= {
            name for name in {*answers, *signed["answers"]} if answers.get(name) != signed["answers"].get(name)
        }
    for field in sorted(differing):
        yield Finding(field, f"{name}的“{labels.get(field, field)}”与签名时不同。")


def _kept_answers(declaration: Declaration, signed_at) -> Iterator[dict]:
    """Where the hall keeps what was submitted then: with the step itself, and as the case as long as nothing newer is.

    What was returned or taken back may be repaired: that is no tampering with what was signed.
    """
    then = [one for one in declaration.submittings if one.at <= signed_at]
    yield then[-1].answers if then else {}
    if declaration.state not in REPAIRABLE and len(then) == len(declaration.submittings):
        yield declaration.answers
