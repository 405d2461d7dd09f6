"""`shebao region` and `shebao calculate`: answers on stdout, bad input in one sentence with a non-zero status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shebao.cli import main
from shebao.rules import vocabulary

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
