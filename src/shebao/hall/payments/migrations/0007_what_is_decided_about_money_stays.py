"""What was ordered and what arrived is not rewritten: an attempt changes until it is decided, and is voided after that;
money in suspense until it is cleared.
"""

from django.db import migrations

from shebao.hall.append_only import refuse_changes_unless

OPEN = "OLD.state IN ('created', 'sent', 'unknown')"
# What was received at the counter may be voided (作废); what came from the bank goes back by bookings of its own.
VOIDED = "OLD.state = 'succeeded' AND NEW.state = 'voided'"
DECIDED = f"({OPEN} AND NEW.state <> 'voided') OR ({VOIDED})"
ARRIVED = f"{OPEN} AND NEW.state = 'succeeded'"
CLEARED = "OLD.clearing = '' AND NEW.clearing <> ''"
GUARDS = [
    refuse_changes_unless(
        "payments_payment",
        {
            "state": DECIDED,
            "reason_code": DECIDED,
            "reason": DECIDED,
            "finished_at": OPEN,
            "bank_serial": ARRIVED,
            "paid_at": ARRIVED,
            "paid_fen": f"{ARRIVED} AND NEW.paid_fen = NEW.amount_fen",
            "debit_file_id": OPEN,
            # The bank may tell the result before the page to pay on is written down.
            "pay_url": "1 = 1",
        },
    ),
    refuse_changes_unless(
        "payments_suspenseitem",
        dict.fromkeys(("clearing", "note", "cleared_by_id", "cleared_at", "employer_id", "region"), CLEARED),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_a_payment_may_be_for_some_people")]
    operations = GUARDS
