"""征收业务提醒: who is on which list, what is owed, and only to those whose list it is."""

import io
import re

import pytest
import python_calamine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.roster.models import Employee, Person
from shebao.hall.roster.retiring import ages
from shebao.rules.months import Month
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, enrolled, synthetic_id
from tests.settlement.hall import hire, make_clerk, make_employer, settle

from .money import text_of

LISTS = ("retiring_this_month", "retiring_within_three_months", "retiring_within_six_months", "past_retirement")
#: Months of birth of men by how many months are left in November 2026, from the table of the measure (办法附件).
BORN = {
    -1: Month(1966, 5),
    0: Month(1966, 6),
    2: Month(1966, 8),
    4: Month(1966, 9),
    6: Month(1966, 11),
    7: Month(1966, 12),
}


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="shenzhen"))


def address(page: str) -> str:
    return f"/e/reminders/{page}/"


def man(employer, left: int, sequence: int) -> Employee:
    number = synthetic_id(born=BORN[left].first_day, sequence=2 * sequence + 1)
    return enrolled(employer, name=f"职工{left}", number=number)


def test_each_list_holds_those_whose_months_it_names(client, clerk):
    for sequence, left in enumerate(BORN):
        man(clerk.employer, left, sequence)
    found = ages(clerk.employer, MONTH, clerk)
    assert {one.name: one.left for one in found.people} == {f"职工{left}": left for left in BORN}
    client.force_login(clerk)
    for page, lefts in zip(LISTS, ([0], [0, 2], [0, 2, 4, 6], [-1]), strict=True):
        names = re.findall(r'<td class="head"><a href="[^"]+">([^<]+)</a>', text_of(client.get(address(page))))
        assert names == [f"职工{left}" for left in lefts], page


def test_who_left_or_is_at_another_employer_is_on_no_list(client, clerk):
    gone = man(clerk.employer, 0, 1)
    gone.spells.update(last_month=MONTH.previous())
    man(EmployerFactory(region="shenzhen"), 2, 2)
    client.force_login(clerk)
    for page in LISTS:
        assert "没有这样的人员" in text_of(client.get(address(page)))


def test_a_woman_whose_post_is_unknown_is_named_and_not_guessed_about(client, clerk):
    one = man(clerk.employer, 0, 1)
    Person.objects.filter(pk=one.person_id).update(sex="2")
    Employee.objects.filter(pk=one.pk).update(position="")
    client.force_login(clerk)
    text = text_of(client.get(address("past_retirement")))
    assert "1 名女职工没有登记岗位类别" in text and f"/e/roster/{one.pk}/" in text
    assert not ages(clerk.employer, MONTH, clerk).people


def test_the_export_is_the_list_as_filtered_and_hides_the_numbers(client, clerk):
    one = man(clerk.employer, -1, 1)
    client.force_login(clerk)
    file = client.get(f"{address('past_retirement')}export/")
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    cells = [str(cell) for row in rows for cell in row]
    assert one.name in cells and one.person.id_number not in "".join(cells)
    none = client.get(f"{address('past_retirement')}export/", {"q": "没有这个人"})
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(none.content)).get_sheet_by_index(0).to_python()
    assert one.name not in [str(cell) for row in rows for cell in row]


def test_a_list_that_the_region_does_not_open_is_not_found(client, clerk):
    client.force_login(clerk)
    assert client.get(address("roster")).status_code == 404
    assert client.get(address("nonsense")).status_code == 404
    reviewer = OperatorFactory(reviewer=True, region="shenzhen")
    client.force_login(reviewer)
    assert client.get(address("arrears")).status_code == 404


def test_a_list_reads_as_often_for_many_people_as_for_few(client, clerk):
    client.force_login(clerk)
    client.get(address("past_retirement"))
    counts = []
    for heads in (1, 30):
        for place in range(heads):
            man(clerk.employer, -1, 100 * heads + place)
        with CaptureQueriesContext(connection) as queries:
            client.get(address("past_retirement"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_open_bill_is_in_arrears_only_after_its_last_day(client):
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, [800_000])
    late = settle(employer, clerk, Month(2026, 9))
    soon = settle(employer, clerk, MONTH)
    client.force_login(clerk)
    text = text_of(client.get(address("arrears")))
    table, _, note = text.partition("</tbody>")
    assert late.number in table and soon.number not in table
    assert f"/e/pay/{soon.pk}/" in note
    assert "保险费欠费查询 <span" in text
