"""为什么是这个数: one amount of a bill, told from the evidence that was stored with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.utils import timezone

from shebao.rules.assessed import explain_assessed
from shebao.rules.back_fees import explain_borne
from shebao.rules.contributions import Step, explain
from shebao.rules.evidence import sample_words
from shebao.rules.facts import FACTS
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.vocabulary import SHARES

from ..declarations.models import Declaration
from ..errors import Refused
from ..regions import region
from ..roster.models import DeclaredWage
from ..roster.wages_before import wage_at
from .adjusting import before_and_after
from .models import CHARGING, Bill, BillLine, LineKind, ProvisionalLine

BOTH = "both"
WHOLES = {**SHARES, BOTH: "单位和个人"}
# The rows of an explanation that hold for everybody; the others depend on one person's wage.
COMMON_STEPS = {"定额", "分档定额", "另加定额", "下限", "上限", "上下限", "费率", "浮动倍数"}


@dataclass(frozen=True)
class Explanation:
    """An amount in fen, the steps to it, last month's amount (None: not charged), and all of it as plain text.

    `behind` tells of a step what explains it further: a line or a scheme with its share, a declaration, or a bill.
    """

    title: str
    amount: int
    steps: list[Step]
    previous: int | None
    text: str
    behind: Mapping[Step, tuple[Bill | BillLine | Declaration | str, str]] = field(default_factory=dict)


def explain_line(actor, line_pk: int, share: str, month: Month | None = None) -> Explanation:
    """Explain the `share` ("employer" or "employee") of a bill line that `actor` may see, looked for in its `month`.

    Raises BillLine.DoesNotExist for what is not theirs, Refused for a share that this scheme does not have.
    """
    if share not in SHARES:
        raise Refused("no_such_share", "只有单位部分和个人部分可以说明。", status=404)
    beside = (
        f"{share}_evidence",
        f"adjusts__{share}_evidence",
        "adjusts__bill",
        "back_payment__declared_in__declared_by",
        "principal__bill",
        "principal__back_payment__declared_in__declared_by",
    )
    lines = BillLine.objects.visible_to(actor).ever().in_month(month)
    line = lines.select_related("employee", "bill__assessment", *beside).get(pk=line_pk)
    if line.adjusts:
        return _explain_adjustment(line, share)
    evidence = getattr(line, f"{share}_evidence")
    if evidence is None:
        raise Refused("no_such_share", f"这个险种没有{SHARES[share]}。", status=404)
    if line.principal:
        return _explain_borne(line, share, evidence.data)
    data, amount = evidence.data, getattr(line, f"{share}_due")
    previous = _previous(line, share)
    steps = _with_wage_source(explain(data, line.declared_wage), line, data)
    steps.append(
        Step("上月", "没有这一项" if previous is None else f"{yuan(previous)} 元", change_in_words(amount, previous))
    )
    word = SHARES[share]
    if line.back_payment:
        word, steps = f"{word}补缴", [_declared_back(line), *steps]
    title = f"{line.employee.name} · {data['scheme_title']} · {word} · {line.month}"
    return Explanation(title, amount, steps, previous, plain(title, amount, steps))


def explain_provisional(actor, line_pk: int, share: str) -> Explanation:
    """Explain a share, or BOTH, of a line of a provisional bill (暂核定) that `actor` may see, as `explain_line`."""
    if share not in WHOLES:
        raise Refused("no_such_share", "这张账单没有这一项。", status=404)
    lines = ProvisionalLine.objects.visible_to(actor).select_related("bill", "basis", "evidence")
    line = lines.get(pk=line_pk)
    data, amount = line.evidence.data, line.total if share == BOTH else getattr(line, f"{share}_due")
    # The employer's part is what the people's leaves of the whole: its rows are those of both.
    steps = explain_assessed(data, line.employer_base, line.employee_base, "employer" if share == BOTH else share)
    basis = Step("所按账单", line.basis.number, line.basis.label)
    steps.insert(2, basis)
    title = f"{data['scheme_title']} · {WHOLES[share]} · {line.bill.label}"
    before = line.base if share == BOTH else getattr(line, f"{share}_base")
    return Explanation(title, amount, steps, before, plain(title, amount, steps), {basis: (line.basis, "")})


def principal_of(line: BillLine, share: str) -> int:
    """What a late fee or interest of one share is reckoned on, fen: a late fee on both parts, interest on its own."""
    on = line.principal
    return on.employer_due + on.employee_due if line.kind == LineKind.LATE_FEE else getattr(on, f"{share}_due")


def _explain_borne(line: BillLine, share: str, data: dict) -> Explanation:
    """A late fee or interest: from the back payment that bears it to the day and the rate."""
    on, amount = line.principal, getattr(line, f"{share}_due")
    steps = [_declared_back(on), Step("补缴账单", on.bill.number, "本金所在的账单")]
    steps += explain_borne(data, principal_of(line, share))
    spec = region(line.region).schemes.get(line.scheme)
    word = f"{SHARES[share]}补缴{line.get_kind_display()}"
    title = f"{line.employee.name} · {spec.title if spec else line.scheme} · {word} · {line.month}"
    return Explanation(title, amount, steps, None, plain(title, amount, steps))


def _declared_back(line: BillLine) -> Step:
    """Where a month that is paid back comes from: its declaration, and the bill that takes it."""
    declared = line.back_payment.declared_in
    on = timezone.make_naive(declared.decided_at or declared.declared_at)
    note = f"{on:%Y-%m-%d} 生效，随 {line.booking_month.label}账单缴纳"
    return Step("补缴依据", f"{declared.spec.title} {declared.case_number or ''}".strip(), note)


def _explain_adjustment(line: BillLine, share: str) -> Explanation:
    """From the charge that was billed to the one that is owed; only what both evidences say."""
    old, new = (getattr(one, f"{share}_evidence") for one in (line.adjusts, line))
    amount = getattr(line, f"{share}_due")
    data = new or old
    if data is None:
        raise Refused("no_such_share", f"这个险种没有{SHARES[share]}。", status=404)
    was, wage = line.adjusts.declared_wage, line.declared_wage
    steps = [
        Step("补差依据", f"{line.month.label}（{line.get_kind_display()}）", f"原账单 {line.adjusts.bill.number}"),
        *_corrected_in(line, share, old and old.data, new and new.data),
        *before_and_after(old and old.data, new and new.data, was, wage),
    ]
    title = f"{line.employee.name} · {data.data['scheme_title']} · {SHARES[share]}补差 · {line.month}"
    return Explanation(title, amount, steps, None, plain(title, amount, steps))


def _corrected_in(line: BillLine, share: str, old: Mapping | None, new: Mapping | None) -> Iterator[Step]:
    """Which declaration corrected the wage (工资更正) or the tier by which an adjustment charges; a query where one
    did.
    """
    was, is_of_wage = line.adjusts.declared_wage, line.adjusts.declared_wage != line.declared_wage
    is_of_key = bool(old and new and old["key"] != new["key"])
    if not (is_of_wage or is_of_key):
        return
    spec = region(line.region)
    by = spec.schemes[line.scheme].shares[share].by if is_of_key and line.scheme in spec.schemes else None
    corrections = DeclaredWage.objects.filter(
        employee=line.employee_id, first_month=line.month, is_correction=True, amount_fen=line.declared_wage,
        declared_at__lte=line.bill.assessment.made_at,
    )  # fmt: skip
    rows = list(corrections.select_related("declared_in__declared_by").order_by("-declared_at"))
    if is_of_wage:
        note = _told(rows[0] if rows else None)
        yield Step("工资更正", f"{yuan(was)} 元 → {yuan(line.declared_wage)} 元", note)
    if by:
        said = (one for one in rows if one.facts and one.facts.get(by) == new["key"])
        yield Step(f"{FACTS[by].title}更正", f"{old['key_title']} → {new['key_title']}", _told(next(said, None)))


def common_steps(told: list) -> list[Step]:
    """The rows that hold for everybody, each value once, of all this evidence."""
    steps: dict[tuple[str, str, str], Step] = {}
    for data in told:
        # Any wage will do: only the rows that are the same for everybody are kept.
        for step in explain(data, 0):
            if step.label in COMMON_STEPS:
                steps[step.label, step.value, step.source] = step
    return list(steps.values())


def _previous(line: BillLine, share: str) -> int | None:
    found = BillLine.objects.live().filter(
        employee=line.employee_id, scheme=line.scheme, month=line.month.previous(), kind__in=CHARGING
    )
    return found.values_list(f"{share}_due", flat=True).first()


def change_in_words(amount: int, previous: int | None) -> str:
    """More or less than last month, in words; nothing where there was none."""
    if previous is None:
        return ""
    if amount == previous:
        return "与上月相同"
    return f"比上月{'多' if amount > previous else '少'} {yuan(abs(amount - previous))} 元"


def _with_wage_source(steps: list[Step], line: BillLine, data) -> list[Step]:
    """The wage's step says which declaration it came from; a fixed amount has no wage."""
    if data["fixed"] is not None:
        return steps
    first, (note, _) = steps[0], wage_source(line)
    return [replace(first, note=note or first.note), *steps[1:]]


def wage_source(line: BillLine) -> tuple[str, Declaration | None]:
    """Where the wage of a line comes from, in words ("" where nobody knows), and what declared it."""
    if line.back_payment:
        declared = line.back_payment.declared_in
        on = timezone.make_naive(declared.declared_at)
        return f"{on:%Y-%m-%d} {declared.declared_by.name} {declared.spec.title}", declared
    wages = DeclaredWage.objects.filter(employee=line.employee_id, first_month__lte=line.month)
    wage = wage_at(wages.select_related("declared_in__declared_by"), line.bill.assessment.made_at)
    return _told(wage), wage.declared_in if wage else None


def _told(wage: DeclaredWage | None) -> str:
    if wage is None:
        return ""
    since = wage.first_month.label if wage.is_correction else f"{wage.first_month.label}起"
    on = timezone.make_naive(wage.declared_at)
    declared = wage.declared_in
    if declared is None:
        return f"{on:%Y-%m-%d} 登记，{since}"
    number = f" {declared.case_number}" if wage.is_correction and declared.case_number else ""
    return f"{on:%Y-%m-%d} {declared.declared_by.name} {declared.spec.title}{number}，{since}"


def plain(title: str, amount: int, steps: list[Step]) -> str:
    """An explanation as text to copy."""
    lines = [f"{title}：{yuan(amount)} 元"]
    for step in steps:
        parts = (step.value, step.note, step.source, sample_words(step))
        lines.append(f"{step.label}：{'；'.join(part for part in parts if part)}")
    return "\n".join(lines)
