"""The workbench tells the truth about the month, with and without anything in it."""

import re
from datetime import datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.clock import pretending
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.regions import region
from shebao.hall.settlement.comparing import bridge
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import Step
from shebao.hall.settlement.queries import estimate
from shebao.rules.calendar import Window
from shebao.rules.months import Month
from shebao.web.employer.home import _deadline
from shebao.web.templatetags.ui import signed_yuan, yuan
from tests.settlement.hall import NOVEMBER, declare, hire, make_clerk, make_employer, on_day, raise_wage, settle

pytestmark = pytest.mark.django_db
NOVEMBER_WINDOW = Window(
    datetime(2026, 11, 1),  # noqa: DTZ001
    datetime(2026, 11, 20, 18),  # noqa: DTZ001
    datetime(2026, 11, 25, 18),  # noqa: DTZ001
)
STEP = Step("录入变动", "", "current", "e_home")


def opened(client, clerk, day=10, month=NOVEMBER) -> str:
    client.force_login(clerk)
    with on_day(month, day):
        response = client.get("/e/?whole=1")
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize("code", ["tianjin", "leshan"])
def test_an_empty_month_is_a_page_and_not_a_row_of_zeros(client, code):
    text = opened(client, make_clerk(make_employer(code)))
    assert "上午好，王敏" in text
    assert '在保 <b class="num">0</b> 人' in text
    for words in ("没有待办", "还没有参保人员", "还没有办理动态", "还没有应缴记录"):
        assert words in text


def test_the_four_states_are_counted_and_lead_to_their_cases(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    for state, count in ((State.DRAFT, 3), (State.RETURNED, 1), (State.APPROVED, 2)):
        for _ in range(count):
            declare(employer, clerk, state)
    text = opened(client, clerk)
    found = re.findall(r'<a href="([^"]+)"><span class="ic[^>]*>.*?<b class="num[^"]*">(\d+)</b>', text)
    assert found == [
        ("/e/basket/", "3"),
        ("/e/cases/?state=submitted", "0"),
        ("/e/cases/?state=returned", "1"),
        ("/e/cases/?state=approved", "2"),
    ]
    assert "提交 3 笔待提交业务" in text


def test_where_nobody_reviews_drafts_lead_to_the_cases(client):
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    declare(employer, clerk, State.DRAFT)
    text = opened(client, clerk)
    assert 'href="/e/cases/?state=draft"' in text
    assert 'href="/e/basket/"' not in text


def test_the_amount_is_estimated_until_settled_and_the_reasons_add_up(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, [800_000, 900_000])
    settle(employer, clerk, Month(2026, 10))
    raise_wage(people[0], 1_000_000, NOVEMBER)
    before = Bill.objects.get(employer=employer).total_due
    with on_day():
        found = estimate(employer, NOVEMBER, pending=True)
        total, rows = found.total, bridge(employer, NOVEMBER, found)
    text = opened(client, clerk)
    assert ">预估</span>" in text
    assert yuan(total) in text
    assert sum(row.delta for row in rows) == total - before > 0
    assert f"比 10 月多 {yuan(total - before)}" in text
    assert "基数调整 1 人" in text
    assert signed_yuan(total - before) in text
    settle(employer, clerk)
    text = opened(client, clerk)
    assert ">已核定</span>" in text
    assert ">预估</span>" not in text
    assert "距缴费截止还有" in text
    assert "去缴费" in text


def test_the_time_left_is_counted_and_a_deadline_that_has_passed_says_so():
    window = NOVEMBER_WINDOW
    with pretending(datetime(2026, 11, 16, 9, 30)):  # noqa: DTZ001 - naive local by contract
        left = _deadline(window, None, [])
    assert (left["days"], left["hours"], left["past"]) == (4, 8, False)
    assert left["until"] == "11 月 20 日 周五 18:00 截止"
    with pretending(datetime(2026, 11, 20, 18, 1)):  # noqa: DTZ001
        late = _deadline(window, None, [STEP])
    assert (late["label"], late["past"]) == ("本月申报期已过", True)
    assert late["until"] == "已于 11 月 20 日 周五 18:00 截止"


def test_the_number_of_queries_does_not_grow_with_the_people(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    counts = []
    for people in (2, 20):
        hire(employer, [800_000] * people)
        for _ in range(people):
            declare(employer, clerk, State.DRAFT)
        opened(client, clerk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            opened(client, clerk)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_first_answer_waits_for_no_amount_and_the_amounts_come_with_their_to_dos(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, [300_000])
    client.force_login(clerk)
    with on_day():
        first = unescape(client.get("/e/").content.decode())
        assert 'hx-get="/e/month/' in first and "正在计算本月应缴" in first
        assert "申报工资低于缴费下限" not in first and ">预估</span>" not in first
        part = unescape(client.get("/e/month/", headers={"HX-Request": "true"}).content.decode())
        assert client.get("/e/month/").url == "/e/?whole=1"
    assert part.startswith('\n<section class="card" id="home-due">') or 'id="home-due"' in part[:200]
    assert ">预估</span>" in part and "申报工资低于缴费下限" in part
    assert part.count('hx-swap-oob="true"') == 2


@pytest.mark.parametrize(
    ("what", "lost", "kept"),
    [
        ("money_of", "本月应缴没有加载出来", "缴费进度"),
        ("todo_items", "待办没有加载出来", ">预估</span>"),
        ("recent_events", "办理动态没有加载出来", ">预估</span>"),
        ("counts", "业务状态没有加载出来", ">预估</span>"),
    ],
)
def test_a_part_that_fails_says_so_with_a_retry_and_leaves_the_rest(client, monkeypatch, what, lost, kept):
    # A fault of our own cannot be had from real data: were one known, it would be mended.
    def broken(*args, **more):
        raise ZeroDivisionError

    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, [800_000])
    monkeypatch.setattr(f"shebao.web.employer.home.{what}", broken)
    text = opened(client, clerk)
    assert lost in text and kept in text and 'href="?whole=1"' in text
    assert "错误编号" in text and "缴费进度" in text and "上午好，王敏" in text
    with on_day():
        assert client.get("/e/").status_code == 200


def test_where_nobody_reviews_the_workbench_has_no_states_of_a_review(client):
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    declare(employer, clerk, State.APPROVED)
    text = opened(client, clerk)
    tiles = text.partition('class="card stat"')[2].partition("</section>")[0]
    assert "审核" not in tiles and "本月办结" in tiles
    for link, count in re.findall(r'<a href="([^"]+)"><span class="ic.*?<b class="num[^"]*">(\d+)</b>', tiles):
        with on_day():
            shown = client.get(link).content.decode()
        assert int(count) == shown.count('<td class="head'), link


def test_a_long_menu_is_folded_by_the_manuals_headings_and_a_short_one_is_not(client):
    long = opened(client, make_clerk(make_employer("shenzhen")))
    fold = long.partition("员工信息变更</summary>")[2].partition("</details>")[0]
    for label in ("新增", "停交", "恢复参保", "修改工资", "参保险种变更", "调入", "其他信息变更", "重要信息变更"):
        assert f">{label}</a>" in fold, label
    short = opened(client, make_clerk(make_employer("tianjin", "120002")))
    menu = short.partition('class="nav"')[2].partition("</nav>")[0]
    assert "单位职工增加" in menu.partition("<details")[0]
    folded = re.findall(r"<summary>.*?</svg>([^<]+)<", menu)
    assert folded == ["征收业务提醒", "报表打印", "查询打印"], folded
    with on_day():
        inside = client.get("/e/reminders/past_retirement/").content.decode()
    assert '<details class="fold-nav" open>' in inside


def test_who_is_insured_from_next_month_on_is_led_to_the_first_people_and_to_no_settlement(client):
    employer = make_employer()
    Employer.objects.filter(pk=employer.pk).update(first_month=NOVEMBER.next())
    page = opened(client, make_clerk(Employer.objects.get(pk=employer.pk)))
    assert "先录入第一批人员" in page and "2026-12 起办理" in page
    assert "办理 11 月结算" not in page
    action = page.partition('class="dead')[2].partition("</div></section>")[0]
    assert "/e/declare/employee_enrolment/" in action and "增加第一位员工" in action


SETTLES = {
    "tianjin": "办理 11 月结算",
    "leshan": "应缴核定",
    "yunnan": "社会保险费核定",
    "shenzhen": "月度应收核定",
}


@pytest.mark.parametrize("code", SETTLES)
def test_where_nobody_is_insured_the_first_employee_comes_first_and_settling_is_not_offered(client, code):
    clerk = make_clerk(make_employer(code))
    page = opened(client, clerk)
    address = f'href="/e/declare/{region(code).first_service.key}/"'
    action = page.partition('class="dead')[2].partition("</div></section>")[0]
    assert address in action and "增加第一位员工" in action
    settle = SETTLES[code]
    assert settle not in action
    for words in ("没有变动可直接结算", "可以结算"):
        assert words not in page
    due = page.partition('id="home-due"')[2].partition("</section>")[0]
    assert f'{address}>增加第一位员工</a><a class="btn" href="/e/import/">批量导入人员</a>' in due
    with on_day():
        settling = client.get("/e/settle/").content.decode()
    verb = region(code).terms["settle"]
    assert f"本月没有参保人员，不需要{verb}" in settling and "先处理上面没有满足的事项" not in settling
    hire(clerk.employer, [800_000])
    page = opened(client, clerk)
    assert settle in page.partition('class="dead')[2].partition("</div></section>")[0]
    menu = region(code).term("menu.settle")
    assert f'href="/e/settle/">{menu}</a>' in page, "the step is called as in the menu"


def test_once_the_month_is_paid_no_deadline_is_counted():
    paid, open_step = Step("缴费", "已缴 3,000.00 元", "done", "e_pay"), Step("打印归档", "", "current", "e_documents")
    with pretending(datetime(2026, 11, 16, 9, 30)):  # noqa: DTZ001 - naive local by contract
        left = _deadline(NOVEMBER_WINDOW, Bill(), [paid, open_step])
        assert (left["label"], left["until"], left["done"]) == ("本月已缴清", "已缴 3,000.00 元", True)
        assert _deadline(NOVEMBER_WINDOW, Bill(), [paid])["label"] == "本月业务已办结"
        assert _deadline(NOVEMBER_WINDOW, Bill(), [open_step])["label"] == "距缴费截止还有"


def test_the_chart_of_a_new_employer_begins_with_its_first_months_in_yuan(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, [800_000])
    page = opened(client, clerk).partition('id="home-chart"')[2].partition("</section>")[0]
    assert "单位：元" in page and ">0.0<" not in page
    assert re.findall(r"<th scope=\"row\">([^<]+)</th>", page) == ["2026-11"], "no month before it is a zero"
    with on_day():
        total = estimate(employer, NOVEMBER).total
    assert f">{(total + 50) // 100:,}</text>" in page
    hire(employer, [3_000_000] * 2)
    for number in range(5, 11):
        settle(employer, clerk, Month(2026, number))
    page = opened(client, clerk).partition('id="home-chart"')[2].partition("</section>")[0]
    assert "单位：万元" in page
    assert page.count('<th scope="row">') == 7


def test_who_has_never_settled_is_shown_the_way_to_the_guides(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    assert 'href="/guides/tianjin">办事指南</a>' in opened(client, clerk).partition('class="banner b"')[2]
    hire(employer, [800_000])
    settle(employer, clerk)
    assert 'class="banner b"' not in opened(client, clerk)


def test_nobody_is_sent_to_a_list_of_what_they_do_not_see(client):
    employer = make_employer()
    writer, reader = make_clerk(employer), make_clerk(employer, "narrow")
    reader.role, reader.departments = "clerk", ["仓库"]
    reader.save()
    declare(employer, writer, State.DRAFT)
    for _ in range(4):
        declare(employer, writer, State.RETURNED)
    assert "1 笔业务还没有提交审核" in opened(client, writer)
    text = opened(client, reader)
    assert "没有待办" in text and "查看 0 笔" not in text
    assert 'href="/e/cases/">查看办件进度' in re.sub(r"<svg.*?</svg>", "", text)
