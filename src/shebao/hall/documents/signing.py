"""The agency's electronic signature on papers (PAdES): made once with its key, kept, and given out from then on.

pyHanko is imported where a key is used: to load it takes a third of a second, and most processes sign nothing.
"""

import hashlib
import hmac
import io

from django.db import IntegrityError, transaction

from ..audit.operations import record
from ..clock import now
from ..errors import Refused
from ..evidence.files import Upload, content_of, written
from .issuing import rendered
from .keys import Key, key_of
from .models import Document, SignedPaper

FIELD = "AgencySignature"


def signed(document: Document) -> SignedPaper | None:
    """The signed paper, made the first time; None where the agency has no key.

    Raises Refused when the paper is not byte for byte what was issued: a changed paper is never signed.
    """
    if found := SignedPaper.objects.filter(document=document).select_related("file").first():
        return found
    key = key_of(document.employer.region)
    if key is None:
        if document.content["paper"].get("signed_by"):
            raise Refused(
                "key_gone", "本件写明带电子签名，经办机构的签名密钥现在却不在，请联系系统管理员。", status=503
            )
        return None
    plain = proved(document, rendered(document))
    upload = Upload(f"{document.number}.pdf", sign(plain, key, reason=document.title))
    try:
        with transaction.atomic(), written([upload], document.employer, by=None, at=now(), most=None) as (file,):
            file.save()
            made = SignedPaper.objects.create(
                document=document,
                file=file,
                plain_size=len(plain),
                signer=key.name[:200],
                certificate=key.serial[:64],
                is_test=key.is_test,
                signed_at=now(),
            )
            record("document.signed", document, by=None, number=document.number, certificate=key.serial[:64])
    except IntegrityError:
        return SignedPaper.objects.select_related("file").get(document=document)  # somebody else was first
    return made


def proved(document: Document, made: bytes) -> bytes:
    """The PDF, if it is byte for byte what was issued. Raises Refused."""
    if not hmac.compare_digest(hashlib.sha256(made).hexdigest(), document.pdf_digest):
        raise Refused(
            "paper_changed",
            f"单据 {document.number} 与开具时不一致，已停止输出，请联系系统管理员。",
            status=500,
        )
    return made


def sign(plain: bytes, key: Key, *, reason: str) -> bytes:
    """A PDF with an invisible PAdES signature (baseline B-B); the unsigned bytes are its beginning, untouched."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.fields import SigSeedSubFilter

    metadata = PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, name=key.name, reason=reason
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(plain))
    PdfSigner(metadata, key.signer).sign_pdf(writer, output=out, bytes_reserved=key.room)
    return out.getvalue()


def plain_of(document: Document) -> bytes:
    """The paper without its signature: the beginning of the kept file, or made anew; proved either way."""
    if found := SignedPaper.objects.filter(document=document).select_related("file").first():
        return proved(document, content_of(found.file)[: found.plain_size])
    return proved(document, rendered(document))
