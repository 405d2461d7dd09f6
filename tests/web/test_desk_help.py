"""What the desk tells whoever works there: what a check compared with, whose a case is, what waits, what is counted."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.urls import reverse

from shebao.hall import clock
from shebao.hall.desk import operations as desk_operations
from shebao.hall.desk.models import DeskCase
from shebao.hall.privileged import operations as privileged
from shebao.hall.registration import reviewing
from shebao.hall.registration.models import Registration
from shebao.hall.services.registry import CHECKS
from shebao.hall.workbench import monitoring
from shebao.rules.check_words import CHECKS as WORDS
from shebao.rules.check_words import compared_with
from shebao.rules.identity import written_phone
from tests.desk.test_desk import submitted as declared
from tests.factories import EmployerFactory, OperatorFactory, at, enrolled
from tests.registration.applying import submitted as registered
from tests.settlement.hall import hire, settle
from tests.settlement.hall import make_clerk as hall_clerk
from tests.settlement.hall import make_employer as hall_employer

from .test_agency import desk, submitted  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_every_check_says_what_it_compares_with(check):
    assert compared_with(check) and check in WORDS


def test_checks_that_passed_stand_together_each_with_its_source_and_the_time(desk, employer, clerk):  # noqa: F811
    case = submitted(employer, clerk)
    page = text(desk.get(f"/a/cases/{case.pk}"))
    assert "项通过</b>" in page and "对照 本单位花名册" in page and "提交时</span>" in page


def test_a_case_in_a_colleagues_hands_is_named_and_cannot_be_ticked(desk, employer, clerk):  # noqa: F811
    mine, other = (submitted(employer, clerk, name=f"第{n}人", number=n) for n in (1, 2))
    colleague = OperatorFactory(reviewer=True, name="李娜")
    asked = desk.post("/a/cases/choose", {"chosen": [mine.pk, other.pk]})
    DeskCase.objects.create(declaration=other, holder=colleague, claimed_at=clock.now())
    for address in (asked.url, "/a/"):
        page = text(desk.get(address))
        ticks = [row for row in page.split("<tr") if f'value="{other.pk}"' in row]
        assert len(ticks) == 1 and " disabled" in ticks[0] and "李娜" in ticks[0] and "正在处理" in ticks[0]


def test_the_reason_of_a_batch_is_not_written_in_advance_and_is_asked_for(desk, employer, clerk):  # noqa: F811
    case = submitted(employer, clerk)
    asked = desk.post("/a/cases/choose", {"chosen": [case.pk]})
    page = desk.get(asked.url)
    assert page.context["reason"]["value"] == "" and "写您核对了什么" in text(page)
    refused = desk.post(asked.url, {"chosen": [case.pk], f"version_{case.pk}": case.version, "reason": " "})
    assert refused.status_code == 422 and refused.context["errors"][0]["id"] == "reason"
    assert "checked" in text(refused)


def test_an_empty_place_says_that_it_is_done_and_offers_nothing_to_clear(desk, employer, clerk):  # noqa: F811
    page = text(desk.get("/a/", {"place": "free"}))
    assert "待领已清空" in page and "清除条件" not in page and "领取 10 件" not in page
    submitted(employer, clerk)
    assert "领取 10 件" in text(desk.get("/a/"))
    mine = text(desk.get("/a/", {"place": "mine"}))
    assert "您手里没有要办的申报" in mine and "去待领（1）" in mine
    assert "清除条件" in text(desk.get("/a/", {"place": "free", "employer": "没有这家"}))


@pytest.fixture
def yunnan(client):
    first, second = registered("yunnan", 1), registered("yunnan", 2)
    client.force_login(OperatorFactory(reviewer=True, region="yunnan"))
    return client, first, second


def test_registrations_are_found_by_number_name_code_and_day(yunnan):
    client, first, second = yunnan
    address = reverse("a_registrations")
    day = clock.day_of(first.submitted_at)
    for asked, found in (
        ({"number": first.number[:5].lower()}, [first.pk]),
        ({"q": first.answers["name"][:6]}, [first.pk]),
        ({"q": second.answers["credit_code"].lower()}, [second.pk]),
        ({"q": second.answers["credit_code"][:9]}, []),
        ({"since": str(day), "until": str(day)}, [first.pk, second.pk]),
        ({"until": str(day - timedelta(days=1))}, []),
    ):
        shown = client.post(address, {"_search": "1"} | asked, follow=True)
        assert sorted(row["made"].pk for row in shown.context["rows"]) == found, asked
        assert "q" not in asked or asked["q"] not in unquote(shown.redirect_chain[0][0])
    assert "没有符合条件的注册申请" in text(client.get(address, {"number": "ZZZZZ"}))


def test_beside_a_registration_stands_what_else_waits_and_one_deed_has_one_primary_button(yunnan):
    client, first, second = yunnan
    page = text(client.get(reverse("a_registration", args=[first.pk])))
    queue = page.partition('class="card queue"')[2].partition("</nav>")[0]
    assert second.number in queue and reverse("a_registration", args=[second.pk]) in queue
    assert (
        page.partition('class="card queue"')[2].partition("<dialog")[0].count('class="btn p"') == 1
        and "通过，开通账号" in page
    )
    assert 'id="return-form" class="body stack"' in page and "data-main data-guard" in page
    assert "对照 单位登记" in page and "打开这一页时</span>" in page


def test_an_applicant_reads_that_a_registration_is_held_and_for_what(yunnan, client):
    _, first, second = yunnan
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    for made, code, words in ((first, "02", "请带公章"), (second, "01", "内部核实")):
        desk_operations.hold_case(made.pk, by=reviewer, code=code, text=words, kind=reviewing.REGISTRATIONS)
    client.logout()
    pages = []
    for made in (first, second):
        client.cookies.clear()
        said = {"number": made.number, "phone": made.answers["clerk_phone"]}
        pages.append(text(client.post(reverse("register_status"), said, follow=True)))
    assert all("起不计时限" in page and "已挂起，暂不计算" in page for page in pages)
    assert "等待单位补充说明：请带公章" in pages[0] and "内部核实" not in pages[1] and "其他部门" not in pages[1]
    assert Registration.objects.get(pk=first.pk).due_on.isoformat() not in pages[0]


def test_the_menu_tells_an_approver_that_a_privileged_query_waits(client):
    employer = EmployerFactory()
    asker, head = OperatorFactory(reviewer=True, name="孙三审"), OperatorFactory(agency_admin=True)
    privileged.name_operator(asker.pk, by=OperatorFactory(security_admin=True))
    reason = "法院协助调查，要完整资料"
    privileged.ask_privileged("employer", employer.employer_number, by=asker, reason=reason, basis="")
    client.force_login(head)
    page = text(client.get("/a/privileged/"))
    assert "等您批准" in page and '<span class="nowrap">孙三审</span>' in page and "有效时间（分钟）" in page
    assert page.count('name="minutes"') == 1
    entry = page.partition('href="/a/privileged/"')[2].partition("</a>")[0]
    assert ">1<" in entry.replace(" ", "")


def test_the_share_of_employers_that_declared_counts_those_that_sent_something_or_settled(clerk, employer):
    head = OperatorFactory(agency_admin=True, region=employer.region)
    settled = hall_employer("tianjin", number="120009")
    hire(settled, [720_000])
    settle(settled, hall_clerk(settled))
    enrolled(employer)
    before = monitoring.declared_share(head)
    submitted(employer, clerk, month=before.month, first_month=before.month)
    after = monitoring.declared_share(head)
    assert after.whole == before.whole >= 1 and after.declared == before.declared + 1
    assert monitoring.Share(before.month, 1, 3).percent == 33 and monitoring.Share(before.month, 0, 0).percent is None


def test_the_monitor_says_its_three_numbers_and_what_they_mean(client, employer):
    client.force_login(OperatorFactory(agency_admin=True, region=employer.region))
    page = text(client.get(reverse("a_monitor")))
    assert all(word in page for word in ("今日办件量", "平均时长", "申报率：所报月份有人在保的单位里"))


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ("087163334444", "0871-63334444"),
        ("01088886666", "010-88886666"),
        ("02288886666", "022-88886666"),
        ("13900000001", "13900000001"),
        ("63334444", "63334444"),
        ("", ""),
    ],
)
def test_a_landline_is_written_with_the_dash_after_its_area_code(kept, written):
    assert written_phone(kept) == written


def test_the_message_of_an_approval_stays_as_long_as_it_can_be_undone(client, settings):
    settings.SHEBAO_UNDO_SECONDS = 25
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with at():
        (case,) = declared(OperatorFactory(clerk=True), 1)
        client.force_login(OperatorFactory(reviewer=True))
        page = text(client.post(f"/a/cases/{case.pk}/approve", {f"version_{case.pk}": case.version}, follow=True))
    assert 'data-keep="25" data-until' in page and "撤销</button>" in page
