from importlib import import_module

import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase
from shebao.hall.squashed import AtOnce, ReshapeModel


def _of(name: str):
    return import_module(f"shebao.hall.roster.migrations.{name}")


spells = _of("0005_spells_do_not_overlap")
once = _of("0007_a_person_is_insured_once_in_whatever_region")


class Migration(migrations.Migration):

    replaces = [
        ('roster', '0004_labour_is_registered_and_projects_insure'),
        ('roster', '0005_spells_do_not_overlap'),
        ('roster', '0006_the_spells_of_a_person_do_not_overlap'),
        ('roster', '0007_a_person_is_insured_once_in_whatever_region'),
        ('roster', '0008_a_wage_may_correct_a_settled_month'),
    ]

    dependencies = [
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('employers', '0004_an_employer_has_projects_and_a_kind_of_account'),
        ('operators', '0001_initial'),
        ('roster', '0003_employees_keep_what_is_only_kept'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='AccountLetter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('address', shebao.hall.fields.EncryptedTextField(blank=True, default='', verbose_name='电子邮箱')),
                        ('made_at', models.DateTimeField(verbose_name='生成时间')),
                        ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='送达时间')),
                        ('is_by_hand', models.BooleanField(default=False, verbose_name='当面交付')),
                        ('tries', models.PositiveIntegerField(default=0, verbose_name='发送次数')),
                        ('declaration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='roster.employee')),
                    ],
                    options={
                        'verbose_name': '社保账号告知书',
                        'ordering': ['-made_at', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='LabourRegistration',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('first_on', models.DateField(verbose_name='用工开始日期')),
                        ('last_on', models.DateField(blank=True, null=True, verbose_name='用工终止日期')),
                        ('contract_until', models.DateField(blank=True, null=True, verbose_name='合同终止日期')),
                        ('work', models.CharField(blank=True, max_length=60, verbose_name='工种或岗位')),
                        ('end_reason', models.CharField(blank=True, max_length=10, verbose_name='终止原因')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='labour_registrations', to='roster.employee')),
                        ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                    ],
                    options={
                        'verbose_name': '劳动用工备案',
                        'constraints': [models.CheckConstraint(condition=models.Q(('last_on__isnull', True), ('last_on__gte', models.F('first_on')), ('is_voided', True), _connector='OR'), name='labour_ends_after_it_starts', violation_error_message='用工终止日期不能早于开始日期。'), models.UniqueConstraint(condition=models.Q(('is_voided', False), ('last_on__isnull', True)), fields=('employee',), name='one_open_labour_registration_of_an_employee', violation_error_message='该人员已在本单位备案。')],
                    },
                ),
                migrations.CreateModel(
                    name='PreEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('id_number', shebao.hall.fields.EncryptedTextField(verbose_name='证件号码')),
                        ('id_digest', models.CharField(max_length=32, verbose_name='证件索引')),
                        ('name', models.CharField(max_length=60, verbose_name='姓名')),
                        ('made_at', models.DateTimeField(verbose_name='录入时间')),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '信息预录入',
                        'constraints': [models.UniqueConstraint(fields=('region', 'id_digest'), name='a_person_is_entered_once_in_a_region', violation_error_message='该人员已做过信息预录入。')],
                    },
                ),
            ],
        ),
        AtOnce(
            steps=[
                ReshapeModel(
                    name='Spell',
                    fields=[
                        ('project', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='spells', to='employers.project')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('last_month__isnull', True), ('last_month__gte', models.F('first_month')), ('is_voided', True), _connector='OR'), name='spell_ends_after_it_starts', violation_error_message='参保终止年月不能早于起始年月。'), models.UniqueConstraint(condition=models.Q(('is_voided', False), ('last_month__isnull', True)), fields=('employee', 'scheme'), name='one_open_spell_for_an_employee_and_scheme', violation_error_message='该人员已在本单位参保。'), models.UniqueConstraint(condition=models.Q(('is_exclusive', True), ('is_voided', False), ('last_month__isnull', True)), fields=('person', 'scheme'), name='one_open_spell_for_a_person_and_scheme', violation_error_message='该人员此险种正在参保。')],
                    },
                ),
                ReshapeModel(
                    name='DeclaredWage',
                    fields=[
                        ('is_correction', models.BooleanField(default=False, verbose_name='更正')),
                    ],
                    options={},
                ),
            ],
        ),
        *spells.Migration.operations,
        OfTheDatabase(once.nobody_is_insured_twice, OfTheDatabase.noop),
        once.AFTER,
    ]
