"""What leaves the house of a paper: the signed file; of one that no longer stands, a copy that says so."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.timezone import make_naive

from ..evidence.files import content_of
from .models import Document, DocumentState
from .rendering import stamp
from .signing import plain_of, signed

if TYPE_CHECKING:
    from pypdf import PdfWriter


def outgoing(document: Document) -> bytes:
    """The paper as it is given out. Raises Refused when it is not byte for byte what was issued."""
    if document.state != DocumentState.VALID:
        return stamped(document)
    kept = signed(document)
    return content_of(kept.file) if kept else plain_of(document)


def stamped(document: Document) -> bytes:
    """A copy of a paper that no longer stands: 已作废 or 已被新件替代 across each page, since when and why below.

    It carries neither the signature, which was for the paper as it stood, nor the declaration of PDF/A.
    """
    from pypdf import PdfReader, PdfWriter  # a tenth of a second, where most papers leave as they are

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain_of(document))))
    since = f"{make_naive(document.state_at):%Y-%m-%d %H:%M}" if document.state_at else ""
    reason = f"此件自 {since} 起不再有效：{document.state_reason}" if since else document.state_reason
    covers: dict[tuple[float, float], PdfReader] = {}
    for page in writer.pages:
        size = float(page.mediabox.width), float(page.mediabox.height)
        if size not in covers:
            label = document.get_state_display()
            covers[size] = PdfReader(io.BytesIO(stamp(label, reason, width=size[0], height=size[1])))
        page.merge_page(covers[size].pages[0])
    writer.root_object.pop("/Metadata", None)
    writer.compress_identical_objects(remove_unreferenced=True)
    return _bytes(writer)


def merged(papers: Sequence[Document], title: str) -> bytes:
    """Several papers in one file, each with a bookmark: for the printer.

    Joining loses what belongs to a paper as a file of its own: its signature, and the structure for screen readers.
    """
    from pypdf import PdfWriter

    writer = PdfWriter()
    for paper in papers:
        content = stamped(paper) if paper.state != DocumentState.VALID else plain_of(paper)
        who = paper.employee.name if paper.employee else str(paper.month)
        writer.append(io.BytesIO(content), outline_item=f"{paper.title} {who} {paper.number}", import_outline=False)
    for page in writer.pages:
        page.pop("/StructParents", None)
    writer.compress_identical_objects(remove_unreferenced=True)
    writer.add_metadata({"/Title": title})
    return _bytes(writer)


def _bytes(writer: "PdfWriter") -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
