"""A case at the desk is masked like every other page; one press shows all of it to whoever has it in hand."""

import re

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    repair_declaration,
    return_declaration,
    save_declarations,
    submit_declarations,
)
from shebao.hall.desk.operations import claim_cases
from shebao.hall.desk.sampling import draw_sample
from shebao.hall.evidence.models import Evidence
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.operators import models
from shebao.hall.registration.models import Registration
from shebao.hall.registration.reviewing import REGISTRATIONS
from shebao.hall.roster import unmasking
from shebao.hall.roster.unmasking import MOST_IN_AN_HOUR, note_whole
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, enrolment, synthetic_id
from tests.papers import JPEG, upload, upload_papers
from tests.registration.applying import desk as somebody_at_the_desk
from tests.registration.applying import submitted as registration_submitted

from .conftest import PASSWORD

WHY = "核对申报材料"
PHONE, NEW = "13912345678", synthetic_id(sequence=7)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with at(NOW):
        yield


def signed_in(client, **traits):
    operator = OperatorFactory(**traits)
    operator.set_password(PASSWORD)
    operator.save()
    client.force_login(operator)
    return operator


@pytest.fixture
def writer():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen", phone=PHONE))


@pytest.fixture
def reviewer(client):
    return signed_in(client, reviewer=True, region="shenzhen")


@pytest.fixture
def case(writer):
    """An important change of a person with a photographed card; it was returned once for another number."""
    person = enrolled(writer.employer, name="李示例")
    answers = {"id_number": person.person.id_number, "name": person.name, "note": "更正"}
    first = answers | {"new_id_number": synthetic_id(sequence=8)}
    (made,) = save_declarations(writer.employer_id, "sensitive_employee_change", [first], by=writer)
    add_evidence(made.pk, "员工身份证件", [upload("证件.jpg", JPEG)], by=writer)
    upload_papers(made, writer)
    submit_declarations([made.pk], by=writer)
    return_declaration(made.pk, by=OperatorFactory(reviewer=True, region="shenzhen"), marks={"new_id_number": "不符"})
    made.refresh_from_db()
    fixed = answers | {"new_id_number": NEW}
    repair_declaration(made.pk, fixed, by=writer, confirmed={}, version=made.version)
    submit_declarations([made.pk], by=writer)
    return Declaration.objects.select_related("employee__person").get(pk=made.pk)


def hidden(case) -> list[str]:
    """What the page must not show before it is asked for: what is declared, was before, was sent first, and a phone."""
    return [NEW, case.before["new_id_number"], synthetic_id(sequence=8), case.answers["id_number"], PHONE]


def shown(text: str, words: list[str]) -> list[str]:
    return [one for one in words if one in text]


def test_a_case_is_masked_wherever_it_is_shown_and_opens_no_picture_by_itself(client, reviewer, writer, case):
    claim_cases([case.pk], by=reviewer)
    address = f"/a/cases/{case.pk}"
    pages = [client.get(address), client.post(f"{address}/return", {"note": ""}), client.get(f"{address}/reveal")]
    for page in pages:
        text = page.content.decode()
        assert shown(text, hidden(case)) == []
        assert 'src="/a/evidence/' not in text
    text = pages[0].content.decode()
    assert NEW[:3] in text and NEW[-4:] in text and "139****5678" in text and "全部显示" in text
    assert "改了 1 项：变更后证件号码" in text
    client.force_login(writer)
    assert shown(client.get(f"/e/cases/{case.pk}/").content.decode(), hidden(case)) == []
    # Whoever opens a paper by itself leaves a look of its own.
    assert not AuditEntry.objects.filter(action__in=("reveal_id_number", "evidence.looked_at")).exists()


def test_one_press_shows_all_of_a_case_in_hand_with_its_reason_on_record_and_it_is_masked_again(client, reviewer, case):
    claim_cases([case.pk], by=reviewer)
    address = f"/a/cases/{case.pk}"
    page = client.get(address).content.decode()
    assert f'action="{address}/reveal"' in page and f'value="{WHY}"' in page and 'data-key="v"' in page
    text = client.post(f"{address}/reveal", {"reason": WHY}).content.decode()
    assert shown(text, hidden(case)) == hidden(case)
    picture = Evidence.objects.filter(declaration=case).order_by("pk").first()
    assert f'src="/a/evidence/{picture.pk}/shown"' in text
    entry = AuditEntry.objects.get(action="reveal_id_number")
    assert (entry.subject, entry.employer, entry.actor) == (f"declaration:{case.pk}", case.employer, reviewer)
    assert entry.detail == {"reason": WHY}
    assert shown(client.get(address).content.decode(), hidden(case)) == []


def test_papers_are_opened_so_often_in_an_hour_and_no_oftener(client, reviewer, case, monkeypatch):
    picture = Evidence.objects.first()
    monkeypatch.setattr(unmasking, "PAPERS_IN_AN_HOUR", 2)
    answers = [client.get(f"/a/evidence/{picture.pk}/shown") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "一小时内打开的材料" in answers[-1].content.decode()


def test_what_is_whole_on_the_screen_is_masked_on_paper(client, reviewer, case):
    claim_cases([case.pk], by=reviewer)
    text = client.post(f"/a/cases/{case.pk}/reveal", {"reason": WHY}).content.decode()
    printed = re.sub(r'<span class="no-print">[^<]*</span>', "", text)
    assert shown(printed, hidden(case)) == []


def test_of_a_case_in_nobodys_or_anothers_hands_the_reason_and_the_password_are_asked(client, reviewer, case):
    address = f"/a/cases/{case.pk}/reveal"
    colleague = OperatorFactory(reviewer=True, region="shenzhen")
    for _ in range(2):
        assert f'href="{address}"' in client.get(f"/a/cases/{case.pk}").content.decode()
        asked = client.get(address).content.decode()
        assert "登录密码" in asked and WHY in asked
        refused = client.post(address, {"reason": WHY})
        assert refused.status_code == 422 and shown(refused.content.decode(), hidden(case)) == []
        claim_cases([case.pk], by=colleague)
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()
    told = client.post(address, {"reason": "联系经办人补正", "password": PASSWORD})
    assert shown(told.content.decode(), hidden(case)) == hidden(case)
    assert AuditEntry.objects.get(action="reveal_id_number").detail == {"reason": "联系经办人补正"}


def test_a_decided_case_is_in_nobodys_hands_any_more(client, reviewer, case):
    claim_cases([case.pk], by=reviewer)
    return_declaration(case.pk, by=reviewer, marks={}, note="再核对")
    assert client.post(f"/a/cases/{case.pk}/reveal", {"reason": WHY}).status_code == 422


def test_any_other_reason_asks_for_the_password_also_of_a_case_in_hand(client, reviewer, case):
    claim_cases([case.pk], by=reviewer)
    for reason in ({"reason": "回复单位来电"}, {"reason": "other", "other": WHY + "以外"}):
        assert client.post(f"/a/cases/{case.pk}/reveal", reason).status_code == 422


def test_a_case_is_one_look_of_the_hour_and_after_the_last_it_stays_masked(client, reviewer, case):
    claim_cases([case.pk], by=reviewer)
    for _ in range(MOST_IN_AN_HOUR - 1):
        note_whole(case, WHY, by=reviewer, employer=case.employer)
    address = f"/a/cases/{case.pk}/reveal"
    assert client.post(address, {"reason": WHY}).status_code == 200
    refused = client.post(address, {"reason": WHY})
    assert refused.status_code == 429 and shown(refused.content.decode(), hidden(case)) == []
    assert "不能超过 100 次" in refused.content.decode()


def test_without_the_right_nothing_is_offered_and_nothing_shown(client, reviewer, case, monkeypatch):
    monkeypatch.setitem(models.PERMISSIONS, "reviewer", models.PERMISSIONS["reviewer"] - {"unmask"})
    claim_cases([case.pk], by=reviewer)
    assert "/reveal" not in client.get(f"/a/cases/{case.pk}").content.decode()
    assert client.post(f"/a/cases/{case.pk}/reveal", {"reason": WHY}).status_code == 403


def test_a_registration_in_hand_is_shown_whole_at_one_press(client):
    somebody_at_the_desk("yunnan")
    reviewer = signed_in(client, reviewer=True, region="yunnan")
    made = registration_submitted()
    address, number = f"/a/registrations/{made.pk}", made.answers["id_number"]
    assert client.post(f"{address}/reveal", {"reason": WHY}).status_code == 422
    claim_cases([made.pk], by=reviewer, kind=REGISTRATIONS)
    page = client.get(address).content.decode()
    assert number not in page and 'data-key="v"' in page and "registrations/files" in page
    assert 'src="/a/registrations/files' not in page
    assert number in client.post(f"{address}/reveal", {"reason": WHY}).content.decode()
    assert AuditEntry.objects.get(action="reveal_id_number").subject == f"registration:{made.pk}"
    assert number not in client.get(address).content.decode()
    assert Registration.objects.get(pk=made.pk).state == "submitted"


def test_a_case_opened_for_a_batch_finds_the_way_back_after_it_was_shown_whole(client, reviewer, writer):
    signed = OperatorFactory(clerk=True)
    (one,) = save_declarations(signed.employer_id, "employee_enrolment", [enrolment(1)], by=signed)
    submit_declarations([one.pk], by=signed)
    mine = signed_in(client, reviewer=True)
    sample = draw_sample([one.pk], by=mine)
    claim_cases([one.pk], by=mine)
    page = client.get(f"/a/cases/{one.pk}?batch={sample.pk}").content.decode()
    assert f"/a/cases/{one.pk}/reveal?batch={sample.pk}" in page
    whole = client.post(f"/a/cases/{one.pk}/reveal?batch={sample.pk}", {"reason": WHY}).content.decode()
    assert "回到批量通过" in whole


def test_a_form_of_the_counter_that_brings_back_what_is_personal_is_a_look_with_right_and_limit(client, monkeypatch):
    employer = EmployerFactory(region="yunnan", phone=PHONE, bank_account="6222000011112222")
    reviewer = signed_in(client, reviewer=True, region="yunnan")
    counter = f"/a/employers/{employer.pk}/counter"
    for service in ("employee_enrolment", "sensitive_employer_change"):  # of an account only the end is told
        assert "6222000011112222" not in client.get(f"{counter}/{service}/").content.decode()
    assert not AuditEntry.objects.filter(action="reveal_id_number").exists()
    assert PHONE in client.get(f"{counter}/employer_change/").content.decode()
    entry = AuditEntry.objects.get(action="reveal_id_number")
    assert (entry.subject, entry.actor, entry.employer) == (f"employer:{employer.pk}", reviewer, employer)
    assert entry.detail["reason"].startswith("窗口录入：")
    monkeypatch.setitem(models.PERMISSIONS, "reviewer", models.PERMISSIONS["reviewer"] - {"unmask"})
    refused = client.get(f"{counter}/employer_change/")
    assert refused.status_code == 403 and PHONE not in refused.content.decode()


def test_what_the_counter_repairs_is_brought_back_on_record(client, reviewer):
    employer = EmployerFactory(region="shenzhen")
    person = enrolled(employer, phone=PHONE)
    typed = {"id_number": person.person.id_number, "name": person.name}
    counter = f"/a/employers/{employer.pk}/counter/employee_change/"
    page = client.post(counter, typed | {"way": "check"})
    assert PHONE in page.content.decode()
    entry = AuditEntry.objects.get(action="reveal_id_number")
    assert (entry.subject, entry.employer) == (f"employee:{person.pk}", employer)
