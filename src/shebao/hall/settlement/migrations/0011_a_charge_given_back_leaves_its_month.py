from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase, refuse_changes_but, refuse_sums
from shebao.hall.set_guards import lifting

# SQLite makes a table anew to change it, and the triggers go with the old one.
BEFORE = refuse_changes_but("settlement_billline", "is_voided", "NEW.is_voided AND NOT OLD.is_voided")
LINES = refuse_changes_but(
    "settlement_billline", "is_voided", "NEW.is_voided AND NOT OLD.is_voided", free=["is_given_back"]
)
RETURNED = """
SELECT 1 FROM settlement_billline back
WHERE back.employee_id = {line}.employee_id AND back.scheme = {line}.scheme AND back.month = {line}.month
AND NOT back.is_voided AND back.adjusts_id IS NOT NULL
AND back.employer_evidence_id IS NULL AND back.employee_evidence_id IS NULL
"""
GIVEN_BACK = refuse_sums(
    "a_charge_leaves_its_month_only_when_it_was_given_back",
    "settlement_billline",
    "NEW.is_given_back",
    f"SELECT 1 WHERE NOT EXISTS ({RETURNED.format(line='NEW')})",
    "a charge leaves its month only when it was given back whole",
    deeds=("insert", "update"),
)


def note_what_was_given_back(apps, editor):
    """What leavers got back before leaves its month too; whoever charged it had the only charge of it."""
    back = RETURNED.format(line="settlement_billline")
    editor.execute(
        "UPDATE settlement_billline SET is_given_back = TRUE "
        f"WHERE kind IN ('1', '2') AND NOT is_voided AND EXISTS ({back})",
        None,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("roster", "0005_spells_do_not_overlap"),
        ("settlement", "0010_a_month_not_declared_is_assessed_provisionally"),
    ]

    operations = [
        lifting(BEFORE),
        migrations.RemoveConstraint(model_name="billline", name="one_charge_for_a_person_scheme_and_month"),
        migrations.RemoveConstraint(model_name="billline", name="one_charge_for_an_employee_scheme_and_month"),
        migrations.AddField(
            model_name="billline",
            name="is_given_back",
            field=models.BooleanField(default=False, verbose_name="已全额退回"),
        ),
        OfTheDatabase(note_what_was_given_back, OfTheDatabase.noop),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("is_exclusive", True), ("is_given_back", False), ("is_voided", False), ("kind__in", ("1", "2"))
                ),
                fields=("person", "region", "scheme", "month"),
                name="one_charge_for_a_person_scheme_and_month",
                violation_error_message="该人员此险种当月已经核定过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_given_back", False), ("is_voided", False), ("kind__in", ("1", "2"))),
                fields=("employee", "scheme", "month"),
                name="one_charge_for_an_employee_scheme_and_month",
                violation_error_message="该人员此险种当月已在本单位核定过。",
            ),
        ),
        LINES,
        GIVEN_BACK,
    ]
