"""Who came and who went (人员增减) is the same on the page, on the paper printed from it and on the bill."""

import pytest

from shebao.hall.documents.sources import READERS
from shebao.hall.documents.statements import asked_for, issue_statement
from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions
from shebao.hall.reports.registry import REPORTS
from shebao.hall.reports.report import asked
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.comparing import bridge

from ..settlement.hall import NOVEMBER, OCTOBER, dismiss, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
SEPTEMBER = OCTOBER.previous()
COMPARED = ("change", "name", "id_number", "schemes", "reason")


@pytest.fixture(autouse=True)
def in_november():
    with on_day():
        yield


def with_a_leaver(code="leshan"):
    """An employer whose first employee was insured in September for the last time, and one that came in November."""
    employer = make_employer(code)
    people = hire(employer, [720_000, 300_000, 500_000])
    clerk = make_clerk(employer)
    dismiss(people[0], SEPTEMBER)
    Spell.objects.filter(employee=people[0]).update(end_reason="6302")
    one = people[1].spells.order_by("pk")[0]  # leaves one scheme a month later, for another reason than the rest
    Spell.objects.filter(employee=people[1]).update(last_month=OCTOBER, end_reason="6301")
    Spell.objects.filter(pk=one.pk).update(end_reason="6399")
    return employer, clerk, people, hire(employer, [600_000], NOVEMBER)[0]


def listed(employer, clerk, month, model="month_changes"):
    given = {"month": str(month), "from": str(month), "to": str(month)}
    report = REPORTS[model]
    question = asked(clerk, employer, all_regions()[employer.region], given, report.conditions)
    return [
        {key: getattr(row[key], "value", row[key]) for key in (*COMPARED, "month")}
        for row in report.show(question, report.rows(question))
    ]


def printed(employer, clerk, month):
    _, question = asked_for(employer.pk, "changes_list", by=clerk, last=month)
    return [{key: row[key] for key in COMPARED} | {"month": row["changed_in"]} for row in READERS["changes"](question)]


@pytest.mark.parametrize("code", sorted(all_regions()))
def test_the_page_and_the_paper_of_a_month_list_the_same_people_in_the_same_order(code):
    employer, clerk, *_ = with_a_leaver(code)
    for month in (SEPTEMBER, OCTOBER, NOVEMBER, NOVEMBER.next()):
        rows = printed(employer, clerk, month)
        assert rows == listed(employer, clerk, month) == listed(employer, clerk, month, "people_changes")
        assert {row["month"] for row in rows} <= {month}


def test_who_leaves_is_listed_in_the_first_month_whose_bill_is_without_them():
    employer, clerk, people, came = with_a_leaver()
    for month in (SEPTEMBER, OCTOBER):
        settle(employer, clerk, month)
    assert listed(employer, clerk, SEPTEMBER) == []
    assert [(row["change"], row["name"]) for row in listed(employer, clerk, OCTOBER)] == [("减少", people[0].name)]
    (label, (left,)) = next((row.label, row.people) for row in bridge(employer, OCTOBER) if "减员" in row.label)
    assert (label, left.employee) == ("减员 1 人", people[0].pk)
    told = [(row["change"], row["name"]) for row in listed(employer, clerk, NOVEMBER)]
    assert told == [("增加", came.name), ("减少", people[1].name), ("减少", people[1].name)]


def test_a_month_with_leavers_only_is_printed_and_one_without_changes_is_refused():
    employer, clerk, people, _ = with_a_leaver()
    document = issue_statement(employer.pk, "changes_list", by=clerk, last=OCTOBER)
    assert [people[0].name in row for row in document.content["paper"]["rows"]] == [True]
    with pytest.raises(Refused, match="没有人员增减"):
        issue_statement(employer.pk, "changes_list", by=clerk, last=SEPTEMBER)
