import django.db.models.deletion
import shebao.hall.fields
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('roster', '0001_initial'),
        ('roster', '0002_surnames_together'),
        ('roster', '0003_employees_keep_what_is_only_kept'),
    ]

    initial = True

    dependencies = [
        ('declarations', '0001_initial'),
        ('employers', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Person',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('id_kind', models.CharField(max_length=10, verbose_name='证件类型')),
                        ('id_number', shebao.hall.fields.EncryptedTextField(verbose_name='证件号码')),
                        ('id_digest', models.CharField(max_length=32, unique=True, verbose_name='证件索引')),
                        ('name', models.CharField(max_length=60, verbose_name='姓名')),
                        ('sex', models.CharField(blank=True, max_length=1, verbose_name='性别')),
                        ('born_on', models.DateField(blank=True, null=True, verbose_name='出生日期')),
                    ],
                    options={
                        'verbose_name': '自然人',
                    },
                ),
                migrations.CreateModel(
                    name='Employee',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('person_number', models.CharField(max_length=30, verbose_name='个人编号')),
                        ('name', models.CharField(max_length=60, verbose_name='姓名')),
                        ('name_pinyin', models.CharField(blank=True, max_length=160, verbose_name='姓名拼音')),
                        ('department', models.CharField(blank=True, max_length=60, verbose_name='部门')),
                        ('position', models.CharField(blank=True, max_length=40, verbose_name='岗位')),
                        ('household', models.CharField(blank=True, max_length=10, verbose_name='户口性质')),
                        ('employment_kind', models.CharField(blank=True, max_length=10, verbose_name='用工形式')),
                        ('contract_from', models.DateField(blank=True, null=True, verbose_name='合同起始')),
                        ('phone', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='手机号码')),
                        ('facts', models.JSONField(default=dict, verbose_name='其他事实')),
                        ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='employees', to='employers.employer')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='employees', to='roster.person')),
                        ('details', shebao.hall.fields.EncryptedJSONField(default=dict, verbose_name='其他资料')),
                    ],
                    options={
                        'verbose_name': '职工',
                        'indexes': [models.Index(fields=['employer', 'name_pinyin'], name='employee_by_pinyin')],
                        'constraints': [models.UniqueConstraint(fields=('employer', 'person'), name='a_person_is_one_employee_of_an_employer', violation_error_message='该人员已在本单位花名册中。'), models.UniqueConstraint(fields=('employer', 'person_number'), name='person_number_is_unique_at_an_employer')],
                    },
                ),
                migrations.CreateModel(
                    name='Spell',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('scheme', models.CharField(max_length=40, verbose_name='险种')),
                        ('first_month', shebao.hall.fields.MonthField(verbose_name='起始年月')),
                        ('last_month', shebao.hall.fields.MonthField(blank=True, null=True, verbose_name='终止年月')),
                        ('kind', models.CharField(blank=True, max_length=20, verbose_name='参保类型')),
                        ('end_reason', models.CharField(blank=True, max_length=10, verbose_name='终止原因')),
                        ('is_exclusive', models.BooleanField(default=True, verbose_name='排他')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spells', to='roster.employee')),
                        ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.person')),
                    ],
                    options={
                        'verbose_name': '参保期间',
                        'constraints': [models.CheckConstraint(condition=models.Q(('last_month__isnull', True), ('last_month__gte', models.F('first_month')), ('is_voided', True), _connector='OR'), name='spell_ends_after_it_starts', violation_error_message='参保终止年月不能早于起始年月。'), models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('is_voided', False), ('last_month__isnull', True)), fields=('person', 'region', 'scheme'), name='one_open_spell_for_a_person_and_scheme', violation_error_message='该人员此险种正在参保。'), models.UniqueConstraint(condition=models.Q(('is_voided', False), ('last_month__isnull', True)), fields=('employee', 'scheme'), name='one_open_spell_for_an_employee_and_scheme', violation_error_message='该人员已在本单位参保。')],
                    },
                ),
                migrations.CreateModel(
                    name='DeclaredWage',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('first_month', shebao.hall.fields.MonthField(verbose_name='起始年月')),
                        ('amount_fen', models.BigIntegerField(verbose_name='申报工资（分）')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('declared_at', models.DateTimeField(verbose_name='申报时间')),
                        ('declared_in', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wages', to='roster.employee')),
                    ],
                    options={
                        'verbose_name': '申报工资',
                        'constraints': [models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0)), name='declared_wage_is_not_negative', violation_error_message='申报工资不能为负数。'), models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('employee', 'first_month'), name='one_declared_wage_for_an_employee_and_month', violation_error_message='该人员当月已有申报工资。')],
                    },
                ),
            ],
        ),
    ]
