"""Money of the counter that was voided says by whom and why, with its payment; what was received is not rewritten."""

from django.db import migrations

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import Event, refuse_at_commit

PAYMENT, RECEIPT = "payments_payment", "payments_counterreceipt"
ONCE = "OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL"
# Who and why stands with the receipt: `a_voided_receipt_says_who_and_why`.
VOIDED_APART = f"""
SELECT 1 FROM {PAYMENT} p WHERE p.id = {{it}} AND (p.state = 'voided') <>
EXISTS (SELECT 1 FROM {RECEIPT} r WHERE r.payment_id = p.id AND r.voided_at IS NOT NULL)
"""
OF_IT = "SELECT NEW.payment_id AS id"
GUARDS = [
    refuse_changes_unless(RECEIPT, dict.fromkeys(("voided_by_id", "voided_at", "void_reason"), ONCE)),
    refuse_at_commit(
        "a_payment_is_voided_with_its_receipt", VOIDED_APART, "a payment is voided with its receipt, by somebody",
        [
            Event(PAYMENT, "INSERT", "NEW.state = 'voided'"),
            Event(PAYMENT, "UPDATE OF state", "NEW.state = 'voided'"),
            Event(RECEIPT, "INSERT", "NEW.voided_at IS NOT NULL", OF_IT),
            Event(RECEIPT, "UPDATE OF voided_at", "NEW.voided_at IS NOT NULL", OF_IT),
        ],
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_what_was_cleared_falsely_is_put_right")]
    operations = GUARDS
