"""Changes of a person's data and of the schemes: what they write, keep, refuse and bring back."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations import operations
from shebao.hall.declarations.basket import basket_rows
from shebao.hall.declarations.change_log import change_log
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview
from shebao.hall.declarations.queries import case_view
from shebao.hall.errors import Conflict, Refused
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee, Person, Spell
from shebao.hall.roster.queries import columns_for_charge, ribbon
from shebao.hall.settlement.models import Assessment
from shebao.rules.code_lists import CodeList
from shebao.rules.identity import masked
from shebao.rules.months import Month
from tests.factories import MONTH, EmployerFactory, OperatorFactory, enrolled, settled, synthetic_id
from tests.papers import upload_papers
from tests.people import november  # noqa: F401 - a fixture of this folder

CHANGE, IDENTITY, SCHEMES = "employee_change", "sensitive_employee_change", "insurance_change"
CITY = "shenzhen"


@pytest.fixture
def clerk(db):
    return OperatorFactory(clerk=True, employer=EmployerFactory(region=CITY))


@pytest.fixture
def reviewer(db):
    return OperatorFactory(reviewer=True, region=CITY)


@pytest.fixture
def somebody(clerk):
    """Insured in pension, medical, unemployment and injury, of a household elsewhere, in the first medical tier."""
    return hired(clerk)


def hired(clerk, **options):
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    return enrolled(clerk.employer, household="521", facts=facts, phone="13800138000", **options)


def about(employee, **answers) -> dict:
    return {"id_number": employee.person.id_number, "name": employee.name} | answers


def scheme_change(employee, month="2026-12", **answers) -> dict:
    return about(employee, first_month=month, **answers)


def save(by, service, raw, **options):
    (declaration,) = operations.save_declarations(by.employer_id, service, [raw], by=by, **options)
    return declaration


def found(by, service, raw):
    return {p.code: (p.level, p.message) for p in preview(by.employer, service, raw, by=by).problems}


def approved(by, reviewer, raw):
    declaration = save(by, IDENTITY, raw)
    upload_papers(declaration, by)
    operations.submit_declarations([declaration.pk], by=by)
    operations.approve_declarations([declaration.pk], by=reviewer)
    declaration.refresh_from_db()
    return declaration


def test_an_ordinary_change_takes_effect_at_once_and_is_on_record(clerk, somebody):
    declaration = save(clerk, CHANGE, about(somebody, phone="13900139000", department="质检部", address="示例路 1 号"))
    somebody.refresh_from_db()
    assert (somebody.phone, somebody.department) == ("13900139000", "质检部")
    assert somebody.details == {"address": "示例路 1 号"}
    assert somebody.household == "521"
    assert AuditEntry.objects.filter(action="declaration.approved", employer=clerk.employer).count() == 1
    (entry,) = change_log(clerk, somebody)
    assert entry.declaration == declaration
    assert entry.changes == ["手机号码 尾号 8000 → 尾号 9000", "部门名称 空 → 质检部", "通讯地址 空 → 示例路 1 号"]


def test_what_is_left_blank_or_as_it_was_does_not_change(clerk, somebody):
    declaration = save(clerk, CHANGE, about(somebody, phone="13800138000", department="质检部", position="2"))
    (entry,) = change_log(clerk, somebody)
    assert entry.changes == ["部门名称 空 → 质检部"]
    assert [field.id for field in case_view(clerk, declaration.pk).fields if field.changed] == ["department"]


def test_a_declaration_that_changes_nothing_is_refused_in_words(clerk, somebody):
    level, message = found(clerk, CHANGE, about(somebody, phone="13800138000"))["nothing_changed"]
    assert level == "error" and "没有改动" in message
    with pytest.raises(InvalidDeclaration):
        save(clerk, CHANGE, about(somebody))
    assert not Declaration.objects.exists()


def test_undoing_a_change_brings_back_what_was_there(clerk, somebody):
    declaration = save(clerk, CHANGE, about(somebody, phone="13900139000", address="示例路 1 号"))
    operations.undo_declarations([declaration.pk], by=clerk)
    somebody.refresh_from_db()
    assert somebody.phone == "13800138000" and somebody.details == {}
    assert change_log(clerk, somebody) == []


def test_a_change_that_was_changed_again_is_not_undone(clerk, somebody):
    first = save(clerk, CHANGE, about(somebody, phone="13900139000"))
    save(clerk, CHANGE, about(somebody, phone="13700137000"))
    with pytest.raises(Conflict, match="之后又变更过"):
        operations.undo_declarations([first.pk], by=clerk)
    somebody.refresh_from_db()
    assert somebody.phone == "13700137000"


def test_a_later_undo_keeps_what_another_change_wrote(clerk, somebody):
    first = save(clerk, CHANGE, about(somebody, phone="13900139000"))
    save(clerk, CHANGE, about(somebody, department="质检部"))
    operations.undo_declarations([first.pk], by=clerk)
    somebody.refresh_from_db()
    assert (somebody.phone, somebody.department) == ("13800138000", "质检部")


def test_a_contract_does_not_end_before_it_begins(clerk, somebody):
    raw = about(somebody, contract_from="2026-01-01", contract_until="2025-12-31")
    assert found(clerk, CHANGE, raw)["contract_dates"][0] == "error"
    Employee.objects.update(contract_from=date(2026, 3, 1))
    assert "contract_dates" in found(clerk, CHANGE, about(somebody, contract_until="2026-02-01"))
    assert "contract_dates" not in found(clerk, CHANGE, about(somebody, contract_until="2027-02-01"))


def test_an_important_change_waits_for_the_reviewer_who_sees_old_and_new(clerk, reviewer, somebody):
    number = synthetic_id(born=date(1991, 6, 1), sequence=7)
    declaration = save(clerk, IDENTITY, about(somebody, new_name="李改名", new_id_number=number, note="户籍更正"))
    somebody.refresh_from_db()
    assert somebody.name == "李示例"
    (row,) = basket_rows(clerk)
    assert "变更后姓名 李示例 → 李改名" in row.before_after and number not in row.before_after
    upload_papers(declaration, clerk)
    operations.submit_declarations([declaration.pk], by=clerk)
    fields = {field.id: field for field in case_view(reviewer, declaration.pk).fields}
    assert (fields["new_name"].old, fields["new_name"].new) == ("李示例", "李改名")
    assert fields["new_id_number"].old == masked(somebody.person.id_number) and fields["new_id_number"].changed
    assert not fields["household"].changed
    operations.approve_declarations([declaration.pk], by=reviewer)
    somebody = Employee.objects.select_related("person").get(pk=somebody.pk)
    person = somebody.person
    assert (somebody.name, somebody.name_pinyin, person.name) == ("李改名", "li0李 ligaiming lgm", "李改名")
    assert (person.id_number, person.born_on, person.sex) == (number, date(1991, 6, 1), "1")
    assert "not_enrolled" not in found(clerk, CHANGE, about(somebody, phone="13900139000"))


def test_the_change_log_says_by_whom_and_shows_no_whole_number(clerk, reviewer, somebody):
    old, new = somebody.person.id_number, synthetic_id(sequence=7)
    approved(clerk, reviewer, about(somebody, new_id_number=new, household="51", note="更正"))
    (entry,) = change_log(clerk, somebody)
    assert entry.changes == [f"变更后证件号码 尾号 {old[-4:]} → 尾号 {new[-4:]}", "户籍 广东省内非深户 → 深圳户籍"]
    assert entry.declaration.decided_by == reviewer


def test_a_number_of_somebody_else_is_refused_without_saying_whose(clerk, somebody):
    other = enrolled(EmployerFactory(region=CITY), name="别家人", sequence=5)
    findings = found(clerk, IDENTITY, about(somebody, new_id_number=other.person.id_number, note="更正"))
    level, message = findings["number_taken"]
    assert level == "error" and "别家人" not in str(findings) and other.employer.name not in str(findings)
    assert AuditEntry.objects.filter(action="roster.elsewhere_hinted").count() == 1


def test_a_number_taken_while_the_case_waited_is_a_conflict_and_nothing_happens(clerk, reviewer, somebody):
    number = synthetic_id(sequence=5)
    declaration = save(clerk, IDENTITY, about(somebody, new_id_number=number, new_name="李改名", note="更正"))
    upload_papers(declaration, clerk)
    operations.submit_declarations([declaration.pk], by=clerk)
    enrolled(EmployerFactory(region=CITY), name="别家人", number=number)
    with pytest.raises(Conflict, match="已属于另一人"):
        operations.approve_declarations([declaration.pk], by=reviewer)
    somebody.refresh_from_db()
    assert somebody.name == "李示例" and Declaration.objects.get().state == "submitted"


def test_a_wrong_new_number_and_a_birth_date_that_disagrees_are_told(clerk, somebody):
    number = synthetic_id(sequence=7)
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    assert "id_number_valid" in found(clerk, IDENTITY, about(somebody, new_id_number=wrong, note="更正"))
    raw = about(somebody, new_id_number=number, new_born_on="1980-01-01", note="更正")
    level, message = found(clerk, IDENTITY, raw)["new_identity"]
    assert level == "error" and "1990-05-17" in message
    raw = about(somebody, new_id_kind="04", new_id_number=number, note="更正")
    assert "样式不符" in found(clerk, IDENTITY, raw)["new_identity"][1]


def test_two_people_cannot_ask_for_one_number(clerk, somebody):
    other = hired(clerk, name="赵示例", sequence=8)
    number = synthetic_id(sequence=9)
    raws = [about(one, new_id_number=number, note="更正") for one in (somebody, other)]
    with pytest.raises(InvalidDeclaration) as refused:
        operations.save_declarations(clerk.employer_id, IDENTITY, raws, by=clerk)
    told = [[p.message for p in one.problems if p.code == "new_identity"] for one in refused.value.previews]
    assert told[0] == told[1] == ["李示例、赵示例要变更为同一个证件号码，一个号码只属于一个人，请核对。"]


def test_a_number_that_waits_in_another_declaration_is_not_asked_for_twice(clerk, somebody):
    other, number = hired(clerk, name="赵示例", sequence=8), synthetic_id(sequence=9)
    declaration = save(clerk, IDENTITY, about(somebody, new_id_number=number, note="更正"))
    level, message = found(clerk, IDENTITY, about(other, new_id_number=number, note="更正"))["new_identity"]
    assert level == "error" and message.startswith("李示例已有一笔")
    again = preview(
        clerk.employer, IDENTITY, about(somebody, new_id_number=number, note="更正"), by=clerk, declaration=declaration
    )
    assert not [p for p in again.problems if p.level == "error"], "it is no rival of itself"
    operations.delete_declarations([declaration.pk], by=clerk)
    assert "new_identity" not in found(clerk, IDENTITY, about(other, new_id_number=number, note="更正"))


def test_a_household_that_calls_for_another_scheme_says_so_and_shows_no_cost_of_it(clerk, somebody):
    seen = preview(clerk.employer, IDENTITY, about(somebody, household="51", note="迁入"), by=clerk)
    (hint,) = [p for p in seen.problems if p.code == "scheme_changes"]
    assert hint.level == "hint" and "应参加地方补充养老保险" in hint.message
    assert seen.effect_fen == 0


def test_what_has_no_month_of_its_own_counts_from_the_first_that_is_not_settled(clerk, reviewer, somebody):
    settled(clerk.employer, MONTH, clerk)
    declaration = approved(clerk, reviewer, about(somebody, household="51", note="迁入"))
    assert declaration.first_month == MONTH.next()
    direct = save(clerk, CHANGE, about(somebody, phone="13900139000"))
    settled(clerk.employer, MONTH.next(), clerk)
    with pytest.raises(Refused, match="已经核定"):
        operations.undo_declarations([direct.pk], by=clerk)
    assert Assessment.objects.count() == 2


def test_people_of_another_employer_are_not_changed(clerk):
    stranger = enrolled(EmployerFactory(region=CITY))
    for service in (CHANGE, IDENTITY, SCHEMES):
        assert "not_enrolled" in found(clerk, service, about(stranger, first_month="2026-12", phone="13900139000"))


def test_a_scheme_is_added_from_a_month_on_and_costs_from_then(clerk, somebody):
    seen = preview(clerk.employer, SCHEMES, scheme_change(somebody, insured_maternity="参加"), by=clerk)
    assert seen.effect_fen > 0 and "maternity" in {row.scheme for row in seen.cost}
    declaration = save(clerk, SCHEMES, scheme_change(somebody, insured_maternity="参加"))
    assert declaration.effect_fen == seen.effect_fen
    spell = Spell.objects.get(scheme="maternity")
    assert (spell.first_month, spell.last_month, spell.opened_by) == (Month(2026, 12), None, declaration)
    for month, is_covered in ((MONTH, False), (MONTH.next(), True)):
        assert columns_for_charge(clerk.employer, month)[1].covered["maternity"].tolist() == [is_covered]


def test_the_ribbon_shows_a_scheme_that_was_added_for_this_month(clerk, somebody):
    save(clerk, SCHEMES, scheme_change(somebody, "2026-11", insured_maternity="1"))
    lanes = {lane["scheme"]: lane["months"][-1]["state"] for lane in ribbon(somebody)}
    assert lanes["maternity"] == "insured" and lanes["local_supplementary_pension"] == "none"


def test_a_single_scheme_stops_with_a_reason_and_the_others_go_on(clerk, somebody):
    raw = scheme_change(somebody, insured_unemployment="否")
    level, message = found(clerk, SCHEMES, raw)["scheme_changes"]
    assert level == "confirm" and "应参加失业保险" in message
    declaration = save(clerk, SCHEMES, raw, confirmed=[{"scheme_changes": "已在原籍参保"}])
    assert declaration.effect_fen < 0
    ended = Spell.objects.get(scheme="unemployment")
    assert (ended.last_month, ended.closed_by) == (MONTH, declaration)
    assert Spell.objects.filter(last_month=None).count() == 3
    operations.undo_declarations([declaration.pk], by=clerk)
    assert Spell.objects.filter(last_month=None, is_voided=False).count() == 4


def test_what_the_facts_do_not_allow_is_not_added(clerk, somebody):
    level, message = found(clerk, SCHEMES, scheme_change(somebody, insured_local_supplementary_pension="1"))[
        "scheme_changes"
    ]
    assert level == "error" and "不参加地方补充养老保险" in message


def test_stopping_everything_is_a_cessation(clerk, somebody):
    none = {f"insured_{key}": "0" for key in ("pension", "medical", "unemployment", "injury")}
    messages = [p.message for p in preview(clerk.employer, SCHEMES, scheme_change(somebody, **none), by=clerk).problems]
    assert any("请办理“停交”" in message for message in messages)


def test_a_scheme_that_somebody_else_insures_is_not_added(clerk, somebody):
    other = Employee.objects.create(employer=EmployerFactory(region=CITY), person=somebody.person, person_number="1")
    Spell.objects.create(
        employee=other, person=somebody.person, region=CITY, scheme="maternity", first_month=Month(2026, 1)
    )
    level, message = found(clerk, SCHEMES, scheme_change(somebody, insured_maternity="1"))["enrolled_elsewhere"]
    assert level == "error" and other.employer.name not in message


def test_the_tier_changes_with_the_first_open_month_only(clerk, somebody):
    level, message = found(clerk, SCHEMES, scheme_change(somebody, medical_tier="2"))["scheme_changes"]
    assert level == "error" and "2026-11" in message
    declaration = save(clerk, SCHEMES, scheme_change(somebody, "2026-11", medical_tier="职工二档"))
    somebody.refresh_from_db()
    assert somebody.facts["medical_tier"] == "2" and declaration.effect_fen < 0
    (entry,) = change_log(clerk, somebody)
    assert entry.changes == ["医疗缴费档次 职工一档 → 职工二档"]
    operations.undo_declarations([declaration.pk], by=clerk)
    somebody.refresh_from_db()
    assert somebody.facts["medical_tier"] == "1"


def test_a_settled_month_keeps_its_schemes(clerk, somebody):
    settled(clerk.employer, MONTH, clerk)
    early = scheme_change(somebody, "2026-11", insured_maternity="1")
    assert found(clerk, SCHEMES, early)["month_window"][0] == "error"
    assert "month_window" not in found(clerk, SCHEMES, scheme_change(somebody, insured_maternity="1"))


def test_an_added_scheme_that_was_stopped_again_is_not_undone(clerk, somebody):
    first = save(clerk, SCHEMES, scheme_change(somebody, "2026-11", insured_maternity="1"))
    reasons = [{"scheme_changes": "误报"}]
    save(clerk, SCHEMES, scheme_change(somebody, insured_maternity="0"), confirmed=reasons)
    with pytest.raises(Conflict, match="之后又变更过"):
        operations.undo_declarations([first.pk], by=clerk)


def test_a_batch_of_changes_asks_no_query_per_row(clerk, django_assert_max_num_queries):
    people = [hired(clerk, name=f"员工{n}", sequence=n) for n in range(1, 31)]
    with django_assert_max_num_queries(45):
        operations.save_declarations(
            clerk.employer_id, CHANGE, [about(one, department="质检部") for one in people], by=clerk
        )
    with django_assert_max_num_queries(45):
        operations.save_declarations(
            clerk.employer_id, SCHEMES, [scheme_change(one, insured_maternity="1") for one in people], by=clerk
        )
    assert Spell.objects.filter(scheme="maternity").count() == 30


MONTHS = ["2026-09", "2026-10", "2026-11", "2026-12"]
STEPS = st.lists(
    st.tuples(st.sampled_from(MONTHS), st.sampled_from(["maternity", "unemployment"]), st.sampled_from("01")),
    max_size=8,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_spells_of_a_scheme_never_overlap_whatever_is_declared(clerk, somebody, steps):
    # All examples share one database: what one example declared, the next one starts from.
    for month, scheme, answer in steps:
        raw = scheme_change(somebody, month, **{f"insured_{scheme}": answer})
        reasons = [{"scheme_changes": "示例", "month_window": "示例"}]
        try:
            save(clerk, SCHEMES, raw, confirmed=reasons)
        except (InvalidDeclaration, Conflict):
            continue
    for scheme in region(CITY).schemes:
        covered = []
        for spell in Spell.objects.filter(employee=somebody, scheme=scheme, is_voided=False):
            last = spell.last_month or Month(2027, 12)
            assert spell.first_month <= last
            covered += [str(m) for m in spell_months(spell.first_month, last)]
        assert len(covered) == len(set(covered))
    assert Person.objects.count() == 1


def spell_months(first: Month, last: Month) -> list[Month]:
    found = []
    while first <= last:
        found.append(first)
        first = first.next()
    return found


def test_a_retired_code_on_file_may_stay_while_something_else_changes_and_is_chosen_anew_by_nobody(
    clerk, somebody, monkeypatch
):
    kinds = region(CITY).codes["household_kinds"]
    items = tuple(replace(one, is_retired=one.code == "521") for one in kinds.items)
    monkeypatch.setitem(region(CITY).codes, "household_kinds", CodeList.of(kinds.key, kinds.title, items))
    assert "retired_choice" not in found(clerk, IDENTITY, about(somebody, household="521", new_name="李新例"))
    of_another = enrolled(clerk.employer, household="51", sequence=901, facts=somebody.facts)
    level, text = found(clerk, IDENTITY, about(of_another, household="521"))["retired_choice"]
    assert level == "error" and "“521 广东省内非深户”已停用，请改选其他一项" in text
