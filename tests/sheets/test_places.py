"""Only so many files are read at once, by all processes of the machine together."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from shebao.hall.sheets.places import NoPlace, reading_place
from shebao.hall.sheets.reading import Limits, UnreadableSheet, read_workbook

SOURCE = Path(__file__).parents[2] / "src"
HOLDER = (
    "from shebao.hall.sheets.places import reading_place\n"
    "import time\n"
    "with reading_place(1, 5):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_place_is_free_again_after_its_block():
    for _ in range(3):
        with reading_place(1, 0):
            pass


def test_the_third_of_two_waits_and_then_gives_up():
    with reading_place(2, 0), reading_place(2, 0):
        began = time.monotonic()
        with pytest.raises(NoPlace), reading_place(2, 0.3):
            pass
        assert time.monotonic() - began >= 0.3


def test_a_busy_reader_says_when_to_come_again():
    with reading_place(1, 0), pytest.raises(UnreadableSheet, match="请过半分钟再上传") as no:
        read_workbook("姓名,证件号码\n甲,1\n".encode(), "a.csv", limits=Limits(at_once=1, patience=0))
    assert no.value.code == "busy"


def test_another_process_counts_and_its_death_frees_its_place():
    env = {"PYTHONPATH": str(SOURCE), "TMPDIR": tempfile.gettempdir()}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, env=env)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(NoPlace), reading_place(1, 0):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with reading_place(1, 1):
        pass
