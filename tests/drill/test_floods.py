"""A flood is refused in words and slow bodies are cut off, while another employer is served; how fast, a drill says."""

import pytest

from .apart import told_by

pytestmark = pytest.mark.slow

SCRIPT = """
import json
from drill.scratch import scratch_hall
with scratch_hall("sqlite"):
    from drill import floods
    from shebao.cli import serving
    floods.BODY_SECONDS = 3
    if {break_it}:
        floods.SLOW = 4
        command = serving.server_command
        def one_thread(*where):
            wsgi = {{"rsgi": "wsgi", "shebao.config.rsgi:application": "shebao.config.wsgi:application"}}
            return [wsgi.get(word, word) for word in command(*where)] + ["--blocking-threads", "1"]
        serving.server_command = one_thread
    found = floods.run({count}, seed=1)
    print(json.dumps([found.counts, found.failures]))
"""


def flooded(count: int, *, break_it: bool = False):
    return told_by(SCRIPT.format(count=count, break_it=break_it))


def test_a_flood_is_refused_in_words_and_slow_bodies_are_cut_off_while_others_are_served():
    counts, failures = flooded(10)
    # Seconds are compared in the drill alone: here others work on the same machine.
    assert [one for one in failures if not one.startswith("p95")] == []
    assert counts["refused in words"] > 10 and counts["cut off in words"] == counts["slow bodies"] == 64


def test_the_drill_sees_a_server_whose_threads_slow_bodies_hold():
    _, failures = flooded(4, break_it=True)
    assert "4 slow bodies were not cut off" in failures
    assert "the other employer was answered 0" in failures
