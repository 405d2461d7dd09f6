"""Why an amount is what it is: the evidence that lines name."""

from django.db import models
from django.db.models import F, Q

from shebao.rules.terms import Terms

TERMS = *Terms._fields, "bears", "is_capped"
"""The columns of an evidence that say what it charges."""


class Evidence(models.Model):
    """Why an amount is what it is, stored once by kind: values, dates, documents, rounding, fingerprint.

    With the person's wage it recomputes the amount without the region folder. What charges a base, or what a back
    payment bears (`bears`), has its terms beside (`rules.terms.Terms`): by them the database refuses a line that is not
    what its evidence says (I-2, I-7, I-10).
    """

    digest = models.CharField("摘要", max_length=16, unique=True)
    data = models.JSONField("依据")
    lowest_fen = models.BigIntegerField("最低基数（分）", null=True)
    highest_fen = models.BigIntegerField("最高基数（分）", null=True)
    numerator = models.BigIntegerField("分子", null=True)
    carry = models.BigIntegerField("进位加数", null=True)
    denominator = models.BigIntegerField("分母", null=True)
    unit_fen = models.BigIntegerField("取整单位（分）", null=True)
    plus_fen = models.BigIntegerField("另加定额（分）", null=True)
    bears = models.CharField("随本金加收", max_length=10, null=True)  # noqa: DJ001 - as its other columns, None of a base
    is_capped = models.BooleanField("不超过本金", null=True)

    class Meta:
        verbose_name = "计算依据"
        constraints = [
            models.CheckConstraint(
                name="evidence_has_all_its_terms_or_none",
                condition=Q(**{f"{name}__isnull": True for name in Terms._fields})
                | Q(
                    **{f"{name}__isnull": False for name in Terms._fields},
                    lowest_fen__gte=0, highest_fen__gte=F("lowest_fen"), numerator__gte=0, carry__gte=0,
                    denominator__gt=0, unit_fen__gt=0, plus_fen__gte=0,
                ),
                violation_error_message="计算依据的算式须完整。",
            ),
            models.CheckConstraint(
                name="evidence_of_what_is_borne_is_of_no_base",
                condition=Q(bears__isnull=True, is_capped__isnull=True)
                | Q(
                    bears__in=["late_fee", "interest"], is_capped__isnull=False, highest_fen=0, plus_fen=0,
                    numerator__isnull=False,
                ),
                violation_error_message="滞纳金或利息的计算依据不核定基数。",
            ),
        ]  # fmt: skip
