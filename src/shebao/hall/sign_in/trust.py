"""Certificates that are trusted: chain, validity and revocation by the authority's files (RFC 5280).

`SHEBAO_CA_DIR` holds the authority's certificates (*.pem, *.cer) and its revocation lists (*.crl). The authority of
an installation for trying lies in `test-ca` of the data folder and is not read in production.

pyHanko is imported where a certificate is judged: to load it takes a third of a second, and most processes judge none.
"""

import asyncio
import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import cms, crl, pem, x509
from asn1crypto.core import Sequence
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings

from .. import clock
from ..errors import Refused

if TYPE_CHECKING:
    from pyhanko_certvalidator import ValidationContext

LARGEST = 100_000
UNREADABLE = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, NotImplementedError),
    *(struct.error, UnsupportedAlgorithm),
    NameError,  # asn1crypto asks the size of a key of a kind that it does not reckon with
)
"""What the libraries raise about what no signer wrote: they parse each part only when it is asked for."""


@dataclass(frozen=True)
class Authority:
    """What the files say: certificates that everything leads back to, those between, and lists of the revoked."""

    roots: list[x509.Certificate]
    between: list[x509.Certificate]
    revoked: list[crl.CertificateList]


def authority() -> Authority:
    """Read anew each time: a revocation list that was just replaced counts at once."""
    found = Authority([], [], [])
    for folder in filter(None, (settings.SHEBAO_CA_DIR, settings.SHEBAO_TEST_CA_DIR)):
        for file in sorted(Path(folder).glob("*")):
            if file.suffix in (".pem", ".cer", ".crt"):
                one = x509.Certificate.load(_der(file.read_bytes()))
                (found.roots if one.self_issued else found.between).append(one)
            elif file.suffix == ".crl":
                found.revoked.append(crl.CertificateList.load(_der(file.read_bytes())))
    return found


def _der(data: bytes) -> bytes:
    return pem.unarmor(data)[2] if pem.detect(data) else data


def read_certificate(data: bytes) -> x509.Certificate:
    """A certificate as it was uploaded, PEM or DER. Raises Refused."""
    try:
        found = x509.Certificate.load(_der(data[:LARGEST]), strict=True)
        _ = found.subject.human_friendly, found.public_key.algorithm  # parsed as far as it will be used
    except UNREADABLE:
        raise Refused(
            "not_a_certificate", "这不是证书文件。请选择 .cer、.crt 或 .pem 格式的证书（不含私钥）。", field="file"
        ) from None
    return found


def check_certificate(certificate: x509.Certificate, at: datetime | None = None) -> None:
    """Whether the certificate leads to an authority, is in force and not revoked. Raises Refused in words."""
    from pyhanko_certvalidator import CertificateValidator

    validator = CertificateValidator(certificate, validation_context=_context(at))
    _said(validator.async_validate_usage({"digital_signature"}))


def _context(at: datetime | None = None) -> "ValidationContext":
    from pyhanko_certvalidator import ValidationContext

    known = authority()
    if not known.roots:
        raise Refused("no_authority", "本系统还没有配置证书颁发机构，暂时不能使用数字证书，请联系管理员。", status=503)
    return ValidationContext(
        trust_roots=known.roots,
        other_certs=known.between,
        crls=known.revoked,
        moment=at or clock.now(),
        allow_fetching=False,
        # A certificate whose authority publishes no list here cannot be known to be good.
        revocation_mode="require",
        # An old signature may be judged by a newer list: what was revoked before it is still refused.
        retroactive_revinfo=at is not None,
    )


def _said(checking):
    from pyhanko_certvalidator.errors import InvalidCertificateError, PathError, RevokedError, ValidationError

    try:
        return asyncio.run(checking)
    except RevokedError:
        raise Refused("revoked", "证书已被吊销，不能使用。请到证书颁发机构办理新证书。") from None
    except (PathError, InvalidCertificateError, ValidationError) as why:
        raise Refused("certificate_not_good", f"证书没有通过验证：{_why(str(why))}") from None
    except UNREADABLE:
        raise Refused("damaged", "签名或证书的内容不完整，可能已损坏。请重新签名，或换用完整的证书。") from None


def _why(said: str) -> str:
    if "expired" in said:
        return "已过有效期，请换用有效的证书。"
    if "not valid until" in said:
        return "还没有到有效期。"
    if "revo" in said.lower() or "CRL" in said:
        return "查不到它是否已被吊销，请联系管理员更新吊销列表。"
    return "不是本系统认可的颁发机构签发的，或用途不符。"


def signer_of(signature: bytes, content: bytes, at: datetime | None = None) -> x509.Certificate:
    """The certificate that signed `content` by a detached CMS; checked as of `at` (now). Raises Refused."""
    signed = _signed_data(signature)
    context = _context(at)
    status = _said(_checked(signed, content, context))
    if not (status.intact and status.valid):
        raise Refused("wrong_signature", "签名与内容不符：内容被改动过，或不是对这段内容的签名。", field="signature")
    if not status.trusted:
        check_certificate(status.signing_cert, at)
        raise Refused("certificate_not_good", "证书没有通过验证：不是本系统认可的颁发机构签发的，或用途不符。")
    return status.signing_cert


async def _checked(signed: cms.SignedData, content: bytes, context: "ValidationContext"):
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
    try:
        return await async_validate_detached_cms(
            content, signed, signer_validation_context=context, key_usage_settings=usage
        )
    except SignatureValidationError:
        raise Refused("wrong_signature", "签名文件的内容不完整，请重新签名。", field="signature") from None


def _signed_data(signature: bytes) -> cms.SignedData:
    try:
        info = cms.ContentInfo.load(_der(signature[:LARGEST]), strict=True)
        found = info["content"]
        if not isinstance(found, Sequence) or info["content_type"].native != "signed_data":
            raise ValueError("no signature")
        if found["encap_content_info"]["content"].native is not None or len(found["signer_infos"]) != 1:
            raise ValueError("not detached, or not one signer")
    except UNREADABLE:
        raise Refused(
            "not_a_signature", "这不是签名文件。请选择签名工具生成的 .p7s 文件。", field="signature"
        ) from None
    return found
