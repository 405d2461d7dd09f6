"""The economic kind of an employer, and where its letters go.

The columns are added by hand: to add one that may not be null Django makes the table anew on SQLite, and the guards of
other tables read this one.
"""

from django.db import migrations, models

COLUMNS = (("economic_kind", "经济类型", 10), ("mailing_address", "通讯地址", 200))


def _added(name: str, title: str, length: int) -> migrations.SeparateDatabaseAndState:
    field = models.CharField(blank=True, default="", max_length=length, verbose_name=title)
    return migrations.SeparateDatabaseAndState(
        [
            migrations.RunSQL(
                f"ALTER TABLE employers_employer ADD COLUMN {name} varchar({length}) DEFAULT '' NOT NULL",
                f"ALTER TABLE employers_employer DROP COLUMN {name}",
            )
        ],
        [migrations.AddField("employer", name, field)],
    )


class Migration(migrations.Migration):
    dependencies = [("employers", "0008_an_employer_belongs_to_a_division")]
    operations = [_added(*column) for column in COLUMNS]
