from django.db import migrations

from shebao.hall.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("employers", "0002_an_employer_has_a_change_log_and_departments")]
    operations = [refuse_changes(["employers_employerchange"])]
