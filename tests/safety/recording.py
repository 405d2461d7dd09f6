"""Which tables a request wrote, and whether it left the records that it should (reliability B15).

The rule: **one record for one deed on one object, in the transaction of the deed.** A batch leaves one for each object;
a press that does two deeds on one object leaves both, and such pairs are in TOGETHER with their reason; a look leaves
one. What belongs to an employer is in the employer's own log.
"""

import re
from collections import Counter, defaultdict
from contextlib import contextmanager

from django.db import connection

from shebao.hall.audit import operations

WRITE = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
TAKEN_BACK = re.compile(r'^\s*ROLLBACK TO SAVEPOINT\s+"?(\w+)"?', re.IGNORECASE)
RECORD = "audit_auditentry"
# The head of the chain moves with every record; on PostgreSQL the records go in by COPY, which is no statement.
HEAD = "audit_audithead"
# What is no deed: the machinery of sessions, counters and jobs, what somebody still types, and the mark of progress.
NO_DEEDS = {
    "django_session", "axes_accessattempt", "axes_accesslog", "axes_accessfailurelog", "operators_attempt",
    "sign_in_opensession", "sign_in_sentcode", "phone_uploads_phoneupload", "audit_spentkey",
    "django_tasks_database_dbtaskresult", "declarations_formdraft", HEAD, RECORD,
}  # fmt: skip
TYPING = {
    "e_batch_rows": {"sheets_batch", "sheets_batchrow"},
    "e_batch_group": {"sheets_batch", "sheets_batchrow"},
    "e_batch_confirm": {"sheets_batch"},
    "e_documents_pack": {"documents_printrun", "documents_printrun_documents"},
    "register_step": {"registration_registration"},
    "register_join": {"registration_joinrequest"},
    "join_phone": {"registration_joinrequest"},
    "a_choose": {"desk_sample"},
}
"""What somebody still types or draws for oneself, before it is a deed, by address: cells of a sheet that is not
confirmed, how far declaring it or printing came, the steps of a registration that is not submitted, a request to join
whose telephone is not proved, the lot for one's own batch.
"""
TOGETHER: dict[frozenset[str], str] = {
    frozenset({"data.looked_at", "desk.sample_opened"}): "a case of a sample is opened: a look, and the batch needs it",
    frozenset({"declaration.saved", "declaration.approved"}): "where nobody reviews, the hall decides what was saved",
    frozenset({"declaration.repaired", "declaration.submitted"}): "where repairing is submitting: both were done",
    frozenset({"payment.started", "payment.sent"}): "ordered, and then the bank was told, in a transaction after it",
    frozenset({"payment.refused", "payment.cancelled"}): "the bank closed the order, and who had asked it to",
    frozenset({"batch.uploaded", "batch.matched"}): "a file whose headings are all known needs no question about them",
    frozenset({"operator.activated", "operator.signed_in"}): "the link gives a password, and whoever gave it is in",
    frozenset({"operator.created", "operator.activation_made"}): "the account, and the link that makes it usable",
    frozenset({"operator.reset_at_agency", "operator.activation_made"}): "the old way in ends, and a new one is given",
    frozenset({"operator.password_reset", "session.ended"}): "whoever has the old password is put out: two deeds",
}
"""Deeds that one press does on one object, each with its record; and why they are two."""


class Written:
    """The tables written inside the block, by transaction, and the records."""

    def __init__(self) -> None:
        self.records: list = []
        self._depth = len(connection.savepoint_ids)
        self._by_transaction: dict[str, list[str]] = defaultdict(list)

    def note(self, sql: str) -> None:
        """A statement that ran."""
        if found := TAKEN_BACK.match(sql):
            self._by_transaction.pop(found[1], None)
        elif found := WRITE.match(sql):
            self._by_transaction[self._transaction()].append(found[1].lower())

    def _transaction(self) -> str:
        """The outermost transaction inside the block; outside of any, every statement is its own."""
        inside = connection.savepoint_ids[self._depth :]
        if inside:
            return str(inside[0])
        return "only" if connection.in_atomic_block and not self._depth else f"none {len(self._by_transaction)}"

    @property
    def deeds(self) -> set[str]:
        """The tables of business that were written and not taken back."""
        return {one for tables in self._by_transaction.values() for one in tables} - NO_DEEDS

    @property
    def unrecorded(self) -> set[str]:
        """Those of them that were written in a transaction without a record."""
        lost = (tables for tables in self._by_transaction.values() if not {RECORD, HEAD} & set(tables))
        return {one for tables in lost for one in tables} - NO_DEEDS

    @property
    def wrong(self) -> list[str]:
        """What is wrong with the records, in words: twice the same, two of one object, of nobody's log."""
        said = Counter((one.action, one.subject) for one in self.records)
        found = [f"{action} of {subject} {count} times" for (action, subject), count in said.items() if count > 1]
        by_subject = defaultdict(set)
        for action, subject in said:
            by_subject[subject].add(action)
        found += [
            f"{subject}: {' and '.join(sorted(actions))}"
            for subject, actions in by_subject.items()
            if len(actions) > 1 and not any(actions <= one for one in TOGETHER)
        ]
        return found + [
            f"{one.action} of {one.subject} is in no employer's log"
            for one in self.records
            if not one.employer_id and (one.subject.startswith("employer:") or (one.actor and one.actor.employer_id))
        ]


@contextmanager
def written(monkeypatch):
    """Watch the statements and the records of the block."""
    seen = Written()

    def watch(execute, sql, params, many, context):
        seen.note(sql)
        return execute(sql, params, many, context)

    def insert(entries):
        seen.records.extend(entries)
        insert_rows(entries)

    insert_rows = operations.insert_rows
    with monkeypatch.context() as now, connection.execute_wrapper(watch):
        now.setattr(operations, "insert_rows", insert)
        yield seen
