"""Issuing a paper that is not of one bill, and saying of papers that they no longer stand."""

import hashlib
import json
import secrets
from collections.abc import Collection

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from shebao.rules.money import yuan
from shebao.rules.months import Month

from ..audit.operations import record, record_many
from ..clock import now, today
from ..crypto import blind_index
from ..errors import Refused
from .arranging import arranged
from .keys import key_of
from .models import Document, DocumentState
from .rendering import VERSION, Paper, PaperNotRendered, render

# Without the signs that people confuse when they copy a code from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 16
OWN = ("number", "code")
"""What differs between two papers that say the same."""
DAY = "made_on"
"""When a paper was made: what it says is as of that day, or it is no part of it."""


def new_code() -> str:
    """A verification code that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def new_number() -> str:
    """The number of a paper: the day, and what tells it from others of the day."""
    return f"D{today():%Y%m%d}{secrets.randbelow(10**10):010d}"


def verify_url(code: str) -> str:
    """Where a paper with this code is checked. Part of what was printed: it stays when the hall moves."""
    return f"{settings.SHEBAO_BASE_URL}/verify?code={code}"


def rendered(document: Document) -> bytes:
    """The paper as PDF, in the edition of the layout that it was issued with."""
    content = document.content
    return render(document.layout, content["paper"], verify_url=content["verify_url"], version=document.layout_version)


def dressed(paper: Paper, layout: str, employer, *, number: str, code: str, total_fen: int) -> Paper:
    """A paper as it is printed: with its number and code, whose it is, whose signature it will bear, and how it lies.

    Raises Refused where the agency's key cannot be used: nothing is issued that could not be given out.
    """
    key = key_of(employer.region)
    more: dict = {"number": number, "code": code, "employer": employer.name}
    if paper["amount_words"]:
        more["amount"] = yuan(total_fen)
    if key:
        more["signed_by"] = key.said
    return arranged(paper | more, layout)  # type: ignore[arg-type, operator]


def digest_of(document: Document) -> str:
    """The digest of a paper that is not issued yet, which is made for it. Raises Refused: then nothing is issued."""
    try:
        return hashlib.sha256(rendered(document)).hexdigest()
    except PaperNotRendered as no:
        text = f"单据没有排成，没有开具，也没有用掉编号。请稍后重试，或缩小范围。（{str(no)[:80]}）"
        raise Refused("paper_not_made", text, status=503) from no


def issue_paper(
    paper: Paper,
    *,
    employer,
    kind: str,
    layout: str,
    month: Month,
    total_fen: int,
    by,
    asked: str = "",
    employee=None,
    as_of_day: bool = False,
) -> Document:
    """Issue a paper of an employer that is not of one bill; the same words are the same paper.

    `paper` says everything but its number and code. `asked` tells what it answers: an earlier valid paper of the
    kind with the same `asked` that says something else is superseded. `as_of_day`: it says how things stand on the day
    it is made, so another day's says something else. Raises Refused without the permission.
    """
    if not by.may("print"):
        raise Refused("not_permitted", "您的账号没有“打印”权限，请联系单位管理员。", status=403)
    said = _said(paper, OWN if as_of_day else (*OWN, DAY))
    earlier = Document.objects.filter(employer=employer, kind=kind, bill=None, state=DocumentState.VALID)
    if found := earlier.filter(said=said).first():
        return found
    code, number = new_code(), new_number()
    document = Document(
        employer=employer,
        employee=employee,
        kind=kind,
        title=paper["title"],
        month=month,
        asked=asked,
        said=said,
        number=number,
        verification_code=code,
        layout=layout,
        layout_version=VERSION,
        content={
            "paper": dressed(paper, layout, employer, number=number, code=code, total_fen=total_fen),
            "verify_url": verify_url(code),
        },
        total_fen=total_fen,
        issued_by=by,
        issued_at=now(),
    )
    # Rendering takes its time; no lock is held meanwhile.
    document.pdf_digest = digest_of(document)
    try:
        with transaction.atomic():
            same = earlier.filter(asked=asked, employee=employee).exclude(said="") if asked else earlier.none()
            supersede(same, number)
            document.save()
            record("document.issued", document, by=by, kind=kind, number=number)
    except IntegrityError:
        return earlier.get(said=said)  # somebody else was first: theirs is the paper
    return document


def supersede(papers: QuerySet[Document], number: str) -> None:
    """Say of papers that the one with this number has taken their place; whoever verifies one learns it."""
    reason = f"已由编号 {number} 的新件替代"
    papers.update(state=DocumentState.SUPERSEDED, state_reason=reason, state_at=now())


def _said(paper: Paper, but: Collection[str]) -> str:
    """A keyed digest of what a paper says: the words hold names and numbers, a plain one could be guessed."""
    words = {key: value for key, value in paper.items() if key not in but}
    return blind_index("document", json.dumps(words, ensure_ascii=False, sort_keys=True))


@transaction.atomic
def revoke_documents(document_ids: Collection[int], *, reason: str, by) -> int:
    """Say of papers that they no longer stand (作废), and return how many; whoever verifies one learns the reason.

    The caller's operation asks for the permission: a paper falls with what it is about, a voided bill for example.
    """
    papers = Document.objects.visible_to(by) if by else Document.objects.all()  # None: the hall itself
    rows = papers.select_for_update(of=("self",)).exclude(state=DocumentState.REVOKED)
    papers = list(rows.filter(pk__in=document_ids).select_related("employer").defer("content"))
    Document.objects.filter(pk__in=[paper.pk for paper in papers]).update(
        state=DocumentState.REVOKED, state_reason=reason[:200], state_at=now()
    )
    record_many("document.revoked", [(paper, {"number": paper.number}) for paper in papers], by=by)
    return len(papers)
