"""A wish to void may be taken back, and money that came for the bill closes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlement", "0018_a_line_is_what_its_evidence_says")]
    operations = [
        migrations.AlterField(
            "voidrequest",
            "state",
            models.CharField(
                "状态",
                max_length=10,
                default="asked",
                choices=[
                    ("asked", "待审核"),
                    ("voided", "已作废"),
                    ("declined", "未同意"),
                    ("withdrawn", "已撤回"),
                    ("closed", "已缴费，申请结束"),
                ],
            ),
        ),
    ]
