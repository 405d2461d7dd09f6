from django.db import migrations

from shebao.hall.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial")]
    operations = [
        refuse_changes(
            [
                "settlement_evidence",
                "settlement_billline",
                "settlement_ledgertransaction",
                "settlement_ledgerentry",
            ]
        )
    ]
