"""运行监控: the numbers are those of what happened, and of one's own region."""

from datetime import timedelta

import pytest

from shebao.hall.declarations import operations
from shebao.hall.workbench import monitoring, system
from tests.desk.test_desk import submitted
from tests.factories import NOW, EmployerFactory, OperatorFactory, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    with at():
        yield OperatorFactory(clerk=True), OperatorFactory(reviewer=True)


def test_what_waits_and_what_was_done_is_counted_by_day_and_reason(people):
    clerk, reviewer = people
    one, two, three = submitted(clerk, 1, 2, 3)
    operations.approve_declarations([one.pk], by=reviewer)
    operations.return_declaration(two.pk, by=reviewer, marks={"name": "填写有误或不完整：多一个字"})
    with at(NOW + timedelta(days=4)):
        assert [bar.count for bar in monitoring.waiting_by_age(reviewer)] == [0, 0, 1, 0, 0]
        days = {day.day: (day.submitted, day.decided) for day in monitoring.throughput(reviewer)}
        assert days[NOW.date()] == (3, 2) and sum(map(sum, days.values())) == 5
        operations.return_declaration(three.pk, by=reviewer, marks={}, note="请核对")
        reasons = {bar.label: bar.count for bar in monitoring.return_reasons(reviewer)}
    assert reasons == {"填写有误或不完整": 1, "只写了总的意见": 1}
    stranger = OperatorFactory(agency_admin=True, region="leshan")
    assert not any(bar.count for bar in monitoring.waiting_by_age(stranger))


def test_the_page_draws_what_is_counted_and_says_it_in_words_too(people, client):
    clerk, _ = people
    submitted(clerk, 1, 2)
    client.force_login(OperatorFactory(agency_admin=True))
    page = client.get("/a/monitor/")
    text = page.content.decode()
    assert [bar.count for bar in page.context["ages"]] == [2, 0, 0, 0, 0]
    assert "<svg" in text and '<th scope="row">当天、次日</th><td class="num">2</td>' in text
    client.force_login(OperatorFactory(reviewer=True))
    assert client.get("/a/monitor/").status_code == 403


def test_nothing_late_and_nothing_unknown_is_said_so(people):
    reviewer = people[1]
    EmployerFactory()
    assert monitoring.late_employers(reviewer) == ([], 0)
    assert monitoring.unknown_payments(reviewer) == []
    assert system.failed_jobs() == []
