"""Signing in by certificate: who holds the key of a bound, good certificate comes in, and nobody else (CA-1)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem
from django.test import Client

from shebao.cli.signer import Signer
from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Role
from shebao.hall.sign_in import certificates, trust
from shebao.hall.sign_in.models import OperatorCertificate
from shebao.hall.sign_in.trial_authority import TrialAuthority

from ..web.conftest import make_employer, make_operator
from .conftest import as_file, as_text


def challenge_of(client) -> str:
    return client.get("/login/certificate/challenge").content.decode()


def opened() -> Client:
    client = Client()
    assert "数字证书登录" in client.get("/login/certificate").content.decode()
    return client


@pytest.fixture
def bound(clerk, boss, issued):
    """The clerk's certificate, bound by the administrator."""
    certificate, signer = issued(clerk)
    made = certificates.bind_certificate("clerk", certificate, by=boss)
    return made, certificate, signer


def test_a_signed_challenge_opens_the_account_by_signer_or_by_file(bound):
    _, _, signer = bound
    client = opened()
    answer = client.post("/login/certificate", {"signature": as_text(signer.sign(challenge_of(client).encode()))})
    assert answer.url == "/"
    assert "数字证书" in client.get("/account/").content.decode()
    client = opened()
    answer = client.post("/login/certificate", {"file": as_file(signer.sign(challenge_of(client).encode()))})
    assert answer.url == "/"
    assert AuditEntry.objects.filter(action="operator.signed_in").count() == 2


def test_a_challenge_is_good_once_and_only_the_one_that_was_asked(bound):
    _, _, signer = bound
    client, other = opened(), opened()
    signature = as_text(signer.sign(challenge_of(client).encode()))
    assert other.post("/login/certificate", {"signature": signature}).status_code == 422
    assert client.post("/login/certificate", {"signature": signature}).status_code == 302
    client.post("/logout")
    client.get("/login/certificate")
    refused = client.post("/login/certificate", {"signature": signature})
    assert "签名与内容不符" in refused.content.decode()


@pytest.mark.parametrize("rubbish", ["", "!!", "AAAA", "MIIB" + "A" * 400])
def test_what_is_no_signature_is_refused_in_words(bound, rubbish):
    client = opened()
    answer = client.post("/login/certificate", {"signature": rubbish})
    assert answer.status_code == 422
    assert re.search("签名", answer.content.decode())
    assert "_auth_user_id" not in client.session


def test_a_certificate_or_signature_with_any_byte_changed_is_refused_in_words_or_reads_the_same(authority, tmp_path):
    made, sealed = authority.issue("示例人", "示例公司", "", "p")
    (tmp_path / "key.p12").write_bytes(sealed)
    certificate, signature = pem.unarmor(made)[2], Signer(tmp_path / "key.p12", "p").sign(b"content")
    for whole, read in (
        (certificate, lambda data: trust.check_certificate(trust.read_certificate(data))),
        (signature, lambda data: trust.signer_of(data, b"content").sha256),
    ):
        same, refused = read(whole), 0
        for place in range(0, len(whole), 9):
            changed = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
            try:
                assert read(changed) == same  # what no signature covers may be changed
            except Refused:
                refused += 1
        assert refused > len(whole) // 9 * 0.5


def test_a_signature_with_a_key_of_an_unknown_kind_is_refused_in_words(authority):
    """What the fuzzer found: the library asks the size of a key that it does not know how to reckon."""
    with pytest.raises(Refused, match="不完整"):
        trust.signer_of((Path(__file__).parent / "unknown_key.p7s").read_bytes(), b"content")


def refused_at_the_door(signer) -> str:
    client = opened()
    answer = client.post("/login/certificate", {"signature": as_text(signer.sign(challenge_of(client).encode()))})
    assert answer.status_code in (422, 503)
    assert "_auth_user_id" not in client.session
    return re.sub("<[^>]+>", "", answer.content.decode())


def test_a_good_certificate_that_nobody_bound_opens_nothing(clerk, issued):
    assert "没有绑定操作员" in refused_at_the_door(issued(clerk)[1])


def test_a_revoked_certificate_is_refused_from_the_moment_the_list_says_so(bound, authority):
    _, certificate, signer = bound
    authority.revoke(certificate)
    assert "已被吊销" in refused_at_the_door(signer)


def test_an_expired_certificate_is_refused(clerk, boss, issued, settings):
    certificate, signer = issued(clerk, lasts=timedelta(seconds=-60))
    with pytest.raises(Refused, match="已过有效期"):
        certificates.bind_certificate("clerk", certificate, by=boss)
    assert "已过有效期" in refused_at_the_door(signer)


def test_without_a_list_of_the_revoked_nobody_is_believed(bound, settings):
    (settings.SHEBAO_TEST_CA_DIR / "root.crl").unlink()
    assert "查不到它是否已被吊销" in refused_at_the_door(bound[2])


def test_a_certificate_of_another_authority_is_refused_even_with_the_same_names(bound, clerk, tmp_path):
    forged = TrialAuthority(tmp_path / "forged", datetime.now(UTC))
    _, sealed = forged.issue(clerk.name, clerk.employer.name, clerk.employer.credit_code, "p")
    (tmp_path / "forged.p12").write_bytes(sealed)
    assert "不是本系统认可的颁发机构" in refused_at_the_door(Signer(tmp_path / "forged.p12", "p"))


def test_without_an_authority_certificates_are_off(bound, settings):
    settings.SHEBAO_TEST_CA_DIR = ""
    assert "还没有配置证书颁发机构" in refused_at_the_door(bound[2])


def test_a_disabled_operator_and_an_unbound_certificate_open_nothing(bound, clerk, boss):
    made, _, signer = bound
    clerk.is_active = False
    clerk.save()
    refused_at_the_door(signer)
    clerk.is_active = True
    clerk.save()
    client = Client()
    client.force_login(boss)
    assert client.post(f"/certificates/{made.pk}/unbind").status_code == 302
    assert "没有绑定操作员" in refused_at_the_door(signer)
    assert AuditEntry.objects.filter(action="certificate.unbound").count() == 1


def test_the_administrator_binds_on_the_page_and_the_agency_binds_for_its_employers(clerk, boss, reviewer, issued):
    client = Client()
    client.force_login(boss)
    assert "数字证书" in client.get("/e/").content.decode()
    certificate, _ = issued(clerk)
    assert client.post("/certificates/", {"username": "clerk", "file": as_file(certificate)}).status_code == 302
    again = client.post("/certificates/", {"username": "clerk", "file": as_file(certificate)})
    assert "已经绑定" in again.content.decode()
    client = Client()
    client.force_login(reviewer)
    second, _ = issued(clerk, "second")
    assert client.post("/certificates/", {"username": "clerk", "file": as_file(second)}).status_code == 302
    assert OperatorCertificate.objects.filter(operator=clerk, ended_at=None).count() == 2
    assert "clerk" in client.get("/certificates/").content.decode()


def test_nobody_binds_for_foreign_people_or_without_the_right(clerk, boss, elsewhere, issued, db):
    certificate, _ = issued(elsewhere)
    client = Client()
    client.force_login(boss)
    answer = client.post("/certificates/", {"username": "elsewhere", "file": as_file(certificate)})
    assert "没有这个账号" in answer.content.decode()
    client.force_login(clerk)
    assert client.get("/certificates/").status_code == 403
    make_operator("far", Role.REVIEWER, region="tianjin")
    client = Client()
    client.post("/login", {"username": "far", "password": "right-Password-1"})
    answer = client.post("/certificates/", {"username": "elsewhere", "file": as_file(certificate)})
    assert answer.status_code == 404
    assert not OperatorCertificate.objects.exists()


def test_the_page_says_all_that_is_left_empty_at_once(boss):
    client = Client()
    client.force_login(boss)
    page = client.post("/certificates/", {"username": " "})
    assert page.status_code == 422
    assert all(page.content.decode().count(one) > 1 for one in ("请填写或选择操作员。", "请选择证书文件。"))


def test_where_nobody_signs_in_by_certificate_there_is_no_page_for_them_and_none_is_bound(issued, db):
    employer = make_employer("7", "tianjin")
    chief = make_operator("chief", Role.EMPLOYER_ADMIN, employer)
    helper = make_operator("helper", Role.CLERK, employer)
    certificate, _ = issued(helper)
    client = Client()
    client.force_login(chief)
    sent = {"username": "helper", "file": as_file(certificate)}
    assert client.get("/certificates/").status_code == 404
    assert client.post("/certificates/", sent).status_code == 404
    with pytest.raises(Refused, match="没有开通数字证书登录"):
        certificates.bind_certificate("helper", certificate, by=chief)
    assert not OperatorCertificate.objects.exists()


def test_a_certificate_that_names_another_employer_is_not_bound(clerk, boss, elsewhere, issued):
    certificate, _ = issued(elsewhere)
    with pytest.raises(Refused, match="不是本单位的"):
        certificates.bind_certificate("clerk", certificate, by=boss)


def test_what_is_no_certificate_is_refused_in_words(clerk, boss, authority):
    for rubbish in (
        b"",
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"\x30\x03\x02\x01\x01",
    ):
        with pytest.raises(Refused, match="不是证书文件"):
            certificates.bind_certificate("clerk", rubbish, by=boss)


def test_where_the_region_takes_certificates_no_more_a_bound_one_opens_nothing(issued, authority, db, monkeypatch):
    employer = make_employer("5", "tianjin")
    boss = make_operator("tj", Role.EMPLOYER_ADMIN, employer)
    certificate, signer = issued(boss)
    with monkeypatch.context() as before:
        before.setattr(certificates, "is_offered_to", lambda operator: True)
        certificates.bind_certificate("tj", certificate, by=boss)
    assert "没有开通数字证书登录" in refused_at_the_door(signer)


def test_only_this_page_may_ask_the_signer_of_the_visitors_machine(db):
    assert "http://127.0.0.1:8317" in Client().get("/login/certificate").headers["Content-Security-Policy"]
    assert "8317" not in Client().get("/login").headers["Content-Security-Policy"]
