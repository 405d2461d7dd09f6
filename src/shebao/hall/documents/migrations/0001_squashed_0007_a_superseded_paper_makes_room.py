import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('documents', '0001_initial'),
        ('documents', '0002_initial'),
        ('documents', '0003_a_paper_need_not_be_of_a_bill'),
        ('documents', '0004_papers_of_spans_and_of_persons'),
        ('documents', '0005_papers_are_signed_by_the_agency'),
        ('documents', '0006_a_revoked_paper_makes_room'),
        ('documents', '0007_a_superseded_paper_makes_room'),
    ]

    initial = True

    dependencies = [
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('evidence', '0002_files_may_come_before_an_employer'),
        ('operators', '0001_initial'),
        ('roster', '0004_labour_is_registered_and_projects_insure'),
        ('settlement', '0006_an_assessment_is_voided_by_its_mirror'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Document',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=40, verbose_name='种类')),
                        ('title', models.CharField(max_length=80, verbose_name='名称')),
                        ('month', shebao.hall.fields.MonthField(verbose_name='费款所属期')),
                        ('number', models.CharField(max_length=40, unique=True, verbose_name='编号')),
                        ('verification_code', models.CharField(max_length=20, unique=True, verbose_name='验证码')),
                        ('layout', models.CharField(max_length=40, verbose_name='版式')),
                        ('content', shebao.hall.fields.EncryptedJSONField(verbose_name='内容')),
                        ('total_fen', models.BigIntegerField(verbose_name='金额（分）')),
                        ('pdf_digest', models.CharField(max_length=64, verbose_name='文件摘要')),
                        ('downloaded_at', models.DateTimeField(null=True, verbose_name='首次下载')),
                        ('issued_at', models.DateTimeField(verbose_name='开具时间')),
                        ('bill', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='settlement.bill')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='employers.employer')),
                        ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('asked', models.CharField(blank=True, max_length=200, verbose_name='查询条件')),
                        ('employee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='roster.employee')),
                        ('layout_version', models.PositiveSmallIntegerField(default=1, verbose_name='版式版本')),
                        ('said', models.CharField(blank=True, max_length=32, verbose_name='内容摘要')),
                        ('state', models.CharField(choices=[('valid', '有效'), ('superseded', '已被新件替代'), ('revoked', '已作废')], default='valid', max_length=10, verbose_name='状态')),
                        ('state_at', models.DateTimeField(null=True, verbose_name='作废、替代时间')),
                        ('state_reason', models.CharField(blank=True, max_length=200, verbose_name='作废、替代的原因')),
                    ],
                    options={
                        'verbose_name': '单据',
                        'constraints': [models.UniqueConstraint(condition=models.Q(('bill__isnull', True), ('state', 'valid'), models.Q(('said', ''), _negated=True)), fields=('employer', 'kind', 'said'), name='one_valid_statement_for_what_it_says', violation_error_message='内容相同的单据已经开具。'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'valid'), ('state_at__isnull', True)), models.Q(models.Q(('state', 'valid'), _negated=True), ('state_at__isnull', False)), _connector='OR'), name='a_paper_that_no_longer_stands_says_since_when', violation_error_message='作废或替代的单据要有时间。'), models.UniqueConstraint(condition=models.Q(('state', 'valid')), fields=('bill', 'kind'), name='one_document_for_a_bill_and_kind')],
                    },
                ),
                migrations.CreateModel(
                    name='PrintRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('asked_at', models.DateTimeField(verbose_name='时间')),
                        ('title', models.CharField(max_length=80, verbose_name='名称')),
                        ('requests', models.JSONField(default=list, verbose_name='要打印的')),
                        ('papers_total', models.PositiveIntegerField(verbose_name='份数')),
                        ('papers_done', models.PositiveIntegerField(default=0, verbose_name='已生成份数')),
                        ('busy_at', models.DateTimeField(verbose_name='最近进展')),
                        ('state', models.CharField(choices=[('running', '正在生成'), ('done', '可以下载'), ('failed', '没有完成')], default='running', max_length=10, verbose_name='状态')),
                        ('failure', models.CharField(blank=True, max_length=300, verbose_name='没有完成的原因')),
                        ('expires_at', models.DateTimeField(verbose_name='保留到')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('documents', models.ManyToManyField(related_name='+', to='documents.document')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='print_runs', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '批量打印',
                        'ordering': ['-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='SignedPaper',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('plain_size', models.PositiveIntegerField(verbose_name='未签名的字节数')),
                        ('signer', models.CharField(max_length=200, verbose_name='签名人')),
                        ('certificate', models.CharField(max_length=64, verbose_name='证书序列号')),
                        ('is_test', models.BooleanField(default=False, verbose_name='测试证书')),
                        ('signed_at', models.DateTimeField(verbose_name='签名时间')),
                        ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signature', to='documents.document')),
                        ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='evidence.storedfile')),
                    ],
                    options={
                        'verbose_name': '已签名的单据',
                    },
                ),
            ],
        ),
    ]
