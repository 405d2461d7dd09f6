"""The agency's signature on papers: valid for who trusts its certificate, made once, never on a changed paper."""

import io
import threading

import pytest
import time_machine
from django.db import connection
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from shebao.hall.documents import printing, signing
from shebao.hall.documents.issuing import rendered, revoke_documents
from shebao.hall.documents.keys import certificate_of, key_of, make_test_key
from shebao.hall.documents.models import Document, SignedPaper
from shebao.hall.documents.operations import issue_document, pdf, verify
from shebao.hall.documents.signing import signed
from shebao.hall.errors import Refused
from shebao.hall.evidence.files import FILE_LIMIT, Upload, kind_of
from shebao.hall.evidence.models import StoredFile
from shebao.rules.money import plain_yuan
from tests.documents.test_operations import make_bill, words

pytestmark = pytest.mark.django_db
PASSWORD = "a password of the test"


@pytest.fixture
def keys(settings, tmp_path):
    """A folder with a test key of one agency."""
    settings.SHEBAO_SIGNING_DIR, settings.SHEBAO_SIGNING_PASSWORD = str(tmp_path), PASSWORD
    settings.SHEBAO_FILES_DIR = tmp_path / "files"
    make_test_key(tmp_path, "tianjin", "天津市社会保险基金管理中心", PASSWORD)
    return tmp_path


def paper(code="tianjin") -> tuple[Document, object]:
    bill, clerk = make_bill(code)
    return issue_document(bill.pk, "payment_notice", by=clerk), clerk


def status_of(content: bytes, region="tianjin"):
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    trusted = ValidationContext(trust_roots=[certificate_of(key_of(region))])
    return validate_pdf_signature(embedded, trusted)


def test_a_paper_bears_the_agencys_signature_which_holds_and_covers_the_whole_file(keys):
    document, _ = paper()
    status = status_of(pdf(document))
    assert status.bottom_line and status.intact and status.trusted and status.coverage.name == "ENTIRE_FILE"
    assert status.signing_cert.subject.native["common_name"] == "天津市社会保险基金管理中心"


def test_a_signed_paper_is_made_once_and_begins_with_the_unsigned_one_byte_for_byte(keys):
    document, _ = paper()
    first = pdf(document)
    kept = SignedPaper.objects.get()
    assert first[: kept.plain_size] == rendered(document)
    assert pdf(Document.objects.get()) == first and SignedPaper.objects.count() == StoredFile.objects.count() == 1
    assert first not in b"".join(file.read_bytes() for file in (keys / "files").rglob("*") if file.is_file())


def test_a_byte_changed_after_signing_is_found_out(keys):
    content = bytearray(pdf(paper()[0]))
    place = content.index(b"endobj") - 20
    content[place] ^= 1
    assert not status_of(bytes(content)).bottom_line


def test_a_changed_paper_is_never_signed(keys):
    document, _ = paper()
    document.content["paper"]["total"][-1] = "0.01"
    with pytest.raises(Refused, match="与开具时不一致"):
        signed(document)
    assert not SignedPaper.objects.exists() and not StoredFile.objects.exists()


def test_without_a_key_nothing_is_signed_and_the_page_says_so(client, settings):
    settings.SHEBAO_SIGNING_DIR = ""
    document, _ = paper()
    assert pdf(document) == rendered(document)
    page = client.get("/verify", {"code": document.verification_code, "total": plain_yuan(document.total_fen)})
    assert "没有电子签名" in page.content.decode()


def test_another_agencys_key_signs_no_paper_of_this_one(keys):
    document, _ = paper("leshan")
    assert pdf(document) == rendered(document)
    make_test_key(keys, "agency", "各地共用", PASSWORD)
    assert signed(document).signer == "各地共用"


def test_a_key_that_expired_or_cannot_be_read_signs_nothing(keys, settings):
    document, _ = paper()
    with time_machine.travel("2040-01-01"), pytest.raises(Refused, match="不在有效期内"):
        signed(document)
    settings.SHEBAO_SIGNING_PASSWORD = "another"
    with pytest.raises(Refused, match="读不出来"):
        signed(document)


def test_who_verifies_a_paper_learns_by_whom_it_is_signed_and_that_a_test_key_proves_nothing(keys, client):
    document, _ = paper()
    pdf(document)
    found = verify(document.verification_code, plain_yuan(document.total_fen))
    assert found["signature"].is_test
    page = client.get("/verify", {"code": document.verification_code, "total": plain_yuan(document.total_fen)})
    text = page.content.decode()
    assert "天津市社会保险基金管理中心" in text and "测试证书" in text and found["signature"].certificate in text


def test_a_revoked_paper_says_so_on_every_page_and_is_not_signed(keys):
    document, clerk = paper()
    before = pdf(document)
    revoke_documents([document.pk], reason="核定已回退", by=clerk)
    document.refresh_from_db()
    after = pdf(document)
    pages = PdfReader(io.BytesIO(after)).pages
    assert len(pages) == len(PdfReader(io.BytesIO(before)).pages)
    assert all("已作废" in page.extract_text() and "核定已回退" in page.extract_text() for page in pages)
    assert document.title in words(after).replace(" ", "")
    assert not PdfFileReader(io.BytesIO(after)).embedded_signatures and b"pdfaid" not in after


def test_the_papers_of_a_batch_are_signed_as_they_are_made_and_joined_without_signatures(keys):
    bill, clerk = make_bill()
    kinds = [(bill.pk, kind) for kind in ("payment_notice", "collection_assessment")]
    run = printing.print_bills(kinds, title="单据", by=clerk)
    assert SignedPaper.objects.count() == 2
    _, joined = printing.joined(run.pk, by=clerk)
    assert not PdfFileReader(io.BytesIO(joined)).embedded_signatures and len(PdfReader(io.BytesIO(joined)).pages) >= 2


@pytest.mark.django_db(transaction=True)
def test_two_who_fetch_a_paper_at_once_get_the_same_signature(keys):
    if connection.vendor == "sqlite":
        pytest.skip("writers of SQLite wait for one another")
    document, _ = paper()
    made, gate = [], threading.Barrier(2)

    def fetch():
        gate.wait()
        try:
            made.append(pdf(Document.objects.get(pk=document.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 2 and made[0] == made[1] and SignedPaper.objects.count() == StoredFile.objects.count() == 1


def test_a_test_key_is_made_once_and_for_its_owner_only(tmp_path):
    assert make_test_key(tmp_path / "keys", "tianjin", "某中心", PASSWORD)
    file = tmp_path / "keys/tianjin.p12"
    content = file.read_bytes()
    assert not make_test_key(tmp_path / "keys", "tianjin", "某中心", PASSWORD)
    assert file.read_bytes() == content and file.stat().st_mode & 0o077 == 0


def test_a_signed_paper_larger_than_an_upload_may_be_is_kept_and_opens(keys, monkeypatch):
    real = signing.sign
    monkeypatch.setattr(signing, "sign", lambda *said, **more: real(*said, **more) + b"%" * 6_000_000 + b"\n%%EOF")
    document, _ = paper()
    assert len(pdf(document)) > FILE_LIMIT and pdf(Document.objects.get()) == pdf(document)
    with pytest.raises(Refused, match="每个文件最大"):
        kind_of(Upload("上传.pdf", b"%PDF-" + b"%" * 6_000_000 + b"\n%%EOF"))


def test_a_paper_that_will_be_signed_says_so_where_a_stamp_would_be_and_names_a_test_key(keys):
    document, _ = paper()
    text = "".join(words(pdf(document)).split())
    assert "本件已加盖电子签名，可扫码查验" in text and "签名人：天津市社会保险基金管理中心（测试证书）" in text
    other, _ = paper("leshan")
    assert "电子签名" not in words(pdf(other))


def test_with_a_key_that_cannot_be_used_nothing_is_issued(keys):
    bill, clerk = make_bill()
    with time_machine.travel("2040-01-01"), pytest.raises(Refused, match="不在有效期内"):
        issue_document(bill.pk, "payment_notice", by=clerk)
    assert not Document.objects.exists()


def test_a_paper_that_says_it_is_signed_does_not_leave_without_its_signature(keys):
    document, _ = paper()
    (keys / "tianjin.p12").unlink()
    with pytest.raises(Refused, match="签名密钥现在却不在"):
        pdf(document)
