"""I-6 in the database, the rest: what is voided says by whom and why, and a mirror ends what it reverses (0016)."""

from django.db import migrations, models
from django.db.models import Q

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import Event, refuse_at_commit

BILL, BOOKING, ASSESSMENT = "settlement_bill", "settlement_ledgertransaction", "settlement_assessment"
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
GUARDS = [*VOIDS]


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_a_voided_receipt_stays_voided"),
        ("settlement", "0020_late_fees_are_reckoned_and_nobody_is_left_out"),
    ]
    operations = [
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
