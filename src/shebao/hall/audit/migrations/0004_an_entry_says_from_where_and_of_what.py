from django.db import migrations, models

import shebao.hall.fields
from shebao.hall.append_only import refuse_changes
from shebao.hall.set_guards import lifting

# SQLite makes a table anew to add a column, and the triggers go with the old one.
ENTRIES = refuse_changes(["audit_auditentry"])


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_a_key_is_spent_once")]

    operations = [
        lifting(ENTRIES),
        migrations.AddField(
            model_name="auditentry",
            name="form",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="摘要格式"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="result",
            field=models.CharField(
                blank=True,
                choices=[("done", "成功"), ("refused", "被拒绝"), ("failed", "未成功")],
                default="",
                max_length=8,
                verbose_name="结果",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="address",
            field=shebao.hall.fields.EncryptedTextField(blank=True, default="", verbose_name="来源地址"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="request",
            field=models.CharField(blank=True, default="", max_length=20, verbose_name="请求编号"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="content",
            field=models.CharField(blank=True, default="", max_length=32, verbose_name="内容摘要"),
        ),
        ENTRIES,
    ]
