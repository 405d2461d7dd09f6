"""I-8: an adjustment is of the wage of the charge that it corrects, or of a wage that corrects this month (工资更正)."""

from importlib import import_module

from django.db import migrations

from shebao.hall.set_guards import lifting, refuse_rows

before = import_module("shebao.hall.settlement.migrations.0014_a_bill_says_from_which_month")
CHARGED = before.sealed.FROM_NOTHING.replace(f"FROM {before.LINE} o", "FROM {lines} o")
OF_NO_WAGE = """
OR l.adjusts_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {lines} o
WHERE o.id = l.adjusts_id AND o.month = l.month AND o.declared_wage = l.declared_wage)
AND NOT EXISTS (SELECT 1 FROM roster_declaredwage w WHERE w.employee_id = l.employee_id AND w.first_month = l.month
AND w.amount_fen = l.declared_wage AND w.is_correction AND NOT w.is_voided)
"""
BEFORE = before.AFTER[1]
AFTER = refuse_rows(
    before.CHARGES, before.LINE, CHARGED + OF_NO_WAGE, before.SAID[before.CHARGES], span=before.OF_NAMED
)


class Migration(migrations.Migration):
    dependencies = [
        ("roster", "0008_a_wage_may_correct_a_settled_month"),
        ("settlement", "0016_a_person_is_charged_once_in_whatever_region"),
    ]
    operations = [lifting(BEFORE), AFTER]
