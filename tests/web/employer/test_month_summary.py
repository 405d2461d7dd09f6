"""月度汇总: every month once, equal to its bill, compared with the month and the year before, and leading further."""

from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.regions import region
from shebao.hall.reports.months import month_sums
from shebao.hall.reports.report import asked, totals
from shebao.hall.settlement.models import Bill
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.web.employer.queries import REPORTS
from tests.settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

from .money import text_of

pytestmark = pytest.mark.django_db
PAGE = "/e/queries/month_summary/"
JANUARY, FEBRUARY, NEXT_JANUARY = Month(2026, 1), Month(2026, 2), Month(2027, 1)


def hall_of(number="120001", heads=3):
    employer = make_employer(number=number)
    clerk = make_clerk(employer)
    hire(employer, [600_000 + 1000 * one for one in range(heads)])
    return employer, clerk


def sums_of(clerk, employer, first: Month, last: Month, **more):
    given = {"from": str(first), "to": str(last)} | more
    found = asked(clerk, employer, region(employer.region), given, REPORTS["month_summary"].conditions)
    return month_sums(found), found


def test_each_month_is_its_bill_and_is_compared_with_the_months_before():
    employer, clerk = hall_of()
    for month in (JANUARY, FEBRUARY):
        settle(employer, clerk, month)
    hire(employer, [1_000_000], first_month=NEXT_JANUARY)
    settle(employer, clerk, NEXT_JANUARY)
    rows, given = sums_of(clerk, employer, JANUARY, NEXT_JANUARY)
    bills = {bill.month: bill for bill in Bill.objects.filter(employer=employer)}
    assert [row["month"] for row in rows] == [NEXT_JANUARY, FEBRUARY, JANUARY]
    for row in rows:
        bill = bills[row["month"]]
        dues = bill.employer_due, bill.employee_due, bill.total_due
        assert (row["employer"], row["employee"], row["total"]) == dues
        assert (row["heads"], row["paid"]) == (bill.head_count, 0)
    newest, middle, oldest = rows
    assert oldest["base"] == 600_000 + 601_000 + 602_000  # of one scheme, not added up over several
    assert oldest["on_month"] is None and oldest["on_year"] is None
    assert middle["on_month"] == 0 and middle["on_year"] is None
    assert newest["on_month"] is None  # December was not billed
    old = bills[JANUARY].total_due
    assert newest["on_year"] == round(Decimal(bills[NEXT_JANUARY].total_due - old) / old, 3) > 0
    assert totals(REPORTS["month_summary"], rows, given)["total"] == sum(bill.total_due for bill in bills.values())
    # What lies before the span is compared with, and not listed.
    assert [row["on_year"] for row in sums_of(clerk, employer, NEXT_JANUARY, NEXT_JANUARY)[0]] == [newest["on_year"]]


def test_the_page_leads_to_bills_and_schemes_narrows_and_goes_out_as_a_workbook(client):
    employer, clerk = hall_of()
    settle(employer, clerk, NOVEMBER.previous())
    hire(employer, [1_000_000], first_month=NOVEMBER)
    bill = settle(employer, clerk, NOVEMBER)
    client.force_login(clerk)
    with on_day(NOVEMBER):
        text = text_of(client.get(PAGE))
        assert f'href="/e/bills/{bill.pk}/">2026-11</a>' in text and yuan(bill.total_due) in text
        assert 'href="/e/queries/employer_contributions/?from=2026-11&amp;to=2026-11">' in text and ">+" in text
        pension = sum(line.employer_due + line.employee_due for line in bill.lines.filter(scheme="pension"))
        assert yuan(pension) in text_of(client.get(PAGE, {"scheme": "pension", "from": "2026-11"}))
        book = openpyxl.load_workbook(BytesIO(client.get(f"{PAGE}export/").getvalue())).active
        overview = text_of(client.get("/e/queries/"))
    row = next(row for row in book.iter_rows(values_only=True) if row[0] == "2026-11")
    assert row[5] == pytest.approx(bill.total_due / 100) and 0 < row[7] < 1
    assert f'href="{PAGE}">月度汇总</a>' in overview and "比上月（环比）" in overview and "没有可比的月份" in overview


def test_twelve_months_are_read_with_as_many_questions_as_one():
    def questions(number: str, months: int, heads: int) -> int:
        employer, clerk = hall_of(number, heads)
        for month in range(1, months + 1):
            settle(employer, clerk, Month(2026, month))
        with CaptureQueriesContext(connection) as found:
            rows, _ = sums_of(clerk, employer, JANUARY, NOVEMBER)
        assert len(rows) == months
        return len(found)

    assert questions("120002", 1, 1) == questions("120003", 4, 9)
