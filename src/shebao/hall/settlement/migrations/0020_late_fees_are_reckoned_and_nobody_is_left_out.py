"""I-7 and I-8 the other way round in the database (decision 0016).

What a back payment bears is its principal times a factor, which its evidence says in whole numbers, as it does of a
charge (0018). And the booking of a settlement is refused while somebody insured, a year charged in that month, a back
payment or a refund that the bill has room for is on no bill: which schemes are charged by the month stands with the
assessment, what is only billed on request with the back payment.
"""

import json
from importlib import import_module

from django.db import migrations, models

from shebao.hall.append_only import OfTheDatabase, refuse_changes_but, refuse_changes_unless
from shebao.hall.set_guards import FRESH, lifting, refuse_rows
from shebao.hall.squashed import AtOnce
from shebao.rules.evidence import Evidence

TERMS = import_module("shebao.hall.settlement.migrations.0018_a_line_is_what_its_evidence_says")
BILL, LINE, BOOKING, ENTRY = "settlement_bill", "settlement_billline", "settlement_ledgertransaction", "settlement_ledgerentry"
ASSESSMENT, BACK, BATCH = "settlement_assessment", "settlement_backpayment", 1000

# I-2 and I-10: evidence of what is borne has terms from now on, and is no evidence of a charge.
OTHER = "(a.bears IS NOT NULL OR b.bears IS NOT NULL OR "
CHARGED, ADJUSTED = (
    one.replace(f"({TERMS.OUTSIDE}", f"{OTHER}{TERMS.OUTSIDE}") for one in (TERMS.CHARGED_OTHERWISE, TERMS.ADJUSTED_OTHERWISE)
)

# PostgreSQL makes a join of NOT EXISTS, and of a partition that it has not counted yet may then read every line for every
# person; what has an OFFSET it asks row by row, by the index.
ONE = "LIMIT 1 OFFSET 0"

# I-7 ---------------------------------------------------------------------------------------------------------------


def borne(principal: str, terms: str) -> str:
    """What a principal bears, fen. A million at a time: principal × numerator may be too large for the database."""
    many, rest, by = f"({principal}) / 1000000", f"(({principal}) % 1000000)", f"{terms}.numerator"
    left = f"({many} * {by} % {terms}.denominator * 1000000 + {rest} * {by} + {terms}.carry)"
    whole = f"{many} * {by} / {terms}.denominator * 1000000"
    fen = f"({whole} + {left} / {terms}.denominator) * {terms}.unit_fen"
    return f"(CASE WHEN {terms}.is_capped AND {fen} > ({principal}) THEN ({principal}) ELSE {fen} END)"


def interest(part: str, terms: str) -> str:
    """Whether a part of a line of interest is that of the same part of its principal."""
    same = f"l.{part}_due = {borne(f'p.{part}_due', terms)}"
    nothing = f"p.{part}_due = 0 AND l.{part}_due = 0"
    return f"CASE WHEN {terms}.id IS NULL THEN {nothing} ELSE {terms}.bears = 'interest' AND {same} END"


BORNE_OTHERWISE = f"""
{TERMS.NEW} WHERE l.principal_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {{lines}} p
WHERE p.id = l.principal_id AND p.month = l.month AND (
l.kind = 'F1' AND a.bears = 'late_fee' AND b.id IS NULL AND l.employee_due = 0
AND l.employer_due = {borne("p.employer_due + p.employee_due", "a")}
OR l.kind = 'F2' AND {interest("employer", "a")} AND {interest("employee", "b")}) {ONE})
"""
# The late fee of a bill is booked as money comes; how much it is, is check-ledger's.
ARRIVING = "'paid', 'cleared', 'carried'"
PAID_IN_TIME = f"""
SELECT 1 FROM {FRESH} e JOIN {BOOKING} t ON t.id = e.transaction_id JOIN {BILL} b ON b.id = t.bill_id
WHERE e.account = 'late_fees' AND e.amount_fen <> 0 AND t.kind IN ({ARRIVING}) AND NOT EXISTS (
SELECT 1 FROM {BOOKING} o LEFT JOIN payments_payment p ON p.id = o.payment_id
LEFT JOIN payments_suspenseitem s ON s.id = o.suspense_id
WHERE o.bill_id = b.id AND o.kind IN ({ARRIVING})
AND COALESCE(o.value_at, p.paid_at, s.arrived_at, o.booked_at) > b.pay_until {ONE})
"""

# I-8 the other way round -------------------------------------------------------------------------------------------
SETTLED = f"""
FROM {FRESH} t JOIN {BILL} b ON b.id = t.bill_id JOIN {ASSESSMENT} a ON a.id = b.assessment_id AND a.series = 0
AND a.basis_month IS NULL
"""
PEOPLE = f"{SETTLED} JOIN roster_employee w ON w.employer_id = b.employer_id"
REGULAR = f"""
SELECT 1 FROM {{lines}} l WHERE l.employee_id = s.employee_id AND l.scheme = s.scheme AND l.month = b.month
AND l.kind = '1' AND NOT l.is_voided AND NOT l.is_given_back {ONE}
"""
NOT_CHARGED = f"""
SELECT 1 {SETTLED} WHERE t.kind = 'assessed' AND a.monthly_schemes IS NULL
UNION ALL SELECT 1 {PEOPLE} JOIN roster_spell s ON s.employee_id = w.id AND NOT s.is_voided AND s.project_id IS NULL
AND s.first_month <= b.month AND (s.last_month IS NULL OR s.last_month >= b.month)
WHERE t.kind = 'assessed' AND {{monthly}} AND NOT EXISTS ({REGULAR})
UNION ALL SELECT 1 {PEOPLE} JOIN supplements_yearlycover s ON s.employee_id = w.id AND NOT s.is_voided
AND s.charged_in = b.month WHERE t.kind = 'assessed' AND NOT EXISTS ({REGULAR})
"""
ITS_MONTH = f"SELECT MIN(b.month), MAX(b.month) {SETTLED} WHERE t.kind = 'assessed'"
WAITING = f"""
{PEOPLE} JOIN {BACK} r ON r.employee_id = w.id AND NOT r.is_voided AND NOT r.is_on_request AND r.month < b.month
WHERE t.kind = 'assessed'
"""
NOT_PAID_BACK = f"""
SELECT 1 {WAITING} AND NOT EXISTS (SELECT 1 FROM {{lines}} l
WHERE l.back_payment_id = r.id AND l.month = r.month AND NOT l.is_voided {ONE})
"""
CLAIMED = f"""
{PEOPLE} JOIN settlement_refund r ON r.employee_id = w.id AND NOT r.is_voided AND r.month < b.month
"""
# Of a charge with all that corrected it: what came with this bill is not asked, nor what it has no room for.
OF_CHARGE = """
FROM {lines} x WHERE x.employee_id = l.employee_id AND x.scheme = l.scheme AND x.month = l.month AND NOT x.is_voided
"""
NOT_RETURNED = f"""
SELECT 1 {CLAIMED} WHERE t.kind = 'assessed' AND EXISTS (
SELECT 1 FROM {{lines}} l WHERE l.employee_id = r.employee_id AND l.month = r.month AND l.kind IN ('1', '2')
AND NOT l.is_voided AND NOT l.is_given_back AND l.bill_id <> b.id AND NOT EXISTS (SELECT 1 {OF_CHARGE}
AND x.adjusts_id IS NOT NULL AND x.employer_evidence_id IS NULL AND x.employee_evidence_id IS NULL {ONE})
AND b.total_due >= (SELECT SUM(x.employer_due + x.employee_due) {OF_CHARGE} AND x.principal_id IS NULL
AND x.bill_id <> b.id) {ONE})
"""
MONTHLY = {
    "monthly": (
        "jsonb_exists(a.monthly_schemes, s.scheme)",
        "EXISTS (SELECT 1 FROM json_each(a.monthly_schemes) j WHERE j.value = s.scheme)",
    )
}
BOOKED = "NEW.kind = 'assessed'"
CHARGES, ADJUSTS = TERMS.GUARDS
SAID = (
    "a line is its base, within the limits, times the rate of its evidence, rounded as that says",
    "an adjustment is what its evidence charges less what that of the line it corrects does",
)
GUARDS = [
    refuse_rows(
        "a_line_is_what_its_evidence_says", LINE, CHARGED, SAID[0],
        when="NEW.adjusts_id IS NULL AND NEW.principal_id IS NULL", words=TERMS.WORDS,
    ),
    refuse_rows(
        "an_adjustment_is_what_its_evidence_says", LINE, ADJUSTED, SAID[1],
        when="NEW.adjusts_id IS NOT NULL", words=TERMS.WORDS, span=TERMS.ITS_MONTHS, is_of_span=True,
    ),
    refuse_rows(
        "a_back_payment_bears_what_its_evidence_says", LINE, BORNE_OTHERWISE,
        "a late fee or interest is its principal times the factor of its evidence, rounded as that says",
        when="NEW.principal_id IS NOT NULL", span=TERMS.ITS_MONTHS.replace("adjusts_id", "principal_id"), is_of_span=True,
    ),
    refuse_rows(
        "what_is_paid_in_time_bears_no_late_fee", ENTRY, PAID_IN_TIME, "what is paid in time bears no late fee",
        when="NEW.account = 'late_fees'",
    ),
    refuse_rows(
        "a_settled_month_charges_everybody", BOOKING, NOT_CHARGED, "a settlement leaves nobody out who is insured",
        when=BOOKED, words=MONTHLY, span=ITS_MONTH, is_of_span=True,
    ),
    refuse_rows(
        "a_settled_month_takes_what_is_paid_back", BOOKING, NOT_PAID_BACK, "a settlement leaves no back payment out",
        when=BOOKED, span=f"SELECT MIN(r.month), MAX(r.month) {WAITING}", is_of_span=True,
    ),
    refuse_rows(
        "a_settled_month_returns_what_is_claimed", BOOKING, NOT_RETURNED,
        "a settlement leaves no refund out that its bill has room for",
        when=BOOKED, span=f"SELECT MIN(r.month), MAX(r.month) {CLAIMED} WHERE t.kind = 'assessed'", is_of_span=True,
    ),
]  # fmt: skip
ASSESSMENTS = refuse_changes_but(ASSESSMENT, "voided_at", "OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL")
BACKS = refuse_changes_unless(BACK, {"is_voided": "1 = 1", "withdrawn_in_id": "NEW.is_voided <> OLD.is_voided"})


def fill(apps, editor):
    """What is borne, of the evidence that is stored; and its terms, by the function that says them of what is new."""
    columns = [*TERMS.TERMS, "bears", "is_capped"]
    update = f"UPDATE {TERMS.EVIDENCE} SET {', '.join(f'{name} = %s' for name in columns)} WHERE id = %s"
    with editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                f"SELECT id, CAST(data AS text) FROM {TERMS.EVIDENCE} WHERE id > %s ORDER BY id LIMIT {BATCH}", [last]
            )
            if not (stored := cursor.fetchall()):
                return
            last = stored[-1][0]
            told = [(pk, Evidence(json.loads(data))) for pk, data in stored]
            rows = [[*one.terms, one.bears, one.is_capped, pk] for pk, one in told if one.bears]
            cursor.executemany(update, rows)


class Migration(migrations.Migration):
    dependencies = [
        # A guard of these reads the money in suspense, whose table 0008 of payments makes anew on SQLite.
        ("payments", "0009_what_was_cleared_falsely_is_put_right"),
        ("settlement", "0019_a_wish_to_void_is_taken_back_or_closed"),
    ]
    operations = [
        lifting(TERMS.KEPT), lifting(CHARGES), lifting(ADJUSTS), lifting(ASSESSMENTS), lifting(BACKS),
        AtOnce(
            [
                migrations.AddField("evidence", "bears", models.CharField("随本金加收", max_length=10, null=True)),
                migrations.AddField("evidence", "is_capped", models.BooleanField("不超过本金", null=True)),
                migrations.AddField("assessment", "monthly_schemes", models.JSONField("按月核定的险种", null=True)),
                migrations.AddField("backpayment", "is_on_request", models.BooleanField("另行办理才核定", null=True)),
            ]
        ),
        OfTheDatabase(fill, OfTheDatabase.noop),
        migrations.AddConstraint(
            "evidence",
            models.CheckConstraint(
                name="evidence_of_what_is_borne_is_of_no_base",
                condition=models.Q(bears__isnull=True, is_capped__isnull=True)
                | models.Q(
                    bears__in=["late_fee", "interest"], is_capped__isnull=False, highest_fen=0, plus_fen=0,
                    numerator__isnull=False,
                ),
                violation_error_message="滞纳金或利息的计算依据不核定基数。",
            ),
        ),
        TERMS.KEPT, ASSESSMENTS, BACKS, *GUARDS,
    ]  # fmt: skip
