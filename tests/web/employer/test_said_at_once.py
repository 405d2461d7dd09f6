"""What a page says before anything is done, and what it tells apart: now and later, whose rate, whose word."""

import re

import pytest

from shebao.hall.roster.models import Employee
from shebao.hall.settlement.choosing import choose_who_computes
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.voiding import ask_to_void
from tests.settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

from .money import text_of

pytestmark = pytest.mark.django_db
DECEMBER = NOVEMBER.next()


@pytest.fixture(autouse=True)
def november():
    with on_day():
        yield


def employer_in(client, code: str, wages=(720_000, 300_000)):
    employer = make_employer(code)
    hire(employer, list(wages))
    clerk = make_clerk(employer)
    client.force_login(clerk)
    return employer, clerk


def test_who_is_paid_for_must_be_ticked_before_one_goes_on(client):
    employer_in(client, "general_hall")
    look = text_of(client.get("/e/pages/payment/"))
    assert "请先勾选员工" not in look and 'name="pay"' in look
    nobody = client.get("/e/pages/payment/?month=2026-11&pay=1")
    page = text_of(nobody)
    assert nobody.status_code == 422 and 'href="#chosen">请先勾选员工' in page and 'id="chosen"' in page
    chosen = Employee.objects.first()
    after = client.get(f"/e/pages/payment/?month=2026-11&pay=1&chosen={chosen.pk}")
    assert after.status_code == 200 and "填写缴费信息" in text_of(after)


def test_another_choice_of_who_computes_is_told_apart_from_what_holds_for_a_settled_month(client):
    employer, clerk = employer_in(client, "shanghai")
    address = "/e/pages/declaration_mode/"
    assert choices(client, address) == {"employer": "现在", "office": ""}
    settle_month(employer.pk, NOVEMBER, "monthly", by=clerk, confirmations=1)
    said = text_of(client.post(address, {"way": "office"}, follow=True))
    assert (
        "从 2026-12 起生效" in said.replace("从2026-12", "从 2026-12").replace("12起", "12 起")
        or "2026 年 12 月" in said
    )
    page = choices(client, address)
    assert page["employer"] == "现在" and "12 月起" in page["office"] or "2026-12" in page["office"]
    choose_who_computes(employer.pk, "employer", by=clerk)
    assert choices(client, address) == {"employer": "现在", "office": ""}


def choices(client, address: str) -> dict[str, str]:
    """The ways on the page, each with its tag."""
    page = text_of(client.get(address))
    rows = re.findall(r'name="way" value="(\w+)".*?</label>', page)
    tags = [re.search(r'<span class="tag[^>]*>([^<]*)', part) for part in re.split(r'name="way"', page)[1:]]
    return dict(zip(rows, [tag[1] if tag else "" for tag in tags], strict=True))


def test_the_rates_of_a_scheme_say_whose_they_are(client):
    _, clerk = employer_in(client, "tianjin")
    bill = settle(clerk.employer, clerk)
    both = labels(client, f"/e/bills/{bill.pk}/schemes/pension/both/")
    assert "费率（单位部分）" in both and "费率（个人部分）" in both and "费率" not in both
    assert "费率" in labels(client, f"/e/bills/{bill.pk}/schemes/pension/employer/")


def labels(client, address: str) -> list[str]:
    return re.findall(r"<th[^>]*>([^<]*)</th>", text_of(client.get(address)).partition("<main")[2])


def test_a_voided_bill_is_only_called_void(client):
    _, clerk = employer_in(client, "shanghai")
    bill = settle(clerk.employer, clerk)
    assert "已核定" in tags_of(client, bill)
    ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    assert tags_of(client, bill) == ["已作废"]


def tags_of(client, bill) -> list[str]:
    head = text_of(client.get(f"/e/bills/{bill.pk}/")).partition("应缴合计（元）")[2].partition("</header>")[0]
    return re.findall(r"([^<>\s]+)</span>", head)


@pytest.mark.parametrize(("code", "verb"), [("tianjin", "结算"), ("shanghai", "申报")])
def test_settling_is_called_as_the_region_calls_it(client, code, verb):
    _, clerk = employer_in(client, code)
    page = text_of(client.get("/e/settle/"))
    assert f"{verb}前请确认" in page and f"在{verb}时间内" in page
    assert f"还没有{verb}" in text_of(client.get("/e/bills/"))
    assert f"{verb}过的月份" in text_of(client.get("/e/voids/"))
    assert f"{verb}后生成的账单" in text_of(client.get("/e/pay/"))
    bill = settle(clerk.employer, clerk)
    done = text_of(client.get(f"/e/bills/{bill.pk}/?settled=1"))
    assert ("结算完毕" in done) == (verb == "结算") and f"{verb}完毕" in done
