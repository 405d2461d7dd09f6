"""What new clerks stumbled over once: names said twice, what is offered and then refused, what is asked for again."""

import re

import pytest

from shebao.hall.declarations.operations import save_declarations
from shebao.hall.roster.models import Spell
from shebao.hall.sheets.operations import confirm_group, receive_sheet
from shebao.hall.sheets.queries import summary
from shebao.rules.forms import when_confirmed
from shebao.rules.months import Month
from shebao.web.employer.basket import check_url
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, enrolled, enrolment, synthetic_id, wage

from .declared import ENROL, WAGE, text_of


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def clerk_of(client, code):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=code))
    client.force_login(clerk)
    return clerk


def test_an_error_under_its_field_does_not_repeat_the_label(client):
    clerk_of(client, "tianjin")
    page = text_of(client.post(f"/e/declare/{ENROL}/", enrolment(phone="12", id_number=synthetic_id()[:17])))
    beside = re.findall(r'class="err" id="id_(\w+)-error".*?</span>([^<]*)</span>', page)
    assert dict(beside) == {"id_number": "证件号码应为 18 位，实际为 17 位", "phone": "应为 1 开头的 11 位手机号码"}
    assert "手机号码：应为 1 开头" in page, "the summary on top names the field"
    assert "证件号码：证件号码" not in page


def test_a_wrong_number_is_not_told_to_be_new_here(client):
    clerk_of(client, "tianjin")
    wrong = {"id_number": synthetic_id()[:17], "name": "王示例"}
    page = text_of(client.post("/e/declare/back_payment/", wrong))
    assert "应为 18 位" in page and "首次在本单位参保</p>" not in page
    stranger = {"id_number": synthetic_id(sequence=5), "name": "王示例"}
    page = text_of(client.post("/e/declare/back_payment/", stranger))
    assert "不在本单位参保" in page and "首次在本单位参保</p>" not in page
    assert "首次在本单位参保" in text_of(client.post(f"/e/declare/{ENROL}/preview/", enrolment()))


def test_who_has_left_is_offered_nothing_that_is_refused(client):
    clerk = clerk_of(client, "tianjin")
    employee = enrolled(clerk.employer, name="李在册")
    offered = f"/e/declare/back_payment/?employee={employee.pk}"
    assert offered in text_of(client.get(f"/e/roster/{employee.pk}/"))
    Spell.objects.update(last_month=MONTH.previous())
    page = text_of(client.get(f"/e/roster/{employee.pk}/"))
    assert offered not in page and f"/e/declare/employee_cessation/?employee={employee.pk}" not in page
    found = text_of(client.get("/e/declare/back_payment/?find=李在册"))
    assert "不能办理" in found and f'href="?employee={employee.pk}"' not in found
    Spell.objects.update(last_month=None, first_month=MONTH.next())
    assert offered not in text_of(client.get(f"/e/roster/{employee.pk}/")), "insured from next month on"
    Spell.objects.update(first_month=Month(2026, 1), last_month=MONTH)
    assert offered in text_of(client.get(f"/e/roster/{employee.pk}/")), "insured to the end of this month"


LIMIT = "申报工资 1 元低于下限，将按上下限确定缴费基数。"
AGAIN = "该人员已登记达到待遇领取条件（退休）。"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (f"{LIMIT}请核对后写明理由。", LIMIT),
        ("会涉及 2026-10，请写明理由。", "会涉及 2026-10。"),
        (f"{AGAIN[:-1]}，请核对后写明重新参保的理由。", AGAIN),
        ("已有审核通过的申请（1 元），再次申请的请写明理由。", "已有审核通过的申请（1 元）。"),
        ("当前在其他单位参保。请先由原单位办理停保。", "当前在其他单位参保。请先由原单位办理停保。"),
    ],
)
def test_what_was_asked_for_and_given_is_not_asked_for_again(message, left):
    assert when_confirmed(message) == left


def test_a_confirmed_finding_asks_for_nothing_in_the_basket_the_case_and_the_sheet(
    client, django_capture_on_commit_callbacks
):
    clerk = clerk_of(client, "tianjin")
    employee = enrolled(clerk.employer, name="李在册")
    reasons = {"wage_limits": "新任总经理"}
    (one,) = save_declarations(clerk.employer_id, WAGE, [wage(employee, "98000")], by=clerk, confirmed=[reasons])
    for address in (f"/e/cases/{one.pk}/", check_url([one.pk])):
        page = text_of(client.get(address))
        assert "新任总经理" in page and "写明理由" not in page, address
    other = enrolled(clerk.employer, name="王在册", sequence=901)
    raw = wage(other, "98000")
    sheet = f"证件号码,姓名,生效月份,申报工资\n{raw['id_number']},{raw['name']},{raw['first_month']},98000\n"
    with django_capture_on_commit_callbacks(execute=True):
        batch = receive_sheet(clerk.employer_id, WAGE, "工资.csv", sheet.encode(), by=clerk).batch
    assert "写明理由" in batch.rows.get().problems[0]["message"]
    confirm_group(batch.pk, "wage_limits", "新任总监", by=clerk)
    assert [(r["reason"], "写明" in r["message"]) for r in summary(batch)["reasons"]] == [("新任总监", False)]
    page = text_of(client.get(f"/e/import/{batch.pk}/"))
    assert "新任总监" in page and "写明理由" not in page


def test_shenzhens_menu_says_self_service_once(client):
    clerk_of(client, "shenzhen")
    menu = text_of(client.get("/e/")).split('aria-label="主菜单"', 1)[1].split("</nav>", 1)[0]
    assert menu.count("自助缴费业务") == 1
    for entry in ("补交养老", "撤销补交养老", "按账单缴费", "生成台帐", "生成财务帐"):
        assert entry in menu


def test_where_nothing_waits_no_card_counts_what_waits(client):
    clerk_of(client, "leshan")
    cards = text_of(client.get("/e/")).split('aria-label="业务状态"', 1)[1].split("</section>", 1)[0]
    assert "待提交" not in cards and "本月办结" in cards
    clerk_of(client, "tianjin")
    assert "待提交" in text_of(client.get("/e/")).split('aria-label="业务状态"', 1)[1].split("</section>", 1)[0]


def test_the_grid_shows_who_and_how_much_before_the_rest(client, django_capture_on_commit_callbacks):
    clerk = clerk_of(client, "tianjin")
    labels = "证件号码,姓名,参保类型,户口性质,用工形式,合同开始日期,用工登记日期,岗位类别,增加月份,申报工资\n"
    line = f"{synthetic_id()},王示例,新参保,11,41,2026-11-01,2026-11-01,2,2026-11,8000\n"
    with django_capture_on_commit_callbacks(execute=True):
        batch = receive_sheet(clerk.employer_id, ENROL, "一行.csv", (labels + line).encode(), by=clerk).batch
    heads = re.findall(r'<th class="[^"]*" data-field="(\w+)"', text_of(client.get(f"/e/import/{batch.pk}/?tab=all")))
    assert heads[:5] == ["name", "id_number", "enrolment_month", "declared_wage", "id_kind"]
