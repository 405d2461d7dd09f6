"""What the region check says about a registration.yaml that does not fit."""

from pathlib import Path

import pytest

from shebao.rules.region import BadRegion, load_region

ROOT = Path(__file__).parents[2] / "regions"
FIRST = """
wizard:
  title: 注册
  route: {route}
  decide_within: {days}
  steps:
    - title: 一
      parts:
        - {{title: 单位, form: registration_employer}}
        - {{title: 专管员, form: {form}}}
{more}
"""


@pytest.fixture
def mistakes(tmp_path):
    """The mistakes of a region whose registration.yaml says this."""

    def told(text: str) -> str:
        folder = tmp_path / "somewhere"
        folder.mkdir()
        (folder / "region.yaml").write_text("title: 某地\nextends: yunnan\n", "utf-8")
        (folder / "registration.yaml").write_text(text, "utf-8")
        with pytest.raises(BadRegion) as bad:
            load_region("somewhere", [tmp_path, ROOT])
        return "\n".join(bad.value.problems)

    return told


def written(route="[auto_check, first_review]", days=5, form="registration_clerk", more="") -> str:
    return FIRST.format(route=route, days=days, form=form, more=more)


CLOSED = "areas: {open: false}\nagreement: {open: false}\npapers: {open: false}\ntemplates: {open: false}\n"


def test_a_wizard_that_forgets_whom_to_tell_is_refused(mistakes):
    said = mistakes(written(form="registration_details") + CLOSED)
    for lost in ("clerk_name", "clerk_phone", "clerk_email"):
        assert lost in said


def test_a_form_that_is_not_there_is_named(mistakes):
    assert "没有表单“nowhere”" in mistakes(written(form="nowhere") + CLOSED)


def test_a_question_asked_twice_is_named(mistakes):
    more = "    - {title: 二, parts: [{title: 再问, form: registration_clerk}]}"
    assert "问了两次" in mistakes(written(more=more) + CLOSED)


def test_where_the_agency_has_divisions_the_registration_asks_for_one(mistakes):
    assert "注册要问属于哪个（agency_division）" in mistakes(written())


def test_an_agreement_without_its_step_is_refused(mistakes):
    assert "电子协议" in mistakes(written())


def test_where_nobody_reviews_numbers_come_by_a_rule(mistakes):
    assert "编号规则" in mistakes(written(route="[auto_check]", days=0) + CLOSED)


def test_who_signs_is_said_of_a_step_of_the_route(mistakes):
    reviews = "  reviews: {second_review: {need: 2}}\n"
    assert "不是 route 里的审核环节" in mistakes(written(more=reviews) + CLOSED)


def test_a_review_has_a_time_limit(mistakes):
    assert "decide_within" in mistakes(written(days=0) + CLOSED)


def test_an_unknown_word_is_told_with_the_known_ones(mistakes):
    said = mistakes(written(more="    - {title: 二, kind: dance}") + CLOSED + "wizards: {title: x}\n")
    assert "dance" in said
    assert "agreement" in said


def test_a_template_with_a_blank_that_nobody_fills_in_is_refused(mistakes):
    papers = "papers:\n  papers:\n    - {title: 甲, keep: upload}\n"
    text = "templates:\n  items:\n    - {paper: 甲, title: 甲, text: ['本单位{nickname}'], signatures: [日期]}\n"
    closed = "areas: {open: false}\nagreement: {open: false}\n"
    said = mistakes(written(more="    - {title: 二, kind: papers}") + closed + papers + text)
    assert "没有这一问：nickname" in said
