"""No id number, telephone or account lies open anywhere the hall writes; and the search would see one that does."""

from drill.canaries import forms

from .apart import told_by

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
    return told_by(SCRIPT.format(count=count, engine=engine, break_it=break_it))


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
