"""What was cleared falsely keeps how it was cleared and by whom, and names who corrected it.

The text is added by hand: to add a column that may not be null Django makes the table anew on SQLite, and the guards of
other tables read this one.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes_unless
from shebao.hall.set_guards import lifting

RIGHT = import_module("shebao.hall.payments.migrations.0009_what_was_cleared_falsely_is_put_right")
(CLEARED_OR_CORRECTED,) = RIGHT.GUARDS
BECOMES_CORRECTED = "OLD.clearing <> 'corrected' AND NEW.clearing = 'corrected'"
GUARDS = [
    refuse_changes_unless(
        "payments_suspenseitem",
        dict.fromkeys(("clearing", "note", "cleared_by_id", "cleared_at"), RIGHT.CHANGES)
        | dict.fromkeys(("employer_id", "region"), RIGHT.STAYS.CLEARED)
        | dict.fromkeys(("earlier", "corrected_by_id"), BECOMES_CORRECTED),
    ),
]
EARLIER = models.CharField("更正前的处理", max_length=300, blank=True, default="")
WHO = models.ForeignKey(
    settings.AUTH_USER_MODEL, on_delete=django.db.models.deletion.PROTECT, null=True, related_name="+"
)


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0010_a_voided_receipt_stays_voided"),
        ("settlement", "0021_more_of_the_invariants_stand_in_the_database"),
    ]
    operations = [
        lifting(CLEARED_OR_CORRECTED),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "ALTER TABLE payments_suspenseitem ADD COLUMN earlier varchar(300) DEFAULT '' NOT NULL",
                    "ALTER TABLE payments_suspenseitem DROP COLUMN earlier",
                )
            ],
            [migrations.AddField("suspenseitem", "earlier", EARLIER)],
        ),
        migrations.AddField("suspenseitem", "corrected_by", WHO),
        *GUARDS,
    ]
