"""What was issued (开具记录): every paper of an employer with its state; statements can be taken back."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, QuerySet

from shebao.rules.region import Region

from ..errors import Refused, permit
from ..regions import region
from .issuing import revoke_documents
from .models import Document, DocumentState

LONGEST_REASON = 100


@dataclass(frozen=True)
class IssuedPaper:
    """An issued paper: for which months it was asked, and whether its employer may take it back itself."""

    document: Document
    months: str
    may_revoke: bool


def kinds_issued(by) -> dict[str, str]:
    """The kinds of paper that were ever issued for whoever asks, with a title of each."""
    return dict(Document.objects.visible_to(by).order_by("kind").values_list("kind").annotate(Max("title")))


def issued(by, kinds: Collection[str], *, state: str = "") -> QuerySet[Document]:
    """The papers of these kinds, the newest first, without what they say."""
    rows = Document.objects.visible_to(by).filter(kind__in=kinds).defer("content").order_by("-issued_at", "-pk")
    rows = rows.filter(state=state) if state in DocumentState.values else rows
    return rows.select_related("issued_by", "employee", "bill__assessment")


def shown_issued(document: Document, spec: Region) -> IssuedPaper:
    """A paper as its row says it."""
    return IssuedPaper(document, months_of(document, spec), may_revoke(document, spec))


def may_revoke(document: Document, spec: Region) -> bool:
    """Whether the employer may take a paper back: a statement that stands.

    A bill's paper stands and falls with its bill, and what vouches for a payment or a declaration with that.
    """
    return document.bill_id is None and document.kind in spec.statements and document.state == DocumentState.VALID


@transaction.atomic
def revoke_statement(document_id: int, *, reason: str, by) -> Document:
    """Take a statement back (作废) and say why; whoever verifies it learns it.

    Raises Refused without the permission or a reason, for a paper of a bill, and for one that no longer stands.
    """
    permit(by, "review" if by.is_agency else "print", "作废单据")
    document = Document.objects.visible_to(by).select_related("employer").defer("content").get(pk=document_id)
    if document.state != DocumentState.VALID:
        raise Refused(
            "no_longer_valid", f"编号 {document.number} 的单据{document.get_state_display()}，不用再作废。", status=409
        )
    if not may_revoke(document, region(document.employer.region)):
        text = f"{document.title}随账单、缴费或申报而定，不能单独作废；账单作废时它一并作废。"
        raise Refused("not_a_statement", text, status=409)
    why = reason.strip()
    if not 2 <= len(why) <= LONGEST_REASON:
        raise Refused("reason_needed", f"请填写作废原因，2 至 {LONGEST_REASON} 个字，查验的人会看到。", field="reason")
    revoke_documents([document.pk], reason=why, by=by)
    document.refresh_from_db(fields=["state", "state_reason", "state_at"])
    return document


def months_of(document: Document, spec: Region) -> str:
    """For which months a paper was asked, in words: a statement may be of a span, or of no month at all."""
    statement = spec.statements.get(document.kind)
    if statement is None or document.bill_id:
        return document.month.label
    if "span" in statement.asks:
        first, _, rest = document.asked.partition("/")
        return f"{first} 至 {rest.partition('/')[0]}"
    return document.month.label if "month" in statement.asks else "截至开具当日"
