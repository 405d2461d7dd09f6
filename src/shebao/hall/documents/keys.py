"""The agency's keys, with which its papers are signed.

A key is a PKCS#12 file in SHEBAO_SIGNING_DIR: `<region>.p12`, or `agency.p12` for every region. Where there is none,
papers go out without a signature and the page that verifies them says so.
"""

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

from ..clock import now
from ..errors import Refused

if TYPE_CHECKING:
    from pyhanko.sign import SimpleSigner

SHARED = "agency"
TEST = "测试证书"
"""The organisational unit of a certificate that the hall made itself: it proves the process, and nobody's identity."""


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

    @property
    def said(self) -> str:
        """Whose signature it is, as a paper says it."""
        return f"{self.name}（{TEST}）" if self.is_test else self.name


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
