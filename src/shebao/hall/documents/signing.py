"""The agency's electronic signature on papers (PAdES): made once with its key, kept, and given out from then on.

A key is a PKCS#12 file in SHEBAO_SIGNING_DIR: `<region>.p12`, or `agency.p12` for every region. Where there is none,
papers go out without a signature and the page that verifies them says so.

pyHanko is imported where a key is used: to load it takes a third of a second, and most processes sign nothing.
"""

import hashlib
import hmac
import io
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import IntegrityError, transaction

from ..audit.operations import record
from ..clock import now
from ..errors import Refused
from ..evidence.files import Upload, content_of, written
from .issuing import rendered
from .models import Document, SignedPaper

if TYPE_CHECKING:
    from pyhanko.sign import SimpleSigner

SHARED = "agency"
TEST = "测试证书"
"""The organisational unit of a certificate that the hall made itself: it proves the process, and nobody's identity."""
FIELD = "AgencySignature"


@dataclass(frozen=True)
class Key:
    """A key that can sign. `name` is whose it is, `serial` its certificate's number in hexadecimal.

    `room` are the bytes to reserve for a signature: told beforehand, it need not be made twice to be measured.
    """

    signer: "SimpleSigner"
    name: str
    serial: str
    is_test: bool
    valid_from: datetime
    valid_until: datetime
    room: int


def key_of(region: str) -> Key | None:
    """The key of a region's agency; None where none is configured. Raises Refused when it cannot be used now."""
    path = _path(region)
    if path is None:
        return None
    key = _load(str(path), path.stat().st_mtime_ns, settings.SHEBAO_SIGNING_PASSWORD)
    if not key.valid_from <= now() <= key.valid_until:
        raise Refused("key_expired", "经办机构的签名证书不在有效期内，不能签发单据，请联系系统管理员。", status=503)
    return key


def _path(region: str) -> Path | None:
    if not settings.SHEBAO_SIGNING_DIR:
        return None
    folder = Path(settings.SHEBAO_SIGNING_DIR)
    return next((file for name in (region, SHARED) if (file := folder / f"{name}.p12").is_file()), None)


@lru_cache(maxsize=64)
def _load(path: str, _changed: int, password: str) -> Key:
    from pyhanko.sign import SimpleSigner

    signer = SimpleSigner.load_pkcs12(path, passphrase=password.encode())
    if signer is None:
        raise Refused("key_unreadable", "经办机构的签名密钥读不出来，不能签发单据，请联系系统管理员。", status=503)
    certificate = signer.signing_cert
    subject = certificate.subject.native
    return Key(
        signer,
        str(subject.get("common_name", "")),
        f"{certificate.serial_number:x}",
        TEST in str(subject.get("organizational_unit_name", "")),
        certificate.not_valid_before,
        certificate.not_valid_after,
        8_192 + 2 * sum(len(one.dump()) for one in (certificate, *signer.cert_registry)),
    )


def signed(document: Document) -> SignedPaper | None:
    """The signed paper, made the first time; None where the agency has no key.

    Raises Refused when the paper is not byte for byte what was issued: a changed paper is never signed.
    """
    if found := SignedPaper.objects.filter(document=document).select_related("file").first():
        return found
    key = key_of(document.employer.region)
    if key is None:
        return None
    plain = proved(document, rendered(document))
    upload = Upload(f"{document.number}.pdf", sign(plain, key, reason=document.title))
    try:
        with transaction.atomic(), written([upload], document.employer, by=None, at=now()) as (file,):
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


def make_test_key(folder: Path, region: str, name: str, password: str) -> bool:
    """Make a key with a certificate of its own, for demonstrations; False where there is one already.

    Raises OSError where the folder cannot be written.
    """
    path = folder / f"{region}.p12"
    if path.exists():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_test_key(name, password))
    with suppress(FileExistsError):  # somebody else was first: theirs is the key
        os.link(draft, path)
    draft.unlink()
    return True


def _test_key(name: str, password: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"{TEST}，仅供演示"),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now() - timedelta(days=1))
    builder = builder.not_valid_after(now() + timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(
        x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
    )
    certificate = builder.sign(key, hashes.SHA256())
    return pkcs12.serialize_key_and_certificates(
        SHARED.encode(), key, certificate, None, BestAvailableEncryption(password.encode())
    )


def certificate_of(key: Key) -> asn1.Certificate:
    """The certificate itself, for whoever wants to trust it."""
    return key.signer.signing_cert
