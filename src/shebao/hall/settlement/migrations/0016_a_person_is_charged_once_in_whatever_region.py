"""I-9: one charge, and one back payment that waits, for a person, scheme and month in the whole system."""

from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase

from shebao.hall.settlement.month_partitions import dress_partitions

CHARGE, BACK = "one_charge_for_a_person_scheme_and_month", "one_back_payment_for_a_person_scheme_and_month"
LIVE = "kind IN ('1', '2') AND is_exclusive AND NOT is_voided AND NOT is_given_back"
TWICE = """
SELECT p.name, t.scheme, t.month FROM (SELECT person_id, scheme, month FROM {table} WHERE {live}
GROUP BY person_id, scheme, month HAVING COUNT(*) > 1) t JOIN roster_person p ON p.id = t.person_id
ORDER BY p.id, t.month LIMIT 20
"""


def nobody_is_charged_twice(apps, editor):
    """Said in words before anything is changed: a line that was posted is not this migration's to judge."""
    for table, live, word in (
        ("settlement_billline", LIVE, "已经重复核定，请先由其中一个地区退费"),
        ("settlement_backpayment", "is_exclusive AND NOT is_voided", "重复申报了补缴，请先回退其中一笔"),
    ):
        with editor.connection.cursor() as cursor:
            cursor.execute(TWICE.format(table=table, live=live))
            if rows := cursor.fetchall():
                told = "；".join(f"{name} {month} {scheme}" for name, scheme, month in rows)
                raise ValueError(f"有人员同一险种同一月份在两个地区{word}，再升级：{told}。")


def name_indexes(apps, editor):
    if editor.connection.vendor == "postgresql":
        with editor.connection.cursor() as cursor:
            dress_partitions(cursor)


def once(name: str, message: str, **which) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["person", "scheme", "month"], condition=models.Q(**which), name=name, violation_error_message=message
    )


class Migration(migrations.Migration):
    dependencies = [
        ("roster", "0007_a_person_is_insured_once_in_whatever_region"),
        ("settlement", "0015_what_is_declared_to_be_paid_stays"),
    ]
    operations = [
        OfTheDatabase(nobody_is_charged_twice, name_indexes),
        migrations.RemoveConstraint(model_name="billline", name=CHARGE),
        migrations.AddConstraint(
            model_name="billline",
            constraint=once(
                CHARGE, "该人员此险种当月已经核定过。",
                kind__in=("1", "2"), is_exclusive=True, is_voided=False, is_given_back=False,
            ),
        ),
        migrations.RemoveConstraint(model_name="backpayment", name=BACK),
        migrations.AddConstraint(
            model_name="backpayment",
            constraint=once(BACK, "该人员此险种当月已申报补缴。", is_voided=False, is_exclusive=True),
        ),
        OfTheDatabase(name_indexes, OfTheDatabase.noop),
    ]  # fmt: skip
