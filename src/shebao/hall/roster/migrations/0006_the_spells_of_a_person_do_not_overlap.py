"""I-11 of persons: what a person may have once is not at two employers in one month, whether it has ended or not.

Part-time injury and the injury of projects are with several employers at once: those spells are not exclusive.
"""

from django.db import migrations

from shebao.hall.append_only import refuse_sums

OVERLAP = """
SELECT 1 FROM roster_spell other
WHERE other.person_id = NEW.person_id AND other.region = NEW.region AND other.scheme = NEW.scheme
AND other.id <> NEW.id AND NOT other.is_voided AND other.is_exclusive
AND (other.last_month IS NULL OR other.last_month >= NEW.first_month)
AND (NEW.last_month IS NULL OR NEW.last_month >= other.first_month)
"""


class Migration(migrations.Migration):
    dependencies = [("roster", "0005_spells_do_not_overlap")]
    operations = [
        refuse_sums(
            "the_spells_of_a_person_do_not_overlap",
            "roster_spell",
            "NOT NEW.is_voided AND NEW.is_exclusive",
            OVERLAP,
            "the spells of a person in a scheme do not overlap, whoever the employer is",
            deeds=("insert", "update"),
        )
    ]
