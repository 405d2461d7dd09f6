"""What was cleared falsely keeps how it was cleared and by whom, and says who corrected it.

The columns are added by hand: to add one that may not be null Django makes the table anew on SQLite, and the guards of
other tables read this one.
"""

from importlib import import_module

from django.db import migrations, models

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import lifting

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


def _added(name: str, title: str, length: int) -> migrations.SeparateDatabaseAndState:
    field = models.CharField(title, max_length=length, blank=True, default="")
    added = f"ALTER TABLE payments_suspenseitem ADD COLUMN {name} varchar({length}) DEFAULT '' NOT NULL"
    dropped = f"ALTER TABLE payments_suspenseitem DROP COLUMN {name}"
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(added, dropped)], [migrations.AddField("suspenseitem", name, field)]
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_a_voided_receipt_stays_voided")]
    operations = [lifting(CLEARED_OR_CORRECTED), *(_added(*column) for column in COLUMNS), *GUARDS]
