"""A correction of a settled month may be of facts, such as the tier (缴费档次); every one so far was of the wage alone.

NULL, not an empty object: so no engine makes the table anew, which the guard of I-8 reads.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("roster", "0008_a_wage_may_correct_a_settled_month")]
    operations = [
        migrations.AddField("declaredwage", "facts", models.JSONField("更正的档次等资料", null=True)),
    ]
