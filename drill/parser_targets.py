"""What is fuzzed: readers of what strangers send, what each may answer, and files of ours to begin with."""

from __future__ import annotations

import io
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from random import Random
from types import SimpleNamespace
from unittest.mock import MagicMock, patch

from .parser_mutations import in_chunks, in_der, in_passkeys, in_zip

MEGABYTES = 1_500  # of the process with the fuzzer in it; the children that read for the hall have 1,024 and 768
CONTENT = b"what is signed"
HOST, CHALLENGE = "localhost", b"c" * 32
REFUSED, UNREADABLE = "shebao.hall.errors:Refused", "shebao.hall.sheets.reading:UnreadableSheet"
PASSWORD = "of the drill"


class NoPicture(Exception):
    """There is no small picture of this: the child that draws it ended with 1."""


@dataclass(frozen=True)
class Target:
    """A reader: files of ours to begin with, and that `read` either returns or raises `refusal` ("" = never raises).

    `modules` are watched for code that is reached for the first time; `begin` is called once, with a folder that lasts.
    `held` is the same reader where the hall has it in a child with limits: what ends the fuzzer may end that child.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    refusal: str
    modules: tuple[str, ...]
    seconds: int = 20
    memory_mb: int = MEGABYTES
    mutated: Callable[[bytes, int, int], bytes] | None = None
    begin: Callable[[Path], None] = lambda folder: None
    held: Callable[[bytes], object] | None = None

    @property
    def refuses(self) -> tuple[type[BaseException], ...]:
        """The refusal itself."""
        module, _, name = self.refusal.partition(":")
        return (getattr(import_module(module), name),) if name else ()


def named(path: str) -> Target:
    """The target at MODULE:NAME."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _table(name: str, data: bytes) -> None:
    """A table to the end: looked at, parsed as in its child, headings matched, every cell read for its field."""
    from tests.sheets import files

    from shebao.hall.sheets import cells, headers, reading, reading_child

    def here(content: bytes, sheet: str, limits) -> tuple[bytes, int]:
        settings = asdict(limits) | {"sheet": sheet, "filled_rows": limits.rows + limits.header_rows}
        return b"".join(line + b"\n" for line in reading_child.answered(content, settings)), 0

    with patch.object(reading, "_run_child", here):
        sheet = reading.read_workbook(data, name)
    match = headers.match_headers(sheet, *files.enrolment())
    found = cells.read_rows(sheet, match, files.enrolment()[0], files.region())
    assert len(found.data) + len(found.ignored) == len(sheet.rows), "rows were lost"


def _held_table(name: str, data: bytes) -> object:
    from shebao.hall.sheets.reading import read_workbook

    return read_workbook(data, name)


def _tables(kind: str) -> Iterator[bytes]:
    from tests.sheets import files

    from . import damage

    for number in range(12):
        yield getattr(damage, f"sound_{kind}")(Random(number))  # noqa: S311
    if kind == "xlsx":
        yield files.openpyxl_xlsx([damage.heads(), ["01", files.IDS[0], "甲", "=1+1"]], merged=["A1:B1"])


def _paper(data: bytes) -> None:
    """A paper by its content; the first bytes are its name, too."""
    from shebao.hall.evidence.files import ENDINGS, Upload, kind_of, tidy_name

    name = data[:300].decode("utf-8", "replace")
    tidy = tidy_name(name)
    assert tidy and not set(tidy) & set('/\\\0\r\n":') and len(tidy) <= 120, "a name that is none"
    assert kind_of(Upload(name, data)) in ENDINGS


def _papers() -> Iterator[bytes]:
    from tests.papers import JPEG, PDF

    yield from (JPEG, PDF, *_pictures())


def _picture(data: bytes) -> None:
    """A small picture or none, as in the child that draws it: whatever is raised there means none."""
    import warnings

    from PIL import Image

    from shebao.hall.evidence import thumbnail_child, thumbnails

    limits = asdict(thumbnails.SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            _, small = thumbnail_child.small_picture(data, limits)
        except Exception as no:
            raise NoPicture from no
    with Image.open(io.BytesIO(small)) as drawn:
        assert drawn.format == "JPEG" and max(drawn.size) <= limits["edge"], "no small picture"


def _held_picture(data: bytes) -> object:
    from shebao.hall.evidence.thumbnails import thumbnail

    return thumbnail(data)


def _pictures() -> Iterator[bytes]:
    from PIL import Image

    for mode in ("RGB", "L", "P", "RGBA", "CMYK", "1", "I;16"):
        for kind in ("JPEG", "PNG"):
            if (kind, mode) in (("JPEG", "P"), ("JPEG", "RGBA"), ("JPEG", "I;16"), ("PNG", "CMYK")):
                continue
            out, exif = io.BytesIO(), Image.Exif()
            exif[0x0112] = 6
            Image.new(mode, (40, 30), 1).save(out, kind, exif=exif, **({"progressive": True} if mode == "L" else {}))
            yield out.getvalue()


def _debit_return(data: bytes) -> None:
    """A return file in every shape: its lines, or what is wrong with it, and never an exception."""
    from shebao.rules.debit_files import read_back

    for form in _formats():
        back = read_back(form, "DK1", data)
        amounts = [line.amount_fen for line in back.lines]
        assert back.problems or min(amounts, default=0) >= 0, "an amount that is none"


@cache
def _formats() -> list:
    from tests.rules.test_debit_files import FIXED, FREE

    from shebao.hall.regions import all_regions, region

    ours = [form for code in all_regions() if (form := region(code).collection.debit_file)]
    return [FIXED, FREE, *ours]


def _debit_returns() -> Iterator[bytes]:
    from tests.rules.test_debit_files import PAID, back

    for form in _formats():
        for lines in ([], [PAID], [PAID, ("P2", "500", "51", "", "")]):
            keys = [key for key, _ in form.back]
            told = [dict(zip(("order", "amount", "result", "serial", "paid_at"), line, strict=True)) for line in lines]
            yield back(form, [tuple(one.get(key, "某某公司") for key in keys) for one in told])


def _notice(data: bytes) -> None:
    """A call-back that the bank signed, up to where the ledger hears it."""
    from shebao.bank import signing
    from shebao.hall import clock
    from shebao.hall.payments import channels, operations

    headers = signing.sign(channels.bank_secret(), data, at=clock.now().timestamp(), nonce="n")
    with patch.object(operations, "hear", lambda message: message):
        message = operations.receive_notice(headers, data)
    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()  # as it is kept


def _notices() -> Iterator[bytes]:
    said = {
        "message_id": "MSG1", "order_id": "P1", "state": "succeeded", "amount_fen": 12345, "bill_number": "Z1",
        "reason_code": "", "reason": "余额不足", "bank_serial": "YH1", "paid_at": "2026-11-10T09:31:00+08:00",
    }  # fmt: skip
    for state in ("succeeded", "refused", "unknown", "waiting"):
        yield json.dumps(said | {"state": state}).encode()


def _certificate(data: bytes) -> None:
    """A certificate as far as it is read to be bound."""
    from shebao.hall.sign_in import certificates, trust

    found = trust.read_certificate(data)
    trust.check_certificate(found)
    certificates._credit_code(found)
    assert all((found.subject.human_friendly, found.issuer.human_friendly, found.not_valid_before))


def _trust(folder: Path) -> None:
    from django.conf import settings

    settings.SHEBAO_TEST_CA_DIR = folder / "authority"
    _authority(settings.SHEBAO_TEST_CA_DIR)


def _authority(folder: Path):
    from shebao.hall.sign_in.trial_authority import TrialAuthority

    return TrialAuthority(folder, datetime.now(UTC))


def _certificates() -> Iterator[bytes]:
    from asn1crypto import pem
    from django.conf import settings

    authority = _authority(settings.SHEBAO_TEST_CA_DIR)
    made, _ = authority.issue("示例人", "示例公司", "91990101MA0000000X", PASSWORD)
    yield from (made, pem.unarmor(made)[2], (authority.folder / "root.pem").read_bytes())


def _signature(data: bytes) -> None:
    """A signature by certificate."""
    from shebao.hall.sign_in.trust import signer_of

    signer_of(data, CONTENT)


def _signatures() -> Iterator[bytes]:
    from asn1crypto import pem
    from django.conf import settings

    from shebao.cli.signer import Signer

    authority = _authority(settings.SHEBAO_TEST_CA_DIR)
    _, sealed = authority.issue("示例人", "示例公司", "", PASSWORD)
    file = authority.folder / "key.p12"
    file.write_bytes(sealed)
    made = Signer(file, PASSWORD).sign(CONTENT)
    yield from (made, pem.armor("CMS", made), Signer(file, PASSWORD).sign(b"something else"))


def _passkey(data: bytes) -> None:
    """The answer of an authenticator, to both questions; the database is played."""
    from shebao.hall.sign_in import passkeys

    answer = data.decode("utf-8", "replace")
    state = {"challenge": _letters(CHALLENGE), "user_verification": "required"}
    factor = SimpleNamespace(secret=_authenticator()[1], counter=0, operator_id=1, operator=1, save=lambda **_: None)
    played = MagicMock()
    played.objects.select_for_update().select_related().filter().first.return_value = factor
    own = MagicMock()
    own.return_value.count.return_value = 0
    with patch.multiple(passkeys, Factor=played, record=MagicMock(), end_weak_sessions=MagicMock(), _own=own):
        if "attestationObject" in answer:
            passkeys.add_passkey(state, answer, "", HOST, by=MagicMock())
        else:
            passkeys.prove_by_passkey(state, answer, HOST)


def _letters(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@cache
def _authenticator():
    """A key, and what is kept of it."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from fido2.cose import ES256
    from fido2.webauthn import AttestedCredentialData

    key = ec.derive_private_key(7, ec.SECP256R1())
    data = AttestedCredentialData.create(bytes(16), b"i" * 16, ES256.from_cryptography_key(key.public_key()))
    return key, {"credential": _letters(bytes(data))}, data


def _passkeys() -> Iterator[bytes]:
    from hashlib import sha256

    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from fido2.webauthn import AttestationObject, AuthenticatorData

    key, _, data = _authenticator()
    host, named = sha256(HOST.encode()).digest(), _letters(b"i" * 16)
    for kind in ("create", "get"):
        said = {"type": f"webauthn.{kind}", "challenge": _letters(CHALLENGE), "origin": f"http://{HOST}"}
        client = json.dumps(said).encode()
        if kind == "create":
            about = AuthenticatorData.create(host, 0x45, 1, bytes(data))
            response = {"attestationObject": bytes(AttestationObject.create("none", about, {}))}
        else:
            about = AuthenticatorData.create(host, 0x05, 2)
            signature = key.sign(bytes(about) + sha256(client).digest(), ec.ECDSA(SHA256()))
            response = {"authenticatorData": bytes(about), "signature": signature}
        texts = {name: _letters(value) for name, value in (response | {"clientDataJSON": client}).items()}
        yield json.dumps({"id": named, "rawId": named, "type": "public-key", "response": texts}).encode()


def _values(data: bytes) -> None:
    """New values for a region, as its administrator uploads them."""
    from shebao.hall.regions import region
    from shebao.regions_home import regions_roots
    from shebao.rules.proposals import load_proposed

    load_proposed(region(_region_of_values()), regions_roots(), data.decode("utf-8", "replace"))


def _region_of_values() -> str:
    from tests.factories import DIRECT

    return DIRECT


def _proposals() -> Iterator[bytes]:
    from shebao.hall.regions import region
    from shebao.rules.proposals import written

    parameters = list(region(_region_of_values()).parameters.values())
    yield written(parameters).encode()
    for one in parameters:
        yield written([one]).encode()


def _warm(read: Callable[[bytes], None], seeds: Callable[[], Iterable[bytes]], folder: Path) -> None:
    """What is loaded once is no input's time."""
    read(next(iter(seeds())))


OF_SHEETS = ("reading", "csv_reading", "reading_child", "xls_marks", "headers", "cells")
SHEETS = tuple(f"shebao.hall.sheets.{name}" for name in OF_SHEETS)
XLSX, XLS, CSV = (
    Target(
        partial(_table, f"x.{kind}"), partial(_tables, kind), UNREADABLE, SHEETS, mutated=mutated,
        begin=partial(_warm, partial(_table, f"x.{kind}"), partial(_tables, kind)),
        held=partial(_held_table, f"x.{kind}") if kind != "csv" else None,
    )
    for kind, mutated in (("xlsx", in_zip), ("xls", None), ("csv", None))
)  # fmt: skip
PAPERS = Target(_paper, _papers, REFUSED, ("shebao.hall.evidence.files",))
PICTURES = Target(
    _picture, _pictures, "drill.parser_targets:NoPicture",
    ("PIL.Image", "PIL.ImageOps", "PIL.ExifTags", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.TiffImagePlugin",
     "PIL.ImageFile", "PIL.MpoImagePlugin", "shebao.hall.evidence.thumbnail_child"),
    mutated=in_chunks, held=_held_picture,
)  # fmt: skip
DEBITS = Target(
    _debit_return, _debit_returns, "", ("shebao.rules.debit_files",),
    begin=partial(_warm, _debit_return, _debit_returns),
)  # fmt: skip
NOTICES = Target(_notice, _notices, REFUSED, ("json", "shebao.hall.payments.operations", "shebao.bank.signing"))
TRUST = ("asn1crypto", "pyhanko_certvalidator", "pyhanko.sign.validation", "shebao.hall.sign_in")
CERTIFICATES = Target(_certificate, _certificates, REFUSED, TRUST, mutated=in_der, begin=_trust)
SIGNATURES = Target(_signature, _signatures, REFUSED, TRUST, mutated=in_der, begin=_trust)
PASSKEYS = Target(_passkey, _passkeys, REFUSED, ("fido2", "shebao.hall.sign_in.passkeys"), mutated=in_passkeys)
VALUES = Target(
    _values, _proposals, "shebao.rules.region_model:BadRegion",
    ("shebao.rules.proposals", "shebao.rules.region_files", "shebao.rules.region_parts", "shebao.rules.region_checks"),
    begin=partial(_warm, _values, _proposals),
)  # fmt: skip
