from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("documents", "0006_a_revoked_paper_makes_room"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="document",
            name="one_document_for_a_bill_and_kind",
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "valid")),
                fields=("bill", "kind"),
                name="one_document_for_a_bill_and_kind",
            ),
        ),
    ]
