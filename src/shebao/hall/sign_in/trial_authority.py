"""A certificate authority for trying (测试证书): in the data folder, never in production; its name says so."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

TITLE = "测试用证书颁发机构（不得用于生产）"
ROOT_LASTS, LASTS = timedelta(days=3650), timedelta(days=365)


class TrialAuthority:
    """The authority in a folder; made when it is asked for the first time."""

    def __init__(self, folder: Path, now: datetime):
        self.folder, self.now = Path(folder), now
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / "root.key").exists():
            self._found()
        self.key = load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        self.root = x509.load_pem_x509_certificate((self.folder / "root.pem").read_bytes())

    def _found(self) -> None:
        key = rsa.generate_private_key(65537, 3072)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, TITLE)])
        root = (
            self._builder(name, name, key.public_key(), ROOT_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        file = self.folder / "root.key"
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (self.folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
        self.key, self.root = key, root
        self.publish()

    def _builder(self, subject, issuer, public_key, lasts: timedelta) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(minutes=5))
            .not_valid_after(self.now + lasts)
        )

    def issue(self, name: str, employer: str, credit_code: str, password: str, lasts: timedelta = LASTS):
        """A certificate of a person at an employer; returns it (PEM) and, with its key, as PKCS#12."""
        key = rsa.generate_private_key(65537, 2048)
        parts = [(NameOID.COMMON_NAME, name), (NameOID.ORGANIZATION_NAME, employer)]
        parts += [(NameOID.SERIAL_NUMBER, credit_code)] if credit_code else []
        subject = x509.Name([x509.NameAttribute(oid, text[:64]) for oid, text in parts if text])
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = (
            self._builder(subject, self.root.subject, key.public_key(), lasts)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
            .add_extension(ours, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.publish()
        sealed = pkcs12.serialize_key_and_certificates(
            b"shebao", key, made, [self.root], BestAvailableEncryption(password.encode())
        )
        return made.public_bytes(Encoding.PEM), sealed

    def revoke(self, certificate: bytes) -> None:
        """Put a certificate (PEM) on the list of the revoked (吊销)."""
        serial = x509.load_pem_x509_certificate(certificate).serial_number
        self.publish(serial)

    def publish(self, *serials: int) -> None:
        """Write the list of the revoked anew: those on it, and these."""
        file = self.folder / "root.crl"
        before = list(x509.load_pem_x509_crl(file.read_bytes())) if file.exists() else []
        listed = {one.serial_number: one.revocation_date_utc for one in before} | dict.fromkeys(serials, self.now)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        builder = builder.last_update(self.now - timedelta(minutes=5)).next_update(self.now + ROOT_LASTS)
        for serial, at in listed.items():
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            builder = builder.add_revoked_certificate(one.build())
        file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))


def _usage(**yes: bool) -> x509.KeyUsage:
    no = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)  # fmt: skip
    return x509.KeyUsage(**(no | yes))
