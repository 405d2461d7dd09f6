"""Whoever changes a record of what was done is found out, with the place; so is whoever cuts the end off."""

import pytest
from drill import tampering

from shebao.hall.audit import operations

pytestmark = pytest.mark.django_db


def test_240_tamperings_are_detected_and_located():
    found = tampering.run(240, seed=20261127)
    assert found.failures == []
    assert found.counts["detected"] == found.counts["located"] == found.counts["tamperings"] == 240


def test_the_drill_sees_a_chain_without_anchors(monkeypatch):
    monkeypatch.setattr(operations, "anchors", lambda: ({}, []))
    blind = " ".join(tampering.run(len(tampering.TAMPERINGS), seed=1).failures)
    assert "tail cut, head moved" in blind and "rewritten with the key" in blind
    assert "two swapped" not in blind
