"""No id number, telephone or account lies open anywhere the hall writes; and the search would see one that does."""

import json
import subprocess
import sys
from pathlib import Path

from drill.canaries import forms

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
from drill.scratch import scratch_hall
with scratch_hall("{engine}"):
    from drill import canaries
    if {break_it}:
        import shebao.hall.fields as fields
        fields.encrypt = lambda text, owner=0: "plain:" + text
        fields.decrypt = lambda text: text.partition(":")[2]
    found = canaries.run({count}, seed=1)
    print(json.dumps([found.counts, found.failures]))
"""


def searched(count: int, engine: str = "sqlite", *, break_it: bool = False):
    # A database of its own, in a file, with what is written really written: not the suite's.
    script = SCRIPT.format(count=count, engine=engine, break_it=break_it)
    command = [sys.executable, "-W", "ignore", "-c", script]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout.splitlines()[-1])


def test_no_canary_is_found_in_the_bytes_of_the_hall():
    counts, failures = searched(8)
    assert failures == []
    assert counts["canaries"] == 18 and counts["pages"] > 30 and counts["bytes of files"] > 150_000


def test_no_canary_is_found_in_the_folder_of_a_postgresql_server():
    counts, failures = searched(8, "postgres")
    assert failures == []
    assert counts["bytes of the server's folder"] > 20_000_000 and counts["bytes of rows"] > 50_000


def test_the_drill_sees_a_hall_that_forgot_to_encrypt():
    _, failures = searched(1, break_it=True)
    assert any("lies open" in sentence for sentence in failures)


def test_the_drill_sees_it_in_the_folder_of_a_postgresql_server_too():
    _, failures = searched(1, "postgres", break_it=True)
    assert any(sentence.startswith("0000000") and "lies open" in sentence for sentence in failures)  # its log
    assert any(sentence.startswith("people") or "employee" in sentence for sentence in failures), failures


def test_a_number_is_known_in_base64_wherever_it_stands():
    import base64

    for before in range(7):
        coded = base64.b64encode(b"x" * before + b"990101199005170075" + b"tail")
        assert any(way in coded for way in forms("990101199005170075"))
