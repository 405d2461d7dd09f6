import django.db.models.deletion
from django.db import migrations, models

from shebao.hall.append_only import refuse_changes
from shebao.hall.set_guards import lifting

# SQLite makes a table anew to change it, and the triggers go with the old one.
SEALED = refuse_changes(["settlement_billline"])


class Migration(migrations.Migration):
    dependencies = [
        ("settlement", "0002_money_is_append_only"),
    ]

    operations = [
        lifting(SEALED),
        migrations.AddField(
            model_name="billline",
            name="adjusts",
            field=models.OneToOneField(
                error_messages={"unique": "这一行已经补差过。"},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adjusted_by",
                to="settlement.billline",
            ),
        ),
        migrations.AlterField(
            model_name="billline",
            name="kind",
            field=models.CharField(
                choices=[("1", "正常应缴"), ("4", "调整补收"), ("13", "补基数"), ("18", "退收"), ("20", "补比例")],
                default="1",
                max_length=2,
                verbose_name="应缴类型",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("adjusts__isnull", False), ("kind__in", ("4", "13", "18", "20"))),
                    models.Q(models.Q(("kind__in", ("4", "13", "18", "20")), _negated=True), ("adjusts__isnull", True)),
                    _connector="OR",
                ),
                name="an_adjustment_and_no_other_line_names_what_it_adjusts",
                violation_error_message="补差须对应原来的账单明细。",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adjusts__isnull", True), ("month__lt", models.F("booking_month")), _connector="OR"
                ),
                name="an_adjustment_is_for_a_month_before_it_is_booked",
                violation_error_message="补差只能补以前月份。",
            ),
        ),
        SEALED,
    ]
