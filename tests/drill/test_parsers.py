"""The fuzzer finds what was planted, what has no end and what is too large; and what it begins with is read."""

import re

import pytest
from drill import parsers
from drill.parser_fuzz import Judge
from drill.parser_targets import named

pytest.importorskip("atheris", reason="there is no wheel for this machine")


def test_what_was_planted_is_found_kept_and_told_and_a_sound_reader_has_no_failures(tmp_path):
    names = ("FAULTY", "ENDLESS", "LARGE", "SOUND")
    found = parsers.run(20, 7, [f"tests.drill.planted_parsers:{name}" for name in names], tmp_path)
    told = {
        re.sub(r":\d+: .*| \(.*", "", one) for one in found.failures
    }  # what ends its process may do so by two inputs
    assert told == {
        "7 faulty: IndexError at planted_parsers.py",
        "7 endless: takes too long",
        "7 large: takes too much memory",
    }
    kept = {file.name.partition("-")[0]: file for file in tmp_path.iterdir() if file.suffix != ".txt"}
    assert kept["faulty"].read_bytes().startswith(b"fa") and kept["faulty"].name in str(found.failures)
    assert set(kept) == {"faulty", "endless", "large"}
    assert found.counts["refused"] > 0 < found.counts["read"]


def test_a_target_that_cannot_begin_is_a_failure(tmp_path):
    (told,) = parsers.run(1, 7, ["tests.drill.planted_parsers:NOBODY"], tmp_path).failures
    assert told.startswith("NOBODY: not begun")


@pytest.mark.django_db
@pytest.mark.parametrize("path", parsers.TARGETS)
def test_what_the_fuzzer_begins_with_is_read(path, tmp_path, settings):
    target = named(path)
    settings.SHEBAO_TEST_CA_DIR = tmp_path  # the targets of certificates set their own
    target.begin(tmp_path)
    first, *others = target.seeds()
    target.read(first)
    judge = Judge(target, tmp_path)
    for seed in others:
        judge(seed)
    assert judge.counts["faults"] == 0
