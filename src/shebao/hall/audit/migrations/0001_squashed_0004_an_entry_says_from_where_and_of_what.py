import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_entries_are_append_only'),
        ('audit', '0003_a_key_is_spent_once'),
        ('audit', '0004_an_entry_says_from_where_and_of_what'),
    ]

    initial = True

    dependencies = [
        ('employers', '0001_initial'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='AuditHead',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('sequence', models.BigIntegerField(default=0, verbose_name='最后序号')),
                        ('digest', models.CharField(default='', max_length=64, verbose_name='最后摘要')),
                    ],
                    options={
                        'verbose_name': '操作记录链尾',
                    },
                ),
                migrations.CreateModel(
                    name='AuditEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('sequence', models.BigIntegerField(unique=True, verbose_name='序号')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('action', models.CharField(max_length=60, verbose_name='动作')),
                        ('subject', models.CharField(max_length=80, verbose_name='对象')),
                        ('actor_label', models.CharField(max_length=120, verbose_name='操作人')),
                        ('region', models.CharField(blank=True, max_length=40, verbose_name='地区方案')),
                        ('detail', models.JSONField(default=dict, verbose_name='明细')),
                        ('previous_digest', models.CharField(blank=True, max_length=64, verbose_name='前一摘要')),
                        ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                        ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('form', models.PositiveSmallIntegerField(default=1, verbose_name='摘要格式')),
                        ('result', models.CharField(blank=True, choices=[('done', '成功'), ('refused', '被拒绝'), ('failed', '未成功')], default='', max_length=8, verbose_name='结果')),
                        ('address', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='来源地址')),
                        ('request', models.CharField(blank=True, default='', max_length=20, verbose_name='请求编号')),
                        ('content', models.CharField(blank=True, default='', max_length=32, verbose_name='内容摘要')),
                    ],
                    options={
                        'verbose_name': '操作记录',
                        'ordering': ['-sequence'],
                        'indexes': [models.Index(fields=['employer', '-sequence'], name='audit_by_employer')],
                    },
                ),
                migrations.CreateModel(
                    name='SpentKey',
                    fields=[
                        ('digest', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='编号摘要')),
                        ('fingerprint', models.CharField(max_length=32, verbose_name='内容摘要')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('status', models.PositiveSmallIntegerField(default=0, verbose_name='答复')),
                        ('location', shebao.hall.fields.EncryptedTextField(blank=True, verbose_name='去处')),
                    ],
                    options={
                        'verbose_name': '用过的一次性编号',
                    },
                ),
            ],
        ),
        refuse_changes(["audit_auditentry"]),
    ]
