"""为什么是这个数, of a sum of a bill: a scheme's whole part by people, bases and values; a whole part by schemes."""

from dataclasses import replace
from itertools import chain

from django.db.models import Count, Q, Sum

from shebao.rules.contributions import Step
from shebao.rules.money import yuan
from shebao.rules.vocabulary import SHARES

from ..errors import Refused
from .explaining import Explanation, change_in_words, common_steps, plain
from .models import Bill, BillLine, Evidence, LineKind
from .queries import bill_earlier, bill_summary

CUTS = ("下限", "上限")
LIMITS = (("按申报工资", Q(limit=0)), ("按下限", Q(limit__lt=0)), ("按上限", Q(limit__gt=0)))


def explain_sum(actor, bill_pk: int, scheme: str, share: str) -> Explanation:
    """Explain what a bill that `actor` may see takes in one scheme for one share ("employer" or "employee").

    Raises Bill.DoesNotExist for what is not theirs, Refused for what this bill does not have. Five queries.
    """
    bill = Bill.objects.visible_to(actor).ever().select_related("employer").get(pk=bill_pk)
    name = f"{share}_evidence"
    charged = BillLine.objects.visible_to(actor).ever().regular_of(bill).filter(scheme=scheme)
    lines = charged.exclude(**{name: None}) if share in SHARES else charged.none()
    kinds = {f"n{place}": Count("pk", filter=which) for place, (_, which) in enumerate(LIMITS)}
    sums = lines.aggregate(
        heads=Count("employee", distinct=True), base=Sum("contribution_base"), due=Sum(f"{share}_due"), **kinds
    ) if share in SHARES else {"heads": 0}  # fmt: skip
    if not sums["heads"]:
        raise Refused("no_such_share", "这张账单没有这一项。", status=404)
    told = list(Evidence.objects.filter(pk__in=lines.order_by().values(name).distinct()).order_by("pk"))
    data = [one.data for one in told]
    parts = [f"{word} {sums[f'n{n}']} 人" for n, (word, _) in enumerate(LIMITS) if sums[f"n{n}"]]
    steps = [Step("人数", f"{sums['heads']} 人", "本月参加这个险种、有这一部分的人员")]
    if sums["base"]:
        steps.append(Step("缴费基数合计", f"{yuan(sums['base'])} 元", "，".join(parts)))
    # A limit is told as the value that it is: whom it met stands with the bases.
    steps += [replace(one, note=f"缴费基数{one.label}") if one.label in CUTS else one for one in common_steps(data)]
    steps.append(Step("计算", f"{yuan(sums['due'])} 元", "各人分别计算、进位后相加，逐人的金额和依据见“逐人”"))
    previous = _previous(bill, scheme, share)
    words = "没有这一项" if previous is None else f"{yuan(previous)} 元"
    steps.append(Step("上月", words, change_in_words(sums["due"], previous)))
    title = f"{data[0]['scheme_title']} · {SHARES[share]} · {bill.label}"
    return Explanation(title, sums["due"], steps, previous, plain(title, sums["due"], steps))


BOTH = "both"
WHOLES = {**SHARES, BOTH: "单位和个人"}


def explain_total(actor, bill_pk: int, share: str) -> Explanation:
    """Explain what a bill that `actor` may see comes to, for one share or for BOTH: by scheme, and of earlier months.

    Raises Bill.DoesNotExist for what is not theirs, Refused for a share that there is none of.
    """
    if share not in WHOLES:
        raise Refused("no_such_share", "这张账单没有这一项。", status=404)
    bill = Bill.objects.visible_to(actor).ever().select_related("employer").get(pk=bill_pk)
    name = "total" if share == BOTH else f"{share}_due"
    rows = [*bill_summary(bill), *chain(*bill_earlier(bill).values())]
    steps = [
        Step(row.title, f"{yuan(getattr(row, name))} 元", f"{row.head_count} 人" if row.head_count else "")
        for row in rows
        if getattr(row, name)
    ]
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
    return Explanation(title, amount, steps, previous, plain(title, amount, steps))


def _previous(bill: Bill, scheme: str, share: str) -> int | None:
    lines = BillLine.objects.live().filter(
        bill__employer=bill.employer_id, month=bill.month.previous(), scheme=scheme, kind=LineKind.REGULAR
    )
    return lines.aggregate(fen=Sum(f"{share}_due"))["fen"]
