"""稳岗返还：失业保险支持稳岗, conditions, rate and amount. Every number of a year's policy is a term given by the
region (人社部等部门每年通知); every condition answers for itself, met or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shebao.rules.columns import ratio
from shebao.rules.money import rounded, yuan
from shebao.rules.region_model import NoValue


@dataclass(frozen=True)
class StabilityTerms:
    """One year's policy. `rates` is size class → share refunded; `most` a ceiling in fen where there is one."""

    year: int
    fewest_months: int
    layoff_ceiling: Decimal
    small_size: int
    small_layoff_ceiling: Decimal
    rates: Mapping[str, Decimal]
    rounding: str
    most: int | None = None


@dataclass(frozen=True)
class StabilityClaim:
    """One employer and last year.

    `laid_off` ÷ `insured` is the lay-off rate: by the ministries' notices the people newly drawing unemployment
    benefit ÷ the monthly average of insured people (an exact fraction); some places count otherwise, which is
    theirs to supply. `head_count` decides whether the employer is small. `contributed` is what employer and
    employees paid for unemployment insurance, fen.
    """

    size: str
    head_count: int
    months_in_full: int
    laid_off: int
    insured: Fraction
    contributed: int
    cancelled: bool = False


@dataclass(frozen=True)
class Finding:
    """One condition: what it asks, whether it is met, and the sentence that says why."""

    label: str
    met: bool
    told: str


@dataclass(frozen=True)
class StabilityRefund:
    """Every condition in order, the rate of the size class, and the amount in fen: 0 unless all are met."""

    findings: tuple[Finding, ...]
    rate: Decimal
    amount: int

    @property
    def granted(self) -> bool:
        """Whether every condition is met."""
        return all(finding.met for finding in self.findings)


def average_insured(head_counts: Mapping[int, int]) -> Fraction:
    """The exact monthly average of insured people of a year: month number → head-count, all twelve needed."""
    if lost := sorted(set(range(1, 13)) - set(head_counts)):
        raise NoValue(f"缺少 {'、'.join(map(str, lost))} 月的参保人数，不能计算月平均人数")
    return Fraction(sum(head_counts[n] for n in range(1, 13)), 12)


def stability_refund(claim: StabilityClaim, terms: StabilityTerms) -> StabilityRefund:
    """The refund of one employer: contributed × rate of its size, where every condition is met.

    Raises NoValue for a size class without a rate and where nobody was insured.
    """
    if claim.size not in terms.rates:
        raise NoValue(f"{terms.year} 年的稳岗返还没有“{claim.size}”这一类单位的返还比例")
    if claim.insured <= 0:
        raise NoValue("上年度没有参保人数，不能计算裁员率")
    rate = terms.rates[claim.size]
    findings = (_paid_in_full(claim, terms), _layoffs(claim, terms), _alive(claim), _contributed(claim))
    share = ratio(rate)
    amount = rounded(claim.contributed * share.numerator, share.denominator, terms.rounding)
    if terms.most is not None:
        amount = min(amount, terms.most)
    return StabilityRefund(findings, rate, amount if all(f.met for f in findings) else 0)


def _paid_in_full(claim: StabilityClaim, terms: StabilityTerms) -> Finding:
    met = claim.months_in_full >= terms.fewest_months
    told = f"足额缴纳失业保险费 {claim.months_in_full} 个月，要求满 {terms.fewest_months} 个月"
    return Finding("缴费月数", met, told)


def _layoffs(claim: StabilityClaim, terms: StabilityTerms) -> Finding:
    small = claim.head_count <= terms.small_size
    ceiling = terms.small_layoff_ceiling if small else terms.layoff_ceiling
    rate = Fraction(claim.laid_off) / claim.insured
    who = f"参保 {claim.head_count} 人，{'不超过' if small else '超过'} {terms.small_size} 人"
    told = (
        f"裁员率 {_percent(rate)}（{claim.laid_off} ÷ {_count(claim.insured)}），"
        f"上限 {_percent(ratio(ceiling))}（{who}）"
    )
    return Finding("裁员率", rate <= ratio(ceiling), told)


def _alive(claim: StabilityClaim) -> Finding:
    told = "单位已注销，不再发放" if claim.cancelled else "单位未注销"
    return Finding("单位状态", not claim.cancelled, told)


def _contributed(claim: StabilityClaim) -> Finding:
    told = f"单位和职工上年度实际缴纳失业保险费 {yuan(claim.contributed)} 元"
    return Finding("上年度缴费", claim.contributed > 0, told)


def _percent(value: Fraction) -> str:
    """Two decimals, half up: for reading; the comparison itself is exact."""
    hundredths = rounded(value.numerator * 10_000, value.denominator, "fen_half_up")
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _count(value: Fraction) -> str:
    hundredths = rounded(value.numerator * 100, value.denominator, "fen_half_up")
    return str(hundredths // 100) if hundredths % 100 == 0 else f"{hundredths // 100}.{hundredths % 100:02d}"
