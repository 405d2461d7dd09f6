"""Forms, code lists and conditions: spelling is tidied and noted, content never repaired, all problems at once."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.code_lists import Code, CodeList
from shebao.rules.conditions import Condition, NoFact, Test, holds, holds_each
from shebao.rules.forms import clean, facts_of
from shebao.rules.region import load_region

REGION = load_region("yunnan", regions_roots())
FORM = REGION.forms["employee_enrolment"]
GOOD = {
    "id_kind": "01", "id_number": "11010519491231002X", "name": "张三", "enrolment_kind": "11", "household": "11",
    "employment_kind": "41", "contract_from": "2026-11-01", "position": "1", "department": "", "phone": "13800000000",
    "enrolment_month": "2026-11", "declared_wage": "8000",
}  # fmt: skip


def test_good_answers_become_plain_values_without_a_note():
    told = clean(FORM, GOOD, REGION)
    assert (told.problems, told.notes) == ([], {})
    assert told.values == {
        "id_kind": "01", "id_number": "11010519491231002X", "sex": "2", "born_on": "1949-12-31", "name": "张三",
        "enrolment_kind": "11", "household": "11", "employment_kind": "41", "contract_from": "2026-11-01",
        "position": "1", "phone": "13800000000", "enrolment_month": "2026-11", "declared_wage": 800000,
    }  # fmt: skip
    assert json.loads(json.dumps(told.values)) == told.values
    assert facts_of(FORM, told.values) == {
        "id_kind": "01", "enrolment_kind": "11", "household": "11", "employment_kind": "41", "position": "1",
        "declared_wage": 800000,
    }  # fmt: skip


def test_what_was_tidied_is_noted_with_what_was_typed():
    typed = {
        "id_number": "１１０１０５19491231002x",
        "name": " 张 三 ",
        "household": "本地城镇",
        "position": "１",
        "contract_from": "2026/11/1",
        "enrolment_month": "2026年11月",
        "declared_wage": "８０００元",
        "phone": "138 0000 0000",
    }
    told = clean(FORM, GOOD | typed, REGION)
    assert told.problems == []
    assert told.values == clean(FORM, GOOD, REGION).values
    assert told.notes == typed


@pytest.mark.parametrize("typed", ["41|固定期限合同", "41｜固定期限合同", "固定期限", "41 固定期限合同", "４１"])
def test_a_code_may_be_written_in_many_ways(typed):
    assert clean(FORM, GOOD | {"employment_kind": typed}, REGION).values["employment_kind"] == "41"


def test_every_problem_is_told_at_once_in_chinese_with_its_field():
    typed = {
        "id_number": "440308199901101513",
        "name": "",
        "household": "火星",
        "employment_kind": "固定期合同",
        "contract_from": "2026-02-30",
        "phone": "12",
        "enrolment_month": "十一月",
        "declared_wage": "8e3",
    }
    told = clean(FORM, GOOD | typed, REGION)
    assert {p.field: p.code for p in told.problems} == {
        "id_number": "bad_id_number", "name": "required", "household": "not_a_choice",
        "employment_kind": "not_a_choice", "contract_from": "bad_date", "phone": "bad_phone",
        "enrolment_month": "bad_month", "declared_wage": "bad_money",
    }  # fmt: skip
    assert all(p.level == "error" and any("\u4e00" <= c <= "\u9fff" for c in p.message) for p in told.problems)
    near = next(p for p in told.problems if p.field == "employment_kind")
    assert near.fix == ("改为“固定期限合同”", "固定期限合同")
    assert not set(typed) & set(told.values)


def test_a_blank_answer_takes_the_default_and_says_so():
    told = clean(FORM, {k: v for k, v in GOOD.items() if k != "employment_kind"}, REGION)
    assert told.values["employment_kind"] == "41" and told.notes == {"employment_kind": ""}


def test_a_long_or_hidden_text_is_refused():
    codes = [p.code for p in clean(FORM, GOOD | {"name": "长" * 61, "department": "a\x00b"}, REGION).problems]
    assert codes == ["too_long", "bad_text"]


def test_a_person_known_by_a_passport_can_be_named_without_its_kind():
    form = REGION.forms["employee_cessation"]
    raw = {"id_number": "E12345678", "name": "李四", "cessation_month": "2026-11", "reason": "停缴费"}
    told = clean(form, raw, REGION)
    assert not told.problems and told.values["reason"] == "6301"


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=40)))
def test_no_typed_text_breaks_the_form(raw):
    told = clean(FORM, raw, REGION)
    json.dumps(told.values)
    assert all(p.message and p.field in GOOD for p in told.problems)


def test_death_and_retirement_end_the_insurance_and_everything_else_suspends_it():
    kinds = {item.title: item.kind for item in REGION.codes["cessation_reasons"].items}
    assert {title for title, kind in kinds.items() if kind == "terminate"} == {"死亡", "达到待遇领取条件（退休）"}
    assert set(kinds.values()) == {"terminate", "suspend"}


def test_codes_are_found_by_title_alias_and_nearness_and_never_by_guess():
    codes = REGION.codes["household_kinds"]
    assert (codes.find("本地非农"), codes.find("11"), codes.find("月球")) == ("11", "11", None)
    assert codes.nearest("本地农业户囗") == "本地农业户口" and codes.nearest("zzz") is None
    assert (codes.title_of("11"), codes.title_of("999")) == ("本地非农业户口", "999")


RULE = Condition("all_of", (Test("kind", "in", ("a", "b")), Condition("none_of", (Test("age", "below", 16),))))


@pytest.mark.parametrize(
    ("facts", "truth"),
    [({"kind": "a", "age": 16}, True), ({"kind": "c", "age": 16}, False), ({"kind": "b", "age": 15}, False)],
)
def test_a_condition_holds_for_one_person_as_for_a_column(facts, truth):
    assert holds(RULE, facts) is truth
    columns = {"kind": np.array([facts["kind"]] * 3), "age": facts["age"]}
    assert holds_each(RULE, columns, 3).tolist() == [truth] * 3


def test_no_condition_always_holds_and_a_missing_fact_is_said():
    assert holds(None, {}) and holds_each(None, {}, 2).all()
    assert holds(Condition("any_of", (Test("x", "at_least", 3), Test("y", "is", "1"))), {"x": 2, "y": "1"})
    with pytest.raises(NoFact, match="kind"):
        holds(RULE, {})


def test_a_retired_code_is_understood_named_and_refused_and_never_read_as_its_successor():
    old, new = (Code(code, title, code) for code, title in (("11", "城镇"), ("51", "居民")))
    items = (replace(old, is_retired=True, aliases=("本地",)), replace(new, aliases=("本地", "11", "城镇户口")))
    kinds = CodeList.of("household_kinds", "户口性质", items)
    region = replace(REGION, codes=REGION.codes | {"household_kinds": kinds})
    told = clean(FORM, GOOD | {"household": "11"}, region)
    (one,) = told.problems
    assert (one.code, one.field, told.values["household"]) == ("retired_choice", "household", "11")
    assert "“11 城镇”已停用，请改选其他一项，如居民" in one.message
    assert clean(FORM, GOOD | {"household": "本地"}, region).values["household"] == "51"
    assert kinds.choices() == [("51", "居民")]
    assert kinds.choices("11") == [("11", "城镇（已停用）"), ("51", "居民")]
    assert (kinds.title_of("11"), kinds.nearest("城镇户")) == ("城镇", "居民")
