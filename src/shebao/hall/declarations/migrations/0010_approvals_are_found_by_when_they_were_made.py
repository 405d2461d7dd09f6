"""Approvals by employer and moment: what was decided after a month was settled is a change of the next."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0009_what_happened_stays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddIndex(
            model_name="declaration",
            index=models.Index(
                condition=models.Q(("state", "approved")),
                fields=["employer", "decided_at"],
                name="declaration_by_decision",
            ),
        ),
    ]
