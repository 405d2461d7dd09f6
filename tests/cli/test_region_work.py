"""`shebao region new` and `region diff` over time: the tutorial is the tool."""

import pytest

from shebao.cli import main
from shebao.regions_home import regions_roots
from shebao.rules.region import load_region

from .test_regions_cli import run


def test_a_new_folder_loads_at_once_and_says_what_is_still_nobodys_value(capsys, tmp_path):
    status, out, _ = run(capsys, "region", "new", "linjiang", "--title", "临江市", "--into", str(tmp_path))
    assert status == 0 and "linjiang/parameters.yaml:1: 缴费基数下限（base_floor）还是示例值" in out
    assert "shebao region check linjiang" in out
    region = load_region("linjiang", [tmp_path, *regions_roots()])
    assert (region.title, region.lineage) == ("临江市", ("linjiang", "national"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Bad-Code"], "不能作地区代码"),
        (["tianjin"], "已经有地区文件夹"),
        (["linjiang", "--extends", "nowhere"], "没有可以继承的"),
    ],
)
def test_a_folder_that_cannot_be_made_is_refused_in_one_sentence(capsys, tmp_path, words, sentence):
    status, _, err = run(capsys, "region", "new", *words, "--into", str(tmp_path))
    assert status == 2 and sentence in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_two_months_of_a_region_are_compared_in_words(capsys):
    status, out, _ = run(capsys, "region", "diff", "tianjin", "--month", "2024-12", "2025-01")
    assert status == 0 and out.startswith("天津市（tianjin），2024-12 → 2025-01：")
    assert "  缴费基数下限（base_floor）\n    2024-01 起 5013.00 元（" in out and "pension" not in out


def test_two_regions_are_compared_for_a_month(capsys):
    status, out, _ = run(capsys, "region", "diff", "tianjin", "leshan", "--month", "2025-06")
    assert status == 0 and " 4588.00 元（" in out and "（large_medical.monthly）" in out
    assert run(capsys, "region", "diff", "leshan", "--month", "2025-06", "2025-06")[1].endswith("：没有不同\n")
    assert main(["region", "diff", "tianjin"]) == 2


def test_a_check_reminds_of_values_that_are_still_the_templates(capsys, tmp_path, monkeypatch):
    run(capsys, "region", "new", "linjiang", "--into", str(tmp_path))
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    status, out, _ = run(capsys, "region", "check", "linjiang", "leshan")
    assert status == 0 and out.count("提示：linjiang/parameters.yaml") == 4 and "提示：leshan" not in out
