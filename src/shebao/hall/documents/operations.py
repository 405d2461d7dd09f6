"""Issuing papers, printing them again byte for byte, and letting anybody check one."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from shebao.rules.money import BadMoney, parse_fen
from shebao.rules.settling_words import settling

from ..audit.operations import record, record_many
from ..clock import now, today
from ..errors import Refused
from ..regions import region
from ..settlement.collecting import owing
from ..settlement.ledger import balance
from ..settlement.models import Bill
from ..settlement.paying_state import asked_of
from .figures import Figures, all_figures, figures_of
from .issued import months_of
from .issuing import digest_of, dressed, new_code, new_number, supersede, verify_url
from .models import Document, DocumentState
from .outgoing import outgoing
from .papers import layout_of, paper_of
from .rendering import VERSION
from .withheld import permit_wages


def issue_document(bill_id: int, kind: str, *, by) -> Document:
    """Issue one paper of a bill; while its figures are those of today, return the one that was issued.

    A paper that says other figures than today's, because a late fee grew or money came in, is superseded by a new one.
    Raises Refused for a paper the region does not have, and for a receipt before the bill is paid.
    """
    bill = Bill.objects.visible_to(by).ever().select_related("employer", "assessment").get(pk=bill_id)
    if not by.may("print"):
        raise Refused("not_permitted", "您的账号没有“打印”权限，请联系单位管理员。", status=403)
    permit_wages(kind, by=by)
    papers = bill.documents.filter(kind=kind).order_by("-pk")
    if bill.assessment.voided_at:
        if found := papers.first():
            return found
        raise Refused("voided", "这次核定已经作废，不能再开具它的单据。")
    papers = papers.filter(state=DocumentState.VALID)
    figures = figures_of(bill, today())
    stale = papers.first()
    if stale and _stands(stale, bill, figures):
        return stale
    _check(bill, kind)
    # Rendering takes its time, and a settled bill does not change: no lock is held meanwhile.
    prepared = _prepare(bill, kind, figures, by)
    try:
        with transaction.atomic():
            if stale:  # this one only: what somebody else issued meanwhile says the same as ours
                supersede(papers.filter(pk=stale.pk), prepared.number)
            prepared.save()
            record("document.issued", prepared, by=by, kind=kind, bill=bill.number, number=prepared.number)
    except IntegrityError:
        return papers.get()  # somebody else was first: theirs is the paper
    return prepared


def _stands(document: Document, bill: Bill, figures: Figures) -> bool:
    """Whether a valid paper says the figures of today. A receipt does: what was paid was paid.

    A paper from before the figures were kept is asked for its total, and said nothing of what had come in.
    """
    spec = region(bill.employer.region).documents.get(document.kind)
    if spec is None or spec["stage"] == "paid":
        return True
    if document.said:
        return document.said == figures.digest(spec)
    return document.total_fen == figures.total and not (figures.paid and spec["layout"] == "notice")


def _check(bill: Bill, kind: str) -> None:
    spec = region(bill.employer.region).bill_documents_of(is_provisional=bill.is_provisional).get(kind)
    if spec is None:
        raise Refused("no_such_document", "本地没有这种单据。", status=404)
    if spec["stage"] != "paid":
        return
    due, paid = balance(bill)
    if paid < due or owing(bill, today()).total > 0:
        raise Refused("not_paid", f"缴清之后才能开具{spec['title']}，请先缴费。")


def _prepare(bill: Bill, kind: str, figures: Figures, by) -> Document:
    spec = region(bill.employer.region).documents[kind]
    code, number = new_code(), new_number()
    paper = paper_of(bill, kind, number=number, code=code, made_on=today().isoformat(), figures=figures)
    layout, employer, total = layout_of(kind, spec), bill.employer, figures.total
    paper = dressed(paper, layout, employer, number=number, code=code, total_fen=total)
    content = {"paper": paper, "verify_url": verify_url(code)}
    document = Document(
        employer=bill.employer,
        bill=bill,
        kind=kind,
        title=spec["title"],
        month=bill.month,
        number=number,
        verification_code=code,
        layout=layout,
        layout_version=VERSION,
        content=content,
        said=figures.digest(spec),
        total_fen=total,
        issued_by=by,
        issued_at=now(),
    )
    document.pdf_digest = digest_of(document)
    return document


def pdf(document: Document, *, by=None) -> bytes:
    """The paper as it is given out, signed where the agency has a key; the download is on record (by None: the hall).

    Raises Refused when it is not byte for byte what was issued: a changed paper never leaves the house.
    """
    made = outgoing(document)
    note_download([document], by=by)
    return made


@transaction.atomic
def note_download(papers: Sequence[Document], *, by) -> None:
    """Keep when papers were first fetched, and record who fetched them."""
    pks = [paper.pk for paper in papers]
    Document.objects.filter(pk__in=pks, downloaded_at__isnull=True).update(downloaded_at=now())
    told = [(paper, {"number": paper.number}) for paper in papers]
    for employer in {paper.employer for paper in papers}:
        own = [one for one in told if one[0].employer_id == employer.pk]
        record_many("document.downloaded", own, by=by, employer=employer)


def verify(code: str, total_yuan_text: str) -> dict | None:
    """What the public may know of a paper, when code and total (yuan, as text) both fit; else None."""
    try:
        total = parse_fen(total_yuan_text)
    except BadMoney:
        return None
    # As somebody reads it off a paper: in fours, with hyphens, typed with a Chinese keyboard.
    drawn = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", code).upper())
    document = (
        Document.objects.filter(verification_code=drawn, total_fen=total)
        .select_related("employer", "bill__assessment", "signature")
        .first()
    )
    if document is None:
        return None
    return {
        "title": document.title,
        "number": document.number,
        "employer_name": document.employer.name,
        "months": months_of(document, region(document.employer.region)),
        "total_fen": document.total_fen,
        "issued_on": document.issued_at,
        "state": document.state,
        "state_label": document.get_state_display(),
        "state_reason": document.state_reason,
        "state_on": document.state_at,
        "signature": getattr(document, "signature", None),
    }


@dataclass(frozen=True)
class Card:
    """One paper of a month: state is waiting (too early), ready (can be issued) or issued."""

    kind: str
    title: str
    state: str
    note: str
    document: Document | None


def available(bills: Iterable[Bill]) -> dict[int, list[Card]]:
    """The region's papers for each of these bills, by its id; a constant number of queries however many there are."""
    bills = list(bills)
    issued: dict[int, dict[str, Document]] = {bill.pk: {} for bill in bills}
    # What a paper says is long, and not asked for here.
    for one in Document.objects.filter(bill__in=bills, state=DocumentState.VALID).defer("content"):
        issued[one.bill_id][one.kind] = one
    figures = all_figures([bill for bill in bills if issued[bill.pk]], today())
    asked = asked_of(bills)
    return {bill.pk: _cards(bill, issued[bill.pk], figures.get(bill.pk), asked[bill.pk].total <= 0) for bill in bills}


def awaited(employer) -> list[Card]:
    """The papers of a month that has no bill yet."""
    here = region(employer.region)
    kinds = here.bill_documents_of(is_provisional=False)
    return [
        Card(kind, str(spec["title"]), "waiting", settling(here.terms, "结算后生成"), None)
        for kind, spec in kinds.items()
    ]


def _cards(bill: Bill, issued: dict[str, Document], figures: Figures | None, is_paid: bool) -> list[Card]:
    cards = []
    for kind, spec in region(bill.employer.region).bill_documents_of(is_provisional=bill.is_provisional).items():
        found = issued.get(kind)
        if found and figures and not _stands(found, bill, figures):
            note = f"金额已有变动，请重新生成；编号 {found.number} 的旧件即被替代"
            cards.append(Card(kind, str(spec["title"]), "ready", note, None))
        else:
            state, note = _state_of(spec, found, is_paid=is_paid)
            cards.append(Card(kind, str(spec["title"]), state, note, found))
    return cards


def cards_of(kind: str, bills: QuerySet[Bill]) -> list[tuple[Bill, Card]]:
    """One kind of paper for each of these bills that has it, the newest first; a constant number of queries."""
    found = list(bills.select_related("employer", "assessment").order_by("-month", "-series"))
    cards = available(found)
    return [(bill, card) for bill in found for card in cards[bill.pk] if card.kind == kind]


def _state_of(spec, document: Document | None, *, is_paid: bool) -> tuple[str, str]:
    """Whether a paper of a bill waits, is ready or issued, and in words."""
    if document is not None:
        return "issued", "已取用" if document.downloaded_at else "待取用"
    if spec["stage"] == "paid" and not is_paid:
        return "waiting", "缴费后生成"
    return "ready", "可以开具"
