"""Steps of declarations are never changed or removed, but a signature that is taken back within its ten seconds."""

from django.db import migrations

from shebao.hall.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("declarations", "0008_a_second_person_may_have_to_confirm")]
    operations = [refuse_changes(["declarations_declarationevent"], may_go="OLD.move = 'sign'")]
