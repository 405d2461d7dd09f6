"""缴纳欠薪保障金申请 in Shenzhen: about the employer, reviewed, once a year without a reason, on no month's bill."""

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    save_declarations,
    submit_declarations,
)
from shebao.hall.errors import Refused
from shebao.hall.evidence.files import Upload
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.settlement.declared import changes_of, open_counts
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at
from tests.papers import PDF

KEY, URL = "wage_guarantee", "/e/declare/wage_guarantee/"
ASKED = {"deposit_year": "2026", "deposit_sum": "2360", "deposit_reason": "年度缴纳", "note": ""}


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def clerk(client):
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen", name="深圳示例公司"))
    client.force_login(operator)
    return operator


def said(answer) -> str:
    return answer.content.decode()


def granted(clerk):
    """A request of 2026 that went through the review."""
    (made,) = save_declarations(clerk.employer_id, KEY, [ASKED], by=clerk)
    add_evidence(made.pk, "缴纳欠薪保障金申请表", [Upload("申请表.pdf", PDF)], by=clerk)
    assert submit_declarations([made.pk], by=clerk).submitted
    approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region="shenzhen"))
    return made


def test_a_request_is_saved_with_its_sum_and_waits_for_its_paper(client, clerk):
    page = said(client.get(URL))
    assert "缴纳欠薪保障金申请" in page and "保存，继续录下一个" not in page
    client.post(URL, ASKED | {"next": "basket"})
    made = Declaration.objects.get()
    assert (made.state, made.subject_name, made.answers["deposit_sum"], made.effect_fen) == (
        "draft", "深圳示例公司", 2360_00, 0,
    )  # fmt: skip
    basket = said(client.get("/e/basket/"))
    assert "缴纳年度 2026，缴纳金额 2,360.00" in basket and "缴纳欠薪保障金申请表" in basket
    assert not submit_declarations([made.pk], by=clerk).submitted


def test_no_settlement_waits_for_it_and_none_has_it_as_a_change(clerk):
    granted(clerk)
    save_declarations(clerk.employer_id, KEY, [ASKED | {"deposit_year": "2025"}], by=clerk)
    assert not open_counts(clerk.employer, MONTH)
    assert not changes_of(clerk.employer, MONTH)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"deposit_sum": "0"}, "缴纳金额应大于 0"),
        ({"deposit_year": "2027"}, "2027 年度还没有开始"),
        ({"deposit_year": "今年"}, "不是年度"),
        ({"deposit_reason": ""}, "请填写“申请原因”"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(client, clerk, typed, sentence):
    refused = client.post(URL, ASKED | typed)
    assert refused.status_code == 422 and sentence in said(refused)
    assert not Declaration.objects.exists()


def test_a_second_request_of_the_year_needs_a_reason(clerk):
    granted(clerk)
    with pytest.raises(InvalidDeclaration):
        save_declarations(clerk.employer_id, KEY, [ASKED | {"deposit_sum": "100"}], by=clerk)
    why = {"deposit_request": "补足差额"}
    (second,) = save_declarations(clerk.employer_id, KEY, [ASKED | {"deposit_sum": "100"}], by=clerk, confirmed=[why])
    assert "2,360.00 元" in second.problems[0]["message"]


def test_the_result_stands_on_the_list_of_its_kind_only(client, clerk):
    made = granted(clerk)
    assert made.subject_name in said(client.get("/e/pages/wage_guarantee_results/"))
    assert "缴纳欠薪保障金办理结果" in said(client.get("/e/pages/wage_guarantee_results/"))
    assert "还没有办件" in said(client.get("/e/pages/back_payment_results/"))
    assert "还没有办件" in said(client.get("/e/pages/employer_change_results/"))


def test_only_the_employers_own_clerk_asks(client, clerk):
    made = granted(clerk)
    other = OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))
    client.force_login(other)
    assert client.get(f"/e/cases/{made.pk}/").status_code == 404
    assert "还没有办件" in said(client.get("/e/pages/wage_guarantee_results/"))
    admin = OperatorFactory(role="employer_admin", employer=clerk.employer)
    with pytest.raises(Refused):
        save_declarations(clerk.employer_id, KEY, [ASKED | {"deposit_year": "2025"}], by=admin)
