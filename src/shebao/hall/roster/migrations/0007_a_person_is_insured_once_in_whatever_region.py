"""I-9 and I-11 of persons whatever the region: a scheme's key means the same everywhere, and is insured once."""

from importlib import import_module

from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase, refuse_sums
from shebao.hall.set_guards import lifting

before = import_module("shebao.hall.roster.migrations.0006_the_spells_of_a_person_do_not_overlap")
(BEFORE,) = before.Migration.operations
OPEN = "one_open_spell_for_a_person_and_scheme"
OVERLAP = before.OVERLAP.replace(" AND other.region = NEW.region", "")
AFTER = refuse_sums(
    "the_spells_of_a_person_do_not_overlap",
    "roster_spell",
    "NOT NEW.is_voided AND NEW.is_exclusive",
    OVERLAP,
    "the spells of a person in a scheme do not overlap, whoever the employer is",
    deeds=("insert", "update"),
)
TWICE = """
SELECT e.name, s.scheme, s.region, o.region FROM roster_spell s JOIN roster_spell o
ON o.person_id = s.person_id AND o.scheme = s.scheme AND o.id < s.id AND o.region <> s.region
AND (o.last_month IS NULL OR o.last_month >= s.first_month) AND (s.last_month IS NULL OR s.last_month >= o.first_month)
JOIN roster_employee e ON e.id = s.employee_id
WHERE NOT s.is_voided AND s.is_exclusive AND NOT o.is_voided AND o.is_exclusive ORDER BY s.id LIMIT 20
"""


def nobody_is_insured_twice(apps, editor):
    """Said in words before anything is changed: two regions insure somebody in one scheme at once."""
    with editor.connection.cursor() as cursor:
        cursor.execute(TWICE)
        if rows := cursor.fetchall():
            told = "；".join(f"{name} {scheme}（{here}、{there}）" for name, scheme, here, there in rows)
            raise ValueError(f"有人员同一险种同时在两个地区参保，请先由其中一个地区停保或更正，再升级：{told}。")


def one_open_spell(*fields: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=fields,
        condition=models.Q(last_month__isnull=True, is_exclusive=True, is_voided=False),
        name=OPEN,
        violation_error_message="该人员此险种正在参保。",
    )


class Migration(migrations.Migration):
    dependencies = [("roster", "0006_the_spells_of_a_person_do_not_overlap")]
    operations = [
        OfTheDatabase(nobody_is_insured_twice, OfTheDatabase.noop),
        lifting(BEFORE),
        AFTER,
        migrations.RemoveConstraint(model_name="spell", name=OPEN),
        migrations.AddConstraint(model_name="spell", constraint=one_open_spell("person", "scheme")),
    ]
