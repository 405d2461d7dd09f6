import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('sheets', '0001_initial'),
        ('sheets', '0002_a_batch_knows_its_job_and_its_editor'),
        ('sheets', '0003_a_row_tells_which_fields_were_tidied'),
        ('sheets', '0004_rows_are_found_by_person_and_by_what_was_tidied'),
        ('sheets', '0005_rows_are_found_by_the_new_number_they_ask_for'),
        ('sheets', '0006_samples_of_columns_are_encrypted'),
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
                    name='Batch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('service', models.CharField(max_length=60, verbose_name='事项')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='业务年月')),
                        ('state', models.CharField(choices=[('reading', '正在读取'), ('unreadable', '无法读取'), ('matching', '匹配列'), ('checking', '正在核对'), ('fixing', '修正问题'), ('confirming', '正在加入'), ('undoing', '正在撤销'), ('done', '已加入'), ('undone', '已撤销'), ('discarded', '已放弃')], default='reading', max_length=20, verbose_name='状态')),
                        ('file_name', models.CharField(max_length=200, verbose_name='文件名')),
                        ('file_digest', models.CharField(max_length=64, verbose_name='文件摘要')),
                        ('file_content', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='原始行')),
                        ('columns', shebao.hall.fields.EncryptedJSONField(default=list, verbose_name='列匹配')),
                        ('header_row', models.IntegerField(default=0, verbose_name='表头行')),
                        ('rows_read', models.IntegerField(default=0, verbose_name='读取行数')),
                        ('rows_checked', models.IntegerField(default=0, verbose_name='已核对行数')),
                        ('message', models.CharField(blank=True, max_length=500, verbose_name='提示')),
                        ('fingerprint', models.CharField(blank=True, max_length=12, verbose_name='规则指纹')),
                        ('created_at', models.DateTimeField(verbose_name='上传时间')),
                        ('confirmed_at', models.DateTimeField(null=True, verbose_name='加入时间')),
                        ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='employers.employer')),
                        ('busy_at', models.DateTimeField(null=True, verbose_name='后台处理最近动静')),
                        ('edited_at', models.DateTimeField(null=True, verbose_name='最近修改时间')),
                        ('editor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '报盘批次',
                        'indexes': [models.Index(fields=['employer', 'file_digest'], name='batch_by_digest')],
                    },
                ),
                migrations.CreateModel(
                    name='BatchRow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.IntegerField(verbose_name='表中行号')),
                        ('cells', shebao.hall.fields.EncryptedJSONField(verbose_name='单元格')),
                        ('original', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='原内容')),
                        ('problems', models.JSONField(default=list, verbose_name='问题')),
                        ('confirmed', models.JSONField(default=dict, verbose_name='已确认')),
                        ('state', models.CharField(choices=[('passed', '通过'), ('error', '有错误'), ('confirm', '需确认'), ('removed', '已移出'), ('imported', '已加入'), ('ignored', '未导入')], default='passed', max_length=20, verbose_name='状态')),
                        ('note', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                        ('subject_digest', models.CharField(blank=True, max_length=32, verbose_name='证件索引')),
                        ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                        ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='sheets.batch')),
                        ('edited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('tidied_fields', models.CharField(blank=True, max_length=1000, verbose_name='已整理的项')),
                        ('asked_digest', models.CharField(blank=True, max_length=32, verbose_name='变更后证件索引')),
                    ],
                    options={
                        'verbose_name': '报盘行',
                        'indexes': [models.Index(fields=['batch', 'state', 'number'], name='batch_row_by_state'), models.Index(fields=['batch', 'subject_digest'], name='batch_row_by_subject'), models.Index(fields=['batch', 'tidied_fields', 'state'], name='batch_row_by_tidied'), models.Index(condition=models.Q(('asked_digest__gt', '')), fields=['batch', 'asked_digest'], name='batch_row_by_asked')],
                        'constraints': [models.UniqueConstraint(fields=('batch', 'number'), name='one_row_for_a_batch_and_number')],
                    },
                ),
                migrations.CreateModel(
                    name='RememberedColumn',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('service', models.CharField(max_length=60, verbose_name='事项')),
                        ('heading', models.CharField(max_length=80, verbose_name='列名')),
                        ('field', models.CharField(max_length=60, verbose_name='字段')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '列匹配记忆',
                        'constraints': [models.UniqueConstraint(fields=('employer', 'service', 'heading'), name='one_memory_for_a_heading')],
                    },
                ),
            ],
        ),
    ]
