"""A bill says the earliest month that it charges (decision 0014): its lines are asked between that and its own month.

Three guards learn it: no line of a bill is for a month before, and on PostgreSQL two of them open the partitions of
these months alone.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase

from shebao.hall.fields import MonthField
from shebao.hall.set_guards import lifting, refuse_rows

sealed = import_module("shebao.hall.settlement.migrations.0012_bills_are_sealed_and_voids_are_whole")
BILL, LINE, BOOKING, WORDS = sealed.BILL, sealed.LINE, sealed.BOOKING, sealed.WORDS

SUM, CHARGES, TIME = "a_bill_is_the_sum_of_its_lines", "a_line_charges_what_happened", "a_line_is_in_its_time"
SAID = {
    SUM: "a bill is the sum of its lines",
    CHARGES: "no line without what it charges",
    TIME: "a line is of its bill, in the time of its employer and person",
}
BOOKED = "NEW.kind = 'assessed'"
BEFORE = [
    refuse_rows(SUM, BOOKING, sealed.NOT_THE_SUM, SAID[SUM], when=BOOKED),
    refuse_rows(CHARGES, LINE, sealed.FROM_NOTHING, SAID[CHARGES]),
    refuse_rows(TIME, LINE, sealed.OUT_OF_TIME, SAID[TIME], words=WORDS),
]
# A bill of before this migration on SQLite has no first month; a comparison with nothing refuses nothing.
OUT_OF_TIME = sealed.OUT_OF_TIME.replace("OR l.kind = '1'", "OR l.month < b.first_month\nOR l.kind = '1'")
OF_BILLS = f"""
SELECT MIN(COALESCE(b.first_month, '')), MAX(b.month) FROM {{fresh}} t JOIN {BILL} b ON b.id = t.bill_id
WHERE t.kind = 'assessed'
"""
OF_NAMED = "SELECT MIN(month), MAX(month) FROM {fresh} WHERE adjusts_id IS NOT NULL OR principal_id IS NOT NULL"
AFTER = [
    refuse_rows(
        SUM, BOOKING, sealed.NOT_THE_SUM.replace(f"FROM {LINE} l", "FROM {lines} l"), SAID[SUM],
        when=BOOKED, span=OF_BILLS,
    ),
    refuse_rows(
        CHARGES, LINE, sealed.FROM_NOTHING.replace(f"FROM {LINE} o", "FROM {lines} o"), SAID[CHARGES], span=OF_NAMED
    ),
    refuse_rows(TIME, LINE, OUT_OF_TIME, SAID[TIME], words=WORDS),
]  # fmt: skip
# SQLite, which has one table, does without: its bills of before are asked as they were.
FILL = f"""
UPDATE {BILL} b SET first_month = COALESCE((SELECT MIN(l.month) FROM {LINE} l WHERE l.bill_id = b.id), b.month)
"""


def fill(apps, editor):
    if editor.connection.vendor == "postgresql":
        with editor.connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {BILL} DISABLE TRIGGER USER")
            cursor.execute(FILL)
            cursor.execute(f"ALTER TABLE {BILL} ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("settlement", "0013_lines_lie_by_month")]
    operations = [
        migrations.AddField("bill", "first_month", MonthField(null=True, verbose_name="最早所属期")),
        migrations.AlterField(
            "billline",
            "bill",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                related_query_name="lines",
                to="settlement.bill",
            ),
        ),
        OfTheDatabase(fill, OfTheDatabase.noop),
        *map(lifting, BEFORE),
        *AFTER,
    ]
