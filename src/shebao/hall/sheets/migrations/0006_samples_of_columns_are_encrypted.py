"""The samples of a column are cells of somebody's file: what was kept openly is encrypted with the employer's key."""

import json

from django.db import migrations

from shebao.hall.append_only import OfTheDatabase

import shebao.hall.fields
from shebao.hall.crypto import decrypt, encrypt

BATCHES = "SELECT id, columns, employer_id FROM sheets_batch"
CHANGE = "UPDATE sheets_batch SET columns = %s WHERE id = %s"


def encrypt_columns(apps, schema_editor):
    """The column is text already; the model would take what stands in it for encrypted."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(BATCHES)
        for pk, columns, owner in cursor.fetchall():
            text = json.dumps(json.loads(columns or "[]"), ensure_ascii=False, separators=(",", ":"))
            cursor.execute(CHANGE, [encrypt(text, owner), pk])


def decrypt_columns(apps, schema_editor):
    """Back to JSON, before the column becomes that again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(BATCHES)
        for pk, columns, _ in cursor.fetchall():
            cursor.execute(CHANGE, [decrypt(columns) if columns else "[]", pk])


class Migration(migrations.Migration):

    dependencies = [
        ("sheets", "0005_rows_are_found_by_the_new_number_they_ask_for"),
    ]

    operations = [
        migrations.AlterField(
            "batch", "columns", shebao.hall.fields.EncryptedJSONField(default=list, verbose_name="列匹配")
        ),
        OfTheDatabase(encrypt_columns, decrypt_columns),
    ]
