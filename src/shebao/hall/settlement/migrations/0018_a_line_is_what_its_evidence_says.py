"""I-2 and I-10 in the database: a line's base is within the limits of its evidence, its amounts are what that charges.

An evidence says so in whole numbers, its terms, which the engine writes (`rules.terms.Terms`); the database only
multiplies, adds and divides them, and a division of whole numbers that are not negative is the same on both engines.
"""

import json

from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase, refuse_changes
from shebao.hall.set_guards import FRESH, lifting, refuse_rows
from shebao.hall.squashed import AtOnce
from shebao.rules.evidence import Evidence

EVIDENCE, LINE, BATCH = "settlement_evidence", "settlement_billline", 1000
TERMS = {
    "lowest_fen": "最低基数（分）",
    "highest_fen": "最高基数（分）",
    "numerator": "分子",
    "carry": "进位加数",
    "denominator": "分母",
    "unit_fen": "取整单位（分）",
    "plus_fen": "另加定额（分）",
}
WORDS = {"differs": ("IS DISTINCT FROM", "IS NOT")}


def charged(base: str, terms: str) -> str:
    """What the terms charge a base, fen."""
    rated = f"({base} * {terms}.numerator + {terms}.carry) / {terms}.denominator * {terms}.unit_fen"
    return f"({rated} + {terms}.plus_fen)"


def part_of(line: str, part: str) -> str:
    """One part of the charge that a line stands for; nothing without evidence, NULL by one without terms."""
    of = f"SELECT {charged(f'{line}.contribution_base', 'x')} FROM {EVIDENCE} x WHERE x.id = {line}.{part}_evidence_id"
    return f"CASE WHEN {line}.{part}_evidence_id IS NULL THEN 0 ELSE ({of}) END"


def part_by(terms: str, part: str) -> str:
    """The same of a new line, whose evidence is at hand."""
    return f"CASE WHEN l.{part}_evidence_id IS NULL THEN 0 ELSE {charged('l.contribution_base', terms)} END"


NEW = f"""
SELECT 1 FROM {FRESH} l LEFT JOIN {EVIDENCE} a ON a.id = l.employer_evidence_id
LEFT JOIN {EVIDENCE} b ON b.id = l.employee_evidence_id
"""
# Without evidence nothing is a base.
OUTSIDE = """
l.contribution_base NOT BETWEEN a.lowest_fen AND a.highest_fen OR
l.contribution_base NOT BETWEEN b.lowest_fen AND b.highest_fen OR
l.contribution_base <> 0 AND a.id IS NULL AND b.id IS NULL
"""
# What a late fee or interest is (it names its principal) is I-7's, and no multiple of a base.
CHARGED_OTHERWISE = f"""
{NEW} WHERE l.adjusts_id IS NULL AND l.principal_id IS NULL AND ({OUTSIDE}
OR l.employer_due {{differs}} {part_by("a", "employer")} OR l.employee_due {{differs}} {part_by("b", "employee")})
"""
# What it corrects is a charge that was held to the same, or an adjustment like it: so the whole chain adds up to the
# last one's terms, and to nothing where that has none (a charge that is given back). The line is asked for by itself,
# and not joined: PostgreSQL opens no partition where there is no month.
ADJUSTED_OTHERWISE = f"""
{NEW} WHERE l.adjusts_id IS NOT NULL AND ({OUTSIDE}
OR NOT EXISTS (SELECT 1 FROM {{lines}} o WHERE o.id = l.adjusts_id AND o.month = l.month
AND l.employer_due = {part_by("a", "employer")} - {part_of("o", "employer")}
AND l.employee_due = {part_by("b", "employee")} - {part_of("o", "employee")}))
"""
ITS_MONTHS = f"SELECT MIN(month), MAX(month) FROM {FRESH} WHERE adjusts_id IS NOT NULL"
GUARDS = [
    refuse_rows(
        "a_line_is_what_its_evidence_says", LINE, CHARGED_OTHERWISE,
        "a line is its base, within the limits, times the rate of its evidence, rounded as that says",
        when="NEW.adjusts_id IS NULL AND NEW.principal_id IS NULL", words=WORDS,
    ),
    refuse_rows(
        "an_adjustment_is_what_its_evidence_says", LINE, ADJUSTED_OTHERWISE,
        "an adjustment is what its evidence charges less what that of the line it corrects does",
        when="NEW.adjusts_id IS NOT NULL", words=WORDS, span=ITS_MONTHS,
    ),
]  # fmt: skip


def fill(apps, editor):
    """The terms of what is stored, by the function that says them of what is to be stored."""
    update = f"UPDATE {EVIDENCE} SET {', '.join(f'{name} = %s' for name in TERMS)} WHERE id = %s"
    with editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                f"SELECT id, CAST(data AS text) FROM {EVIDENCE} WHERE id > %s ORDER BY id LIMIT {BATCH}", [last]
            )
            if not (stored := cursor.fetchall()):
                return
            last = stored[-1][0]
            terms = ((pk, Evidence(json.loads(data)).terms) for pk, data in stored)
            cursor.executemany(update, [[*(getattr(one, name) for name in TERMS), pk] for pk, one in terms if one])


KEPT = refuse_changes([EVIDENCE])


class Migration(migrations.Migration):
    dependencies = [("settlement", "0017_an_adjustment_has_the_wage_that_counts")]
    operations = [
        AtOnce(
            [
                migrations.AddField("evidence", name, models.BigIntegerField(title, null=True))
                for name, title in TERMS.items()
            ]
        ),
        lifting(KEPT),
        migrations.AddConstraint(
            "evidence",
            models.CheckConstraint(
                name="evidence_has_all_its_terms_or_none",
                condition=models.Q(**{f"{name}__isnull": True for name in TERMS})
                | models.Q(
                    **{f"{name}__isnull": False for name in TERMS},
                    lowest_fen__gte=0, highest_fen__gte=models.F("lowest_fen"), numerator__gte=0, carry__gte=0,
                    denominator__gt=0, unit_fen__gt=0, plus_fen__gte=0,
                ),
                violation_error_message="计算依据的算式须完整。",
            ),
        ),
        OfTheDatabase(fill, OfTheDatabase.noop),
        KEPT,
        *GUARDS,
    ]  # fmt: skip
