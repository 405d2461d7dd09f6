"""The bundled regions, and the promises: a region is data, nothing is believed without a case, all mistakes at once."""

import ast
import shutil
from datetime import date
from pathlib import Path

import pytest

from shebao.regions_home import regions_roots
from shebao.rules import vocabulary
from shebao.rules.cases import cases_of, run_case
from shebao.rules.months import Month, months_between
from shebao.rules.region import BadRegion, NoTerm, NoValue, load_region, load_regions, region_codes
from shebao.rules.region_files import Problems, read_yaml

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "regions"
REGIONS = load_regions([BUNDLED]) | {"_template": load_region("_template", [BUNDLED])}
CASES = [(region, case) for region in REGIONS.values() for case in cases_of(region, [BUNDLED])]


@pytest.mark.parametrize(("region", "case"), CASES, ids=[f"{r.code}: {c['name']}" for r, c in CASES])
def test_a_case_written_by_a_clerk_comes_out(region, case):
    assert run_case(region, case) == []


def test_a_case_that_does_not_come_out_says_what_and_where():
    region, case = CASES[0]
    told = next(iter(case["expect"]))
    spoilt = type(case)(case.place, case.line)
    spoilt.update(case)
    spoilt.lines = case.lines
    spoilt["expect"] = {**case["expect"], told: 1}
    [sentence] = run_case(region, spoilt)
    assert sentence.startswith(f"{case.where('expect')}: {case['name']}: {told} 应为 1.00 元，实得")


def test_no_region_is_named_in_code():
    names = {name for r in REGIONS.values() for name in (r.code, r.title, r.short_title)} - {"_template", "新地区"}
    assert {"天津", "leshan"} <= names
    found = []
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found += [f"{file.name}:{node.lineno}: {name}" for name in names if name in node.value]
    assert found == []


def test_regions_hold_only_data():
    files = [file for file in BUNDLED.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert files and {file.suffix for file in files} <= {".yaml", ".md"}


def test_the_two_regions_differ_in_data_only():
    first, second = REGIONS["tianjin"], REGIONS["leshan"]
    assert [s.title for s in first.listed_services] == [
        "单位职工增加",
        "单位职工减少",
        "工资申报",
        "缴费工资更正",
        "核定基数补缴",
    ]
    assert [s.title for s in second.listed_services] == [
        "单位基础信息", "单位职工新参保", "职工信息维护", "人员停保", "人员申报工资", "职工补充医疗申报",
    ]  # fmt: skip
    assert all(not s.is_direct and s.decide_within in (3, 5) for s in first.listed_services)
    assert all(s.is_direct for s in second.listed_services)
    assert {s.applies: s.confirmations for s in first.settlements.values()} == {"without_changes": 2, "with_changes": 1}
    assert [(s.title, s.applies) for s in second.settlements.values()] == [("应缴核定", "always")]
    assert first.documents["payment_notice"]["title"] == "单位缴费通知单"
    assert second.documents["declaration_assessment"]["title"] == "社会保险费申报核定表"
    assert second.forms["supplementary_medical"].field("pay_by").options == "cover_payments"
    assert second.yearly_scheme.key == "supplementary_medical"
    assert first.yearly_scheme is None


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_every_month_up_to_the_end_of_2026_can_be_charged_and_declared(region):
    assert region.opened_on <= Month(2026, 1) and region.checked_until >= Month(2026, 12)
    for month in months_between(region.opened_on, region.checked_until):
        window = region.calendar.window(month)
        assert window.opens_at < window.declare_until <= window.pay_until
        for scheme in region.open_schemes:
            for name in filter(None, (scheme.floor, scheme.ceiling)):
                assert region.value(name, month, known_on=month.last_day).number > 0


def test_a_value_without_a_public_document_is_called_illustrative():
    told = REGIONS["leshan"].illustrative(Month(2025, 6), date(2025, 6, 30))
    assert "医疗保险个人费率" in told and "缴费基数下限" not in told and "养老保险单位费率" not in told


def test_two_clocks_choose_the_latest_month_and_then_the_latest_knowledge():
    region = REGIONS["tianjin"]
    assert region.value("base_floor", Month(2025, 3), known_on=date(2025, 3, 1)).value == 512400
    assert region.value("base_floor", Month(2025, 3), known_on=date(2024, 3, 1)).value == 501300
    assert region.value("base_floor", Month(2024, 12), known_on=date(2026, 1, 1)).value == 501300
    with pytest.raises(NoValue, match="截至 2020-01-01"):
        region.value("base_floor", Month(2025, 3), known_on=date(2020, 1, 1))
    with pytest.raises(NoTerm):
        region.term("nowhere")


def write(root: Path, code: str, **files: str) -> None:
    for name, text in files.items():
        file = root / code / (name.replace("__", "/") + ".yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def problems_of(root: Path, code: str, **more) -> list[str]:
    with pytest.raises(BadRegion) as bad:
        load_region(code, [root, BUNDLED], **more)
    return bad.value.problems


def test_a_new_region_is_two_lines_and_one_changed_word(tmp_path):
    write(tmp_path, "third", region="title: 第三市\nextends: tianjin\n", terms="enrolment: 人员增加\n")
    region = load_region("third", [tmp_path, BUNDLED])
    assert region.term("enrolment") == "人员增加" and region.term("agency") == REGIONS["tianjin"].term("agency")
    assert region.origin["terms/enrolment"] == "third/terms.yaml:1"
    assert region.origin["parameters/base_floor"].startswith("tianjin/parameters.yaml:")
    assert region.lineage == ("third", "tianjin", "national")
    assert region_codes([tmp_path, BUNDLED]) == ["third", *region_codes([BUNDLED])]


@pytest.mark.parametrize(
    ("city", "province", "provincial"),
    [
        ("leshan", "sichuan", ("parameters/base_floor", "schemes/pension")),
        ("lijiang", "yunnan", ("parameters/base_floor", "schemes/pension")),
        ("langfang", "hebei", ("parameters/base_floor", "parameters/unemployment.employee_rate", "schemes/injury")),
        ("jinan", "shandong", ("parameters/base_ceiling", "schemes/unemployment")),
    ],
)
def test_a_city_takes_from_its_province_what_is_provincial(city, province, provincial):
    region = REGIONS[city]
    assert region.lineage == (city, province, "national")
    assert {name: region.origin[name].split("/")[0] for name in provincial} == dict.fromkeys(provincial, province)


def test_a_copy_of_the_template_loads_and_its_fingerprint_follows_its_content(tmp_path):
    shutil.copytree(BUNDLED / "_template", tmp_path / "fresh")
    before = load_region("fresh", [tmp_path, BUNDLED]).fingerprint
    assert len(before) == 12 and before == load_region("fresh", [tmp_path, BUNDLED]).fingerprint
    with (tmp_path / "fresh/parameters.yaml").open("a", encoding="utf-8") as file:
        file.write("# 一行注释\n")
    assert load_region("fresh", [tmp_path, BUNDLED]).fingerprint != before


def test_every_mistake_is_reported_at_once_with_its_file_and_line(tmp_path):
    write(
        tmp_path,
        "bad",
        region="title: 坏\nextends: _template\nmayor: 某人\n",
        parameters=(
            "base_floor:\n  title: 下限\n  unit: yuan\n  values:\n    - {from: '2026-01', value: 4000}\n"
            "medical.employee_rate:\n  title: 费率\n  unit: rate\n  values:\n"
            "    - {from: '2026-01', known: 2025-12-31, value: 2e-2, source: 无, status: guessed}\n"
            "base_ceiling:\n  title: 上限\n  unit: yuan\n  values:\n"
            "    - {from: '2026-03', known: 2025-12-31, value: 100, source: 无, status: verified}\n"
            "    - {from: '2026-03', known: 2025-12-31, value: 101, source: 无, status: verified}\n"
        ),
        services=(
            "x:\n  title: 某事\n  form: nowhere\n  operation: enrol_employees\n  route: [pray]\n  checks: [mood]\n"
            "  colour: red\n"
        ),
        forms__y="fields:\n  - {id: a, kind: hologram, label: 甲, feeds: mood}\n  - {use: nothing}\n",
        terms="bill: 账单\nbill: 账单二\n",
        schemes=(
            "gift:\n  title: 礼\n  short: 礼\n  national_code: '1'\n  colour: gold\n  rounding: lucky\n"
            "  shares: {employer: {rate: gift.rate, by: mood}, neighbour: {fixed: y}}\n"
            "  applies: {none_of: [{fact: employment_kind, is: '77'}]}\n"
        ),
        songs="a: b\n",
        codes__sexes="title: 性别\nitems:\n  - {code: '1', title: 男}\n  - {code: '1', title: 女}\n",
    )
    problems = problems_of(tmp_path, "bad")
    expected = [
        "bad/region.yaml:3: mayor: 不认识的键",
        "bad/parameters.yaml:5: base_floor.known: 必须填写",
        "bad/parameters.yaml:5: base_floor.source: 必须填写",
        "bad/parameters.yaml:5: base_floor.status: 必须填写",
        "bad/parameters.yaml:10: 2e-2: 数字请写成普通小数",
        "bad/parameters.yaml:10: medical.employee_rate.status: 不认识“guessed”",
        "bad/parameters.yaml:16: base_ceiling.from: 2026-03 起、2025-12-31 公布的数值重复",
        "bad/parameters.yaml:11: base_ceiling: 2026-01 至 2026-02 共 2 个月没有数值",
        "bad/parameters.yaml:1: base_floor: 2026-03 的下限高于上限",
        "bad/services.yaml:5: x.route: 不认识“pray”",
        "bad/services.yaml:6: x.checks: 不认识“mood”",
        "bad/services.yaml:7: x.colour: 不认识的键",
        "bad/services.yaml:1: x: 没有表单“nowhere”",
        "bad/forms/y.yaml:2: y.kind: 不认识“hologram”",
        "bad/forms/y.yaml:3: y: 没有名为“nothing”的字段组",
        "bad/forms/y.yaml:1: y.a: 不认识的信息“mood”",
        "bad/terms.yaml:2: bill: 重复的键，第 1 行已写过",
        "bad/schemes.yaml:5: gift.colour: 不认识“gold”",
        "bad/schemes.yaml:6: gift.rounding: 不认识“lucky”",
        "bad/schemes.yaml:7: gift.shares: 不认识“neighbour”",
        "bad/schemes.yaml:1: gift: 没有参数“gift.rate”",
        "bad/schemes.yaml:1: gift: 不认识的信息“mood”",
        "bad/schemes.yaml:1: gift: 代码表 employment_kinds 没有“77”",
        "bad/cases:1: gift: 没有算例",
        "bad/songs.yaml:1: 不认识的文件",
        "bad/codes/sexes.yaml:4: sexes.code: 代码“1”重复",
    ]
    missing = [one for one in expected if not any(p.startswith(one) for p in problems)]
    assert missing == [], "\n".join(problems)
    assert all(p.startswith("bad/") for p in problems), "\n".join(problems)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x 甲\nb: *x\n", "1: 不使用锚点"),
        ("a: !!python/object:os.system 甲\n", "1: 不使用锚点"),
        ("a: [1\n", "不是有效的 YAML"),
        ("a: 2026-02-30\n", "1: 2026-02-30: 没有这一天"),
        ("- 甲\n", "文件应由键值对组成"),
        ("a: .5\n", "1: .5: 数字请写成普通小数"),
    ],
)
def test_yaml_that_hides_something_is_refused(tmp_path, text, sentence):
    write(tmp_path, "odd", region="title: 怪\nextends: _template\n", terms=text)
    assert any(
        f"odd/terms.yaml:{sentence}" in p or ("odd/terms.yaml" in p and sentence in p)
        for p in problems_of(tmp_path, "odd")
    )  # noqa: E501


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [&b [&c [*a]]]\n",
        # Written out, 8 ** 20 numbers.
        "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 8) if n else 1}]\n" for n in range(20)),
    ],
)
def test_lines_that_refer_to_each_other_without_end_are_refused_at_once(text):
    problems = Problems()
    assert read_yaml(text, "parameters.yaml", problems) is None
    assert "不使用锚点" in problems.found[0]


def test_a_fact_that_no_form_asks_for_is_missed(tmp_path):
    form = "fields:\n  - use: known_person\n  - use: wage_and_month\n"
    write(tmp_path, "deaf", region="title: 聋\nextends: tianjin\n", forms__employee_enrolment=form)
    problems = problems_of(tmp_path, "deaf")
    assert any("没有表单提供计算所需的“用工形式”" in p and p.startswith("tianjin/schemes.yaml:") for p in problems)


def test_a_table_must_know_every_code_and_a_later_month_must_have_values(tmp_path):
    values = "    - {from: '2015-10', known: 2015-07-22, value: {'1': 0.002}, source: 无, status: verified}\n"
    parameters = f"injury.employer_rate:\n  title: 工伤\n  unit: rate\n  values:\n{values}"
    write(tmp_path, "short", region="title: 短\nextends: tianjin\n", parameters=parameters)
    assert any("缺少 2、3、4、5、6、7、8" in p for p in problems_of(tmp_path, "short"))
    ending = "base_floor:\n  title: 下限\n  unit: yuan\n  values:\n    - {from: '2024-01', until: '2025-12', known: 2023-12-31, value: 1, source: 无, status: verified}\n"  # noqa: E501
    write(tmp_path, "ends", region="title: 止\nextends: tianjin\n", parameters=ending)
    assert any("base_floor: 2026-01 至 2026-12 共 12 个月没有数值" in p for p in problems_of(tmp_path, "ends"))


def test_the_caller_may_ask_for_values_further_ahead(tmp_path):
    ending = "base_floor:\n  title: 下限\n  unit: yuan\n  values:\n    - {from: '2024-01', until: '2026-12', known: 2023-12-31, value: 1, source: 无, status: verified}\n"  # noqa: E501
    write(tmp_path, "far", region="title: 远\nextends: tianjin\n", parameters=ending)
    shutil.copytree(BUNDLED / "tianjin/cases", tmp_path / "far/cases")
    load_region("far", [tmp_path, BUNDLED])
    assert any("2027-01没有数值" in p for p in problems_of(tmp_path, "far", checked_until=Month(2027, 1)))


def test_a_lineage_that_is_too_deep_or_circular_or_missing_is_refused(tmp_path):
    write(tmp_path, "a", region="title: 甲\nextends: b\n")
    write(tmp_path, "b", region="title: 乙\nextends: a\n")
    assert any("引用了自己" in p for p in problems_of(tmp_path, "a"))
    write(tmp_path, "c", region="title: 丙\nextends: leshan\n")
    write(tmp_path, "d", region="title: 丁\nextends: c\n")
    assert problems_of(tmp_path, "d") == ["leshan/region.yaml:3: extends: 层级超过 3 层"]
    assert problems_of(tmp_path, "nowhere") == ["nowhere/region.yaml:1: 没有找到地区文件夹“nowhere”"]


def test_every_bundled_folder_is_named_in_one_complaint(tmp_path):
    shutil.copytree(BUNDLED, tmp_path / "r")
    for code in ("tianjin", "leshan"):
        (tmp_path / "r" / code / "services.yaml").write_text("x: 1\n", "utf-8")
    with pytest.raises(BadRegion) as bad:
        load_regions([tmp_path / "r"])
    assert {p.split("/")[0] for p in bad.value.problems} >= {"tianjin", "leshan"}


def test_a_scheme_is_the_same_one_in_every_region(tmp_path):
    shutil.copytree(BUNDLED, tmp_path / "r")
    file = tmp_path / "r" / "tax_client" / "schemes.yaml"
    file.write_text(file.read_text("utf-8").replace('"110"', '"119"').replace('"210"', '"110"'), "utf-8")
    with pytest.raises(BadRegion) as bad:
        load_regions([tmp_path / "r"])
    told = "\n".join(bad.value.problems)
    assert "tax_client: 险种 pension 的全国代码是 119" in told
    assert "tax_client: 险种 unemployment 的全国代码 110 在 certificate_city 叫 pension，各地须同名" in told


def test_an_agency_may_keep_its_folder_elsewhere(tmp_path, monkeypatch):
    write(tmp_path, "ours", region="title: 自管区\nextends: tianjin\n")
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    assert set(load_regions(regions_roots())) == {"ours", *region_codes([BUNDLED])}


def test_the_vocabulary_page_is_current():
    assert (ROOT / "docs/vocabulary.md").read_text("utf-8") == vocabulary.page()


def test_services_are_shown_in_the_order_of_the_folder_that_names_them(tmp_path):
    wages, leaving = REGIONS["tianjin"].services["wage_declaration"], REGIONS["tianjin"].services["employee_cessation"]
    assert list(REGIONS["tianjin"].services).index(wages.key) > list(REGIONS["tianjin"].services).index(leaving.key)
    text = "".join(
        f"{one.key}: {{title: {one.title}, form: {one.form}, operation: {one.operation}, route: [auto_check]}}\n"
        for one in (wages, leaving)
    )
    write(tmp_path, "fourth", region="title: 第四市\nextends: tianjin\n", services=text)
    assert list(load_region("fourth", [tmp_path, BUNDLED]).services)[-2:] == ["wage_declaration", "employee_cessation"]


def test_a_city_may_close_a_scheme_of_its_province_and_keeps_the_cases_of_the_others(tmp_path):
    write(tmp_path, "fifth", region="title: 第五市\nextends: tianjin\n", schemes="medical: {open: false}\n")
    region = load_region("fifth", [tmp_path, BUNDLED])
    assert "medical" not in region.schemes and "pension" in region.schemes
    assert [text for case in cases_of(region, [tmp_path, BUNDLED]) for text in run_case(region, case)] == []


def test_a_value_written_anew_needs_a_case_of_its_own(tmp_path):
    values = "medical.employer_rate:\n  title: 单位费率\n  unit: rate\n  values:\n"
    values += '    - {from: "2024-01", known: 2023-12-29, value: 0.09, source: 试验, status: illustrative}\n'
    write(tmp_path, "sixth", region="title: 第六市\nextends: tianjin\n", parameters=values)
    with pytest.raises(BadRegion, match="medical: 没有算例"):
        load_region("sixth", [tmp_path, BUNDLED])


#: How many functions each of the fourteen manuals describes, by the letters of their ids.
MANUALS = {
    **{"FJ": 10, "TJ": 11, "YN": 10, "SY": 8, "CA": 4, "GX": 9, "LJ": 7},
    **{"WT": 9, "LF": 5, "JN": 5, "GY": 15, "SH": 11, "SZ": 16, "LS": 11},
}


def test_every_function_of_the_manuals_is_in_some_catalogue_under_a_name():
    from shebao.web.functions import HALL_FUNCTIONS

    found = set(HALL_FUNCTIONS)
    for region in REGIONS.values():
        catalogue = region.services, region.pages, region.guides, region.planned, region.settlements, region.queries
        for part in (*catalogue, region.statements):
            found |= {id for one in part.values() for id in one.functions}
        found |= {id for document in region.documents.values() for id in document["functions"]}
        found |= {id for way in region.collection.ways.values() for id in way.functions}
        found |= set(region.void.functions) if region.void else set()
    assert found == {f"{letters}-{n}" for letters, count in MANUALS.items() for n in range(1, count + 1)}


def test_what_is_planned_is_whole_but_invisible():
    planned = [(region, one) for region in REGIONS.values() for one in region.planned.values()]
    assert planned
    for region, one in planned:
        assert one.title and one.group in vocabulary.GROUPS and one.key not in region.services


def test_words_that_nobody_asks_for_are_mistakes_with_the_word_that_was_meant(tmp_path):
    services = (BUNDLED / "tianjin/services.yaml").read_text("utf-8").replace("menu: wallet", "menu: purse", 1)
    write(tmp_path, "odd", region="title: 错市\nextends: tianjin\n", terms="menu.setle: 月报\n", services=services)
    assert problems_of(tmp_path, "odd") == [
        f"odd/services.yaml:{line(services, 'menu: purse')}: wage_declaration.menu: 不认识“purse”，"
        f"可用：{'、'.join(vocabulary.ICONS)}",
        "odd/terms.yaml:1: menu.setle: 没有地方用到这个用语，是不是“menu.settle”",
    ]


def line(text: str, part: str) -> int:
    return next(number for number, one in enumerate(text.splitlines(), 1) if part in one)


def test_a_case_that_gives_an_unknown_fact_does_not_pass():
    region, case = CASES[0]
    spoilt = type(case)(case.place, case.line)
    spoilt.update(case)
    spoilt.lines = case.lines
    spoilt["given"] = {**case["given"], "wage": 5}
    [sentence] = run_case(region, spoilt)
    assert "不认识的信息“wage”" in sentence


def test_every_icon_of_the_vocabulary_is_drawn():
    sprite = (ROOT / "src/shebao/web/static/shebao/icons/sprite.svg").read_text("utf-8")
    assert [name for name in vocabulary.ICONS if f'id="{name}"' not in sprite] == []


def test_a_page_of_the_catalogue_and_a_step_of_a_guide_must_lead_somewhere(tmp_path):
    services = "odd:\n  title: 怪页\n  opens: page\n  page: moon\n  group: queries\n"
    guides = "how:\n  title: 怎么办\n  steps:\n    - {title: 一, text: 二, service: nothing}\n    - {title: 三}\n"
    write(tmp_path, "odd", region="title: 怪市\nextends: tianjin\n", services=services, guides=guides)
    found = problems_of(tmp_path, "odd")
    assert any(p.startswith("odd/services.yaml:") and "odd.page: 不认识“moon”" in p for p in found)
    assert any(p.startswith("odd/guides.yaml:4: how.steps.service: 没有网上可办的事项“nothing”") for p in found)
    assert any("how.steps.text: 必须填写" in p for p in found)


def test_a_city_may_close_a_guide_and_drop_a_service_that_a_guide_from_above_leads_to(tmp_path):
    files = {"services": "wage_declaration: {open: false}\n", "guides": "business_flows: {open: false}\n"}
    write(tmp_path, "plain", region="title: 简市\nextends: tianjin\n", **files)
    region = load_region("plain", [tmp_path, BUNDLED])
    assert list(region.guides) == ["new_employer"]
    assert {step.service for step in region.guides["new_employer"].steps} >= {"employee_enrolment", ""}


def test_every_page_of_the_vocabulary_has_an_address():
    from shebao.web.places import address_of, name_of

    for page in vocabulary.PAGES:
        assert address_of(page, REGIONS["tianjin"]).startswith("/") and name_of(page, REGIONS["tianjin"])
