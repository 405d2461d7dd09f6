"""The employer changes its own data: through the same pipe as every person."""

import pytest
from django.db import DatabaseError, connection, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.basket import basket_rows
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer, EmployerChange
from shebao.hall.errors import Conflict, Refused
from shebao.hall.settlement.declared import changes_of, open_counts
from shebao.hall.settlement.progress import standing
from shebao.rules.identity import masked
from tests.factories import MONTH, EmployerFactory, OperatorFactory, settled

DIRECT, REVIEWED = "employer_change", "sensitive_employer_change"
ACCOUNT, OTHER_ACCOUNT = "6222000011112222", "6222999988887777"


@pytest.fixture
def clerk():
    """A clerk of a region that has both kinds of change."""
    known = {"phone": "13800000000", "address": "旧路 1 号", "bank_account": ACCOUNT, "bank_name": "示例银行"}
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan", **known))


@pytest.fixture
def reviewer(clerk):
    return OperatorFactory(reviewer=True, region="yunnan")


def plain(employer, **changes) -> dict:
    """The answers of the direct form as it is prefilled, with changes."""
    kept = {name: getattr(employer, name) for name in ("contact_name", "phone", "address", "postcode")}
    return kept | {"contact_name": "周联系"} | changes


def sensitive(employer, **changes) -> dict:
    """The answers of the reviewed form as it is prefilled: the account is withheld."""
    names = ("name", "credit_code", "legal_representative", "bank_name")
    return {name: getattr(employer, name) for name in names} | {"bank_account": ""} | changes


def save(clerk, service, raw):
    return operations.save_declarations(clerk.employer_id, service, [raw], by=clerk)[0]


def refused(clerk, service, raw) -> set[str]:
    with pytest.raises(InvalidDeclaration) as no:
        save(clerk, service, raw)
    return {problem.code for problem in no.value.previews[0].problems}


def told(clerk) -> set[tuple]:
    return {(one.field, one.old, one.new) for one in EmployerChange.objects.visible_to(clerk)}


def test_a_direct_change_takes_effect_at_once_and_only_what_changed_is_listed(clerk):
    made = save(clerk, DIRECT, plain(clerk.employer, address="新路 2 号"))
    clerk.employer.refresh_from_db()
    assert (made.state, clerk.employer.address, clerk.employer.contact_name) == (State.APPROVED, "新路 2 号", "周联系")
    assert told(clerk) == {("address", "旧路 1 号", "新路 2 号"), ("contact_name", "", "周联系")}
    assert queries.before_after(made) == "联系人 空 → 周联系，单位地址 旧路 1 号 → 新路 2 号"
    change = EmployerChange.objects.visible_to(clerk).first()
    assert (change.declaration, change.by, made.subject_name) == (made, clerk, clerk.employer.name)
    entry = AuditEntry.objects.get(action="employer.changed")
    assert entry.detail == {"fields": "联系人、单位地址", "case": made.case_number}


def test_a_sensitive_change_waits_for_the_reviewer_and_shows_old_and_new(clerk, reviewer):
    made = save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司", bank_account=OTHER_ACCOUNT))
    (row,) = basket_rows(clerk)
    assert row.before_after == f"单位名称 {clerk.employer.name} → 新名有限公司，银行账号 尾号 2222 → 尾号 7777"
    operations.submit_declarations([made.pk], by=clerk)
    assert not told(clerk) and Employer.objects.get(pk=clerk.employer_id).bank_account == ACCOUNT
    shown = {f.id: f for f in queries.case_view(reviewer, made.pk).fields}
    assert (shown["bank_account"].old, shown["bank_account"].new) == (masked(ACCOUNT), masked(OTHER_ACCOUNT))
    whole = {f.id: f for f in queries.whole_case(reviewer, made.pk, "核对开户证明").fields}
    assert (whole["bank_account"].old, whole["bank_account"].new) == (ACCOUNT, OTHER_ACCOUNT)
    assert [f.id for f in shown.values() if f.changed] == ["name", "bank_account"]
    operations.approve_declarations([made.pk], by=reviewer)
    after = Employer.objects.get(pk=clerk.employer_id)
    assert (after.name, after.bank_account) == ("新名有限公司", OTHER_ACCOUNT)
    assert {field for field, _, _ in told(clerk)} == {"name", "bank_account"}


def test_a_returned_change_is_repaired_in_place_and_keeps_its_account(clerk, reviewer):
    made = save(clerk, REVIEWED, sensitive(clerk.employer, legal_representative="钱二", bank_account=OTHER_ACCOUNT))
    operations.submit_declarations([made.pk], by=clerk)
    operations.return_declaration(made.pk, by=reviewer, marks={"legal_representative": "与执照不一致"})
    made.refresh_from_db()
    raw = sensitive(clerk.employer, legal_representative="钱贰")
    operations.repair_declaration(made.pk, raw, by=clerk, confirmed={}, version=made.version)
    result = operations.submit_declarations([made.pk], by=clerk)
    assert [d.pk for d in result.submitted] == [made.pk]
    assert queries.case_view(reviewer, made.pk).repaired == ["法定代表人"]
    operations.approve_declarations([made.pk], by=reviewer)
    after = Employer.objects.get(pk=clerk.employer_id)
    assert (after.legal_representative, after.bank_account) == ("钱贰", OTHER_ACCOUNT)


def test_a_rejected_change_changes_nothing(clerk, reviewer):
    made = save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司"))
    operations.submit_declarations([made.pk], by=clerk)
    operations.reject_declaration(made.pk, by=reviewer, note="执照没有变更")
    assert Employer.objects.get(pk=clerk.employer_id).name == clerk.employer.name and not told(clerk)


def test_a_form_without_a_change_is_no_declaration(clerk):
    Employer.objects.filter(pk=clerk.employer_id).update(contact_name="周联系")
    assert refused(clerk, DIRECT, plain(clerk.employer)) == {"something_changed"}
    assert refused(clerk, REVIEWED, sensitive(clerk.employer)) == {"something_changed"}


def test_all_that_is_wrong_is_said_at_once(clerk):
    found = refused(clerk, REVIEWED, sensitive(clerk.employer, name="", credit_code="91990101MA", bank_account="6222"))
    assert found == {"required", "bad_credit_code", "bad_bank_account"}
    assert refused(clerk, DIRECT, plain(clerk.employer, phone="12", postcode="61")) == {"bad_phone", "bad_postcode"}


def test_the_code_of_another_employer_is_refused(clerk):
    other = EmployerFactory(region="yunnan")
    assert refused(clerk, REVIEWED, sensitive(clerk.employer, credit_code=other.credit_code)) == {"credit_code_free"}
    elsewhere = EmployerFactory(region="tianjin")
    assert save(clerk, REVIEWED, sensitive(clerk.employer, credit_code=elsewhere.credit_code))


def test_a_second_undecided_change_of_the_same_kind_is_refused(clerk):
    save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司"))
    assert "already_declared" in refused(clerk, REVIEWED, sensitive(clerk.employer, name="又一名有限公司"))


def test_what_was_left_as_it_stood_follows_what_is_on_file(clerk, reviewer):
    made = save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司"))
    Employer.objects.filter(pk=clerk.employer_id).update(bank_name="后来的银行")
    operations.submit_declarations([made.pk], by=clerk)
    operations.approve_declarations([made.pk], by=reviewer)
    assert told(clerk) == {("name", clerk.employer.name, "新名有限公司")}
    assert Employer.objects.get(pk=clerk.employer_id).bank_name == "后来的银行"


def test_an_approval_on_top_of_a_newer_change_is_refused_and_leaves_no_trace(clerk, reviewer):
    made = save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司"))
    operations.submit_declarations([made.pk], by=clerk)
    Employer.objects.filter(pk=clerk.employer_id).update(name="窗口改的名")
    with pytest.raises(Conflict, match="单位名称"):
        operations.approve_declarations([made.pk], by=reviewer)
    made.refresh_from_db()
    assert made.state == State.SUBMITTED and not told(clerk)


def test_undoing_a_direct_change_brings_back_what_was_even_after_the_month_is_settled(clerk):
    made = save(clerk, DIRECT, plain(clerk.employer, address="新路 2 号"))
    settled(clerk.employer, MONTH, clerk)
    operations.undo_declarations([made.pk], by=clerk)
    assert Employer.objects.get(pk=clerk.employer_id).address == "旧路 1 号"
    assert ("address", "新路 2 号", "旧路 1 号") in told(clerk)


def test_undoing_below_a_later_change_is_refused(clerk):
    made = save(clerk, DIRECT, plain(clerk.employer, address="新路 2 号"))
    clerk.employer.refresh_from_db()
    save(clerk, DIRECT, plain(clerk.employer, address="新路 3 号"))
    with pytest.raises(Conflict, match="单位地址"):
        operations.undo_declarations([made.pk], by=clerk)
    assert Employer.objects.get(pk=clerk.employer_id).address == "新路 3 号"


def test_a_change_of_the_employer_is_no_change_of_the_month_and_holds_up_no_settlement(clerk):
    save(clerk, DIRECT, plain(clerk.employer))
    save(clerk, REVIEWED, sensitive(clerk.employer, name="新名有限公司"))
    assert not changes_of(clerk.employer, MONTH) and not open_counts(clerk.employer, MONTH)
    assert not standing(clerk.employer, MONTH, clerk).open


def test_what_the_counter_enters_takes_no_effect_by_itself_and_another_employer_is_not_there(clerk, reviewer):
    (entered,) = operations.save_declarations(clerk.employer_id, DIRECT, [plain(clerk.employer)], by=reviewer)
    operations.submit_declarations([entered.pk], by=reviewer)
    with pytest.raises(Refused):
        operations.approve_declarations([entered.pk], by=reviewer)
    assert not told(clerk)
    operations.withdraw_declaration(entered.pk, by=clerk)
    operations.delete_declarations([entered.pk], by=clerk)
    stranger = OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))
    with pytest.raises(Employer.DoesNotExist):
        operations.save_declarations(clerk.employer_id, DIRECT, [plain(clerk.employer)], by=stranger)
    save(clerk, DIRECT, plain(clerk.employer))
    assert told(clerk) and not told(stranger)


def test_the_change_log_is_encrypted_and_refuses_to_be_changed(clerk):
    save(clerk, DIRECT, plain(clerk.employer, phone="13911112222"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT old, new FROM employers_employerchange WHERE field = 'phone'")
        assert "139" not in str(cursor.fetchall())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EmployerChange.objects.all().update(label="别的")
