"""Somebody asks to join an employer that has accounts: its administrator decides, and nobody else learns of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import TestCase

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.errors import Conflict, Refused
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator, Role
from shebao.hall.registration import activation, join_deciding, joining
from shebao.hall.registration.join_states import JoinState
from shebao.hall.registration.models import JoinRequest
from shebao.hall.sign_in.contacts import keep_contact
from shebao.hall.sign_in.models import Contact, SentCode
from tests.factories import NOW, OperatorFactory, at, hired, synthetic_id
from tests.short_messages import code_of

from .applying import credit_code
from .joining import PHONE, asked, drafted, wish, with_administrator

committed = TestCase.captureOnCommitCallbacks
GOOD = "a-Long-enough-1"


@pytest.fixture
def boss(db):
    return with_administrator()


def accepted(made, boss, **changes) -> tuple[JoinRequest, str]:
    said = {"username": "zhou", "name": made.answers["name"], "role": Role.CLERK} | changes
    return join_deciding.accept_join(made.pk, *said.values(), by=boss)


def sent(made, gateway) -> str:
    with committed(execute=True):
        joining.send_join_code(made.pk)
    return code_of(gateway)


def test_where_nobody_can_accept_nobody_is_kept_waiting(boss):
    Operator.objects.filter(pk=boss.pk).update(role=Role.CLERK)
    made, problems = joining.start_join("yunnan", wish(), instead_of=None)
    assert made is None and [one.code for one in problems] == ["no_administrator"]
    assert "没有单位管理员" in problems[0].message


def test_somebody_asks_is_accepted_and_signs_in_by_the_link(boss, gateway):
    made = drafted()
    made = joining.prove_and_submit(made.pk, sent(made, gateway))
    assert gateway.taken[0][1]["to"] == PHONE and "申请加入单位" in gateway.taken[0][1]["text"]
    assert list(join_deciding.open_joins(boss)) == [made]
    with committed(execute=True):
        made, link = accepted(made, boss)
    operator = made.operator
    assert (operator.employer, operator.role, operator.name) == (boss.employer, Role.CLERK, "周示例")
    assert not operator.has_usable_password()
    assert Contact.objects.get(operator=operator).phone == PHONE
    signed_in = activation.activate_account(link.rpartition("/")[2], GOOD)
    assert signed_in.check_password(GOOD) and not signed_in.must_change_password
    assert not join_deciding.open_joins(boss) and list(join_deciding.decided_joins(boss)) == [made]
    assert list(broken_links()) == []


def test_the_answer_goes_by_short_message_and_the_link_by_mail_alone(boss, gateway):
    with committed(execute=True):
        made, link = accepted(asked(), boss)
    letter, message = Mail.objects.get(channel="mail"), gateway.taken[-1][1]
    assert letter.to == "zhou@example.com" and "{secret}" in letter.text and link not in letter.text
    assert message["to"] == PHONE and f"{made.number} 已同意，账号 zhou" in message["text"]
    assert "http" not in message["text"] and "周" not in message["text"]


def test_who_is_declined_reads_why_and_may_ask_again(boss, gateway):
    made = asked()
    with pytest.raises(Refused, match="请写明不同意的原因") as no:
        join_deciding.decline_join(made.pk, "  ", by=boss)
    assert no.value.field == "note"
    with committed(execute=True):
        join_deciding.decline_join(made.pk, "请先到人力资源部登记", by=boss)
    assert "请先到人力资源部登记" in Mail.objects.get(channel="mail").text
    assert "没有同意" in gateway.taken[-1][1]["text"]
    assert joining.find_join(made.number, PHONE).note == "请先到人力资源部登记"
    assert not Operator.objects.exclude(pk=boss.pk).exists()
    assert asked().state == JoinState.SUBMITTED


def test_nobody_hears_of_a_request_before_its_telephone_was_proved(boss, gateway):
    made = drafted()
    with pytest.raises(Refused, match="还没有用短信验证码验证"):
        joining.submit_join(made.pk)
    assert not join_deciding.open_joins(boss).exists() and joining.find_join(made.number, PHONE) is None
    assert not AuditEntry.objects.filter(action__startswith="join.").exists()
    with pytest.raises(JoinRequest.DoesNotExist):
        join_deciding.join_of(boss, made.pk)
    code = sent(made, gateway)
    with pytest.raises(Refused, match="不对或已过期"):
        joining.prove_and_submit(made.pk, f"{(int(code) + 1) % 10**6:06d}")
    assert joining.prove_and_submit(made.pk, code).is_proved


def test_a_code_is_of_one_request_and_a_telephone_gets_five_in_an_hour(boss, gateway):
    made, other = drafted(), drafted(name="另一人")
    code = sent(made, gateway)
    with pytest.raises(Refused):
        joining.prove_and_submit(other.pk, code)
    for one in (made, made, other, other):
        sent(one, gateway)
    with pytest.raises(Refused, match="次数过多") as no:
        joining.send_join_code(made.pk)
    assert no.value.status == 429
    assert code not in SentCode.objects.first().digest + Mail.objects.first().text


def test_where_no_message_can_be_sent_it_is_submitted_and_the_administrator_reads_so(boss):
    made = joining.submit_join(drafted().pk)
    with pytest.raises(Conflict):
        joining.send_join_code(made.pk)
    assert "没有用短信验证码验证过" in told(made, boss)[1]


def test_a_telephone_has_one_open_request_at_an_employer(boss):
    asked()
    with pytest.raises(Conflict, match="已有一份待处理的加入申请"):
        asked(name="周另名")
    with_administrator(n=2)
    asked(n=2)
    asked(phone="13800009999")
    assert JoinRequest.objects.filter(state=JoinState.SUBMITTED).count() == 3


def test_who_took_a_request_back_may_ask_again_and_the_administrator_accepts_the_first_no_more(boss):
    made = joining.withdraw_join(asked().pk)
    assert made.state == JoinState.WITHDRAWN
    with pytest.raises(Conflict, match="已撤回"):
        accepted(made, boss)
    with pytest.raises(Conflict):
        joining.withdraw_join(made.pk)
    assert not Operator.objects.filter(username="zhou").exists()
    asked()


def test_a_request_that_nobody_decides_runs_out_after_thirty_days_and_its_maker_is_told(boss, gateway):
    with at():
        made = asked()
    with at(NOW + timedelta(days=30)):
        assert made.state_label == "已过期" and not join_deciding.open_joins(boss).exists()
        with pytest.raises(Conflict, match="已过期"):
            accepted(made, boss)
        with committed(execute=True):
            assert join_deciding.expire_joins() == 1
        assert join_deciding.expire_joins() == 0
    assert joining.find_join(made.number, PHONE).state == JoinState.EXPIRED
    assert "已经过期" in gateway.taken[-1][1]["text"]


def test_one_that_ran_out_is_in_nobodys_way(boss):
    with at():
        first = asked()
    with at(NOW + timedelta(days=31)):
        asked()
    first.refresh_from_db()
    assert first.state == JoinState.EXPIRED


def test_a_request_is_decided_once(boss):
    made = asked()
    accepted(made, boss)
    for act in (
        lambda: accepted(made, boss, username="other"),
        lambda: join_deciding.decline_join(made.pk, "晚了", by=boss),
    ):
        with pytest.raises(Conflict, match="已同意"):
            act()
    assert Operator.objects.exclude(pk=boss.pk).count() == 1


def test_a_form_with_mistakes_opens_no_account_and_leaves_the_request(boss):
    made = asked()
    for field, typed in (("username", ""), ("username", boss.username), ("name", " "), ("role", "reviewer")):
        with pytest.raises(Refused) as no:
            accepted(made, boss, **{field: typed})
        assert no.value.field == field
    made.refresh_from_db()
    assert made.state == JoinState.SUBMITTED and not Mail.objects.exists()


@pytest.mark.parametrize("who", ["clerk", "elsewhere", "agency", "security"])
def test_nobody_without_the_right_and_nobody_elsewhere_finds_a_request(boss, who):
    made = asked()
    stranger = {
        "clerk": lambda: OperatorFactory(clerk=True, employer=boss.employer),
        "elsewhere": lambda: with_administrator(n=2),
        "agency": lambda: OperatorFactory(agency_admin=True, region="yunnan"),
        "security": lambda: OperatorFactory(security_admin=True, region="yunnan"),
    }[who]()
    assert not join_deciding.open_joins(stranger).exists() and not join_deciding.decided_joins(stranger).exists()
    for act in (
        lambda: join_deciding.join_of(stranger, made.pk),
        lambda: accepted(made, stranger),
        lambda: join_deciding.decline_join(made.pk, "不认识", by=stranger),
    ):
        with pytest.raises((JoinRequest.DoesNotExist, Refused)):
            act()
    made.refresh_from_db()
    assert made.state == JoinState.SUBMITTED


def test_an_employer_without_an_account_is_not_joined(db):
    with_administrator().__class__.objects.update(is_active=False)
    for code in (credit_code(1), credit_code(5)):
        made, (problem,) = joining.start_join("yunnan", wish(credit_code=code), instead_of=None)
        assert (made, problem.code, problem.field) == (None, "no_account", "credit_code")


def test_a_request_with_mistakes_keeps_nothing_and_says_all_of_them(boss):
    made, problems = joining.start_join(
        "yunnan", wish(name="", id_number="1", phone="2", email="x", reason=""), instead_of=None
    )
    assert made is None and not JoinRequest.objects.exists()
    assert {one.field for one in problems} == {"name", "id_number", "phone", "email", "reason"}


def test_who_corrects_the_telephone_has_one_draft(boss):
    first = drafted()
    second, _ = joining.start_join("yunnan", wish(phone="13800009999"), instead_of=first.pk)
    assert list(JoinRequest.objects.all()) == [second]
    third, _ = joining.start_join("yunnan", wish(), instead_of=asked(phone="13800007777").pk)
    assert JoinRequest.objects.count() == 3 and third, "what was submitted is not replaced"


def test_an_employer_gets_so_many_requests_in_a_day(boss, monkeypatch):
    monkeypatch.setattr(joining, "MOST", 2)
    asked(), asked(phone="13800000001")
    with pytest.raises(Refused, match="收到的加入申请过多") as no:
        asked(phone="13800000002")
    assert no.value.status == 429
    with_administrator(n=2)
    asked(n=2)


def told(made, boss) -> list[str]:
    """What the hall found about somebody: on the roster, about the telephone, about another account."""
    return [one.text for one in join_deciding.join_findings(made, boss)]


def test_the_administrator_is_told_whether_it_is_somebody_of_theirs_without_seeing_the_number(boss):
    made = asked()
    assert "花名册里没有这个证件号码的人" in told(made, boss)[0]
    person = hired(boss.employer, name="周示例", number=wish()["id_number"], phone=PHONE)
    assert told(made, boss) == ["", "", ""]
    person.name, person.phone = "周改名", "13700000000"
    person.save()
    assert told(made, boss)[0] == "这个证件号码在花名册里是周改名，姓名不同；手机号与花名册里登记的不同"
    keep_contact(OperatorFactory(clerk=True, employer=boss.employer, username="old", name="旧账号"), PHONE, "")
    assert "old（旧账号）" in told(made, boss)[2]


def test_a_person_of_another_employer_is_not_told_of(boss):
    hired(with_administrator(n=2).employer, name="周示例", number=wish()["id_number"])
    assert "花名册里没有" in told(asked(), boss)[0]


def test_the_proposed_account_is_free(boss):
    made = asked()
    assert join_deciding.proposed_username(made) == f"{credit_code(1)}-2"
    for taken in ("2", "4"):
        OperatorFactory(clerk=True, employer=boss.employer, username=f"{credit_code(1)}-{taken}")
    assert join_deciding.proposed_username(made) == f"{credit_code(1)}-3"


def test_every_deed_is_on_the_employers_record_and_names_nobody(boss):
    made = asked()
    accepted(made, boss)
    join_deciding.decline_join(asked(phone="13800000001").pk, "不认识", by=boss)
    joining.withdraw_join(asked(phone="13800000002").pk)
    rows = AuditEntry.objects.filter(action__startswith="join.")
    assert {one.action for one in rows} == {"join.submitted", "join.accepted", "join.declined", "join.withdrawn"}
    assert {one.employer for one in rows} == {boss.employer}
    said = "".join(str(one.detail) for one in rows)
    assert "周示例" not in said and PHONE not in said


def test_what_was_written_lies_under_the_employers_key(boss):
    made = asked()
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers, phone_digest FROM registration_joinrequest WHERE id = %s", [made.pk])
        kept, digest = cursor.fetchone()
    assert kept.startswith(f"2:{boss.employer_id}:")
    assert PHONE not in kept + digest and synthetic_id(sequence=77) not in kept


def test_a_request_is_found_by_number_and_telephone_together(boss):
    made = asked()
    assert joining.find_join(made.number.lower().replace("-", " "), "138 0000 8888") == made
    assert joining.find_join(made.number, "13800008889") is None
    assert joining.find_join(made.number, "") is None
