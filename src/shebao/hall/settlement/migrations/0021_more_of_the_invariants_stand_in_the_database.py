"""More of the invariants in the database (decision 0016): I-6, what is voided says by whom and why, and what a mirror
reverses has ended; I-4, money is booked as payments and items of suspense stand, and no bill is paid below nothing;
I-12, a bill is for no month after the latest that could be assessed; I-8, a regular line is of the declared wage.
"""

from django.db import migrations, models
from django.db.models import Q

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.fields import MonthField
from shebao.hall.set_guards import FRESH, Event, refuse_at_commit, refuse_rows

BILL, BOOKING, ASSESSMENT = "settlement_bill", "settlement_ledgertransaction", "settlement_assessment"
LINE, WAGE = "settlement_billline", "roster_declaredwage"
ENTRY, DUES = "settlement_ledgerentry", "'receivable', 'late_fees_due', 'interest_due'"
WISH, PAYMENT, ITEM = "settlement_voidrequest", "payments_payment", "payments_suspenseitem"

# I-6 ---------------------------------------------------------------------------------------------------------------
# A wish is decided once; what it was and who decided it stays.
DECIDED = "OLD.state = 'asked' AND NEW.state <> 'asked'"
# What was assessed because nothing was declared ends by itself when the month is settled.
VOIDED_BY_NOBODY = f"""
SELECT 1 FROM {ASSESSMENT} a WHERE a.id = {{it}} AND a.voided_at IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM {WISH} w WHERE w.assessment_id = a.id AND w.state = 'voided')
AND NOT (a.basis_month IS NOT NULL AND EXISTS (SELECT 1 FROM {ASSESSMENT} s
WHERE s.employer_id = a.employer_id AND s.month = a.month AND s.series = 0 AND s.voided_at IS NULL))
"""
INSTEAD_OF = f"""
SELECT a.id FROM {ASSESSMENT} a WHERE a.employer_id = NEW.employer_id AND a.month = NEW.month
AND a.basis_month IS NOT NULL
"""
# What came at the counter ends as a voided payment, what the bank misreported as a corrected item; all else that was
# booked for a bill only with the bill.
STILL_STANDS = f"""
SELECT 1 FROM {BOOKING} m JOIN {BOOKING} o ON o.id = m.reverses_id
LEFT JOIN {PAYMENT} p ON p.id = o.payment_id LEFT JOIN {ITEM} i ON i.id = o.suspense_id
LEFT JOIN {BILL} b ON b.id = o.bill_id LEFT JOIN {ASSESSMENT} a ON a.id = b.assessment_id
WHERE m.id = {{it}} AND CASE WHEN p.id IS NOT NULL THEN p.state <> 'voided'
WHEN i.id IS NOT NULL THEN i.clearing <> 'corrected' ELSE b.id IS NOT NULL AND a.voided_at IS NULL END
"""
MIRRORS = f"SELECT m.id FROM {BOOKING} o JOIN {BOOKING} m ON m.reverses_id = o.id WHERE o.{{}}_id = NEW.id"
MIRRORS_OF_BILL = f"""
SELECT m.id FROM {BILL} b JOIN {BOOKING} m ON m.bill_id = b.id WHERE b.assessment_id = NEW.id AND m.kind = 'voided'
"""
IS_VOIDED = "NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL"
VOIDS = [
    refuse_changes_unless(WISH, dict.fromkeys(("state", "note", "decided_by_id", "decided_at"), DECIDED)),
    refuse_at_commit(
        "a_void_says_who_and_why", VOIDED_BY_NOBODY, "a voided assessment says by whom and why",
        [
            Event(ASSESSMENT, "INSERT", "NEW.voided_at IS NOT NULL"),
            Event(ASSESSMENT, "UPDATE OF voided_at", IS_VOIDED),
        ],
        [
            Event(WISH, "INSERT", "NEW.state = 'voided'", "SELECT NEW.assessment_id AS id"),
            Event(WISH, "UPDATE OF state", "NEW.state = 'voided'", "SELECT NEW.assessment_id AS id"),
            Event(ASSESSMENT, "INSERT", "NEW.series = 0", INSTEAD_OF),
        ],
    ),
    refuse_at_commit(
        "a_mirror_ends_what_it_reverses", STILL_STANDS, "what a mirror reverses has ended",
        [Event(BOOKING, "INSERT", "NEW.kind = 'voided'")],
        [
            Event(PAYMENT, "UPDATE OF state", "NEW.state = 'voided'", MIRRORS.format("payment")),
            Event(ITEM, "UPDATE OF clearing", "NEW.clearing = 'corrected'", MIRRORS.format("suspense")),
            Event(ASSESSMENT, "UPDATE OF voided_at", IS_VOIDED, MIRRORS_OF_BILL),
        ],
    ),
]  # fmt: skip

# I-4 ---------------------------------------------------------------------------------------------------------------
NOBODYS = f"""
SELECT 1 FROM {FRESH} e JOIN {BOOKING} t ON t.id = e.transaction_id WHERE e.account = 'suspense' AND t.suspense_id IS NULL
"""
HELD_OTHERWISE = f"""
SELECT 1 FROM {ITEM} i WHERE i.id = {{it}} AND CASE WHEN i.clearing = '' THEN i.amount_fen ELSE 0 END <> (
SELECT COALESCE(-SUM(e.amount_fen), 0) FROM {BOOKING} t JOIN {ENTRY} e ON e.transaction_id = t.id
AND e.account = 'suspense' WHERE t.suspense_id = i.id)
"""
BOOKED_OTHERWISE = f"""
SELECT 1 FROM {PAYMENT} p WHERE p.id = {{it}} AND CASE WHEN p.state = 'succeeded' THEN p.amount_fen ELSE 0 END <> (
SELECT COALESCE(SUM(e.amount_fen), 0) FROM {BOOKING} t JOIN {ENTRY} e ON e.transaction_id = t.id AND e.account = 'bank'
WHERE t.payment_id = p.id AND NOT EXISTS (SELECT 1 FROM {BOOKING} m WHERE m.reverses_id = t.id))
"""
# What a payment gives back of a bill and what it takes are entries of one booking: the sum is judged at the end.
DEMANDS = "t.kind = 'assessed' OR COALESCE(o.kind, '') = 'assessed'"
SETTLES = f"SUM(CASE WHEN {DEMANDS} THEN 0 ELSE e.amount_fen END)"
BELOW_NOTHING = f"""
SELECT 1 FROM {BOOKING} t LEFT JOIN {BOOKING} o ON o.id = t.reverses_id
JOIN {ENTRY} e ON e.transaction_id = t.id AND e.account IN ({DUES}) WHERE t.bill_id = {{it}}
GROUP BY t.bill_id HAVING {SETTLES} > 0 AND -{SETTLES} < SUM(CASE WHEN {DEMANDS} THEN e.amount_fen ELSE 0 END)
"""


def of_entry(owner: str, more: str = "") -> str:
    """Whose booking a new entry is in."""
    return f"SELECT t.{owner} AS id FROM {BOOKING} t WHERE t.id = NEW.transaction_id AND t.{owner} IS NOT NULL{more}"


OF_REVERSED = f"SELECT o.payment_id AS id FROM {BOOKING} o WHERE o.id = NEW.reverses_id AND o.payment_id IS NOT NULL"
OF_BILL = of_entry("bill_id", " AND t.kind <> 'assessed'")
MONEY = [
    refuse_rows(
        "what_waits_in_suspense_is_an_item", ENTRY, NOBODYS, "what waits in suspense is an item of it",
        when="NEW.account = 'suspense'",
    ),
    refuse_at_commit(
        "an_item_is_held_until_it_is_cleared", HELD_OTHERWISE, "an item of suspense is held whole until it is cleared",
        [
            Event(ITEM, "INSERT", "1 = 1"),
            Event(ITEM, "UPDATE OF clearing", "NEW.clearing <> OLD.clearing"),
            Event(ENTRY, "INSERT", "NEW.account = 'suspense'", of_entry("suspense_id")),
        ],
    ),
    refuse_at_commit(
        "a_payment_is_booked_as_it_ended", BOOKED_OTHERWISE, "a payment that succeeded is booked, and no other",
        [
            Event(PAYMENT, "INSERT", "NEW.state = 'succeeded'"),
            Event(PAYMENT, "UPDATE OF state", "NEW.state <> OLD.state"),
            Event(BOOKING, "INSERT", "NEW.reverses_id IS NOT NULL", OF_REVERSED),
            Event(ENTRY, "INSERT", "NEW.account = 'bank'", of_entry("payment_id")),
        ],
    ),
    refuse_at_commit(
        "paid_is_never_below_nothing", BELOW_NOTHING, "what is paid of a bill is never below nothing",
        [Event(ENTRY, "INSERT", f"NEW.account IN ({DUES}) AND NEW.amount_fen > 0", OF_BILL)],
        [Event(ENTRY, "INSERT", f"NEW.account IN ({DUES}) AND NEW.amount_fen < 0", OF_BILL)],
    ),
]  # fmt: skip

# I-12 --------------------------------------------------------------------------------------------------------------
# The calendar is the region's data: the latest month that it allowed stands with the bill.
TO_COME = f"SELECT 1 FROM {FRESH} b WHERE b.last_month IS NULL OR b.month > b.last_month"
MONTHS = [
    refuse_rows(
        "a_bill_is_for_no_month_to_come", BILL, TO_COME, "a bill is for no month after the latest that may be assessed"
    )
]

# I-8 ---------------------------------------------------------------------------------------------------------------
# A person is asked about once, whatever the number of schemes; where no wage is declared, nothing is charged by one.
ANOTHER_WAGE = f"""
SELECT 1 FROM (SELECT DISTINCT l.employee_id, l.month, l.declared_wage FROM {FRESH} l WHERE l.kind = '1') one
WHERE one.declared_wage <> COALESCE((SELECT w.amount_fen FROM {WAGE} w
WHERE w.employee_id = one.employee_id AND NOT w.is_voided AND w.first_month <= one.month
ORDER BY w.first_month DESC LIMIT 1), 0)
"""
WAGES = [
    refuse_rows(
        "a_regular_line_is_of_the_declared_wage", LINE, ANOTHER_WAGE, "a regular charge is of the wage in force",
        when="NEW.kind = '1'",
    )
]  # fmt: skip
GUARDS = [*VOIDS, *MONEY, *MONTHS, *WAGES]


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_a_voided_receipt_stays_voided"),
        ("roster", "0009_a_correction_may_be_of_the_tier"),
        ("settlement", "0020_late_fees_are_reckoned_and_nobody_is_left_out"),
    ]
    operations = [
        migrations.AddField("bill", "last_month", MonthField("当时最晚可核定的月份", null=True)),
        migrations.AddConstraint(
            "voidrequest",
            models.CheckConstraint(
                name="what_was_voided_says_who_and_why",
                condition=~Q(state="voided") | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                violation_error_message="作废要有办结人和原因。",
            ),
        ),
        *GUARDS,
    ]
