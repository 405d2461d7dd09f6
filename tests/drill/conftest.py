"""Drills refuse by the hundred: only what is worse is worth a line in the log."""

import logging
import os
import sqlite3

import pytest
from django.db import connection
from drill.scratch import MIGRATED


@pytest.fixture(autouse=True)
def refusals_are_not_logged():
    logger = logging.getLogger("django.request")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


@pytest.fixture(scope="session", autouse=True)
def drills_apart_begin_with_a_copy(django_db_setup, django_db_blocker, tmp_path_factory):
    """Their tables need not be made anew by each: to migrate takes seconds."""
    os.environ[MIGRATED] = ""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            os.environ[MIGRATED] = str(tmp_path_factory.mktemp("migrated") / "hall.sqlite3")
            connection.ensure_connection()
            with sqlite3.connect(os.environ[MIGRATED]) as copy:
                connection.connection.backup(copy)
            copy.close()
        connection.close()
