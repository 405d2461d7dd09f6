"""Non-repudiation: what was signed is kept, shown, printed and verified, and what was changed is named (CA-1)."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import localtime

from shebao.cli import main
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations, submit_declarations
from shebao.hall.declarations.states import State
from shebao.hall.documents.operations import pdf
from shebao.hall.documents.vouchers import issue_voucher
from shebao.hall.errors import Refused
from shebao.hall.sign_in import certificates
from shebao.hall.sign_in.models import SignedSubmission
from shebao.hall.sign_in.submissions import canonical, signatures_of, submit_signed, verify_submission
from shebao.web.templatetags.ui import common_name

from ..factories import at, enrolled, wage
from .conftest import as_text


@pytest.fixture
def november():
    with at():
        yield


@pytest.fixture
def saved(november, clerk):
    """Two wages declared and not yet submitted."""
    people = [enrolled(clerk.employer, sequence=n, name=name) for n, name in ((901, "李一"), (902, "李二"))]
    type(clerk.employer).objects.update(industry_class="2", float_grade="100")
    clerk.employer.refresh_from_db()
    result = save_declarations(clerk.employer_id, "wage_declaration", [wage(one) for one in people], by=clerk)
    return list(Declaration.objects.filter(employer=clerk.employer).order_by("pk")) if result else []


@pytest.fixture
def signer(clerk, boss, tmp_path, settings, issued):
    certificate, signer = issued(clerk)
    certificates.bind_certificate("clerk", certificate, by=boss)
    return signer


@pytest.fixture
def authority(tmp_path, settings):
    """As old as the pretended November."""
    from shebao.hall import clock
    from shebao.hall.sign_in.trial_authority import TrialAuthority

    settings.SHEBAO_TEST_CA_DIR = tmp_path / "test-ca"
    with at():
        return TrialAuthority(settings.SHEBAO_TEST_CA_DIR, clock.now())


def pks(saved) -> list[int]:
    return [one.pk for one in saved]


@pytest.fixture
def signed(saved, signer, clerk):
    submit_signed(pks(saved), signer.sign(canonical(saved, clerk).encode()), by=clerk)
    return SignedSubmission.objects.get()


def test_the_page_offers_the_signature_and_what_is_signed_is_submitted(saved, signer, clerk):
    client = Client()
    client.force_login(clerk)
    ids = f"{saved[0].pk}-{saved[1].pk}"
    page = client.get(f"/e/basket/check/?ids={ids}").content.decode()
    assert "签名并提交 2 笔" in page
    content = client.get(f"/e/basket/content?ids={ids}").content
    assert content.decode() == canonical(saved, clerk)
    told = {"chosen": pks(saved), "declared": "1"}
    refused = client.post("/e/basket/submit/", told, follow=True).content.decode()
    assert "请先用证书签名" in refused
    answer = client.post("/e/basket/submit/", told | {"signature": as_text(signer.sign(content))})
    assert "submitted" in answer.url
    assert {one.state for one in Declaration.objects.all()} == {State.SUBMITTED}
    case = client.get(f"/e/cases/{saved[0].pk}/").content.decode()
    assert "签名有效，内容与签名时一致" in case


def test_a_signature_over_something_else_submits_nothing(saved, signer, clerk):
    for content in (canonical(saved[:1], clerk), canonical(saved, clerk).replace("900000", "100000")):
        with pytest.raises(Refused, match="签名与内容不符"):
            submit_signed(pks(saved), signer.sign(content.encode()), by=clerk)
    assert {one.state for one in Declaration.objects.all()} == {State.DRAFT}
    assert not SignedSubmission.objects.exists()


def test_a_colleagues_certificate_does_not_sign_for_me(saved, signer, clerk, boss):
    with pytest.raises(Refused, match="没有绑定在您的账号上"):
        submit_signed(pks(saved), signer.sign(canonical(saved, boss).encode()), by=boss)


def test_if_one_cannot_be_submitted_none_is(saved, signer, clerk):
    submit_declarations(pks(saved)[:1], by=clerk)
    with pytest.raises(Refused, match="全部没有提交"):
        submit_signed(pks(saved), signer.sign(canonical(saved, clerk).encode()), by=clerk)
    assert Declaration.objects.get(pk=saved[1].pk).state == State.DRAFT


def test_where_the_region_requires_it_nothing_is_submitted_unsigned(saved, clerk, monkeypatch):
    from dataclasses import replace

    from shebao.hall.regions import region

    here = region(clerk.region)
    strict = replace(here, sign_in=replace(here.sign_in, signs="required"))
    monkeypatch.setattr("shebao.hall.declarations.operations.region", lambda code: strict)
    with pytest.raises(Refused, match="必须|要求提交时用数字证书签名"):
        submit_declarations(pks(saved), by=clerk)


def test_what_nobody_touched_verifies_years_later_with_an_expired_certificate(signed):
    from datetime import datetime

    from shebao.hall import clock

    assert verify_submission(signed) == []
    with clock.pretending(datetime(2031, 1, 1)):  # noqa: DTZ001
        assert verify_submission(signed) == []


def tamper(declaration, **answers):
    """Somebody with access to the database and its key changes what was submitted."""
    Declaration.objects.filter(pk=declaration.pk).update(answers=declaration.answers | answers)


def test_a_changed_answer_is_named_with_its_case_and_label(signed, saved):
    declaration = Declaration.objects.get(pk=saved[1].pk)
    tamper(declaration, declared_wage=100_000)
    found = verify_submission(signed)
    assert [finding.field for finding in found] == ["declared_wage"]
    assert declaration.case_number in found[0].text
    assert "工资" in found[0].text


@pytest.fixture
def command(monkeypatch, capsys):
    """`shebao verify-submission`: its exit code and everything it said."""
    monkeypatch.setattr("shebao.cli.certificates.start_with_database", lambda: None)

    def run(number: str) -> tuple[int, str]:
        code = main(["verify-submission", number])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def test_the_command_says_who_signed_what_nobody_touched_and_ends_well(signed, saved, command):
    code, said = command(Declaration.objects.get(pk=saved[0].pk).case_number)
    assert code == 0
    assert signed.operator.name in said
    assert signed.certificate.serial in said
    assert "有效，内容与签名时一致" in said


def test_the_command_names_what_was_tampered_with_in_any_case_under_the_signature(signed, saved, command):
    first, second = (Declaration.objects.get(pk=one.pk) for one in saved)
    tamper(second, declared_wage=100_000)
    for asked in (first, second):
        code, said = command(asked.case_number)
        assert code == 1
        assert f"办件 {second.case_number}的“" in said
        assert "工资" in said
        assert f"办件 {first.case_number}的“" not in said


def test_the_command_says_the_time_of_the_place_and_what_an_identity_number_tells_by_name(signed, saved, command):
    first = Declaration.objects.get(pk=saved[0].pk)
    assert f"{localtime(signed.signed_at):%Y-%m-%d %H:%M:%S}（UTC+0800）" in command(first.case_number)[1]
    tamper(first, born_on="1980-01-01", sex="2")
    said = command(first.case_number)[1]
    assert "“出生日期”与签名时不同" in said and "“性别”与签名时不同" in said and "born_on" not in said


def test_the_page_after_submitting_says_that_it_was_signed_and_by_whom(signed, saved, clerk):
    client = Client()
    client.force_login(clerk)
    page = client.get("/e/basket/submitted/", {"ids": ",".join(map(str, pks(saved)))}).content.decode()
    assert "已签名并提交" in page and signed.certificate.serial in page


def test_the_command_says_that_there_is_no_such_case_or_no_signature(saved, clerk, command):
    code, said = command("209901010001")
    assert code == 2
    assert "没有办件“209901010001”" in said
    submit_declarations(pks(saved)[:1], by=clerk)
    number = Declaration.objects.get(pk=saved[0].pk).case_number
    assert command(number) == (1, f"办件 {number} 没有签名。\n")


def test_the_agency_reads_who_signed_with_which_certificate_and_what_was_tampered_with(signed, saved, reviewer):
    desk = Client()
    desk.force_login(reviewer)
    page = desk.get(f"/a/cases/{saved[0].pk}").content.decode()
    certificate = signed.certificate
    names = common_name(certificate.holder), common_name(certificate.issuer)
    for told in (signed.operator.name, *names, certificate.serial):
        assert told in page
    assert "签名有效，内容与签名时一致" in page
    tamper(Declaration.objects.get(pk=saved[0].pk), declared_wage=100_000)
    page = desk.get(f"/a/cases/{saved[0].pk}").content.decode()
    assert "签名有效" not in page
    assert "与签名时不同" in page


def test_the_page_of_a_case_asks_as_often_however_many_were_signed_with_it(
    saved, signer, clerk, django_assert_max_num_queries
):
    submit_signed(pks(saved), signer.sign(canonical(saved, clerk).encode()), by=clerk)
    with django_assert_max_num_queries(5):
        assert [one.findings for one in signatures_of(Declaration.objects.get(pk=saved[0].pk))] == [[]]


def test_changing_the_kept_content_or_signature_as_well_does_not_help(signed, saved):
    tamper(Declaration.objects.get(pk=saved[0].pk), declared_wage=100_000)
    forged = canonical(list(Declaration.objects.order_by("pk")), signed.operator)
    from hashlib import sha256

    digest = sha256(forged.encode()).hexdigest()
    SignedSubmission.objects.filter(pk=signed.pk).update(content=forged, digest=digest)
    signed.refresh_from_db()
    assert "signature" in [finding.field for finding in verify_submission(signed)]


def test_a_removed_case_is_missed(signed, saved):
    with connection.cursor() as cursor:
        cursor.execute("delete from sign_in_signedsubmission_declarations where declaration_id = %s", [saved[0].pk])
    assert any("不见了" in finding.text for finding in verify_submission(signed))


def test_a_revocation_before_the_signature_counts_and_one_after_it_does_not(signed, authority, issued, clerk):
    certificate, _ = issued(clerk, "other")
    authority.revoke(certificate)
    assert verify_submission(signed) == []


def test_the_voucher_prints_who_signed_with_which_certificate_over_what(signed, saved, clerk):
    document = issue_voucher(clerk.employer_id, pks(saved), by=clerk)
    notes = str(document.content)
    for told in (signed.certificate.serial, signed.certificate.holder, signed.certificate.issuer, signed.digest[:32]):
        assert told in notes
    assert "生成时核验有效" in notes


def test_the_voucher_made_after_something_was_tampered_with_says_what(signed, saved, clerk):
    tamper(Declaration.objects.get(pk=saved[1].pk), declared_wage=100_000)
    notes = str(issue_voucher(clerk.employer_id, pks(saved)[1:], by=clerk).content)
    assert "生成时核验不符" in notes
    assert "与签名时不同" in notes
    # What happened to a case that is not on the paper is not this paper's to tell.
    assert "生成时核验有效" in str(issue_voucher(clerk.employer_id, pks(saved)[:1], by=clerk).content)


def test_the_content_of_a_foreign_declaration_is_not_handed_out(saved, elsewhere):
    client = Client()
    client.force_login(elsewhere)
    text = client.get(f"/e/basket/content?ids={saved[0].pk}").content.decode()
    assert "answers" not in text


def test_the_voucher_of_an_unchanged_signed_case_is_the_same_paper_on_another_day(signed, saved, clerk):
    first = issue_voucher(clerk.employer_id, pks(saved), by=clerk)
    content = pdf(first)
    with at(datetime(2026, 11, 12, 9, 0)):  # noqa: DTZ001 - naive local by contract
        again = issue_voucher(clerk.employer_id, pks(saved), by=clerk)
        assert again == first and pdf(again) == content
        tamper(Declaration.objects.get(pk=saved[1].pk), declared_wage=100_000)
        assert issue_voucher(clerk.employer_id, pks(saved), by=clerk) != first
