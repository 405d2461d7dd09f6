import django.db.models.deletion
import shebao.hall.fields
from django.conf import settings
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.set_guards import lifting

# SQLite makes a table anew to change it, and the triggers go with the old one.
SEALED = refuse_changes(["settlement_billline"])


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0004_a_subject_may_be_an_employer"),
        ("employers", "0003_changes_are_append_only"),
        ("roster", "0003_employees_keep_what_is_only_kept"),
        ("settlement", "0004_values_are_tried_on_scratch_paper"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        lifting(SEALED),
        migrations.CreateModel(
            name="BackPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=40, verbose_name="地区方案")),
                ("scheme", models.CharField(max_length=40, verbose_name="险种")),
                ("month", shebao.hall.fields.MonthField(verbose_name="费款所属期")),
                ("values_month", shebao.hall.fields.MonthField(verbose_name="数值所属月份")),
                ("declared_wage", models.BigIntegerField(verbose_name="申报工资（分）")),
                ("is_exclusive", models.BooleanField(default=True, verbose_name="排他")),
                ("is_voided", models.BooleanField(default=False, verbose_name="已撤销")),
            ],
            options={
                "verbose_name": "补缴",
            },
        ),
        migrations.AlterModelOptions(
            name="bill",
            options={"ordering": ["-month", "series"], "verbose_name": "账单"},
        ),
        migrations.RemoveConstraint(
            model_name="assessment",
            name="one_assessment_for_an_employer_and_month",
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="one_regular_charge_for_a_person_scheme_and_month",
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="one_regular_charge_for_an_employee_scheme_and_month",
        ),
        migrations.AddField(
            model_name="assessment",
            name="series",
            field=models.PositiveIntegerField(default=0, verbose_name="当月第几次单独核定"),
        ),
        migrations.AddField(
            model_name="bill",
            name="series",
            field=models.PositiveIntegerField(default=0, verbose_name="当月第几次单独核定"),
        ),
        migrations.AlterField(
            model_name="billline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("1", "正常应缴"),
                    ("2", "补收"),
                    ("4", "调整补收"),
                    ("13", "补基数"),
                    ("18", "退收"),
                    ("20", "补比例"),
                ],
                default="1",
                max_length=2,
                verbose_name="应缴类型",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.UniqueConstraint(
                fields=("employer", "month", "series"),
                name="one_assessment_for_an_employer_and_month",
                violation_error_message="本月已经核定过。",
            ),
        ),
        migrations.AddField(
            model_name="backpayment",
            name="declared_in",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="back_payments", to="declarations.declaration"
            ),
        ),
        migrations.AddField(
            model_name="backpayment",
            name="employee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="back_payments", to="roster.employee"
            ),
        ),
        migrations.AddField(
            model_name="backpayment",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="roster.person"),
        ),
        migrations.AddField(
            model_name="backpayment",
            name="withdrawn_in",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="declarations.declaration"
            ),
        ),
        migrations.AddField(
            model_name="billline",
            name="back_payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="settlement.backpayment",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_exclusive", True), ("kind__in", ("1", "2"))),
                fields=("person", "region", "scheme", "month"),
                name="one_charge_for_a_person_scheme_and_month",
                violation_error_message="该人员此险种当月已经核定过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ("1", "2"))),
                fields=("employee", "scheme", "month"),
                name="one_charge_for_an_employee_scheme_and_month",
                violation_error_message="该人员此险种当月已在本单位核定过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("back_payment__isnull", False), ("kind", "2"), ("month__lt", models.F("booking_month"))),
                    models.Q(models.Q(("kind", "2"), _negated=True), ("back_payment__isnull", True)),
                    _connector="OR",
                ),
                name="a_back_payment_and_no_other_line_names_what_was_declared",
                violation_error_message="补缴须对应生效的补缴申报，且只能补以前月份。",
            ),
        ),
        migrations.AddConstraint(
            model_name="backpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_exclusive", True), ("is_voided", False)),
                fields=("person", "region", "scheme", "month"),
                name="one_back_payment_for_a_person_scheme_and_month",
                violation_error_message="该人员此险种当月已申报补缴。",
            ),
        ),
        migrations.AddConstraint(
            model_name="backpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_voided", False)),
                fields=("employee", "scheme", "month"),
                name="one_back_payment_for_an_employee_scheme_and_month",
                violation_error_message="该人员此险种当月已在本单位申报补缴。",
            ),
        ),
        migrations.AddConstraint(
            model_name="backpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("withdrawn_in__isnull", True), ("is_voided", True), _connector="OR"),
                name="a_withdrawn_back_payment_is_voided",
                violation_error_message="回退的补缴须作废。",
            ),
        ),
        SEALED,
    ]
