"""A declared wage may be of one month that was settled before (工资更正); every one so far was declared in time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roster", "0007_a_person_is_insured_once_in_whatever_region")]
    operations = [
        migrations.AddField("declaredwage", "is_correction", models.BooleanField("更正", default=False)),
    ]
