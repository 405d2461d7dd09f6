"""One pipe: the same answers are the same batch, whether they come as a sheet of any kind, by the form, or as JSON."""

import csv
import io
import itertools
import json
import re
from datetime import date

import pytest
from django.db import transaction
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shebao.hall.declarations.preview import previews
from shebao.hall.regions import region
from shebao.hall.sheets import operations, queries
from shebao.hall.sheets.jobs import carry_on
from shebao.web.employer.fields import typed
from tests.factories import OperatorFactory, at, synthetic_id
from tests.sheets import files

pytestmark = pytest.mark.django_db
SERVICE = "employee_enrolment"
NAMES = st.text("王李欧阳娜𠮷㛃䶮·ＡbC 　-0３", max_size=6)
WAYS = ("csv", "csv in GB18030", "xls", "xlsx", "xls with numbers", "xlsx with numbers and dates")


def numbers(sequence):
    right = synthetic_id(sequence=sequence, area="129901")
    wide = right.translate({ord("0") + n: ord("０") + n for n in range(10)})
    return [right] * 4 + [
        wide,
        f" {right} ",
        f"{right[:6]} {right[6:14]} {right[14:]}",
        right[:-1] + "A",
        right[:17],
        "1",
    ]


RIGHT = {"month": "2026-11", "money": "8000", "date": "2026-11-01", "phone": "13900000000"}
SPELLINGS = {
    "month": "2026年11月|202611|2026/11|2026.11|2026-11-01|２０２６-11|11月|2026-13|1999-01",
    "money": "8,000|８０００|8000.00|￥8000|8000元|¥ 8,000.5|3000|-1|八千|8000.005|1_0|٣|",
    "date": "2026/11/1|2026年11月1日|20261101|2026.11.01|2026-02-30|昨天|2026-11-01 00:00:00|",
    "phone": "|139 0000 0000|+8613900000000|12345|１３９００００００００",
}


def answers(here, form):
    """Rows of typed answers, right and wrong, in the spellings that people use."""

    def of(field, sequence):
        if field.kind == "id_number":
            return st.sampled_from(numbers(sequence))
        if field.kind == "choice":
            items = here.codes[field.options].items
            spelled = [s for one in items for s in (one.code, one.title, f"{one.code}|{one.title}")]
            return st.sampled_from([items[0].code] * 6 + spelled + ["", "别的", items[0].title + " "])
        if field.kind in RIGHT:
            return st.sampled_from([RIGHT[field.kind]] * 4 + SPELLINGS[field.kind].split("|"))
        return NAMES

    def row(sequence):
        return st.fixed_dictionaries({field.id: of(field, sequence) for field in form.fields})

    return st.lists(st.integers(1, 6).flatmap(row), min_size=1, max_size=4)


def native(field, text, with_dates):
    """The cell that a spreadsheet makes of what was typed: numbers lose their zeros, dates become dates."""
    if field.kind in ("money", "choice") and re.fullmatch(r"\d{1,8}(\.\d\d)?", text, re.ASCII):
        return float(text)
    if with_dates and field.kind == "date" and text == "2026-11-01":
        return date.fromisoformat(text)
    return text


def between(rows, dice):
    """What people put around and between their rows: a title, empty lines, sums, who made it."""
    line = dice.choice
    title = [[line(["本月新进人员", "第一机械制造有限公司　增员"])]] * dice.randint(0, 1)
    gaps = [line([None, None, None, [], ["合计"], ["小计"], ["制表人：王敏　审核：李娜"]]) for _ in rows]
    return title, gaps


def as_table(way, form, rows, around=((), ())):
    """The lines of the sheet, and the numbers in it of the rows that were typed."""
    if "with" in way:
        rows = [{f.id: native(f, row[f.id], "dates" in way) for f in form.fields} for row in rows]
    title, gaps = around
    table, places = [*title, [field.label for field in form.fields]], []
    for row, gap in itertools.zip_longest(rows, gaps):
        table += [] if gap is None else [gap]
        table.append([row[field.id] for field in form.fields])
        places.append(len(table))
    return table, places


def as_file(way, table):
    if way.startswith("csv"):
        text = io.StringIO()
        csv.writer(text).writerows(table)
        return "十一月.csv", text.getvalue().encode("gb18030" if "GB" in way else "utf-8-sig")
    kind = way.split()[0]
    return f"十一月.{kind}", (files.xls if kind == "xls" else files.xlsx)(table)


def by_form(clerk, form, rows):
    """The same answers typed into the form."""
    posts = [QueryDict(mutable=True) for _ in rows]
    for post, row in zip(posts, rows, strict=True):
        post.update(row)
    return told(previews(clerk.employer, SERVICE, [typed(form, post) for post in posts], by=clerk))


def told(found):
    """What a clerk would see of a row: the cleaned values, and every finding."""
    return [(one.values, sorted((p.code, p.field, p.level, p.message, p.fix) for p in one.problems)) for one in found]


def by_sheet(clerk, way, form, rows, around=((), ())):
    """Upload, check in the background, and read the batch: its values, and the findings that were kept."""
    table, places = as_table(way, form, rows, around)
    name, data = as_file(way, table)
    batch = operations.receive_sheet(clerk.employer_id, SERVICE, name, data, by=clerk).batch
    carry_on(batch.pk, by=clerk)
    batch.refresh_from_db()
    parts = queries.counts(batch)
    assert batch.rows_read == sum(parts[one] for one in ("all", "removed", "ignored", "imported"))
    assert batch.rows_read == len(table) - len(around[0]) - 1, "beside the title and the heads, every line is a row"
    kept = list(batch.rows.filter(state__in=("passed", "error", "confirm")).order_by("number"))
    assert [row.number for row in kept] == places
    found = told(previews(clerk.employer, SERVICE, [row.cells for row in kept], by=clerk))
    stored = [
        sorted((p["code"], p["field"], p["level"], p["message"], p["fix"] and tuple(p["fix"])) for p in row.problems)
        for row in kept
    ]
    assert [problems for _, problems in found] == stored
    return found


@pytest.mark.parametrize("direct", [False, True], ids=["reviewed", "direct"])
def test_the_same_answers_are_the_same_batch_however_they_come(direct):
    clerk = OperatorFactory(clerk=True, employer__direct=direct)
    here = region(clerk.region)
    form = here.forms[here.services[SERVICE].form]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(answers(here, form))
    def agree(rows):
        with at(), transaction.atomic():
            said = by_form(clerk, form, rows)
            assert told(previews(clerk.employer, SERVICE, json.loads(json.dumps(rows)), by=clerk)) == said
            for way in WAYS:
                with transaction.atomic():  # two ways may make the same file, and the same file is refused
                    assert by_sheet(clerk, way, form, rows) == said, way
                    transaction.set_rollback(True)
            transaction.set_rollback(True)

    agree()
