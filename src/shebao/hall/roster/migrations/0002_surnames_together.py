"""Work out the pinyin keys anew: they begin with the surname."""

from django.db import migrations

from shebao.hall.roster.names import pinyin_key


def _anew(apps, schema_editor):
    employees = apps.get_model("roster", "Employee").objects
    changed = []
    for one in employees.only("pk", "name").iterator(chunk_size=1000):
        one.name_pinyin = pinyin_key(one.name)
        changed.append(one)
        if len(changed) == 1000:
            employees.bulk_update(changed, ["name_pinyin"])
            changed = []
    employees.bulk_update(changed, ["name_pinyin"])


class Migration(migrations.Migration):
    dependencies = [("roster", "0001_initial")]
    operations = [migrations.RunPython(_anew, migrations.RunPython.noop, elidable=True)]
