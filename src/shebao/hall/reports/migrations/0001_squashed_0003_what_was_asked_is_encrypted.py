import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('reports', '0001_views_are_kept'),
        ('reports', '0002_long_tables_are_written_in_the_background'),
        ('reports', '0003_what_was_asked_is_encrypted'),
    ]

    initial = True

    dependencies = [
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='SavedView',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('query', models.CharField(max_length=60, verbose_name='查询')),
                        ('name', models.CharField(max_length=30, verbose_name='名称')),
                        ('conditions', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='条件')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '常用查询',
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(fields=('operator', 'query', 'name'), name='a_saved_view_has_a_name_of_its_own', violation_error_message='已有同名的常用查询。')],
                    },
                ),
                migrations.CreateModel(
                    name='ExportRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('query', models.CharField(max_length=60, verbose_name='查询')),
                        ('title', models.CharField(max_length=80, verbose_name='名称')),
                        ('asked_line', shebao.hall.fields.EncryptedTextField(verbose_name='条件')),
                        ('conditions', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='条件')),
                        ('asked_at', models.DateTimeField(verbose_name='时间')),
                        ('rows_total', models.PositiveIntegerField(verbose_name='行数')),
                        ('rows_done', models.PositiveIntegerField(default=0, verbose_name='已写行数')),
                        ('attempt', models.PositiveSmallIntegerField(default=1, verbose_name='第几次')),
                        ('state', models.CharField(choices=[('running', '正在生成'), ('done', '可以下载'), ('failed', '没有完成')], default='running', max_length=10, verbose_name='状态')),
                        ('failure', models.CharField(blank=True, max_length=300, verbose_name='没有完成的原因')),
                        ('size', models.PositiveBigIntegerField(default=0, verbose_name='字节数')),
                        ('busy_at', models.DateTimeField(verbose_name='最近进展')),
                        ('expires_at', models.DateTimeField(verbose_name='保留到')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '导出',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='ExportPart',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField(verbose_name='第几块')),
                        ('content', models.BinaryField(verbose_name='内容')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='reports.exportrun')),
                    ],
                    options={
                        'verbose_name': '导出的一块',
                        'ordering': ['number'],
                        'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='a_part_of_an_export_is_kept_once')],
                    },
                ),
            ],
        ),
    ]
