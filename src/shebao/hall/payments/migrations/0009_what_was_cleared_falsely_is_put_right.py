"""Money that was cleared with an amount that the bank's statement disproves is ended too, and the true one waits."""

from django.db import migrations

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import lifting

from importlib import import_module

STAYS = import_module("shebao.hall.payments.migrations.0007_what_is_decided_about_money_stays")
_, CLEARED_ONCE = STAYS.GUARDS
# Nobody chooses that it is corrected: it has no clerk any more, who did it before is on record.
CORRECTED = "OLD.clearing IN ('bill', 'credit', 'refund') AND NEW.clearing = 'corrected' AND NEW.cleared_by_id IS NULL"
CHANGES = f"({STAYS.CLEARED}) OR ({CORRECTED})"
GUARDS = [
    refuse_changes_unless(
        "payments_suspenseitem",
        dict.fromkeys(("clearing", "note", "cleared_by_id", "cleared_at"), CHANGES)
        | dict.fromkeys(("employer_id", "region"), STAYS.CLEARED),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0008_what_the_bank_misreported_is_put_right")]
    operations = [lifting(CLEARED_ONCE), *GUARDS]
