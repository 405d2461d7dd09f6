"""A flood is refused in words and slow bodies are cut off, while another employer is served; how fast, a drill says."""

import pytest

from .apart import told_by

pytestmark = pytest.mark.slow

FLOODED = """
import json
from drill.scratch import scratch_hall
with scratch_hall("sqlite"):
    from drill import floods
    floods.BODY_SECONDS = 3
    found = floods.run(10, seed=1)
    print(json.dumps([found.counts, found.failures]))
"""
HELD = """
import json
from drill.scratch import scratch_hall
with scratch_hall("sqlite"):
    from drill import floods
    from drill.outcome import Outcome
    from shebao.cli import serving
    floods.BODY_SECONDS, floods.SLOW = 3, 4
    command = serving.server_command
    def one_thread(*where):
        wsgi = {"rsgi": "wsgi", "shebao.config.rsgi:application": "shebao.config.wsgi:application"}
        return [wsgi.get(word, word) for word in command(*where)] + ["--blocking-threads", "1"]
    serving.server_command = one_thread
    found, quiet = Outcome("", 1, 4), floods._visitor()
    with floods._server() as port:
        floods._judge_slow(found, port, quiet, 4, alone=1)
    print(json.dumps([found.counts, found.failures]))
"""


def test_a_flood_is_refused_in_words_and_slow_bodies_are_cut_off_while_others_are_served():
    counts, failures = told_by(FLOODED)
    # Seconds are compared in the drill alone: here others work on the same machine.
    assert [one for one in failures if not one.startswith("p95")] == []
    assert counts["refused in words"] > 10 and counts["cut off in words"] == counts["slow bodies"] == 64


def test_the_drill_sees_a_server_whose_threads_slow_bodies_hold():
    _, failures = told_by(HELD)
    assert "4 slow bodies were not cut off" in failures
    assert "the other employer was answered 0" in failures
