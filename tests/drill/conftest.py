"""Drills refuse by the hundred: only what is worse is worth a line in the log."""

import logging

import pytest


@pytest.fixture(autouse=True)
def refusals_are_not_logged():
    logger = logging.getLogger("django.request")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)
