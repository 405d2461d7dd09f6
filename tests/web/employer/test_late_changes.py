"""What is declared when its month is settled or closed already, as the clerk and the reviewer see it."""

import re
from datetime import datetime

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month
from tests.factories import OperatorFactory, at, enrolment, labour_registered

from ...settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle
from .declared import ENROL, text_of

pytestmark = pytest.mark.django_db
NEWCOMER = {"enrolment_month": "2026-11", "contract_from": "2026-10-15", "labour_registered_on": "2026-10-15"}


@pytest.fixture
def clerk():
    return make_clerk(make_employer("tianjin"))


def declares(client, clerk, answers) -> Declaration:
    """Through the pages: the form, and the basket."""
    client.force_login(clerk)
    assert client.post(f"/e/declare/{ENROL}/", answers | {"next": "basket"}).status_code == 302
    case = Declaration.objects.get(employer=clerk.employer, state="draft")
    client.post("/e/basket/submit/", {"chosen": case.pk, "declared": "1"})
    case.refresh_from_db()
    assert case.state == "submitted"
    return case


def approves(client, case) -> None:
    client.force_login(OperatorFactory(reviewer=True, region=case.region))
    client.post(f"/a/cases/{case.pk}/approve")
    case.refresh_from_db()
    assert case.state == "approved"


def presses(client, clerk) -> Bill:
    """The settlement, as often as it asks."""
    response = client.get("/e/settle/")
    while response.status_code == 200:
        said = dict(re.findall(r'<input type="hidden" name="(confirmed|seen)" value="([^"]*)"', text_of(response)))
        response = client.post("/e/settle/", said)
    return Bill.objects.get(employer=clerk.employer, month=NOVEMBER)


@pytest.mark.parametrize(("code", "kind"), [("tianjin", "with_changes"), ("langfang", "monthly")])
@pytest.mark.parametrize("decided", [(2026, 10, 28), (2026, 11, 3)])
def test_declared_in_a_settled_month_it_is_a_change_of_the_next_told_by_name(client, code, kind, decided):
    clerk = make_clerk(make_employer(code))
    hire(clerk.employer, [720_000])
    settle(clerk.employer, clerk, OCTOBER)
    with at(datetime(2026, 10, 20, 10)):  # noqa: DTZ001 - naive local by contract
        case = declares(client, clerk, enrolment(**NEWCOMER))
    with at(datetime(*decided, 10)):  # noqa: DTZ001
        approves(client, case)
    client.force_login(clerk)
    with on_day():
        page = text_of(client.get("/e/settle/"))
        assert "本月有 1 笔变动" in page and "其中 1 笔是以前月份申报" in page
        assert f'<a href="/e/cases/{case.pk}/">{case.subject_name}</a>' in page and "以前月份申报</span>" in page
        assert "增员 1 人" in page and "本月没有变动" not in page
        bill = presses(client, clerk)
        assert bill.assessment.kind == kind and bill.assessment.changes == {ENROL: 1}
        assert bill.head_count == 2 and "增员 1 人" in text_of(client.get(f"/e/bills/{bill.pk}/?tab=changes"))
    with on_day(NOVEMBER.next()):
        assert "本月没有变动" in text_of(client.get("/e/settle/"))
    assert list(check_ledger()) == []


def test_after_the_window_the_next_month_is_declared_where_the_region_takes_it_ahead(client):
    employer = make_employer("wage_hall")
    clerk = make_clerk(employer)
    hire(employer, [720_000])
    closed = region("wage_hall").calendar.window(NOVEMBER).declare_until
    labour_registered(employer)
    newcomer = enrolment(enrolment_month="2026-12")
    with at(datetime(2026, 11, 24, 10)):  # noqa: DTZ001
        assert closed < datetime(2026, 11, 24)  # noqa: DTZ001
        client.force_login(clerk)
        page = text_of(client.get(f"/e/declare/{ENROL}/"))
        assert "本月的申报已经截止" in page and 'value="2026-12"' in page
        late = text_of(client.post(f"/e/declare/{ENROL}/", newcomer | {"enrolment_month": "2026-11"}))
        assert "现在受理 2026 年 12 月的业务" in late and "改为 2026-12" in late
        case = declares(client, clerk, newcomer)
        assert case.month == case.first_month == Month(2026, 12)
        page = text_of(client.get("/e/settle/"))
        assert "本月没有变动" in page and "申报都已办结<span" in page and "还有 1 笔" not in page
        client.force_login(clerk)
        assert presses(client, clerk).head_count == 1
    with at(datetime(2026, 12, 3, 10)):  # noqa: DTZ001
        approves(client, case)
        client.force_login(clerk)
        assert "本月有 1 笔变动" in text_of(client.get("/e/settle/"))
    assert list(check_ledger()) == []


def test_elsewhere_the_refusal_says_from_which_day_the_next_month_is_declared(client):
    employer = make_employer("general_hall")
    client.force_login(make_clerk(employer))
    with at(datetime(2026, 11, 27, 10)):  # noqa: DTZ001
        page = text_of(client.get(f"/e/declare/{ENROL}/"))
        assert "本月申报已于 11 月 25 日 23:59 截止" in page and "12 月 1 日起再报" in page
        told = text_of(client.post(f"/e/declare/{ENROL}/", enrolment()))
        assert "2026 年 12 月的业务从 12 月 01 日起可以申报" in told


def test_the_first_month_is_told_to_be_the_first_and_what_it_consists_of(client, clerk):
    clerk.employer.first_month = NOVEMBER
    clerk.employer.save()
    hire(clerk.employer, [720_000, 800_000], first_month=NOVEMBER)
    client.force_login(clerk)
    with on_day():
        for is_settled in (False, True):
            bill = settle(clerk.employer, clerk) if is_settled else None
            address = f"/e/bills/{bill.pk}/?tab=changes" if bill else "/e/settle/"
            page = text_of(client.get(address))
            assert "第一张账单的构成" in page and "参保 2 人" in page
            assert "上月" not in page and "相差" not in page and "与上月相比" not in page
        home = text_of(client.get("/e/?whole=1"))
        assert "第一张账单的构成" in home and "比上月" not in home and "%）" not in home


def test_the_second_month_is_compared_with_the_first(client, clerk):
    hire(clerk.employer, [720_000], first_month=OCTOBER)
    settle(clerk.employer, clerk, OCTOBER)
    made = settle(clerk.employer, clerk)
    client.force_login(clerk)
    with on_day():
        page = text_of(client.get(f"/e/bills/{made.pk}/?tab=changes"))
    assert "第一张账单" not in page and "上月（元）" in page
