"""What was cleared falsely keeps how it was cleared and by whom, and says who corrected it."""

from importlib import import_module

from django.db import migrations

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import add_text, lifting

RIGHT = import_module("shebao.hall.payments.migrations.0009_what_was_cleared_falsely_is_put_right")
(CLEARED_OR_CORRECTED,) = RIGHT.GUARDS
COLUMNS = (("earlier", "更正前的处理", 300), ("corrected_by", "更正人", 120))
BECOMES_CORRECTED = "OLD.clearing <> 'corrected' AND NEW.clearing = 'corrected'"
GUARDS = [
    refuse_changes_unless(
        "payments_suspenseitem",
        dict.fromkeys(("clearing", "note", "cleared_by_id", "cleared_at"), RIGHT.CHANGES)
        | dict.fromkeys(("employer_id", "region"), RIGHT.STAYS.CLEARED)
        | dict.fromkeys((name for name, *_ in COLUMNS), BECOMES_CORRECTED),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_a_voided_receipt_stays_voided")]
    operations = [lifting(CLEARED_OR_CORRECTED), *(add_text("payments_suspenseitem", "suspenseitem", *column) for column in COLUMNS), *GUARDS]
