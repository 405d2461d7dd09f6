"""How many locks PostgreSQL holds for pages and settlements, with many monthly partitions (docs/decisions/0014).

`bench/locks.py [months …]`. The real tables with their guards and indexes, empty partitions for so many months before
today, one employer. Each deed is done in a transaction of its own, all statements together, and its locks are counted
before it ends: a page, which has no such transaction, holds no more than that at any time.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "src")]
HELD = """
SELECT count(*), count(*) FILTER (WHERE NOT fastpath),
  count(*) FILTER (WHERE relation IN (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = 'settlement_billline'::regclass))
FROM pg_locks WHERE pid = pg_backend_pid()
"""


def main() -> None:
    """Make the partitions, more and more of them, and count."""
    from drill.scratch import scratch_hall

    with scratch_hall("postgres"):
        from django.db import connection
        from tests.settlement.hall import on_day

        from shebao.hall.settlement.month_partitions import prepare_months
        from shebao.rules.months import Month, months_between

        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('max_locks_per_transaction'), current_setting('max_connections')")
            per, connections = cursor.fetchone()
            print(
                f"max_locks_per_transaction {per}, max_connections {connections}: {int(per) * int(connections)} in all"
            )
        last = Month(2026, 11)
        print(f"{'months':>7}  {'deed':<44}{'partitions':>11}{'locks':>7}{'in the shared table':>21}")
        for place, count in enumerate([int(one) for one in sys.argv[1:]] or [36, 120, 240]):
            prepare_months(months_between(last.previous(count - 1), last))
            with on_day(last):
                measure(count, place)


def measure(count: int, place: int) -> None:
    """Count what each deed holds."""
    from django.db import connection, transaction
    from django.test import Client
    from tests.settlement.hall import hire, make_clerk, make_employer, settle

    from shebao.hall.settlement.operations import settle_employers
    from shebao.rules.months import Month

    month, before = Month(2026, 11), Month(2026, 10)
    employers = [make_employer("leshan", f"{place}2000{number}") for number in range(3)]
    people = [hire(one, [720_000, 300_000]) for one in employers]
    clerk = make_clerk(employers[0])
    page = Client()

    def get(address: str):
        part = {"HX-Request": "true"} if address == "/e/month/" else {}
        answer = page.get(address, headers=part)
        assert answer.status_code == 200, (address, answer.status_code)

    settle(employers[0], clerk, before)
    page.force_login(clerk)
    made = {}
    deeds = {
        "one employer settled": lambda: made.update(bill=settle(employers[0], clerk, month)),
        "two employers settled together (assess)": lambda: settle_employers([one.pk for one in employers[1:]], month),
        "bill, summary": lambda: get(f"/e/bills/{made['bill'].pk}/"),
        "bill, people": lambda: get(f"/e/bills/{made['bill'].pk}/?tab=people"),
        "bill, changes": lambda: get(f"/e/bills/{made['bill'].pk}/?tab=changes"),
        "list of bills": lambda: get("/e/bills/"),
        "workbench": lambda: get("/e/"),
        "workbench, the month": lambda: get("/e/month/"),
        "settlement": lambda: get("/e/settle/"),
        "explanation of one line": lambda: get(f"/e/bills/lines/{made['bill'].lines.first().pk}/employer/"),
        "an employee's page": lambda: get(f"/e/roster/{people[0][0].pk}/"),
        "check-ledger": lambda: list(_check()),
    }
    for name, deed in deeds.items():
        with transaction.atomic(), connection.cursor() as cursor:
            deed()
            cursor.execute(HELD)
            locks, shared, partitions = cursor.fetchone()
        print(f"{count:>7}  {name:<44}{partitions:>11}{locks:>7}{shared:>21}", flush=True)


def _check():
    from shebao.hall.settlement.ledger import check_ledger

    yield from check_ledger()


if __name__ == "__main__":
    main()
