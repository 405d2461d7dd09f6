import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce, ReshapeModel


class Migration(migrations.Migration):

    replaces = [
        ('employers', '0002_an_employer_has_a_change_log_and_departments'),
        ('employers', '0003_changes_are_append_only'),
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('employers', '0005_an_employer_chooses_who_computes'),
        ('employers', '0006_a_branch_may_be_paid_for_by_its_head_office'),
        ('employers', '0007_areas_and_a_second_pair_of_eyes'),
        ('employers', '0008_an_employer_belongs_to_a_division'),
    ]

    dependencies = [
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('employers', '0001_initial'),
        ('operators', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='EmployerChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('field', models.CharField(max_length=40, verbose_name='字段')),
                        ('label', models.CharField(max_length=60, verbose_name='变更事项')),
                        ('old', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='变更前')),
                        ('new', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='变更后')),
                        ('at', models.DateTimeField(verbose_name='生效时间')),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('declaration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '单位变更信息',
                        'ordering': ['-at', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='Department',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60, verbose_name='部门名称')),
                        ('rank', models.PositiveIntegerField(verbose_name='次序')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='departments', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '部门',
                        'ordering': ['rank', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('employer', 'name'), name='a_department_is_named_once_at_an_employer', violation_error_message='已有同名的部门。')],
                    },
                ),
                migrations.CreateModel(
                    name='Project',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.CharField(max_length=60, verbose_name='项目编号')),
                        ('name', models.CharField(max_length=120, verbose_name='项目名称')),
                        ('address', models.CharField(blank=True, max_length=120, verbose_name='项目地址')),
                        ('contract_fen', models.BigIntegerField(verbose_name='合同总造价（分）')),
                        ('first_on', models.DateField(verbose_name='开工日期')),
                        ('last_on', models.DateField(verbose_name='计划竣工日期')),
                        ('rate', models.CharField(max_length=20, verbose_name='费率')),
                        ('rate_source', models.CharField(blank=True, max_length=300, verbose_name='费率依据')),
                        ('injury_due', models.BigIntegerField(verbose_name='项目工伤保险费（分）')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('declaration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '工程项目',
                        'ordering': ['-first_on', '-pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('employer', 'number'), name='a_project_is_registered_once_by_an_employer', violation_error_message='该项目编号已登记。'), models.CheckConstraint(condition=models.Q(('last_on__gte', models.F('first_on'))), name='a_project_ends_after_it_starts', violation_error_message='竣工日期不能早于开工日期。')],
                    },
                ),
            ],
        ),
        ReshapeModel(
            name='Employer',
            fields=[
                ('bank_name', models.CharField(blank=True, max_length=120, verbose_name='开户银行')),
                ('contact_name', models.CharField(blank=True, default='', max_length=60, verbose_name='联系人')),
                ('postcode', models.CharField(blank=True, default='', max_length=6, verbose_name='邮政编码')),
                ('account_kind', models.CharField(blank=True, default='', max_length=10, verbose_name='参保户类型')),
                ('computed_by', models.CharField(blank=True, default='', max_length=10, verbose_name='谁来核定')),
                ('taxpayer_number', models.CharField(blank=True, default='', max_length=20, verbose_name='总机构缴费人识别号')),
                ('areas', models.JSONField(blank=True, null=True, verbose_name='开通的业务')),
                ('needs_second', models.BooleanField(default=False, verbose_name='内部复核')),
                ('agency_division', models.CharField(blank=True, default='', max_length=12, verbose_name='经办区划')),
            ],
            options={
                'indexes': [models.Index(fields=['region', 'agency_division'], name='employer_by_division')],
            },
        ),
        refuse_changes(["employers_employerchange"]),
    ]
