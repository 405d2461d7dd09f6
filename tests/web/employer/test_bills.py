"""The bill's pages: totals, people, changes, rules, and the explanation of every amount."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import io
import re

import pytest
import python_calamine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.settlement.queries import bill_people, bill_summary
from shebao.rules.money import yuan

from ...settlement.hall import NOVEMBER, OCTOBER, dismiss, hire, make_clerk, make_employer, settle
from .money import bill, clerk, november, pages, stranger, text_of


def test_the_list_shows_the_bill_with_its_total(pages, bill):
    text = text_of(pages.get("/e/bills/"))
    assert bill.number in text
    assert yuan(bill.total_due) in text


@pytest.mark.parametrize(
    ("tab", "expected"),
    [("summary", "单位费率"), ("people", "点金额看计算过程"), ("changes", "为什么和上月不同"), ("rules", "依据截至")],
)
def test_every_view_of_a_bill_can_be_read(pages, bill, tab, expected):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab={tab}"))
    assert expected in text
    assert yuan(bill.total_due) in text
    for label in ("去缴费", "打印通知单", "导出明细"):
        assert label in text


def test_a_last_month_that_was_not_settled_is_told_to_be_an_estimate(pages, clerk, november):
    employer = clerk.employer
    hire(employer, [700_000], first_month=OCTOBER)
    made = settle(employer, clerk, NOVEMBER)
    address = f"/e/bills/{made.pk}/?tab=changes"
    text = text_of(pages.get(address))
    assert f"{OCTOBER.label}没有结算" in text and "上月预估（元）" in text


def test_a_last_month_that_was_settled_is_compared_without_a_word(pages, clerk, november):
    employer = clerk.employer
    hire(employer, [700_000], first_month=OCTOBER)
    settle(employer, clerk, OCTOBER)
    made = settle(employer, clerk, NOVEMBER)
    text = text_of(pages.get(f"/e/bills/{made.pk}/?tab=changes"))
    assert "没有结算" not in text and "上月预估" not in text and "上月（元）" in text


def test_the_people_can_be_searched(pages, bill):
    first, other = (line.employee for line in bill.lines.filter(scheme=bill.lines.first().scheme)[:2])
    text = text_of(pages.get(f"/e/bills/{bill.pk}/", {"tab": "people", "q": first.name}))
    assert f"{first.name}</th>" in text
    assert f"{other.name}</th>" not in text
    assert "没有找到人员" in text_of(pages.get(f"/e/bills/{bill.pk}/", {"tab": "people", "q": "没有这个人"}))


def test_a_part_that_nobody_on_the_bill_pays_has_no_column(pages, bill):
    head = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people")).partition("<thead>")[2].partition("</thead>")[0]
    paid = {(one.scheme, share) for one in bill.lines.all() for share in ("employer", "employee")
            if getattr(one, f"{share}_evidence_id")}  # fmt: skip
    assert ("injury", "employee") not in paid and ("pension", "employee") in paid
    for scheme, share in {(one.scheme, share) for one in bill.lines.all() for share in ("employer", "employee")}:
        assert (f"sort=-{scheme}.{share}" in head) is ((scheme, share) in paid)


def test_every_amount_of_a_person_leads_to_its_explanation(pages, bill):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people"))
    for line in bill.lines.exclude(employer_evidence=None):
        assert f'href="/e/bills/lines/{line.pk}/employer/?month={line.month}"' in text
    line = bill.lines.exclude(employer_evidence=None).exclude(employee_evidence=None).first()
    address = f"/e/bills/lines/{line.pk}/employer/"
    for asked in (f"?month={line.month}", "", "?month=9999-99", "?month=%F0%A0%AE%B7"):
        page = text_of(pages.get(address + asked))
        assert "复制这段说明" in page
        assert yuan(line.employer_due) in page
        assert "上月" in page
    assert f"{address.replace('employer', 'employee')}?month={line.month}" in page
    assert pages.get(f"{address}?month={line.month.previous()}").status_code == 404


def test_every_amount_of_the_row_of_sums_leads_to_its_explanation(pages, bill):
    row = text_of(pages.get(f"/e/bills/{bill.pk}/")).partition("<tfoot>")[2].partition("</tfoot>")[0]
    for share, fen in {"employer": bill.employer_due, "employee": bill.employee_due, "both": bill.total_due}.items():
        address = f"/e/bills/{bill.pk}/total/{share}/"
        assert f'href="{address}"' in row
        page = text_of(pages.get(address))
        assert "应缴合计" in page and yuan(fen) in page
        assert all(one.title in page for one in bill_summary(bill) if share == "both" or getattr(one, f"{share}_due"))
    assert pages.get(f"/e/bills/{bill.pk}/total/nobody/").status_code == 404


def test_a_fragment_is_the_explanation_alone(pages, bill):
    line = bill.lines.exclude(employer_evidence=None).first()
    text = text_of(pages.get(f"/e/bills/lines/{line.pk}/employer/", headers={"HX-Request": "true"}))
    assert text.startswith("<section")
    assert 'data-copy="#explain-text"' in text


def test_the_export_has_numbers_for_amounts_and_everybody_in_it(pages, bill):
    response = pages.get(f"/e/bills/{bill.pk}/export/")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(response.content))
    heads, *rows, last = book.get_sheet_by_index(0).to_python()[2:]
    assert len(rows) == bill.head_count
    assert round(sum(row[-1] for row in rows) * 100) == bill.total_due
    assert last[:2] == ["合计", f"{bill.head_count} 人"]
    for place in range(2, len(heads)):
        told = last[place] or 0
        assert isinstance(told, (int, float)), heads[place]
        assert round(told * 100) == round(sum(row[place] or 0 for row in rows) * 100), heads[place]
    assert "filename*=UTF-8''" in response["Content-Disposition"]


def test_another_employers_bill_is_not_there(client, stranger, bill):
    client.force_login(stranger)
    line = bill.lines.first()
    for url in (f"bills/{bill.pk}/", f"bills/{bill.pk}/export/", f"bills/lines/{line.pk}/employer/"):
        assert client.get(f"/e/{url}").status_code == 404


def test_the_rules_show_each_scheme_with_its_rate_and_document(pages, bill):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=rules"))
    line = bill.lines.exclude(employer_evidence=None).select_related("employer_evidence").first()
    data = line.employer_evidence.data
    assert f'<td class="head">{data["scheme_title"]}' in text
    assert (data["rate"] or data["fixed"])["source"] in text


def test_the_heads_of_a_single_scheme_bear_its_name(pages, bill):
    row = next(iter(bill_summary(bill)))
    assert f"{row.short}·单位（元）" in text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people"))
    one = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people&scheme={row.scheme}"))
    assert f"{row.title}·单位（元）" in one and f"{row.short}·单位（元）" not in one


def test_a_reason_opens_to_the_people_behind_it(pages, clerk):
    settle(clerk.employer, clerk, OCTOBER)
    joined, left = hire(clerk.employer, [600_000], first_month=NOVEMBER)[0], clerk.employer.employees.first()
    dismiss(left, OCTOBER)
    made = settle(clerk.employer, clerk)
    text = text_of(pages.get(f"/e/bills/{made.pk}/?tab=changes"))
    assert re.findall(r"<summary><span>(.+?)</span>", text) == ["增员 1 人", "减员 1 人"]
    for employee in (joined, left):
        assert f'href="/e/roster/{employee.pk}/">{employee.name}</a>' in text


@pytest.mark.parametrize("tab", ["summary", "people", "changes", "rules"])
def test_a_view_needs_as_many_queries_for_many_as_for_few(client, november, db, tab):
    counts = []
    for number, heads in (("120001", 3), ("120002", 40)):
        employer = make_employer(number=number)
        hire(employer, [600_000 + 1000 * i for i in range(heads)])
        operator = make_clerk(employer)
        made = settle(employer, operator)
        client.force_login(operator)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/e/bills/{made.pk}/?tab={tab}").status_code == 200
        counts.append(len(queries))
    # Three of them write down that somebody was seen; one counts new announcements, one asks for last month's bill, two
    # whether it is being paid or is to be voided.
    assert counts[0] == counts[1] <= 23


def test_a_reason_names_a_sample_value_once_and_no_version(pages, bill):
    line = bill.lines.exclude(employer_evidence=None).first()
    text = text_of(pages.get(f"/e/bills/lines/{line.pk}/employer/"))
    for row in re.findall(r"<small>(.*?)</small>", text):
        assert row.count("示例值") <= 1, row
    assert "方案版本" not in text


def test_a_number_that_seems_wrong_has_causes_with_links_that_open_and_a_text_to_hand_over(pages, bill):
    line = bill.lines.filter(declared_wage=300_000).exclude(employee_evidence=None).first()
    text = text_of(pages.get(f"/e/bills/lines/{line.pk}/employee/"))
    causes = text.partition('class="causes"')[2].partition("</ul>")[0]
    assert "低于下限，按下限" in causes
    links = re.findall(r'href="([^"]+)"', causes)
    assert f"/e/declare/wage_correction/?employee={line.employee_id}&amp;month={line.month}" in links
    for link in links:
        assert pages.get(link.replace("&amp;", "&")).status_code == 200, link
    question = text.partition('id="doubt-text">')[2].partition("</pre>")[0]
    assert all(word in question for word in (bill.number, bill.employer.employer_number, yuan(line.employee_due)))
    assert "12333" in text


def names_of(text: str) -> list[str]:
    return re.findall(r'<th class="pin" scope="row">(.+?)</th>', text)


def test_the_people_are_sorted_by_the_column_that_is_pressed(pages, clerk):
    hire(clerk.employer, [600_000, 2_000_000])
    made = settle(clerk.employer, clerk)
    address = f"/e/bills/{made.pk}/?tab=people"
    text = text_of(pages.get(address))
    assert "缴费基数" in text and 'href="?tab=people&amp;sort=-wage"' in text
    wages = {one.employee.name: one.declared_wage for one in bill_people(made)}
    for sort, is_down in (
        ("-wage", True),
        ("wage", False),
        ("-base", True),
        ("-total", True),
        ("-pension.employee", True),
    ):
        page = pages.get(f"{address}&sort={sort}")
        shown = [wages[name] for name in names_of(text_of(page))]
        assert shown == sorted(shown, reverse=is_down), sort
        assert f'aria-sort="{"descending" if is_down else "ascending"}"' in text_of(page)
    assert names_of(text_of(pages.get(f"{address}&sort=-number"))) == list(
        clerk.employer.employees.order_by("-person_number").values_list("name", flat=True)
    )
    for odd in ("nothing", "-pension.nobody", "name_pinyin", "-", "x.y.z", "employer__name"):
        assert names_of(text_of(pages.get(f"{address}&sort={odd}"))) == names_of(text), odd


def test_the_base_stands_beside_the_declared_wage(pages, bill):
    line = bill.lines.filter(declared_wage=300_000, scheme="pension").get()
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=people&scheme=pension"))
    row = text.partition(f">{line.employee.name}</th>")[2].partition("</tr>")[0]
    base = row.partition('data-label="缴费基数">')[2].partition("</td>")[0]
    assert f">{yuan(line.contribution_base)}</a>" in base
    assert line.contribution_base != line.declared_wage


def test_the_amounts_of_the_summary_lead_to_why_they_are_so(pages, bill):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/"))
    links = set(re.findall(r'hx-get="(/e/bills/\d+/schemes/[^"]+)"', text))
    assert f"/e/bills/{bill.pk}/schemes/pension/employer/" in links
    for link in links:
        assert "各人分别计算" in text_of(pages.get(link))
        assert text_of(pages.get(link, headers={"HX-Request": "true"})).startswith("<section")
    for odd in ("pension/nobody", "nothing/employer"):
        assert pages.get(f"/e/bills/{bill.pk}/schemes/{odd}/").status_code == 404


@pytest.mark.parametrize("tab", ["summary", "people"])
def test_the_bill_on_paper_has_the_values_it_rests_on_as_an_appendix(pages, bill, tab):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab={tab}"))
    appendix = text.partition('<div class="print-only appendix"><h2>附：计算依据</h2>')[2]
    assert "单位费率" in appendix and "四舍五入到分" in appendix and appendix.count("<table") == 1


def test_the_tab_of_the_rules_is_one_table_that_names_the_rounding_and_the_version(pages, bill):
    text = text_of(pages.get(f"/e/bills/{bill.pk}/?tab=rules"))
    version = bill.assessment.fingerprint
    assert f'<dt>规则版本</dt><dd><span class="num" title="{version}">{version[:8]}</span>' in text
    table = text.partition('<table class="t folds">')[2].partition("</table>")[0]
    schemes = set(bill.lines.values_list("scheme", flat=True))
    assert table.count('<td class="head">') == len(schemes) > 1 and text.count("<table") == 1
    assert "四舍五入到分" in table and "缴费基数下限" in table and "起，" in table
    assert "各人分别计算" not in table and "分别计算、进位，再相加" in text


def test_the_change_is_drawn_as_a_bridge_whose_bars_stand_beside_their_amounts(pages, clerk):
    settle(clerk.employer, clerk, OCTOBER)
    hire(clerk.employer, [600_000] * 3, first_month=NOVEMBER)
    made = settle(clerk.employer, clerk)
    text = text_of(pages.get(f"/e/bills/{made.pk}/?tab=changes"))
    bridge = text.partition('<div class="bridge">')[2]
    assert '<rect class="up"' in bridge and "增员 3 人" in bridge and "合计" in bridge


def test_what_stands_out_is_told_on_the_bill_and_leads_to_where(pages, clerk):
    settle(clerk.employer, clerk, OCTOBER)
    hire(clerk.employer, [600_000] * 3, first_month=NOVEMBER)
    made = settle(clerk.employer, clerk)
    text = text_of(pages.get(f"/e/bills/{made.pk}/"))
    assert "请看一眼" in text and "缴费 5 人，上月 2 人，多 3 人" in text
    assert '<a href="?tab=changes">去看</a>' in text
    assert "缴费 5 人，上月 2 人" in text_of(pages.get(f"/e/bills/{made.pk}/?tab=changes"))


CELL = re.compile(r'<td class="n(?: pin sum)?" data-label="(.+?)">(.*?)</td>', re.DOTALL)
LINKED = re.compile(r'<a class="money" href="(.+?)".*?>(.+?)</a>')
NUMBER = re.compile(r"[−\d][\d,.]*%?")


@pytest.mark.parametrize("tab", ["summary", "people", "people&scheme=pension"])
@pytest.mark.parametrize("place", ["shanghai", "tianjin"])
def test_every_number_of_a_bill_leads_to_a_page_that_has_it(client, november, db, place, tab):
    employer = make_employer(place)
    hire(employer, [720_000, 300_000])
    operator = make_clerk(employer)
    made = settle(employer, operator)
    client.force_login(operator)
    address = f"/e/bills/{made.pk}/"
    table = text_of(client.get(f"{address}?tab={tab}")).partition("data-explain>")[2].partition("</table>")[0]
    links, labels = set(), set()
    for label, cell in CELL.findall(table.partition("<tbody>")[2]):
        found = LINKED.findall(cell)
        links |= set(found)
        labels |= {label} if found else set()
        assert not NUMBER.search(re.sub(LINKED, "", cell)), (label, cell)
    people, summary = {"申报工资", "缴费基数"}, {"人数", "缴费基数合计", "单位费率", "个人费率", "单位部分", "个人部分"}
    assert labels >= (people if "people" in tab else summary) | {"合计"}
    pages = {}
    for link, shown in links:
        link = address + link if link.startswith("?") else link
        if link not in pages:
            response = client.get(link.replace("&amp;", "&"))
            assert response.status_code == 200, link
            pages[link] = re.sub(r"<[^>]+>", "\n", text_of(response).partition("<main")[2])
        number = NUMBER.search(shown)
        assert number is None or re.search(rf"(?<![\d,.]){re.escape(number[0])}(?![\d,])", pages[link]), (link, shown)


def test_a_persons_sum_is_told_part_by_part_with_the_wage_and_what_declared_it(pages, bill, stranger):
    line = bill.lines.filter(declared_wage=300_000, scheme="pension").get()
    mine = bill.lines.filter(employee=line.employee_id)
    address = f"/e/bills/{bill.pk}/people/{line.employee_id}/"
    text = text_of(pages.get(address))
    assert yuan(300_000) in text and yuan(sum(one.employer_due + one.employee_due for one in mine)) in text
    for one in mine:
        for share in ("employer", "employee"):
            told = f'href="/e/bills/lines/{one.pk}/{share}/?month={one.month}">{yuan(getattr(one, f"{share}_due"))} 元'
            assert (told in text) == bool(getattr(one, f"{share}_evidence_id"))
    assert text_of(pages.get(address, headers={"HX-Request": "true"})).startswith("<section")
    assert pages.get(f"/e/bills/{bill.pk}/people/999999/").status_code == 404
    pages.force_login(stranger)
    assert pages.get(address).status_code == 404


def test_a_bill_offers_every_paper_that_the_region_has_of_it(client, november, db):
    employer = make_employer("leshan", number="510009")
    hire(employer, [600_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk, OCTOBER)
    client.force_login(clerk)
    text = text_of(client.get(f"/e/bills/{bill.pk}/"))
    assert "打印社会保险费申报核定表" in text and "打印通知单" in text
    assert "打印缴费凭证" not in text  # until it is paid
    assert f'action="/e/documents/{bill.pk}/declaration_assessment/print/"' in text
