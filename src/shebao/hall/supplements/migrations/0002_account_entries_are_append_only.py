from django.db import migrations

from shebao.hall.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("supplements", "0001_accounts_and_covers_of_a_year")]
    operations = [refuse_changes(["supplements_accountentry"])]
