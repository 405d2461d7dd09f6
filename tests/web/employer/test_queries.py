"""查询统计: every query answers in every region, adds up, leads further, and shows nobody else's data."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.audit.models import AuditEntry
from shebao.hall.clock import now
from shebao.hall.declarations.states import State
from shebao.hall.operators.models import Duty, Operator
from shebao.hall.payments.models import Payment
from shebao.hall.regions import all_regions, region
from shebao.hall.reports import exporting
from shebao.hall.reports.models import ExportRun, SavedView
from shebao.hall.reports.money import billed
from shebao.hall.reports.registry import REPORTS
from shebao.hall.reports.report import asked, totals
from shebao.hall.roster.models import Spell
from shebao.hall.roster.retiring import ages
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.provisional import assess_undeclared
from shebao.hall.sheets import writing
from shebao.hall.sheets.cells import read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.reading import read_workbook
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.query_words import READ_MODELS
from shebao.rules.unit_words import in_percent
from shebao.web.employer import common
from shebao.web.employer import queries as pages
from tests.factories import enrolled, synthetic_id
from tests.settlement.hall import NOVEMBER, OCTOBER, declare, dismiss, hire, make_clerk, make_employer, on_day, settle
from tests.sheets import files

from .money import text_of

pytestmark = pytest.mark.django_db
AUGUST, SEPTEMBER = Month(2026, 8), Month(2026, 9)


@pytest.fixture
def november():
    with on_day(NOVEMBER):
        yield


def employer_of(code: str, number="520001", wages=(600_000, 1_000_000, 2_000_000)):
    employer = make_employer(code, number=number)
    clerk, people = make_clerk(employer), hire(employer, list(wages))
    for month in (SEPTEMBER, OCTOBER):
        settle(employer, clerk, month)
    return employer, clerk, people


@pytest.fixture
def guiyang(client, november):
    made = employer_of("guiyang")
    client.force_login(made[1])
    return client, *made


def test_the_vocabulary_of_queries_is_what_can_be_read():
    assert set(READ_MODELS) == set(REPORTS)


@pytest.mark.parametrize("code", sorted(all_regions()))
def test_every_query_of_every_region_opens_and_goes_out_as_a_workbook(client, november, code):
    client.force_login(employer_of(code)[1])
    index = text_of(client.get("/e/queries/"))
    for query in region(code).queries.values():
        assert query.title in index
        assert client.get(f"/e/queries/{query.key}/").status_code == 200, query.key
        sheet = openpyxl.load_workbook(BytesIO(client.get(f"/e/queries/{query.key}/export/").content)).active
        columns = REPORTS[query.model].columns
        assert [cell.value for cell in sheet[3]] == [query.labels.get(one.key, one.title) for one in columns]
        assert set(query.labels) <= {one.key for one in columns}, query.key


def test_a_workbook_ends_with_its_total_as_numbers_and_an_importer_passes_over_it(guiyang):
    client, employer, *_ = guiyang
    bill = employer.bills.get(month=OCTOBER)
    data = client.get("/e/queries/contribution_list/export/?from=2026-10&to=2026-10").content
    sheet = openpyxl.load_workbook(BytesIO(data)).active
    place = [cell.value for cell in sheet[3]].index("合计（元）")
    last, above = sheet[sheet.max_row], sheet[4]
    assert last[0].value == "合计" and last[place].value == bill.total_due / 100
    assert isinstance(last[place].value, int | float) and last[place].number_format == above[place].number_format
    assert sheet.max_row == 3 + bill.lines.count() + 1
    read, (form, spec) = read_workbook(data, "清单.xlsx"), files.enrolment()
    rows = read_rows(read, match_headers(read, form, spec), form, files.region())
    assert len(rows.data) == bill.lines.count() and "合计行" in [one.reason for one in rows.ignored]
    data = client.get("/e/queries/employer_contributions/export/?from=2026-10&to=2026-10").content
    sheet = openpyxl.load_workbook(BytesIO(data)).active
    assert [cell.value for cell in sheet[sheet.max_row]][-1] == 0, "what was paid is added up too"
    nothing = client.get("/e/queries/contribution_list/export/?from=2025-01&to=2025-02").content
    assert openpyxl.load_workbook(BytesIO(nothing)).active.max_row == 3, "nothing has no total"


@pytest.mark.parametrize("key", ["employer_insurance", "float_grades"])
def test_a_rate_is_a_number_in_the_workbook_in_percent_and_our_own_reader_reads_it_exactly(guiyang, key):
    client, employer, clerk, _ = guiyang
    address, report = f"/e/queries/{key}/", REPORTS[region("guiyang").queries[key].model]
    data, text = client.get(f"{address}export/").content, text_of(client.get(address))
    sheet, read = openpyxl.load_workbook(BytesIO(data)).active, read_workbook(data, "费率.xlsx").rows
    rows = report.rows(asked(clerk, employer, region("guiyang"), {}, report.conditions))
    places = [place for place, column in enumerate(report.columns) if column.kind == "rate"]
    told = {(n, place): row[report.columns[place].key] for n, row in enumerate(rows) for place in places}
    rates = {at: rate for at, rate in told.items() if isinstance(rate, Decimal)}
    assert rates and len(rates) > len(told) / 2
    for (n, place), rate in rates.items():
        cell, back = sheet.cell(4 + n, 1 + place), read[3 + n][place]
        assert (cell.data_type, cell.number_format) == ("n", "0.00##%") and in_percent(rate) in text
        assert back.kind == "number" and Decimal(back.text) == Decimal(str(cell.value)) == rate


def test_a_query_in_the_menu_prints_the_papers_of_the_months_it_asks(client, november):
    employer, clerk, people = employer_of("leshan")
    client.force_login(clerk)
    home = text_of(client.get("/e/"))
    assert 'href="/e/queries/employer_contributions/"' in home and 'href="/e/queries/month_changes/"' in home
    assert 'href="/e/statements/changes_list/"' not in home, "it is printed from the query"
    text = text_of(client.get("/e/queries/employer_contributions/?from=2026-10&to=2026-10&scheme=pension"))
    assert "单位缴费信息" in text and "计划月度" in text
    for kind in ("declaration_assessment", "payment_notice"):
        assert f'href="/e/documents/of/{kind}/?from=2026-10&amp;to=2026-10"' in text
    text = text_of(client.get("/e/queries/month_changes/?month=2026-01"))
    assert "打印增减表" in text and people[0].name in text and 'name="month" value="2026-01"' in text
    clerk.duty = "entry"
    clerk.save()
    assert "打印增减表" not in text_of(client.get("/e/queries/month_changes/?month=2026-01")), "who may not print"


def test_a_long_table_is_written_in_the_background_whole_and_fetched_in_pieces(
    guiyang, monkeypatch, django_capture_on_commit_callbacks
):
    client, employer, clerk, people = guiyang
    for module in (exporting, pages):
        monkeypatch.setattr(module, "AT_ONCE", 5)
    monkeypatch.setattr(exporting, "STEP", 2)
    monkeypatch.setattr(exporting, "PART", 1_000)
    address = "/e/queries/contribution_list/export/?from=2026-09&to=2026-10"
    lines = employer.bills.get(month=OCTOBER).lines.count() * 2
    assert client.get(address).status_code == 302, "a look does not start a job"
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(address)
    run = ExportRun.objects.get()
    assert (run.state, run.rows_done, response["Location"]) == ("done", lines, f"/e/exports/{run.pk}/")
    assert "下载表格" in text_of(client.get(response["Location"]))
    data = b"".join(client.get(f"/e/exports/{run.pk}/file/").streaming_content)
    assert run.parts.count() > 2 and len(data) == run.size
    sheet = openpyxl.load_workbook(BytesIO(data)).active
    assert sheet.max_row == 3 + lines + 1 and sheet.cell(sheet.max_row, 1).value == "合计"
    client.force_login(make_clerk(employer, "employer_admin"))
    assert client.get(f"/e/exports/{run.pk}/").status_code == 404, "what one took along is one's own"


def test_a_table_that_was_cut_off_begins_anew_and_the_late_job_keeps_nothing(
    guiyang, monkeypatch, django_capture_on_commit_callbacks
):
    client, _, clerk, _ = guiyang
    query = region("guiyang").queries["contribution_list"]
    run = exporting.start_export(query, {"from": "2026-09"}, "一条线", by=clerk)
    assert exporting.start_export(query, {"from": "2026-09"}, "一条线", by=clerk) == run, "a second press"
    ExportRun.objects.update(busy_at=run.busy_at - exporting.SILENCE * 2)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/e/exports/{run.pk}/restart/")
    kept = [bytes(part.content) for part in run.parts.all()]
    exporting.carry_out(run.pk, 1, by=clerk)
    run.refresh_from_db()
    assert (run.attempt, run.state) == (2, "done")
    assert kept and [bytes(part.content) for part in run.parts.all()] == kept


def test_a_table_past_a_sheets_end_goes_on_in_the_next_sheet(monkeypatch):
    monkeypatch.setattr(writing, "ROWS_OF_A_SHEET", 3)
    data = writing.write_table("清单", "条件", [writing.Column("甲", "whole")], ((n,) for n in range(7)))
    sheets = openpyxl.load_workbook(BytesIO(data)).worksheets
    assert [sheet.max_row for sheet in sheets] == [6, 6, 4]
    assert [row[0].value for sheet in sheets for row in sheet.iter_rows(min_row=4)] == list(range(7))


def test_a_list_is_printed_whole_and_says_where_it_ends(guiyang, monkeypatch):
    client, employer, _, people = guiyang
    address = "/e/queries/contribution_list/?from=2026-09&to=2026-10&size=20"
    lines = employer.bills.get(month=OCTOBER).lines.count() * 2
    assert lines > 20 and "打印全部" in text_of(client.get(address))
    assert client.get(address + "&print=all").content.count(b"<tr>") == 1 + lines + 1
    monkeypatch.setattr(common, "MOST_PRINTED", 22)
    page = client.get(address + "&print=all")
    assert "一次最多打印 22 行，这里是前 22 行" in text_of(page) and page.content.count(b"<tr>") == 1 + 22 + 1


def test_the_contributions_of_a_month_add_up_to_its_bill_and_lead_to_the_people_and_to_the_reason(guiyang):
    client, employer, _, people = guiyang
    bill = employer.bills.get(month=OCTOBER)
    page = client.get("/e/queries/employer_contributions/?from=2026-10&to=2026-10")
    text = text_of(page)
    assert yuan(bill.total_due) in text and yuan(bill.employer_due) in text and "单位缴费查询" in text
    further = re.search(r'href="(/e/queries/contribution_list/\?[^"]+)"', page.content.decode())[1].replace(
        "&amp;", "&"
    )
    lines = client.get(further)
    assert text_of(lines).count(people[0].name) == 1 and f"/e/roster/{people[0].pk}/" in text_of(lines)
    why = re.search(r'href="(/e/bills/lines/\d+/employer/\?month=2026-10)"', lines.content.decode())[1]
    assert client.get(why).status_code == 200


def test_the_ledger_query_says_what_is_still_open(guiyang):
    client, employer, *_ = guiyang
    text = text_of(client.get("/e/queries/employer_ledger/"))
    assert text.count("未缴清") == 2 and employer.bills.get(month=OCTOBER).number in text


@pytest.mark.parametrize("key", ["employer_insurance", "employer_roster"])
def test_who_only_looks_reads_no_wages_not_even_their_sum(guiyang, key):
    client, employer, clerk, _ = guiyang
    assert "申报工资" in client.get(f"/e/queries/{key}/").content.decode()
    clerk.duty = Duty.READ
    clerk.save()
    response = client.get(f"/e/queries/{key}/")
    assert response.status_code == 200 and "申报工资" not in response.content.decode()


def test_a_person_is_found_by_name_and_the_total_is_theirs(guiyang):
    client, employer, _, people = guiyang
    answer = text_of(client.get(f"/e/queries/employee_contributions/?q={people[1].name}"))
    mine = employer.bills.get(month=OCTOBER).lines.filter(employee=people[1])
    two_months = 2 * sum(line.employer_due for line in mine)
    assert people[0].name + "<" not in answer and yuan(two_months) in answer
    assert "没有符合条件的记录" in text_of(client.get("/e/queries/employee_contributions/?q=没有这人"))


def test_a_record_of_a_contribution_says_whether_and_when_it_was_paid_on_the_page_and_in_the_workbook(
    guiyang, django_assert_num_queries
):
    client, employer, clerk, people = guiyang
    bill, mine = employer.bills.get(month=OCTOBER), people[1]
    fen = sum(line.employer_due + line.employee_due for line in bill.lines.filter(employee=mine))
    with on_day(OCTOBER, 20):
        payment = Payment.objects.create(
            employer=employer, bill=bill, number="P1", channel="bank", amount_fen=fen, people=[mine.pk],
            state="succeeded", bank_serial="YH1", started_by=clerk, started_at=now(), paid_at=now(),
        )  # fmt: skip
        book_paid(bill, payment)
    for key in ("contribution_list", "employee_contributions"):
        address = f"/e/queries/{key}/"
        page = text_of(client.get(f"{address}?from=2026-10&to=2026-10&q={mine.name}&print=all"))
        assert "缴费标志" in page and "实缴" in page and "2026-10-20" in page and "欠缴" not in page
        sheet = openpyxl.load_workbook(BytesIO(client.get(f"{address}export/?from=2026-09").content)).active
        heads = [cell.value for cell in sheet[3]]
        rows = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=4, values_only=True)]
        paid = [row for row in rows if row["缴费标志"] == "实缴"]
        assert {(row["姓名"], row["费款所属期"]) for row in paid} == {(mine.name, "2026-10")}
        assert {row["到账日期"].date() for row in paid} == {OCTOBER.first_day.replace(day=20)}
        assert {row["缴费标志"] for row in rows[:-1]} == {"实缴", "欠缴"}, "the last row is the total"
    given = asked(clerk, employer, region("guiyang"), {}, ("months",))
    report = REPORTS["contribution_lines"]
    rows = list(report.rows(given))
    with django_assert_num_queries(4):
        report.show(given, rows)
    with django_assert_num_queries(4):
        report.show(given, rows[:2])


def test_increases_and_decreases_are_listed_by_month_with_the_reason(guiyang):
    client, employer, _, people = guiyang
    dismiss(people[2], SEPTEMBER)
    Spell.objects.filter(employee=people[2]).update(end_reason="6302")
    newcomer = hire(employer, [700_000], NOVEMBER)[0]
    text = text_of(client.get("/e/queries/people_changes/?from=2026-09&to=2026-11"))
    assert all(word in text for word in (people[2].name, "统筹范围内转出", "2026-09", newcomer.name, "增加", "2026-11"))
    transfers = text_of(client.get("/e/queries/transfers/?from=2026-09&to=2026-11"))
    assert people[2].name in transfers and newcomer.name not in transfers
    roster = text_of(client.get("/e/queries/employer_roster/?month=2026-10"))
    assert people[2].name not in roster and people[0].name in roster


def test_what_does_not_fit_together_is_named(guiyang):
    client, employer, _, people = guiyang
    assert "没有记录" in text_of(client.get("/e/queries/insurance_anomalies/"))
    Spell.objects.filter(employee=people[0], scheme="unemployment").delete()
    people[1].wages.update(is_voided=True)
    text = text_of(client.get("/e/queries/insurance_anomalies/"))
    assert "失业" in text and "现在没有参加" in text and "没有申报工资" in text
    assert "不能做账" in text_of(client.get("/e/queries/assessable_people/"))


def test_who_is_of_age_is_told_by_the_rule_of_the_reminders_and_a_post_unknown_is_not_guessed(client, november):
    """办法第一条: men of May and June 1966 are 60 and a few months; a worker (女) of January 1976 is 50 and seven."""
    employer = make_employer("tianjin", number="120007")
    clerk = make_clerk(employer)
    client.force_login(clerk)
    born = {
        "到龄一": (date(1966, 5, 20), 1, "1"), "本月二": (date(1966, 6, 20), 3, "1"),
        "等三月": (date(1966, 10, 20), 5, "1"), "女工四": (date(1976, 1, 20), 2, "1"),
        "干部五": (date(1976, 4, 20), 4, "2"), "未登六": (date(1974, 4, 20), 6, ""),
    }  # fmt: skip
    for name, (day, sequence, post) in born.items():
        enrolled(employer, name=name, number=synthetic_id(born=day, sequence=sequence), position=post)
    found = {
        name: finding
        for name, finding in (
            (row["name"].value, row["finding"])
            for row in REPORTS["insurance_anomalies"].rows(asked(clerk, employer, region("tianjin"), {}, ("month",)))
        )
        if "退休" in finding
    }
    assert found == {
        "到龄一": "2026-10 已到法定退休年龄（60 岁 5 个月），请核对是否应办理退休",
        "女工四": "2026-08 已到法定退休年龄（50 岁 7 个月），请核对是否应办理退休",
        "未登六": "没有登记岗位类别，不能推算法定退休年龄",
    }
    past = {one.name for one in ages(employer, NOVEMBER, clerk).within("past_retirement")}
    assert past == {"到龄一", "女工四"}
    assert "60 岁 5 个月" in text_of(client.get("/e/queries/insurance_anomalies/"))


def test_the_check_of_what_does_not_fit_asks_the_database_as_often_for_many_as_for_few(november):
    def queries_for(number: str, count: int) -> int:
        employer = make_employer("tianjin", number=number)
        for one in range(count):
            enrolled(employer, number=synthetic_id(born=date(1960, 1, 1), sequence=int(number) + 2 * one))
        given = asked(make_clerk(employer), employer, region("tianjin"), {}, ("month",))
        with CaptureQueriesContext(connection) as found:
            assert REPORTS["insurance_anomalies"].rows(given)
        return len(found)

    assert queries_for("120101", 2) == queries_for("120301", 20)


@pytest.mark.parametrize(
    ("months", "told"),
    [
        ({"from": "2026-11", "to": "2026-05"}, {"to": "终止年月 2026-05 早于开始年月 2026-11"}),
        ({"from": "202613", "to": "2026-11"}, {"from": "不是有效的月份"}),
        ({"from": "abc", "to": "xyz"}, {"from": "“abc”不是月份", "to": "“xyz”不是月份"}),
        ({"from": "1950-01", "to": "2026-11"}, {"from": "一次最多查 50 年"}),
    ],
)
def test_months_that_cannot_be_stay_as_typed_with_why_and_nothing_else_is_shown_for_them(guiyang, months, told):
    client, *_ = guiyang
    address = "/e/queries/employer_contributions/"
    answer = client.get(address, months)
    page = text_of(answer)
    assert answer.status_code == 422 and "请先改正年月" in page and "<table" not in page and "存为常用" not in page
    for name, text in months.items():
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
        assert f'value="{text}"' in field
        assert ('aria-invalid="true"' in field) == (name in told)
        assert (f'href="#id_{name}"' in page) == (name in told)
    assert all(words in page for words in told.values())
    export = client.get(f"{address}export/", months)
    assert export.status_code == 302 and export.url.startswith(address), "no workbook of other months"
    assert client.post(f"{address}export/?from=abc").url.startswith(address) and not ExportRun.objects.exists()


def test_another_employers_people_and_money_are_not_in_any_answer(client, november):
    employer, _, people = employer_of("guiyang")
    names = {one.name for one in people} | {bill.number for bill in employer.bills.all()}
    other = make_clerk(make_employer("guiyang", number="520002"))
    client.force_login(other)
    for query in region("guiyang").queries.values():
        for address in (f"/e/queries/{query.key}/", f"/e/queries/{query.key}/?q=职工"):
            text = text_of(client.get(address))
            assert not [name for name in names if name in text], query.key


def test_what_was_declared_is_listed_with_its_state_and_leads_to_the_case(guiyang):
    client, employer, clerk, _ = guiyang
    case = declare(employer, clerk, State.APPROVED)
    page = client.get("/e/queries/declaration_records/")
    assert page.status_code == 200 and "某某" in text_of(page) and case.state_label in text_of(page)
    assert f"/e/cases/{case.pk}/" in text_of(page)
    assert "某某" not in text_of(client.get("/e/queries/declaration_records/?state=draft"))


def test_an_unknown_query_is_not_found_and_the_agency_has_none(guiyang):
    client, employer, *_ = guiyang
    assert client.get("/e/queries/nothing/").status_code == 404
    reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region="guiyang")
    client.force_login(reviewer)
    assert client.get("/e/queries/").status_code in (302, 403, 404)


def test_the_number_of_questions_to_the_database_does_not_grow_with_the_people(
    client, november, django_assert_max_num_queries
):
    _, clerk, _ = employer_of("guiyang", wages=[800_000] * 60)
    client.force_login(clerk)
    for query in region("guiyang").queries.values():
        # Eighteen for the page, and five for the record of who looked.
        with django_assert_max_num_queries(18 + 5):
            client.get(f"/e/queries/{query.key}/?size=100")


def test_conditions_are_kept_under_a_name_by_whoever_asks_for_them_often(guiyang):
    client, employer, *_ = guiyang
    address = "/e/queries/employer_contributions/"
    client.post(f"{address}keep/?from=2026-10&to=2026-10&scheme=unemployment", {"name": " 十月  失业 "})
    page = text_of(client.get(address))
    assert "十月 失业" in page and "scheme=unemployment" in page
    client.post(f"{address}keep/?from=2026-09", {"name": "十月 失业"})
    view = SavedView.objects.get()
    index = text_of(client.get("/e/queries/"))
    assert "十月 失业" in index and f'href="{address}?from=2026-09"' in index, "all that is kept is at hand"
    assert view.conditions == {"from": "2026-09"}
    refused = client.post(f"{address}keep/?from=2026-09", {"name": " "}, follow=True)
    assert "请给常用查询起个名称" in text_of(refused) and SavedView.objects.count() == 1

    colleague = make_clerk(employer, role="employer_admin")
    client.force_login(colleague)
    assert "十月 失业" not in text_of(client.get(address)) + text_of(client.get("/e/queries/"))
    assert client.post(f"/e/queries/views/{view.pk}/forget/").status_code == 404
    client.force_login(view.operator)
    client.post(f"/e/queries/views/{view.pk}/forget/")
    assert not SavedView.objects.exists()
    recorded = AuditEntry.objects.filter(action__startswith="view.").order_by("pk")
    assert [entry.action for entry in recorded] == ["view.kept", "view.kept", "view.forgotten"]


def test_what_was_paid_and_what_is_open_is_added_up_over_every_page(guiyang):
    client, employer, clerk, _ = guiyang
    bills = list(Bill.objects.filter(employer=employer))
    for bill in bills[:1]:
        payment = Payment.objects.create(
            employer=employer, bill=bill, number="P1", channel="counter", amount_fen=bill.employee_due,
            paid_fen=bill.employee_due, state="succeeded", started_by=clerk, started_at=now(), paid_at=now(),
        )  # fmt: skip
        book_paid(bill, payment)
    given = asked(clerk, employer, region("guiyang"), {}, ("months",))
    charged, billed_ = REPORTS["contributions"], REPORTS["bills"]
    sums = totals(charged, charged.rows(given), given)
    assert (sums["total"], sums["paid"]) == (sum(one.total_due for one in bills), bills[0].employee_due)
    sums = totals(billed_, billed_.rows(given), given)
    assert sums["paid"] + sums["open"] == sums["total_due"] and sums["paid"] == bills[0].employee_due
    detail = REPORTS["contribution_lines"]
    assert totals(detail, detail.rows(given), given)["total"] == sums["total_due"]


def test_a_month_assessed_provisionally_is_in_the_query_and_its_totals_are_those_of_the_chart_and_the_bills(guiyang):
    client, employer, clerk, _ = guiyang
    reviewer = Operator.objects.create(username="o", name="李审", role="reviewer", region="guiyang")
    with on_day(NOVEMBER.next(), 2):
        made = assess_undeclared(employer.pk, NOVEMBER, by=reviewer)
        payment = Payment.objects.create(
            employer=employer, bill=made, number="P1", channel="counter", amount_fen=made.total_due,
            paid_fen=made.total_due, state="succeeded", started_by=clerk, started_at=now(), paid_at=now(),
        )  # fmt: skip
        book_paid(made, payment)
        given = asked(clerk, employer, region("guiyang"), {}, ("months",))
        by_month, by_scheme = billed(given)
        report = REPORTS["contributions"]
        rows = report.rows(given)
        sums = totals(report, rows, given)
        page = client.get("/e/queries/employer_contributions/?from=2026-11&to=2026-11")
        one = client.get("/e/queries/employer_contributions/?from=2026-11&to=2026-11&scheme=pension")
    assert by_month[NOVEMBER] == made.total_due
    assert sums["total"] == sum(by_month.values()) == sum(by_scheme.values())
    assert sums["total"] == sum(bill.total_due for bill in employer.bills.all())
    assert sums["paid"] == made.total_due == sum(row["paid"] for row in rows if row["month"] == NOVEMBER)
    text = text_of(page)
    assert text.count("（暂核定）") == made.provisional_lines.count() and f"/e/bills/{made.pk}/" in text
    assert yuan(made.total_due) in text
    assert text_of(one).count("（暂核定）") == 1
