"""Conditions may name a person or hold an id number: what was kept openly is encrypted with the employer's key."""

import json

from django.db import migrations

from shebao.hall.append_only import OfTheDatabase

import shebao.hall.fields
from shebao.hall.crypto import REGISTER, decrypt, encrypt

VIEWS = """SELECT v.id, v.conditions, o.employer_id FROM reports_savedview v
    JOIN operators_operator o ON o.id = v.operator_id"""
RUNS = "SELECT id, conditions, asked_line, employer_id FROM reports_exportrun"


def _document(stored: str) -> str:
    found = json.loads(stored or "{}")
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else ""


def _sealed(text: str, owner: int | None) -> str:
    return encrypt(text, owner or REGISTER) if text else ""


def encrypt_what_was_asked(apps, schema_editor):
    """The columns are text already; the models would take what stands in them for encrypted."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(VIEWS)
        for pk, conditions, owner in cursor.fetchall():
            change = [_sealed(_document(conditions), owner), pk]
            cursor.execute("UPDATE reports_savedview SET conditions = %s WHERE id = %s", change)
        cursor.execute(RUNS)
        for pk, conditions, line, owner in cursor.fetchall():
            change = [_sealed(_document(conditions), owner), _sealed(line, owner), pk]
            cursor.execute("UPDATE reports_exportrun SET conditions = %s, asked_line = %s WHERE id = %s", change)


def decrypt_what_was_asked(apps, schema_editor):
    """Back to JSON and plain text, before the columns become that again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(VIEWS)
        for pk, conditions, _ in cursor.fetchall():
            change = [decrypt(conditions) if conditions else "{}", pk]
            cursor.execute("UPDATE reports_savedview SET conditions = %s WHERE id = %s", change)
        cursor.execute(RUNS)
        for pk, conditions, line, _ in cursor.fetchall():
            change = [decrypt(conditions) if conditions else "{}", decrypt(line) if line else "", pk]
            cursor.execute("UPDATE reports_exportrun SET conditions = %s, asked_line = %s WHERE id = %s", change)


class Migration(migrations.Migration):

    dependencies = [
        ("reports", "0002_long_tables_are_written_in_the_background"),
    ]

    operations = [
        migrations.AlterField(
            "savedview", "conditions", shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name="条件")
        ),
        migrations.AlterField(
            "exportrun", "conditions", shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name="条件")
        ),
        migrations.AlterField(
            "exportrun", "asked_line", shebao.hall.fields.EncryptedTextField(verbose_name="条件")
        ),
        OfTheDatabase(encrypt_what_was_asked, decrypt_what_was_asked),
    ]
