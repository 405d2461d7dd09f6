"""Three hundred damaged workbooks through the upload page; the drill itself sees what it is there to see."""

import io
import tempfile
import time
import zipfile

import pytest
from drill import uploads
from drill.damage import BOMBS, KINDS, damaged_file

from shebao.hall.sheets import operations
from tests.sheets import files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch, tmp_path):
    """What others leave in the common one is not ours to count."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_300_damaged_workbooks_are_refused_in_words_or_become_whole_batches():
    found = uploads.run(300, seed=20261127)
    assert found.failures == []
    assert found.counts["files"] == 300 + len(BOMBS)
    became = found.counts["became a batch"]
    assert became > 20, "damage that is all refused at the door tries nothing"
    assert found.counts["batches checked to the end"] > 0.8 * became, "what waits for its columns is not checked"


def test_a_file_of_a_seed_is_always_the_same_file(monkeypatch):
    seeds = [f"1/{n}" for n in range(60)]
    made = [damaged_file(seed) for seed in seeds]
    assert len(set(made)) == len(seeds)
    at = time.time()
    monkeypatch.setattr(zipfile.time, "time", lambda: at + 86_400)
    assert [damaged_file(seed) for seed in seeds] == made
    with zipfile.ZipFile(io.BytesIO(files.xlsx([["a"]]))) as archive:
        assert archive.read("docProps/core.xml").count(b">2026-11-01T00:00:00Z<") == 2  # created, modified


def test_every_kind_of_damage_is_done():
    assert {damaged_file(f"1/{n}")[0] for n in range(150)} >= {kind for kind, _, weight in KINDS if weight > 2}


def test_the_drill_sees_a_fault_and_a_batch_left_half_done(monkeypatch):
    def burst(*_, **__):
        raise ValueError("a parser's mistake")

    with monkeypatch.context() as broken:
        broken.setattr(operations, "read_workbook", burst)
        found = uploads.run(3, seed=1)
    assert found.counts["5xx"] >= 3 and "status 500" in found.failures[0]
    with monkeypatch.context() as broken:
        broken.setattr("shebao.hall.sheets.rows.previews", burst)
        found = uploads.run(40, seed=1)
    assert found.failures
