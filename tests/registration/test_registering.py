"""An employer registers: nothing is lost, nobody else's is touched, and it ends in an account of its own."""

from datetime import timedelta

import pytest
from django.test import TestCase

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.evidence.files import Upload
from shebao.hall.evidence.models import StoredFile
from shebao.hall.mail.models import Mail, MailState
from shebao.hall.operators.models import Operator, Role
from shebao.hall.regions import region
from shebao.hall.registration import activation, checks, deciding, operations, queries, registering, reviewing
from shebao.hall.registration.models import Activation, Agreement, Registration
from shebao.hall.registration.resets import reset_at_agency
from shebao.hall.registration.states import State
from shebao.rules.months import Month
from tests.factories import NOW, EmployerFactory, OperatorFactory, at

from .applying import PDF, answers, credit_code, desk, drafted, submitted

GOOD = "a-Long-enough-1"


@pytest.fixture(autouse=True)
def somebody_at_the_desk(db):
    desk("yunnan")


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="yunnan")


def decided(made, **changes):
    return checks.proposed(made, region(made.region)) | changes


def approved(made, reviewer, **changes):
    return deciding.approve_registration(made.pk, decided(made, **changes), by=reviewer, seen=made.version)


def test_an_employer_registers_is_approved_and_its_administrator_sets_a_password(reviewer):
    made, token = approved(submitted(), reviewer)
    employer, operator = made.employer, made.operator
    assert (employer.region, employer.credit_code, employer.employer_number) == ("yunnan", credit_code(1), "00000001")
    assert (employer.first_month, employer.industry_class, employer.phone) == (Month(2026, 11), "2", "087100000000")
    assert (operator.role, operator.username, operator.name) == (Role.EMPLOYER_ADMIN, credit_code(1), "何示例")
    assert not operator.has_usable_password()
    signed_in = activation.activate_account(token, GOOD)
    assert signed_in.check_password(GOOD)
    assert not signed_in.must_change_password
    assert list(broken_links()) == []


def test_what_was_agreed_to_is_kept_word_for_word_with_who_and_when():
    made = drafted()
    operations.agree(made.pk, region("yunnan").registration.agreement.digest)
    kept = Agreement.objects.get()
    text = region("yunnan").registration.agreement
    assert (kept.text, kept.version, kept.digest) == (text.text, text.version, text.digest)
    assert kept.agreed_by == "何示例"
    assert AuditEntry.objects.filter(action="registration.agreed").count() == 1


def test_a_text_that_was_replaced_meanwhile_cannot_be_agreed_to():
    with pytest.raises(Conflict, match="请阅读现在的文本"):
        operations.agree(drafted().pk, "0" * 64)


def test_no_registration_begins_where_nobody_would_see_it():
    with pytest.raises(Refused, match="还没有在这里开通") as no:
        operations.start_registration("lijiang", answers())
    assert no.value.status == 404
    assert not Registration.objects.exists()


def test_a_first_step_with_mistakes_keeps_nothing_and_says_all_of_them():
    made, problems = operations.start_registration("yunnan", answers(credit_code="123", clerk_phone="1", name=""))
    assert made is None
    assert {problem.field for problem in problems} == {"credit_code", "clerk_phone", "name"}
    assert not Registration.objects.exists()


def test_a_step_that_is_wrong_is_kept_as_typed():
    made = drafted()
    (problem,) = operations.save_step(made.pk, 1, answers(postcode="65"))
    assert problem.field == "postcode"
    made.refresh_from_db()
    assert made.answers["postcode"] == "65"
    with pytest.raises(Refused, match="应为 6 位数字"):
        operations.submit_registration(made.pk)


def test_who_has_a_number_writes_it_and_who_has_none_the_first_day():
    here = region("yunnan")
    number = next(n for n, step in enumerate(here.registration.steps) if "has_number" in _asked(here, step))
    for has, lost in (("1", "employer_number"), ("0", "first_insured_on")):
        _, problems = checks.judged(here, number, answers(has_number=has, employer_number="", first_insured_on=""))
        assert [problem.field for problem in problems] == [lost]
    kept, _ = checks.judged(here, number, answers(has_number="1", employer_number="530001"))
    assert kept["first_insured_on"] == ""


def _asked(here, step):
    return {field.id for part in step.parts for field in here.forms[part.form].fields}


def test_nothing_is_submitted_without_its_papers_and_the_agreement():
    made, _ = operations.start_registration("yunnan", answers())
    with pytest.raises(Refused) as no:
        operations.submit_registration(made.pk)
    for part in ("统一信用代码证", "授权书", "请至少选择一项", "成立日期"):
        assert part in no.value.message
    made.refresh_from_db()
    assert made.state == State.DRAFT


def test_submitting_twice_is_refused_and_leaves_no_trace():
    made = submitted()
    before = AuditEntry.objects.count()
    with pytest.raises(Conflict, match="没有重复办理"):
        operations.submit_registration(made.pk)
    assert AuditEntry.objects.count() == before


def test_an_employer_has_one_registration_under_review():
    earlier = drafted()
    submitted()
    with pytest.raises(Conflict, match="已有一份注册申请"):
        operations.submit_registration(earlier.pk)


@pytest.mark.parametrize("is_returned", [False, True])
def test_who_types_the_code_of_an_employer_under_review_is_told_there_and_learns_nothing_else(reviewer, is_returned):
    earlier = drafted()
    made = submitted()
    if is_returned:
        deciding.return_registration(made.pk, {}, "材料不清楚", by=reviewer, seen=made.version)
    begun, (problem,) = operations.start_registration("yunnan", answers())
    assert begun is None
    (told,) = operations.save_step(earlier.pk, 0, answers())
    assert problem == told
    assert (problem.code, problem.field) == ("other_registration", "credit_code")
    assert "已有一份注册申请在审核中" in problem.message
    for private in (made.number, "何", "13900000001", made.subject_name):
        assert private not in problem.message
    if is_returned:  # whoever repairs that one is not kept from it
        assert operations.save_step(made.pk, 0, answers()) == []
    assert operations.start_registration("yunnan", answers(2))[1] == []


def test_the_step_of_the_code_leads_to_the_progress_of_an_application_that_is_under_review(client):
    made = submitted()
    page = client.post("/register/yunnan/1", answers() | {"go": "next"})
    assert page.status_code == 422
    text = page.content.decode()
    assert "已有一份申请在审核中" in text
    assert 'href="/register/status"' in text
    assert made.number not in text
    assert Registration.objects.count() == 1


def test_an_employer_with_an_account_is_told_by_which_telephone_a_colleague_knows_its_administrator_and_no_more(
    reviewer,
):
    approved(submitted(clerk_phone="13912344420"), reviewer)
    made, (problem,) = operations.start_registration("yunnan", answers())
    assert made is None
    assert (problem.code, problem.message) == ("already_registered", "该单位已有账号，管理员手机尾号 4420")
    for private in ("何", "1391234", "00000001"):
        assert private not in problem.message


def test_an_administrator_without_a_telephone_on_file_is_not_hinted_at(reviewer):
    there = EmployerFactory(region="yunnan", credit_code=credit_code(1), phone="13912344420")
    OperatorFactory(admin=True, employer=there)
    _, (problem,) = operations.start_registration("yunnan", answers())
    assert problem.message == "该单位已有账号"


def test_what_is_said_when_the_field_is_left_is_what_the_next_step_says(reviewer):
    here, made = region("yunnan"), drafted()
    approved(submitted(), reviewer)
    submitted(n=2)
    for typed in (
        credit_code(1),
        credit_code(1).lower(),
        credit_code(2),
        credit_code(3),
        credit_code(1)[:-1] + "0",
        "9",
        "",
    ):
        asked = checks.asked_code(here, typed)
        _, problems = operations.start_registration("yunnan", answers(credit_code=typed))
        later = [one for one in problems if one.field == "credit_code" and typed]
        assert [one.message for one in asked] == [one.message for one in later], typed
    assert checks.asked_code(here, made.answers["credit_code"], besides=made.pk)[0].code == "already_registered"


def test_an_employer_on_file_without_an_account_gets_one_and_keeps_what_was_registered(reviewer):
    known = EmployerFactory(region="yunnan", credit_code=credit_code(1), employer_number="530777", name="原登记名称")
    made = submitted(has_number="1", employer_number="530777")
    with pytest.raises(Refused, match="530777"):
        approved(made, reviewer, employer_number="1")
    made.refresh_from_db()
    made, _ = approved(made, reviewer)
    known.refresh_from_db()
    assert made.employer == known
    assert known.name == "原登记名称"


def test_a_number_of_another_employer_is_refused_and_nothing_is_made(reviewer):
    EmployerFactory(region="yunnan", employer_number="530777")
    made = submitted()
    with pytest.raises(Conflict, match="530777 已登记在其他单位"):
        approved(made, reviewer, employer_number="530777")
    made.refresh_from_db()
    assert made.state == State.SUBMITTED
    assert not Employer.objects.filter(credit_code=credit_code(1)).exists()
    assert not Mail.objects.exists()


def test_a_decision_with_blanks_says_all_of_them(reviewer):
    with pytest.raises(Refused) as no:
        approved(submitted(), reviewer, employer_number="", first_month="", industry_class="")
    for label in ("单位编号", "参保起始年月", "工伤行业类别"):
        assert label in no.value.message


def test_approving_twice_makes_one_employer(reviewer):
    made = submitted()
    approved(made, reviewer)
    with pytest.raises(Conflict):
        deciding.approve_registration(made.pk, answers(), by=reviewer, seen=made.version)
    assert Operator.objects.filter(employer__credit_code=credit_code(1)).count() == 1


def test_what_was_returned_is_repaired_in_place_and_the_reviewer_sees_what_changed(reviewer):
    made = submitted()
    deciding.return_registration(made.pk, {"name": "与证照不一致"}, "", by=reviewer, seen=made.version)
    letter = Mail.objects.get(channel="mail")
    assert "单位名称：与证照不一致" in letter.text
    assert letter.to == "clerk@example.com"
    assert operations.save_step(made.pk, 0, answers(name="示例新设股份有限公司")) == []
    assert queries.desk_view(reviewer, made.pk).registration.subject_name == answers()["name"]  # not sent in yet
    again = operations.submit_registration(made.pk)
    view = queries.desk_view(reviewer, made.pk)
    assert [one.label for one in view.answers if one.is_repaired] == ["单位名称"]
    assert again.revision == 2
    approved(again, reviewer)
    assert Employer.objects.get().name == "示例新设股份有限公司"


def test_a_reviewer_does_not_decide_about_what_they_have_not_read(reviewer):
    made = submitted()
    seen = made.version
    deciding.return_registration(made.pk, {}, "请核对", by=reviewer, seen=seen)
    operations.submit_registration(made.pk)
    with pytest.raises(Conflict, match="请看过最新内容"):
        deciding.approve_registration(made.pk, answers(), by=reviewer, seen=seen)


def test_returning_without_a_reason_is_refused(reviewer):
    made = submitted()
    for marks, note in (({}, ""), ({"name": " "}, "")):
        with pytest.raises(Refused, match="原因"):
            deciding.return_registration(made.pk, marks, note, by=reviewer, seen=made.version)


def test_a_registration_reaches_the_reviewers_of_its_division_from_the_first_day():
    made = submitted("tianjin", agency_division="120101")
    there, elsewhere = (
        OperatorFactory(reviewer=True, region="tianjin", divisions=[one]) for one in ("120101", "120102")
    )
    whole = OperatorFactory(reviewer=True, region="tianjin")
    seen = [Registration.objects.visible_to(one).filter(pk=made.pk).exists() for one in (there, elsewhere, whole)]
    assert seen == [True, False, True]
    made, _ = approved(made, there)
    assert made.employer.agency_division == "120101"


def test_a_rejected_registration_cannot_be_changed_and_says_why(reviewer):
    made = submitted()
    deciding.reject_registration(made.pk, "不属于本地参保", by=reviewer, seen=made.version)
    with pytest.raises(Conflict):
        operations.save_step(made.pk, 0, answers())
    assert "不属于本地参保" in Mail.objects.get(channel="mail").text
    submitted()  # and the employer may try anew


@pytest.mark.parametrize("who", ["elsewhere", "clerk"])
def test_another_region_and_an_employers_clerk_find_no_registration(who):
    made = submitted()
    stranger = OperatorFactory(reviewer=True) if who == "elsewhere" else OperatorFactory(clerk=True)
    assert not reviewing.waiting(stranger).exists()
    for act in (
        lambda: queries.desk_view(stranger, made.pk),
        lambda: queries.stored_paper(stranger, made.papers.first().pk),
        lambda: approved(made, stranger),
    ):
        with pytest.raises((Registration.DoesNotExist, made.papers.model.DoesNotExist)):
            act()
    with pytest.raises((Registration.DoesNotExist, Refused)):
        deciding.renew_activation(made.pk, by=stranger)


def test_a_draft_is_nobody_elses_to_see(reviewer):
    with pytest.raises(Registration.DoesNotExist):
        queries.desk_view(reviewer, drafted().pk)


def test_a_registration_is_found_by_number_and_telephone_together():
    made = drafted()
    assert queries.find_registration(made.number.lower().replace("-", " "), "139 0000 0001") == made
    assert queries.find_registration(made.number, "13900000002") is None
    assert queries.find_registration("", "13900000001") is None


def test_a_draft_left_alone_for_a_month_is_forgotten_with_its_files():
    made = drafted()
    with at(NOW + timedelta(days=31)):
        assert queries.find_registration(made.number, "13900000001") is None
        drafted(n=2)
    assert not Registration.objects.filter(pk=made.pk).exists()
    assert StoredFile.objects.count() == len(region("yunnan").registration.papers)


def test_a_file_of_another_kind_is_refused_and_those_that_are_there_stay():
    made = drafted()
    title, count = made.papers.first().title, made.papers.count()
    with pytest.raises(Refused, match="不是 JPG、PNG 或 PDF"):
        operations.add_papers(made.pk, title, [Upload("二.pdf", PDF + b"2 %%EOF"), Upload("坏.pdf", b"MZ..")])
    with pytest.raises(Refused, match="没有重复添加"):
        operations.add_papers(made.pk, title, [Upload("示例.pdf", PDF)])
    assert made.papers.count() == count


def test_a_link_is_good_once_and_for_a_day(reviewer):
    made, token = approved(submitted(), reviewer)
    with at(NOW + timedelta(hours=25)), pytest.raises(Refused, match="过期"):
        activation.activate_account(token, GOOD)
    with pytest.raises(Refused) as no:
        activation.activate_account(token, "short")
    assert no.value.code == "weak_password"
    _, fresh = deciding.renew_activation(made.pk, by=reviewer)
    with pytest.raises(Refused, match="用过"):
        activation.activate_account(token, GOOD)
    activation.activate_account(fresh, GOOD)
    with pytest.raises(Refused, match="用过"):
        activation.activate_account(fresh, GOOD)
    with pytest.raises(Conflict, match="已经激活"):
        deciding.renew_activation(made.pk, by=reviewer)
    reset_at_agency(made.operator_id, "介绍信核对无误", by=reviewer, agency="示例中心")
    with pytest.raises(Conflict, match="已经激活"):
        deciding.renew_activation(made.pk, by=reviewer)


def test_nothing_that_opens_the_account_is_stored(reviewer):
    _, token = approved(submitted(), reviewer)
    letter = Mail.objects.get(channel="mail")
    assert token not in Activation.objects.get().digest
    assert token not in letter.text
    assert "{secret}" in letter.text


def test_where_nobody_reviews_the_employer_is_registered_at_once():
    made = submitted("general_hall", n=3)
    assert made.state == State.APPROVED
    assert made.employer.employer_number
    assert Mail.objects.get(channel="mail").to == "clerk@example.com"


def test_who_would_take_over_an_employer_on_file_is_reviewed_also_where_nobody_else_is():
    known = EmployerFactory(region="general_hall", credit_code=credit_code(3), name="原登记名称")
    made = submitted("general_hall", n=3)
    assert (made.state, made.operator, made.state_label) == (State.SUBMITTED, None, "审核中")
    assert not known.operators.exists() and not Mail.objects.exists()
    there = OperatorFactory(reviewer=True, region="general_hall")
    assert list(reviewing.waiting(there)) == [made]
    made, token = approved(made, there)
    assert (made.employer, made.operator.employer, made.state_label) == (known, known, "审核通过")
    assert activation.activate_account(token, GOOD) == made.operator


def test_an_employer_that_came_on_file_meanwhile_is_not_taken_over_either():
    made = drafted("general_hall", n=3)
    known = EmployerFactory(region="general_hall", credit_code=credit_code(3))
    with pytest.raises(Conflict, match="由经办机构审核"):
        registering.register(made, checks.proposed(made, region("general_hall")), by=None)
    assert not known.operators.exists()


def test_the_result_goes_to_the_clerks_telephone_by_short_message(reviewer, gateway):
    made = submitted()
    with TestCase.captureOnCommitCallbacks(execute=True):
        deciding.return_registration(made.pk, {}, "请核对名称", by=reviewer, seen=made.version)
    ((key, message),) = gateway.taken
    assert key == "Bearer key"
    assert message["to"] == "13900000001"
    assert "退回补正" in message["text"]
    assert "何示例" not in message["text"]
    assert Mail.objects.get(channel="sms").state == MailState.SENT


def test_a_message_that_the_gateway_does_not_take_is_no_reason_to_undo_the_decision(reviewer, gateway):
    gateway.answer = 503
    made = submitted()
    with TestCase.captureOnCommitCallbacks(execute=True):
        approved(made, reviewer)
    assert Mail.objects.get(channel="sms").state == MailState.FAILED
    assert Registration.objects.get().state == State.APPROVED
