"""What a region gives an entry of its own in the menu, a paper or a query, leads to something; else it says why not."""

from pathlib import Path

from shebao.rules.region import load_region
from tests.test_regions import BUNDLED, problems_of, write

REGION = "title: 怪市\nextends: tianjin\n"


def found(tmp_path: Path, **files: str) -> str:
    write(tmp_path, "odd", region=REGION, **files)
    return "\n".join(problems_of(tmp_path, "odd"))


def test_only_a_paper_of_a_bill_has_an_entry_that_asks_for_months(tmp_path):
    paper = "plan:\n  title: 计划\n  menu: 计划打印\n  letterhead: 局\n  layout: plan\n  stage: declared\n"
    assert "plan.menu: 只有 settled、paid 的单据按账单查询打印" in found(tmp_path, documents=paper)


def test_a_heading_without_an_entry_is_a_mistake(tmp_path):
    paper = "slip:\n  title: 条子\n  under: 报表打印\n  letterhead: 局\n  layout: notice\n  stage: settled\n"
    assert "slip.under: 写了 menu 才有所在栏目" in found(tmp_path, documents=paper)


def test_a_query_prints_papers_that_there_are_and_a_register_names_its_scheme(tmp_path):
    queries = (
        "odd:\n  title: 怪查询\n  model: contributions\n  prints: [payment_notice, passport]\n"
        "register:\n  title: 名册\n  model: scheme_roster\n"
        "other:\n  title: 另一册\n  model: scheme_roster\n  scheme: moon\n"
        "plain:\n  title: 查询\n  model: contributions\n  scheme: pension\n"
        "span:\n  title: 年月\n  model: contributions\n  asks: {since: 从}\n"
    )
    told = found(tmp_path, queries=queries)
    assert "odd: 没有按账单或按单位打印的单据“passport”" in told
    for key in ("register", "other", "plain"):
        assert f"{key}: scheme_roster 要写 scheme，是一个险种的键" in told
    assert "span.asks.since: 不认识“since”，可用：from、to、month" in told


def test_an_entry_that_is_right_is_no_mistake(tmp_path):
    queries = "mine:\n  title: 本地查询\n  model: contributions\n  in_menu: true\n  prints: [payment_notice]\n"
    write(tmp_path, "right", region=REGION, queries=queries)
    made = load_region("right", [tmp_path, BUNDLED]).queries["mine"]
    assert (made.in_menu, made.prints) == (True, ("payment_notice",))
