import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('supplements', '0001_accounts_and_covers_of_a_year'),
        ('supplements', '0002_account_entries_are_append_only'),
    ]

    initial = True

    dependencies = [
        ('declarations', '0004_a_subject_may_be_an_employer'),
        ('operators', '0001_initial'),
        ('roster', '0003_employees_keep_what_is_only_kept'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='MedicalAccount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('balance_fen', models.BigIntegerField(verbose_name='余额（分）')),
                        ('stated_on', models.DateField(verbose_name='余额截至')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='medical_accounts', to='roster.person')),
                    ],
                    options={
                        'verbose_name': '个人账户',
                        'constraints': [models.UniqueConstraint(fields=('person', 'region'), name='one_medical_account_for_a_person_and_region'), models.CheckConstraint(condition=models.Q(('balance_fen__gte', 0)), name='a_medical_account_is_never_overdrawn', violation_error_message='个人账户余额不足。')],
                    },
                ),
                migrations.CreateModel(
                    name='YearlyCover',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('scheme', models.CharField(max_length=40, verbose_name='险种')),
                        ('year', models.PositiveSmallIntegerField(verbose_name='年度')),
                        ('pay_by', models.CharField(max_length=10, verbose_name='缴费方式')),
                        ('amount_fen', models.BigIntegerField(verbose_name='金额（分）')),
                        ('charged_in', shebao.hall.fields.MonthField(null=True, verbose_name='列入账单的年月')),
                        ('is_voided', models.BooleanField(default=False, verbose_name='已撤销')),
                        ('declared_in', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='declarations.declaration')),
                        ('employee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='covers', to='roster.employee')),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.person')),
                    ],
                    options={
                        'verbose_name': '按年参保',
                        'indexes': [models.Index(fields=['charged_in', 'scheme'], name='cover_by_charged_month')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('is_voided', False)), fields=('person', 'region', 'scheme', 'year'), name='one_cover_for_a_person_scheme_and_year', violation_error_message='该人员这一年度已经申报过。')],
                    },
                ),
                migrations.CreateModel(
                    name='AccountEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('stated', '登记余额'), ('drawn', '个账划转'), ('returned', '撤销划转')], max_length=10, verbose_name='种类')),
                        ('amount_fen', models.BigIntegerField(verbose_name='变动（分）')),
                        ('balance_fen', models.BigIntegerField(verbose_name='变动后余额（分）')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='supplements.medicalaccount')),
                        ('cover', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='supplements.yearlycover')),
                    ],
                    options={
                        'verbose_name': '个人账户明细',
                        'ordering': ['-pk'],
                    },
                ),
            ],
        ),
        refuse_changes(["supplements_accountentry"]),
    ]
