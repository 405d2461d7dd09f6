"""What was declared to be paid back or to be returned is not rewritten; a back payment is only taken back, or comes
back: while no bill in force charges it, or because its charge was given back whole.
"""

from django.db import migrations

from shebao.hall.append_only import refuse_changes, refuse_changes_unless, refuse_sums

BACK, LINE = "settlement_backpayment", "settlement_billline"
OF_IT = f"SELECT 1 FROM {LINE} WHERE back_payment_id = NEW.id AND month = NEW.month"
CHARGED = f"{OF_IT} AND NOT is_voided AND NOT is_given_back"
RETURNED = f"{OF_IT} AND is_given_back"
GUARDS = [
    refuse_changes_unless(BACK, {"is_voided": "1 = 1", "withdrawn_in_id": "NEW.is_voided <> OLD.is_voided"}),
    refuse_sums(
        "a_back_payment_on_a_bill_is_not_taken_back", BACK, "NEW.is_voided AND NOT OLD.is_voided", CHARGED,
        "a back payment that a bill charges is not taken back", deeds=("update",),
    ),
    refuse_sums(
        "a_back_payment_comes_back_as_it_went", BACK,
        "OLD.is_voided AND NOT NEW.is_voided AND OLD.withdrawn_in_id IS NULL", f"SELECT 1 WHERE NOT EXISTS ({RETURNED})",
        "a back payment comes back after it was withdrawn or given back, and never else", deeds=("update",),
    ),
    refuse_changes(["settlement_refund"]),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("settlement", "0014_a_bill_says_from_which_month")]
    operations = GUARDS
