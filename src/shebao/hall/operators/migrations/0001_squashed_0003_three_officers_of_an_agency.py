import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from shebao.hall.squashed import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('operators', '0001_initial'),
        ('operators', '0002_tries_are_counted_in_the_database'),
        ('operators', '0003_three_officers_of_an_agency'),
    ]

    initial = True

    dependencies = [
        ('employers', '0001_initial'),
    ]

    operations = [
        AtOnce(
            steps=[
                migrations.CreateModel(
                    name='Operator',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('username', models.CharField(max_length=60, unique=True, verbose_name='账号')),
                        ('name', models.CharField(max_length=60, verbose_name='姓名')),
                        ('role', models.CharField(choices=[('clerk', '社保专管员'), ('employer_admin', '单位管理员'), ('reviewer', '审核人员'), ('agency_admin', '经办机构管理员'), ('system_admin', '系统管理员'), ('security_admin', '安全管理员'), ('audit_admin', '审计管理员')], max_length=20, verbose_name='角色')),
                        ('region', models.CharField(max_length=40, verbose_name='地区方案')),
                        ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                        ('must_change_password', models.BooleanField(default=False, verbose_name='须改密码')),
                        ('previous_login', models.DateTimeField(blank=True, null=True, verbose_name='上次登录')),
                        ('employer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='operators', to='employers.employer')),
                    ],
                    options={
                        'verbose_name': '操作员',
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('employer__isnull', True), ('role__in', ('reviewer', 'agency_admin', 'system_admin', 'security_admin', 'audit_admin'))), models.Q(models.Q(('role__in', ('reviewer', 'agency_admin', 'system_admin', 'security_admin', 'audit_admin')), _negated=True), ('employer__isnull', False)), _connector='OR'), name='operator_works_for_an_employer_or_the_agency', violation_error_message='单位的操作员须属于一个单位，经办机构的不得属于单位。')],
                    },
                ),
                migrations.CreateModel(
                    name='Attempt',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('purpose', models.CharField(max_length=20, verbose_name='用途')),
                        ('who', models.CharField(max_length=32, verbose_name='来源索引')),
                        ('at', models.DateTimeField(verbose_name='时间')),
                    ],
                    options={
                        'verbose_name': '限次记录',
                        'indexes': [models.Index(fields=['purpose', 'who', 'at'], name='attempt_by_purpose_and_who')],
                    },
                ),
                migrations.CreateModel(
                    name='EmergencyGrant',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('permission', models.CharField(max_length=40, verbose_name='权限')),
                        ('reason', models.CharField(max_length=200, verbose_name='原因')),
                        ('opened_at', models.DateTimeField(verbose_name='开始时间')),
                        ('until', models.DateTimeField(verbose_name='有效期至')),
                        ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='emergency_grants', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '应急授权',
                        'ordering': ['-pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('until__gt', models.F('opened_at'))), name='an_emergency_grant_ends_after_it_begins', violation_error_message='应急授权的结束时间须晚于开始时间。')],
                    },
                ),
            ],
        ),
    ]
