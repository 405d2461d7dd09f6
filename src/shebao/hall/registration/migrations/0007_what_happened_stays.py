from django.db import migrations

from shebao.hall.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("registration", "0006_earlier_steps_are_told_as_far_as_they_are_known")]
    operations = [refuse_changes(["registration_registrationevent"])]
