"""为什么是这个数, of a sum of a bill: a scheme by its people and values, a whole by schemes, a person by parts."""

from dataclasses import replace
from itertools import chain

from django.db.models import Count, Q, Sum

from shebao.rules.contributions import Step
from shebao.rules.money import yuan
from shebao.rules.region import Region
from shebao.rules.vocabulary import SHARES

from ..errors import Refused
from ..regions import region
from .explaining import BOTH, WHOLES, Explanation, change_in_words, common_steps, plain, wage_source
from .models import Bill, BillLine, Evidence, LineKind
from .queries import ADJUSTED, BACK_PAID, EARLIER, PersonRow, bill_earlier, bill_people, bill_summary, common_rate

CUTS = ("下限", "上限")
LIMITS = (("按申报工资", Q(limit=0)), ("按下限", Q(limit__lt=0)), ("按上限", Q(limit__gt=0)))


def explain_sum(actor, bill_pk: int, scheme: str, share: str) -> Explanation:
    """Explain what a bill that `actor` may see takes in one scheme for one share, or for BOTH.

    Raises Bill.DoesNotExist for what is not theirs, Refused for what this bill does not have. Six queries.
    """
    bill = Bill.objects.visible_to(actor).ever().select_related("employer").get(pk=bill_pk)
    charged = BillLine.objects.visible_to(actor).ever().regular_of(bill).filter(scheme=scheme)
    shares = _shares(share)
    # Both parts are of everybody in the scheme, a single one of those who have it.
    lines = charged if share == BOTH else charged.exclude(**{f"{one}_evidence": None for one in shares})
    kinds = {f"n{place}": Count("pk", filter=which) for place, (_, which) in enumerate(LIMITS)}
    dues = {one: Sum(f"{one}_due") for one in shares}
    sums = lines.aggregate(
        heads=Count("employee", distinct=True), base=Sum("contribution_base"), **dues, **kinds
    ) if shares else {"heads": 0}  # fmt: skip
    if not sums["heads"]:
        raise Refused("no_such_share", "这张账单没有这一项。", status=404)
    used = lines.order_by().values_list(*(f"{one}_evidence" for one in shares)).distinct()
    told = Evidence.objects.filter(pk__in=set(chain.from_iterable(used)) - {None}).order_by("pk")
    data, due = [one.data for one in told], sum(sums[one] for one in shares)
    parts = [f"{word} {sums[f'n{n}']} 人" for n, (word, _) in enumerate(LIMITS) if sums[f"n{n}"]]
    who = "参加这个险种的人员" if share == BOTH else "参加这个险种、有这一部分的人员"
    steps = [Step("人数", f"{sums['heads']} 人", f"本月{who}")]
    if sums["base"]:
        steps.append(Step("缴费基数合计", f"{yuan(sums['base'])} 元", "，".join(parts)))
    # A limit is told as the value that it is: whom it met stands with the bases.
    steps += _common(data)
    rates = {one: common_rate(each for each in data if each["share"] == one) for one in shares}
    behind = {}
    if share == BOTH:
        behind = {
            Step(SHARES[one], f"{yuan(sums[one])} 元", rates[one]): (scheme, one)
            for one in shares
            if any(each["share"] == one for each in data)
        }
        steps += behind
    elif "%" in rates[share] and rates[share] not in {step.value for step in steps}:
        steps.append(Step("合计费率", rates[share], "以上费率、浮动倍数和另加定额合在一起"))
    steps.append(Step("计算", f"{yuan(due)} 元", "各人分别计算、进位后相加，逐人的金额和依据见“逐人”"))
    previous = _previous(bill, scheme, shares)
    words = "没有这一项" if previous is None else f"{yuan(previous)} 元"
    steps.append(Step("上月", words, change_in_words(due, previous)))
    name = data[0]["scheme_title"] if data else scheme
    title = f"{name} · {WHOLES[share]} · {bill.label}"
    return Explanation(title, due, steps, previous, plain(title, due, steps), behind)


def _common(data: list) -> list[Step]:
    """What holds for everybody, each value once; one that only one of two parts has says of which it is."""
    found: dict[tuple[str, str, str], tuple[Step, list[str]]] = {}
    parts = [share for share in SHARES if any(one["share"] == share for one in data)]
    for share in parts:
        for step in common_steps([one for one in data if one["share"] == share]):
            found.setdefault((step.label, step.value, step.source), (step, []))[1].append(share)
    steps = []
    for step, of in found.values():
        if step.label in CUTS:
            steps.append(replace(step, note=f"缴费基数{step.label}"))
        else:
            steps.append(step if of == parts else replace(step, label=f"{step.label}（{SHARES[of[0]]}）"))
    return steps


def _shares(share: str) -> tuple[str, ...]:
    """The shares that a word names; none where nobody knows the word."""
    return tuple(SHARES) if share == BOTH else tuple({share} & set(SHARES))


def explain_total(actor, bill_pk: int, share: str) -> Explanation:
    """Explain what a bill that `actor` may see comes to, for one share or for BOTH: by scheme, and of earlier months.

    Raises Bill.DoesNotExist for what is not theirs, Refused for a share that there is none of.
    """
    if share not in WHOLES:
        raise Refused("no_such_share", "这张账单没有这一项。", status=404)
    bill = Bill.objects.visible_to(actor).ever().select_related("employer").get(pk=bill_pk)
    name = "total" if share == BOTH else f"{share}_due"
    own, earlier = (
        {
            Step(row.title, f"{yuan(getattr(row, name))} 元", f"{row.head_count} 人" if row.head_count else ""): row
            for row in rows
            if getattr(row, name)
        }
        for rows in (bill_summary(bill), chain(*bill_earlier(bill).values()))
    )
    steps = [*own, *earlier]
    # Of a month that was not declared nobody's lines are there to be summed.
    behind = {} if bill.is_provisional else {step: (row.scheme, share) for step, row in own.items()}
    amount = bill.total_due if share == BOTH else getattr(bill, name)
    steps.append(Step("计算", f"{yuan(amount)} 元", "以上各项相加"))
    previous = None
    if not bill.series:
        before = Bill.objects.visible_to(actor).live().filter(employer=bill.employer_id, series=0)
        column = "total_due" if share == BOTH else name
        previous = before.filter(month=bill.month.previous()).values_list(column, flat=True).first()
        words = "没有账单" if previous is None else f"{yuan(previous)} 元"
        steps.append(Step("上月", words, change_in_words(amount, previous)))
    title = f"应缴合计 · {WHOLES[share]} · {bill.label}"
    return Explanation(title, amount, steps, previous, plain(title, amount, steps), behind)


def explain_person(actor, bill_pk: int, employee_pk: int) -> Explanation:
    """Explain what a bill that `actor` may see takes of one person: the wage, and every part that adds up to it.

    Raises Bill.DoesNotExist for what is not theirs, BillLine.DoesNotExist for who is not on the bill.
    """
    bill = Bill.objects.visible_to(actor).ever().select_related("employer", "assessment").get(pk=bill_pk)
    row = next(iter(bill_people(bill, [employee_pk])), None)
    if row is None:
        raise BillLine.DoesNotExist
    spec, behind = region(bill.employer.region), {}
    steps = [_wage_step(row, spec.term("declared_wage"), behind)]
    for key, line in row.schemes.items():
        base = f"，缴费基数 {yuan(line.contribution_base)} 元" if line.contribution_base else ""
        for share, words in SHARES.items():
            if getattr(line, f"{share}_evidence_id"):
                step = Step(spec.scheme_title(key), f"{yuan(getattr(line, f'{share}_due'))} 元", f"{words}{base}")
                behind[step] = (line, share)
                steps.append(step)
    for word, lines in (
        (BACK_PAID, [line for one in EARLIER.values() for line in row.earlier.get(one, [])]),
        (ADJUSTED, row.earlier.get(ADJUSTED, [])),
    ):
        steps += _earlier_steps(spec, word, lines, behind)
    amount = row.total
    steps.append(Step("计算", f"{yuan(amount)} 元", "以上各项金额相加"))
    previous = None
    if not bill.series:
        last = Bill.objects.visible_to(actor).live().filter(employer=bill.employer_id, series=0)
        before = last.filter(month=bill.month.previous()).first()
        lines = bill_people(before, [employee_pk]) if before else []
        previous = lines[0].total if lines else None
        words = "没有" if previous is None else f"{yuan(previous)} 元"
        steps.append(Step("上月", words, change_in_words(amount, previous)))
    title = f"{row.employee.name} · 全部险种合计 · {bill.label}"
    return Explanation(title, amount, steps, previous, plain(title, amount, steps), behind)


def _wage_step(row: PersonRow, term: str, behind: dict) -> Step:
    """The wage that everything is reckoned from, with what declared it."""
    lines = [*row.schemes.values(), *row.earlier.get(BACK_PAID, [])]
    note, declared = wage_source(lines[0]) if lines else ("这个月没有参保，只有以前月份的补差", None)
    step = Step(term, f"{yuan(row.declared_wage)} 元", note)
    if declared:
        behind[step] = (declared, "")
    return step


def _earlier_steps(spec: Region, word: str, lines: list[BillLine], behind: dict) -> list[Step]:
    """What one person pays for earlier months, part by part, and the sum of it."""
    if not lines:
        return []
    steps = []
    for line in lines:
        for share, words in SHARES.items():
            if due := getattr(line, f"{share}_due"):
                kind = f"{line.month.label}{EARLIER.get(line.kind, ADJUSTED)}，{words}"
                step = Step(spec.scheme_title(line.scheme), f"{yuan(due)} 元", kind)
                behind[step] = (line, share)
                steps.append(step)
    whole = sum(line.employer_due + line.employee_due for line in lines)
    return [*steps, Step(f"其中{word}", f"{yuan(whole)} 元", "以上各月相加，已计入合计")]


def _previous(bill: Bill, scheme: str, shares: tuple[str, ...]) -> int | None:
    lines = BillLine.objects.live().filter(
        bill__employer=bill.employer_id, month=bill.month.previous(), scheme=scheme, kind=LineKind.REGULAR
    )
    found = lines.aggregate(**{one: Sum(f"{one}_due") for one in shares})
    return None if None in found.values() else sum(found.values())
