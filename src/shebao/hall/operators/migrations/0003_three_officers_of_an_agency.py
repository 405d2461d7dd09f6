"""Three officers (系统、安全、审计管理员) work at an agency, and an emergency grant ends by itself."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

AGENCY = ("reviewer", "agency_admin", "system_admin", "security_admin", "audit_admin")


class Migration(migrations.Migration):
    dependencies = [("operators", "0002_tries_are_counted_in_the_database")]

    operations = [
        migrations.RemoveConstraint("operator", "operator_works_for_an_employer_or_the_agency"),
        migrations.AlterField(
            model_name="operator",
            name="role",
            field=models.CharField(
                choices=[
                    ("clerk", "社保专管员"),
                    ("employer_admin", "单位管理员"),
                    ("reviewer", "审核人员"),
                    ("agency_admin", "经办机构管理员"),
                    ("system_admin", "系统管理员"),
                    ("security_admin", "安全管理员"),
                    ("audit_admin", "审计管理员"),
                ],
                max_length=20,
                verbose_name="角色",
            ),
        ),
        migrations.AddConstraint(
            model_name="operator",
            constraint=models.CheckConstraint(
                name="operator_works_for_an_employer_or_the_agency",
                condition=Q(role__in=AGENCY, employer__isnull=True)
                | (~Q(role__in=AGENCY) & Q(employer__isnull=False)),
                violation_error_message="单位的操作员须属于一个单位，经办机构的不得属于单位。",
            ),
        ),
        migrations.CreateModel(
            name="EmergencyGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("permission", models.CharField(max_length=40, verbose_name="权限")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                ("opened_at", models.DateTimeField(verbose_name="开始时间")),
                ("until", models.DateTimeField(verbose_name="有效期至")),
                (
                    "operator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="emergency_grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "应急授权",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        name="an_emergency_grant_ends_after_it_begins",
                        condition=Q(until__gt=models.F("opened_at")),
                        violation_error_message="应急授权的结束时间须晚于开始时间。",
                    )
                ],
            },
        ),
    ]
