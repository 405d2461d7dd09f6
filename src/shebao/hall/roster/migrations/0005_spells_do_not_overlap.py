"""I-11 in the database: an employee's spells in a scheme do not overlap."""

from django.db import migrations

from shebao.hall.append_only import refuse_sums

OVERLAP = """
SELECT 1 FROM roster_spell other
WHERE other.employee_id = NEW.employee_id AND other.scheme = NEW.scheme AND other.id <> NEW.id AND NOT other.is_voided
AND (other.last_month IS NULL OR other.last_month >= NEW.first_month)
AND (NEW.last_month IS NULL OR NEW.last_month >= other.first_month)
"""


class Migration(migrations.Migration):
    dependencies = [("roster", "0004_labour_is_registered_and_projects_insure")]
    operations = [
        refuse_sums(
            "spells_do_not_overlap",
            "roster_spell",
            "NOT NEW.is_voided",
            OVERLAP,
            "the spells of a person in a scheme do not overlap",
            deeds=("insert", "update"),
        )
    ]
