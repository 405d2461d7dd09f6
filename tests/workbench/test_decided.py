"""我办过的: a reviewer's decisions about declarations and registrations, in one order."""

from datetime import timedelta

import pytest

from shebao.hall.declarations.operations import approve_declarations
from shebao.hall.regions import region
from shebao.hall.registration import checks, deciding, operations
from shebao.hall.workbench import decided, monitoring
from tests.desk.test_desk import submitted as declared
from tests.factories import NOW, EmployerFactory, OperatorFactory, at
from tests.registration.applying import submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer():
    with at():
        yield OperatorFactory(reviewer=True, region="yunnan")


@pytest.fixture
def returned_and_approved(reviewer):
    """One registration that the reviewer returned, and approved when it came back."""
    made = submitted()
    marks = {"bank_account": region("yunnan").codes["registration_return_reasons"].items[0].title}
    made = deciding.return_registration(made.pk, marks, "", by=reviewer, seen=made.version)
    made.answers |= {"bank_account": "990100000000002", "name": "示例改名有限公司"}
    made.save()
    made = operations.submit_registration(made.pk)
    raw = checks.proposed(made, region("yunnan"))
    return deciding.approve_registration(made.pk, raw, by=reviewer, seen=made.version)[0]


def test_decisions_about_declarations_and_registrations_stand_in_one_order(reviewer, returned_and_approved, client):
    (one,) = declared(OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan")))
    with at(NOW + timedelta(minutes=1)):
        approve_declarations([one.pk], by=reviewer)
    rows = decided.rows(reviewer, list(decided.decisions(reviewer)))
    assert [(row.event.move, row.about, row.is_registration) for row in rows] == [
        ("approve", one, False),
        ("approve", returned_and_approved, True),
        ("return", returned_and_approved, True),
    ]
    assert [row.employer_name for row in rows[1:]] == ["示例改名有限公司", "示例新设1有限公司"]
    assert decided.counts(reviewer) == {"all": 3, "approve": 2, "return": 1, "reject": 0}
    assert len(decided.decisions(reviewer, q=returned_and_approved.number.lower())) == 2
    assert not decided.decisions(OperatorFactory(reviewer=True, region="yunnan"))
    client.force_login(reviewer)
    page = client.get("/a/cases/decided", {"move": "return"})
    assert [row.about for row in page.context["rows"]] == [returned_and_approved]
    assert f'href="/a/registrations/{returned_and_approved.pk}"' in page.content.decode()


def test_the_monitor_counts_registrations_and_says_how_many_they_are(reviewer, returned_and_approved):
    submitted(n=2)
    assert monitoring.waiting_by_age(reviewer)[0] == monitoring.Bar("当天、次日", 1, 1)
    assert monitoring.decided_by_age(reviewer)[0] == monitoring.Bar("当天、次日", 1, 1)
    assert monitoring.throughput(reviewer)[-1] == monitoring.Day(NOW.date(), 3, 2, (3, 2))
    (reason,) = monitoring.return_reasons(reviewer)
    assert (reason.count, reason.registrations) == (1, 1)
