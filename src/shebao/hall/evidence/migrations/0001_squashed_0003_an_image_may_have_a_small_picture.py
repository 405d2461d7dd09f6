import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('evidence', '0001_papers_are_kept'),
        ('evidence', '0002_files_may_come_before_an_employer'),
        ('evidence', '0003_an_image_may_have_a_small_picture'),
    ]

    initial = True

    dependencies = [
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='StoredFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, verbose_name='文件名')),
                        ('kind', models.CharField(choices=[('jpeg', 'JPG 图片'), ('png', 'PNG 图片'), ('pdf', 'PDF 文件')], max_length=10, verbose_name='类型')),
                        ('size', models.PositiveIntegerField(verbose_name='字节数')),
                        ('digest', models.CharField(max_length=64, verbose_name='摘要')),
                        ('place', models.CharField(max_length=40, unique=True, verbose_name='存放位置')),
                        ('stored_at', models.DateTimeField(verbose_name='上传时间')),
                        ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='employers.employer')),
                        ('stored_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('has_thumbnail', models.BooleanField(default=False, verbose_name='有缩略图')),
                    ],
                    options={
                        'verbose_name': '存放的文件',
                    },
                ),
                migrations.CreateModel(
                    name='Evidence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('service', models.CharField(max_length=60, verbose_name='事项')),
                        ('title', models.CharField(max_length=120, verbose_name='材料名称')),
                        ('month', shebao.hall.fields.MonthField(null=True, verbose_name='业务年月')),
                        ('added_at', models.DateTimeField(verbose_name='添加时间')),
                        ('removed_at', models.DateTimeField(null=True, verbose_name='移除时间')),
                        ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('declaration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='declarations.declaration')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='employers.employer')),
                        ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='evidence.storedfile')),
                    ],
                    options={
                        'verbose_name': '申报材料',
                        'indexes': [models.Index(fields=['employer', 'service', 'month'], name='evidence_by_month')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('declaration__isnull', True), ('month__isnull', False)), models.Q(('declaration__isnull', False), ('month__isnull', True)), _connector='OR'), name='evidence_is_of_a_declaration_or_of_a_month', violation_error_message='材料要么属于一笔申报，要么属于一个月的申报。')],
                    },
                ),
                migrations.CreateModel(
                    name='EmployerPaper',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=120, verbose_name='资料名称')),
                        ('changed_at', models.DateTimeField(verbose_name='更新时间')),
                        ('removed_at', models.DateTimeField(null=True, verbose_name='删除时间')),
                        ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                        ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='kept_papers', to='employers.employer')),
                        ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='evidence.storedfile')),
                    ],
                    options={
                        'verbose_name': '社保资料',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('removed_at__isnull', True)), fields=('employer', 'title'), name='one_paper_by_a_title', violation_error_message='已有同名的资料，请换个名称，或替换原来的文件。')],
                    },
                ),
            ],
        ),
    ]
