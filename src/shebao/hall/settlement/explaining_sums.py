"""为什么是这个数, of a scheme's whole part of a bill: how many people, their bases, the values used, and the sum."""

from dataclasses import replace

from django.db.models import Count, Q, Sum

from shebao.rules.contributions import Step
from shebao.rules.money import yuan
from shebao.rules.vocabulary import SHARES

from ..errors import Refused
from .explaining import Explanation, change_in_words, common_steps, plain
from .models import Bill, BillLine, Evidence, LineKind

CUTS = ("下限", "上限")
LIMITS = (("按申报工资", Q(limit=0)), ("按下限", Q(limit__lt=0)), ("按上限", Q(limit__gt=0)))


def explain_sum(actor, bill_pk: int, scheme: str, share: str) -> Explanation:
    """Explain what a bill that `actor` may see takes in one scheme for one share ("employer" or "employee").

    Raises Bill.DoesNotExist for what is not theirs, Refused for what this bill does not have. Five queries.
    """
    bill = Bill.objects.visible_to(actor).ever().select_related("employer").get(pk=bill_pk)
    name = f"{share}_evidence"
    charged = BillLine.objects.visible_to(actor).ever().filter(bill=bill, scheme=scheme, kind=LineKind.REGULAR)
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


def _previous(bill: Bill, scheme: str, share: str) -> int | None:
    lines = BillLine.objects.live().filter(
        bill__employer=bill.employer_id, month=bill.month.previous(), scheme=scheme, kind=LineKind.REGULAR
    )
    return lines.aggregate(fen=Sum(f"{share}_due"))["fen"]
