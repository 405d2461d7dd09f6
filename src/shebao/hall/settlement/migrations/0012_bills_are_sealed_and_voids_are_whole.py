"""I-1, I-4, I-6, I-8 and I-12 in the database: decision 0016 says which half of each, and what is left to check-ledger.

A bill is written as bill, lines, its booking, the entries of the booking: the booking seals the lines.
"""

from django.db import migrations

from shebao.hall.append_only import OfTheDatabase, refuse_sums
from shebao.hall.set_guards import at_commit, by_engine, lifting, open_account, refuse_rows

BILL, LINE, OLD_MONTH = "settlement_bill", "settlement_billline", "settlement_provisionalline"
BOOKING, ENTRY, ASSESSMENT = "settlement_ledgertransaction", "settlement_ledgerentry", "settlement_assessment"
DUES = "'receivable', 'late_fees_due', 'interest_due'"

# I-1 ---------------------------------------------------------------------------------------------------------------
TAKEN = f"SELECT 1 FROM {BOOKING} t WHERE t.kind = 'assessed' AND t.bill_id IN (SELECT l.bill_id FROM {{fresh}} l)"
NO_MORE = "a posted bill takes no more lines"
SUMS = "SELECT COALESCE(SUM(l.employer_due), 0), COALESCE(SUM(l.employee_due), 0) FROM {lines} l WHERE l.bill_id = b.id"
NOT_THE_SUM = f"""
SELECT 1 FROM {{fresh}} t LEFT JOIN {BILL} b ON b.id = t.bill_id
WHERE t.kind = 'assessed' AND (b.id IS NULL
OR b.basis_month IS NULL AND (b.employer_due, b.employee_due) <> ({SUMS.format(lines=LINE)})
OR b.basis_month IS NOT NULL AND (b.employer_due, b.employee_due) <> ({SUMS.format(lines=OLD_MONTH)})
OR b.basis_month IS NULL AND EXISTS (SELECT 1 FROM {OLD_MONTH} l WHERE l.bill_id = b.id)
OR b.basis_month IS NOT NULL AND EXISTS (SELECT 1 FROM {LINE} l WHERE l.bill_id = b.id))
"""
DEMANDED = (
    f"SELECT COALESCE(SUM(x.amount_fen), 0) FROM {ENTRY} x WHERE x.transaction_id = t.id AND x.account IN ({DUES})"
)
NOT_POSTED = f"""
SELECT 1 WHERE NOT EXISTS (
SELECT 1 FROM {BOOKING} t WHERE t.bill_id = NEW.id AND t.kind = 'assessed' AND NEW.total_due = ({DEMANDED}))
"""
# Of a booking all entries come in one statement, so PostgreSQL can judge each statement; SQLite judges at the end.
NOT_DEMANDED = f"""
SELECT 1 FROM {{fresh}} e JOIN {BOOKING} t ON t.id = e.transaction_id JOIN {BILL} b ON b.id = t.bill_id
WHERE t.kind = 'assessed' AND e.account IN ({DUES}) AND b.total_due <> ({DEMANDED})
"""
POSTED = "a bill is posted with what it says"
UNPOSTED = "settlement_unposted"
FINISHED = f"DELETE FROM {UNPOSTED} WHERE id = {{bill}} AND fen = 0 AND is_booked = 1; END"
POSTING = [
    open_account(UNPOSTED, "id INTEGER PRIMARY KEY, fen INTEGER NOT NULL, is_booked INTEGER NOT NULL"),
    f"CREATE TRIGGER a_bill_is_posted AFTER INSERT ON {BILL} BEGIN "
    f"INSERT INTO {UNPOSTED} (id, fen, is_booked) VALUES (NEW.id, NEW.total_due, 0); END",
    f"CREATE TRIGGER a_bill_is_posted_by_its_booking AFTER INSERT ON {BOOKING} WHEN NEW.kind = 'assessed' BEGIN "
    f"UPDATE {UNPOSTED} SET is_booked = 1 WHERE id = NEW.bill_id; " + FINISHED.format(bill="NEW.bill_id"),
    f"CREATE TRIGGER a_bill_is_posted_with_what_it_says AFTER INSERT ON {ENTRY} WHEN NEW.account IN ({DUES}) BEGIN "
    f"INSERT INTO {UNPOSTED} (id, fen, is_booked) SELECT t.bill_id, -NEW.amount_fen, 1 FROM {BOOKING} t "
    "WHERE t.id = NEW.transaction_id AND t.kind = 'assessed' "
    "ON CONFLICT (id) DO UPDATE SET fen = fen + excluded.fen; "
    + FINISHED.format(bill=f"(SELECT bill_id FROM {BOOKING} WHERE id = NEW.transaction_id AND kind = 'assessed')"),
]

# I-4 ---------------------------------------------------------------------------------------------------------------
OVERPAID = f"""
SELECT 1 FROM {BOOKING} own
JOIN {BOOKING} other ON other.bill_id = own.bill_id
JOIN {ENTRY} e ON e.transaction_id = other.id AND e.account IN ({DUES})
WHERE own.id = NEW.transaction_id AND own.kind {{kinds}}
GROUP BY other.bill_id HAVING SUM(e.amount_fen) < 0
"""
STRAY = f"""
SELECT 1 FROM {{fresh}} e JOIN {BOOKING} t ON t.id = e.transaction_id
WHERE e.account IN ({DUES}) AND (t.bill_id IS NULL OR t.kind IN ('suspended', 'refunded'))
"""
OTHERWISE = f"""
SELECT 1 FROM {{fresh}} e JOIN {BOOKING} t ON t.id = e.transaction_id JOIN payments_payment p ON p.id = t.payment_id
WHERE t.kind = 'paid' AND e.account = 'bank' AND p.amount_fen <> (
SELECT SUM(x.amount_fen) FROM {ENTRY} x WHERE x.transaction_id = t.id AND x.account = 'bank')
"""


def _paid(kinds):
    return refuse_sums(
        "a_bill_is_not_paid_beyond_what_it_owes",
        ENTRY,
        f"NEW.account IN ({DUES}) AND NEW.amount_fen < 0",
        OVERPAID.replace("{kinds}", kinds),
        "a bill is not paid beyond what it owes",
    )


PAID_BEFORE = _paid("IN ('paid', 'credit_used', 'cleared', 'carried')")
# What is demanded is the bill's total, and a void's mirror is exact: every other booking of whatever kind is bound.
PAID = _paid("NOT IN ('assessed', 'voided')")

# I-6 ---------------------------------------------------------------------------------------------------------------
FOREIGN = f"""
SELECT 1 FROM {{fresh}} t LEFT JOIN {BILL} b ON b.id = t.bill_id LEFT JOIN {ASSESSMENT} a ON a.id = b.assessment_id
LEFT JOIN {BOOKING} o ON o.id = t.reverses_id
WHERE b.id IS NOT NULL AND (a.voided_at IS NOT NULL OR t.employer_id IS NULL OR t.employer_id <> b.employer_id)
OR o.id IS NOT NULL AND (o.kind = 'voided' OR COALESCE(o.bill_id, 0) <> COALESCE(t.bill_id, 0))
"""
ALIKE = "x.account = {of}.account AND x.scheme = {of}.scheme AND x.part = {of}.part AND x.month = {of}.month"
MIRRORED = f"""
SELECT 1 FROM {{fresh}} e JOIN {BOOKING} t ON t.id = e.transaction_id
WHERE EXISTS (SELECT 1 FROM {BOOKING} m WHERE m.reverses_id = t.id)
OR t.kind = 'voided' AND (SELECT COUNT(*) FROM {ENTRY} x WHERE x.transaction_id = t.id
AND {ALIKE.format(of="e")} AND x.amount_fen = e.amount_fen) > (SELECT COUNT(*) FROM {ENTRY} x
WHERE x.transaction_id = t.reverses_id AND {ALIKE.format(of="e")} AND x.amount_fen = -e.amount_fen)
"""
PARTLY = f"""
SELECT 1 WHERE (SELECT COUNT(*) FROM {ENTRY} x WHERE x.transaction_id = NEW.id) <>
(SELECT COUNT(*) FROM {ENTRY} x WHERE x.transaction_id = NEW.reverses_id)
UNION ALL SELECT 1 FROM {BOOKING} o JOIN {BILL} b ON b.id = o.bill_id JOIN {ASSESSMENT} a ON a.id = b.assessment_id
WHERE o.id = NEW.reverses_id AND o.kind = 'assessed' AND a.voided_at IS NULL
"""
WHOLE = "a void mirrors the whole booking, and its bill is voided"
UNMIRRORED = "settlement_unmirrored"
MIRRORS = f"""
SELECT m.id FROM {BOOKING} m JOIN {BOOKING} o ON o.id = m.reverses_id AND o.kind = 'assessed'
JOIN {BILL} b ON b.id = o.bill_id WHERE b.assessment_id = NEW.id
"""
DONE = f"DELETE FROM {UNMIRRORED} WHERE id {{which}} AND missing = 0; END"
MIRRORING = [
    open_account(UNMIRRORED, "id INTEGER PRIMARY KEY, missing INTEGER NOT NULL"),
    f"CREATE TRIGGER a_void_is_whole AFTER INSERT ON {BOOKING} WHEN NEW.kind = 'voided' BEGIN "
    f"INSERT INTO {UNMIRRORED} (id, missing) SELECT NEW.id, COUNT(*) + "
    f"(SELECT o.kind = 'assessed' FROM {BOOKING} o WHERE o.id = NEW.reverses_id) "
    f"FROM {ENTRY} x WHERE x.transaction_id = NEW.reverses_id; " + DONE.format(which="= NEW.id"),
    f"CREATE TRIGGER a_void_is_whole_by_its_entries AFTER INSERT ON {ENTRY} "
    f"WHEN EXISTS (SELECT 1 FROM {UNMIRRORED} WHERE id = NEW.transaction_id) BEGIN "
    f"UPDATE {UNMIRRORED} SET missing = missing - 1 WHERE id = NEW.transaction_id; "
    + DONE.format(which="= NEW.transaction_id"),
    f"CREATE TRIGGER a_void_is_whole_with_its_bill AFTER UPDATE OF voided_at ON {ASSESSMENT} BEGIN "
    f"UPDATE {UNMIRRORED} SET missing = missing - 1 WHERE id IN ({MIRRORS}); " + DONE.format(which=f"IN ({MIRRORS})"),
]
# What was paid of a provisional bill came, and went on to the settled one: neither is an account of the bill.
LEFT_OVER = f"""
SELECT 1 FROM {BILL} b JOIN {LINE} l ON l.bill_id = b.id WHERE b.assessment_id = NEW.id AND NOT l.is_voided
UNION ALL SELECT 1 FROM (
SELECT SUM(e.amount_fen) AS fen FROM {BILL} b JOIN {BOOKING} t ON t.bill_id = b.id
JOIN {ENTRY} e ON e.transaction_id = t.id
WHERE b.assessment_id = NEW.id AND (b.basis_month IS NULL OR e.account NOT IN ('bank', 'credit', 'suspense'))
GROUP BY e.account, e.scheme, e.part, e.month) held WHERE held.fen <> 0
"""
NOT_MIRRORED = f"""
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {BOOKING} t JOIN {BOOKING} m ON m.reverses_id = t.id
WHERE t.bill_id = NEW.bill_id AND t.kind = 'assessed')
"""

# I-8 ---------------------------------------------------------------------------------------------------------------
SAME = "o.employee_id = l.employee_id AND o.person_id = l.person_id AND o.scheme = l.scheme AND o.month = l.month"
FROM_NOTHING = f"""
SELECT 1 FROM {{fresh}} l WHERE l.is_voided
OR l.kind = '1' AND NOT EXISTS (SELECT 1 FROM roster_spell s WHERE s.employee_id = l.employee_id
AND s.scheme = l.scheme AND NOT s.is_voided AND s.project_id IS NULL AND s.first_month <= l.month
AND (s.last_month IS NULL OR s.last_month >= l.month))
AND NOT EXISTS (SELECT 1 FROM supplements_yearlycover s WHERE s.employee_id = l.employee_id
AND s.scheme = l.scheme AND s.charged_in = l.month AND NOT s.is_voided)
OR l.back_payment_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM settlement_backpayment o
WHERE o.id = l.back_payment_id AND {SAME} AND NOT o.is_voided AND o.declared_wage = l.declared_wage)
OR l.adjusts_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {LINE} o
WHERE o.id = l.adjusts_id AND {SAME} AND NOT o.is_voided)
OR l.adjusts_id IS NOT NULL AND l.employer_evidence_id IS NULL AND l.employee_evidence_id IS NULL
AND NOT EXISTS (SELECT 1 FROM settlement_refund r WHERE r.employee_id = l.employee_id AND r.month = l.month
AND NOT r.is_voided)
OR l.principal_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {LINE} o
WHERE o.id = l.principal_id AND {SAME} AND o.kind = '2' AND NOT o.is_voided)
"""

# I-12 --------------------------------------------------------------------------------------------------------------
OUT_OF_TIME = f"""
SELECT 1 FROM {{fresh}} l JOIN {BILL} b ON b.id = l.bill_id JOIN employers_employer e ON e.id = b.employer_id
WHERE {{no_month}} OR l.booking_month <> b.month OR l.region <> e.region
OR l.kind = '1' AND (l.month <> b.month OR l.month < e.first_month)
OR NOT EXISTS (SELECT 1 FROM roster_employee w JOIN roster_person p ON p.id = w.person_id
WHERE w.id = l.employee_id AND w.person_id = l.person_id AND w.employer_id = b.employer_id
AND (p.born_on IS NULL OR {{sixteen}} <= l.month))
"""
WORDS = {
    "no_month": (
        "l.month !~ '^[0-9]{4}-(0[1-9]|1[0-2])$'",
        "(l.month NOT GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]' OR substr(l.month, 6) NOT BETWEEN '01' AND '12')",
    ),
    "sixteen": (
        "to_char(p.born_on + interval '16 years', 'YYYY-MM')",
        "(substr(p.born_on, 1, 4) + 16) || substr(p.born_on, 5, 3)",
    ),
}

#: On SQLite a migration that makes one of these tables anew, or one that they read, lifts the guards first and lays
#: them again after it: `set_guards.lifting`, decision 0016.
GUARDS = [
    refuse_rows("a_posted_bill_takes_no_more_lines", LINE, TAKEN, NO_MORE),
    refuse_rows("a_posted_bill_takes_no_more_provisional_lines", OLD_MONTH, TAKEN, NO_MORE),
    refuse_rows(
        "a_bill_is_the_sum_of_its_lines", BOOKING, NOT_THE_SUM, "a bill is the sum of its lines",
        when="NEW.kind = 'assessed'",
    ),
    by_engine(
        at_commit("a_bill_is_posted", BILL, "TRUE", NOT_POSTED, POSTED),
        POSTING,
        lift_postgres=[f"DROP TRIGGER IF EXISTS a_bill_is_posted ON {BILL}"],
        lift_sqlite=[
            "DROP TRIGGER IF EXISTS a_bill_is_posted",
            "DROP TRIGGER IF EXISTS a_bill_is_posted_by_its_booking",
            "DROP TRIGGER IF EXISTS a_bill_is_posted_with_what_it_says",
            f"DROP TABLE IF EXISTS {UNPOSTED}",
        ],
    ),
    PAID,
    refuse_rows(
        "what_is_owed_is_owed_for_a_bill", ENTRY, STRAY, "what is owed is owed for a bill",
        when=f"NEW.account IN ({DUES})",
    ),
    refuse_rows(
        "a_payment_is_booked_as_it_arrived", ENTRY, OTHERWISE, "a payment is booked as it arrived",
        when="NEW.account = 'bank'",
    ),
    refuse_rows(
        "a_booking_is_of_its_bill", BOOKING, FOREIGN, "a booking is of its bill, and of none that is voided",
        when="NEW.bill_id IS NOT NULL OR NEW.reverses_id IS NOT NULL",
    ),
    refuse_rows("a_mirror_is_exact", ENTRY, MIRRORED, "a void mirrors its booking entry by entry, once"),
    by_engine(
        at_commit("a_void_is_whole", BOOKING, "NEW.kind = 'voided'", PARTLY, WHOLE),
        MIRRORING,
        lift_postgres=[f"DROP TRIGGER IF EXISTS a_void_is_whole ON {BOOKING}"],
        lift_sqlite=[
            "DROP TRIGGER IF EXISTS a_void_is_whole",
            "DROP TRIGGER IF EXISTS a_void_is_whole_by_its_entries",
            "DROP TRIGGER IF EXISTS a_void_is_whole_with_its_bill",
            f"DROP TABLE IF EXISTS {UNMIRRORED}",
        ],
    ),
    refuse_sums(
        "a_void_leaves_nothing", ASSESSMENT, "NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL", LEFT_OVER,
        "a voided bill holds nothing and charges nobody", deeds=("update",),
    ),
    refuse_sums(
        "a_line_is_voided_with_its_bill", LINE, "NEW.is_voided AND NOT OLD.is_voided", NOT_MIRRORED,
        "a line is voided with its bill", deeds=("update",),
    ),
    refuse_rows("a_line_charges_what_happened", LINE, FROM_NOTHING, "no line without what it charges"),
    refuse_rows(
        "a_line_is_in_its_time", LINE, OUT_OF_TIME, "a line is of its bill, in the time of its employer and person",
        words=WORDS,
    ),
]  # fmt: skip
DEMANDS = refuse_rows("a_bill_demands_what_it_says", ENTRY, NOT_DEMANDED, POSTED)


def lay_demands(apps, editor):
    if editor.connection.vendor == "postgresql":
        DEMANDS.code(apps, editor)


def lift_demands(apps, editor):
    if editor.connection.vendor == "postgresql":
        DEMANDS.reverse_code(apps, editor)


GUARDS.append(OfTheDatabase(lay_demands, lift_demands))


class Migration(migrations.Migration):
    dependencies = [
        ("employers", "0008_an_employer_belongs_to_a_division"),
        ("payments", "0006_a_payment_may_be_for_some_people"),
        ("roster", "0006_the_spells_of_a_person_do_not_overlap"),
        ("settlement", "0011_a_charge_given_back_leaves_its_month"),
        ("supplements", "0002_account_entries_are_append_only"),
    ]
    operations = [lifting(PAID_BEFORE), *GUARDS]
