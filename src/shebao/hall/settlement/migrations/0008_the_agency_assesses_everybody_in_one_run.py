import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes_but
from shebao.hall.set_guards import lifting

# SQLite makes a table anew to change it, and the triggers go with the old one.
ASSESSMENTS = refuse_changes_but(
    "settlement_assessment", "voided_at", "OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0007_back_payments_bear_late_fees_and_interest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        lifting(ASSESSMENTS),
        migrations.AlterField(
            model_name="assessment",
            name="made_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        ASSESSMENTS,
    ]
