"""`shebao region` and `shebao calculate`: answers on stdout, bad input in one sentence with a non-zero status."""

import json
import os
import re
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

from shebao.cli import COMMANDS, main
from shebao.cli.region_diff import of_regions
from shebao.cli.region_single import KEYS
from shebao.cli.region_words import PARTS
from shebao.regions_home import regions_roots
from shebao.rules import vocabulary
from shebao.rules.file_words import FILES
from shebao.rules.region import load_region, region_codes

ROOT = Path(__file__).parents[2]
MONTH = ["calculate", "--region", "tianjin", "--month", "2025-06", "--known-on", "2025-06-30"]


def run(capsys, *words: str) -> tuple[int, str, str]:
    status = main(words)
    told = capsys.readouterr()
    return status, told.out, told.err


def test_list_and_check_and_vocabulary(capsys):
    status, out, _ = run(capsys, "region", "list")
    listed = [line.split("\t")[:2] for line in out.splitlines()]
    assert status == 0 and ["leshan", "乐山市"] in listed and ["tianjin", "天津市"] in listed
    status, out, _ = run(capsys, "region", "check", "tianjin", "_template")
    assert status == 0 and "tianjin: 通过" in out and "_template: 通过" in out
    assert run(capsys, "region", "vocabulary") == (0, vocabulary.page(), "")


def test_check_prints_every_mistake_and_a_failing_case(capsys, tmp_path, monkeypatch):
    for code, name, text in (
        ("broken", "schemes.yaml", "x: 1\n"),
        ("wrong", "cases/a.yaml", "- {name: 错, month: 2026-06, known_on: 2026-06-30, given: {declared_wage: 8000, "
         "employment_kind: '52', industry_class: '1', float_grade: '100'}, expect: {injury.employer: 1.00}}\n"),
    ):  # fmt: skip
        (tmp_path / code / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / code / "region.yaml").write_text("title: 试\nextends: tianjin\n", "utf-8")
        (tmp_path / code / name).write_text(text, "utf-8")
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    status, out, _ = run(capsys, "region", "check", "broken", "wrong")
    assert status == 1
    assert "broken/schemes.yaml:1: x: 应由键值对组成" in out
    assert "wrong/cases/a.yaml:1: 错: injury.employer 应为 1.00 元，实得 16.00 元" in out


def test_explain_names_the_file_and_diff_the_difference(capsys):
    status, out, _ = run(capsys, "region", "explain", "tianjin", "parameters/base_floor")
    assert status == 0 and "tianjin/parameters.yaml:1" in out and "512400" in out
    status, out, _ = run(capsys, "region", "diff", "tianjin", "leshan")
    assert status == 0 and "\n用语\n" in out and "{" not in out
    assert "  menu.cease\n    单位职工减少 → 人员停保\n    写在 tianjin/terms.yaml:" in out and "menu.pay\n" not in out
    status, out, _ = run(capsys, "region", "diff", "tianjin", "leshan", "--json")
    told = {one["key"]: one for one in json.loads(out)}
    one = told["terms/menu.cease"]
    assert status == 0 and (one["first"], one["second"]) == ("单位职工减少", "人员停保")


def test_diff_compares_every_file_of_a_folder_in_words_of_the_place(capsys):
    for file in FILES:
        part = file.partition(".")[0].removesuffix("/*")
        assert part in {*PARTS, "blocks", "cases"}, file  # blocks stand in forms; cases say nothing of their own
    out = run(capsys, "region", "diff", "tianjin", "shenzhen")[1]
    for told in ("地区\n", "征缴\n", "\n  代扣文件（debit_file）\n", "格式：没有 → ", "写在 shenzhen/collection.yaml:"):
        assert told in out, told
    out = run(capsys, "region", "diff", "tianjin", "fujian")[1]
    for told in (
        "  名称（title）\n    天津市 → 福建省\n", "单位注册\n  办理（wizard）\n",
        "登录\n  单位编号登录（employer_number）\n    位数：没有 → ",
    ):  # fmt: skip
        assert told in out, told
    calendars = run(capsys, "region", "diff", "tianjin", "wage_hall")[1]
    assert (
        "申报期和缴费期\n  申报（declaration）\n" in calendars and "申报截止以后：下个月开始以后再申报 → " in calendars
    )
    assert "\n经办机构\n" not in out  # both say what the nation does


def test_diff_has_a_name_for_everything_that_any_two_regions_say_otherwise():
    roots = regions_roots()
    regions = [load_region(code, roots) for code in region_codes(roots)]
    nameless = {
        (one.key, word)
        for first, second in permutations(regions, 2)
        for one in of_regions(first, second)
        if one.key.partition("/")[0] in KEYS
        for change in one.changes
        for word in re.findall(r"[a-z_]{3,}", change.title)
    }
    assert not nameless


def test_diff_tells_machines_of_every_setting_all_that_either_side_says(capsys, tmp_path, monkeypatch):
    (tmp_path / "river").mkdir()
    (tmp_path / "river/region.yaml").write_text("title: 临河市\nextends: tianjin\nopened_on: 2024-01\n", "utf-8")
    window = "declaration: {from_day: 3, until_day: 20, shift: next_working_day, source: 例, status: illustrative}\n"
    (tmp_path / "river/calendar.yaml").write_text(
        window + "yearly_wages: {from: 07-01, until: 07-31, source: 例, status: illustrative}\n", "utf-8"
    )
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    told = {one["key"]: one for one in json.loads(run(capsys, "region", "diff", "tianjin", "river", "--json")[1])}
    assert {*told} >= {"region/title", "calendar/declaration", "calendar/yearly_wages"}
    assert told["calendar/declaration"]["second"]["until_day"] == "20 日"
    assert told["calendar/yearly_wages"]["first"] is None and told["calendar/yearly_wages"]["written"][0] == ""
    assert told["calendar/yearly_wages"]["second"]["from"] == "07-01"
    out = run(capsys, "region", "diff", "tianjin", "river")[1]
    assert "  年度工资申报（yearly_wages）\n    开始：没有 → 07-01" in out and "只写在 river/calendar.yaml:2" in out


def test_every_help_is_in_the_language_of_those_who_keep_a_hall(capsys):
    inner = [["region", name] for name in ("list", "check", "explain", "diff", "new", "vocabulary")]
    for words in ([], *([name] for name in COMMANDS), *inner):
        with pytest.raises(SystemExit) as end:
            main([*words, "--help"])
        out = capsys.readouterr().out
        assert end.value.code == 0 and out.startswith("用法："), words
        # Names of commands, options and files stay; two words in a row of another language are a sentence.
        told = out.partition("\n\n")[2]
        assert not re.search(r"[A-Za-z]{3,} [a-z]{2,}", told.replace("region list", "")), told


def test_calculate_answers_in_json_with_the_evidence(capsys):
    facts = ["--fact", "industry_class=二类", "--fact", "float_grade=100"]
    status, out, _ = run(capsys, *MONTH, "--wage", "8000", "--json", *facts)
    told = json.loads(out)
    assert status == 0 and told["employer_total"] == "2192.00" and told["employee_total"] == "860.00"
    injury = told["schemes"]["injury"]
    assert (injury["base"], injury["employer"], injury["employee"]) == ("8000.00", "32.00", "0.00")
    assert injury["evidence"]["employer"]["rate"]["source"].startswith("人社部发〔2015〕71号")
    assert list(injury["evidence"]) == ["employer"]


def test_calculate_explains_to_people_and_warns_of_illustrative_values(capsys):
    status, out, _ = run(capsys, *MONTH, "--wage", "3,000", "--fact", "employment_kind=非全日制")
    assert status == 0 and "缴费基数  5,124.00 元  按下限计算" in out and "不参加" in out and "示例值" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*MONTH, "--wage", "8e3"], "不是金额"),
        ([*MONTH, "--wage", "8000", "--fact", "mood=good"], "可用的信息"),
        ([*MONTH, "--wage", "8000", "--fact", "float_grade=70%"], "浮动档次没有“70%”"),
        (["calculate", "--region", "nowhere", "--month", "2026-11", "--wage", "1"], "没有地区“nowhere”"),
        (["calculate", "--region", "tianjin", "--month", "2026-13", "--wage", "1"], "不是有效的月份"),
        (["calculate", "--region", "tianjin", "--month", "2019-01", "--wage", "1"], "2019 年 1 月没有"),
        (["calculate", "--region", "tianjin", "--month", "2026-11", "--wage", "1", "--known-on", "x"], "不是日期"),
        (["region", "explain", "tianjin", "base_floor"], "相近的有"),
        (["region", "diff", "tianjin", "nowhere"], "没有地区"),
    ],
)
def test_bad_input_ends_in_one_sentence(capsys, words, sentence):
    status, out, err = run(capsys, *words)
    assert status == 2 and out == "" and sentence in err and err.count("\n") == 1


def test_no_django_is_imported():
    code = "import sys; from shebao.cli import main; main(['region', 'list']); sys.exit('django' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True).returncode == 0
