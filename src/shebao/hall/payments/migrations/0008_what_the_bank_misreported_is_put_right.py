"""An amount that the bank misreported is ended by its mirror, and the serial number is free for the true one."""

from django.db import migrations, models
from django.db.models import Q

from shebao.hall.append_only import OfTheDatabase
from shebao.hall.set_guards import lifting

from importlib import import_module

STAYS = import_module("shebao.hall.payments.migrations.0007_what_is_decided_about_money_stays")
NOBODYS = ("", "corrected")
# An attempt whose money the agency cleared was called refused (银行未扣款), which it was not.
CALLED = "UPDATE payments_payment SET state = '{}' WHERE state = '{}' AND reason_code = 'cleared'"


def call(new: str, old: str):
    """The step that calls these attempts by their new state."""

    def step(apps, editor):
        editor.execute(CALLED.format(new, old), None)

    return step


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_what_is_decided_about_money_stays")]
    operations = [
        *map(lifting, STAYS.GUARDS),
        OfTheDatabase(call("cleared", "refused"), call("refused", "cleared")),
        migrations.AddField("reconciliation", "lines", models.JSONField("银行明细", default=dict)),
        migrations.AlterField(
            "payment",
            "state",
            models.CharField(
                "状态",
                max_length=20,
                default="created",
                choices=[
                    ("created", "待付款"),
                    ("sent", "等待银行结果"),
                    ("succeeded", "缴费成功"),
                    ("refused", "银行未扣款"),
                    ("unknown", "结果待查"),
                    ("voided", "已作废"),
                    ("cleared", "已由经办机构处理"),
                ],
            ),
        ),
        migrations.AlterField(
            "suspenseitem",
            "clearing",
            models.CharField(
                "处理",
                max_length=10,
                blank=True,
                choices=[
                    ("bill", "入账到账单"),
                    ("credit", "转入待转金"),
                    ("refund", "退回付款人"),
                    ("corrected", "金额按银行更正"),
                ],
            ),
        ),
        migrations.RemoveConstraint("suspenseitem", "money_is_suspended_once_for_a_bank_serial"),
        migrations.RemoveConstraint("suspenseitem", "unmatched_money_is_cleared_by_somebody"),
        migrations.AddConstraint(
            "suspenseitem",
            models.UniqueConstraint(
                fields=["bank_serial"],
                condition=~Q(clearing="corrected"),
                name="money_is_suspended_once_for_a_bank_serial",
                violation_error_message="这笔到账已经登记为待查款。",
            ),
        ),
        migrations.AddConstraint(
            "suspenseitem",
            models.CheckConstraint(
                name="unmatched_money_is_cleared_by_somebody",
                condition=Q(clearing__in=NOBODYS, cleared_by__isnull=True)
                | (~Q(clearing__in=NOBODYS) & Q(cleared_by__isnull=False)),
                violation_error_message="已处理的待查款须有处理人。",
            ),
        ),
        *STAYS.GUARDS,
    ]
