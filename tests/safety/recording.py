"""Which tables a request wrote, and whether it left a record (reliability B15)."""

import re
from contextlib import contextmanager

from django.db import connection

WRITE = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
RECORD = "audit_auditentry"
# The head of the chain moves with every record; on PostgreSQL the records go in by COPY, which is no statement.
HEAD = "audit_audithead"
# What is no deed: the machinery of sessions, counters and jobs, what somebody still types, and the mark of progress.
NO_DEEDS = {
    "django_session", "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog", "operators_attempt",
    "sign_in_opensession", "sign_in_sentcode",
    "django_tasks_database_dbtaskresult", "declarations_formdraft", HEAD,
}  # fmt: skip


class Written:
    """The tables written inside the block, in order."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    @property
    def deeds(self) -> set[str]:
        """The business tables among them."""
        return set(self.tables) - NO_DEEDS - {RECORD}

    @property
    def is_on_record(self) -> bool:
        """Whether an audit record was written."""
        return RECORD in self.tables or HEAD in self.tables


@contextmanager
def written():
    """Watch the statements of the block."""
    seen = Written()

    def watch(execute, sql, params, many, context):
        if found := WRITE.match(sql):
            seen.tables.append(found[1].lower())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield seen
