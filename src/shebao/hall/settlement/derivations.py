"""The derivation of an amount as it stands now, to be kept with a doubt about it.

What a clerk doubts is answered as the clerk saw it, by the evidence that was used, and never computed anew.
"""

import re
from dataclasses import astuple
from itertools import chain

from django.core.exceptions import ObjectDoesNotExist

from shebao.rules.contributions import Step
from shebao.rules.months import Month
from shebao.rules.vocabulary import SHARES

from .. import clock
from ..errors import Refused
from .explaining import Explanation, explain_line, explain_provisional
from .explaining_late_fees import explain_late_fee
from .explaining_sums import explain_person, explain_sum, explain_total
from .models import Bill, BillLine, Evidence, ProvisionalLine

ABOUT = re.compile(r"\d{1,18}:[a-z_]+(:[a-z0-9_-]+){0,3}", re.ASCII)
"""How an amount is named: the bill, what of it, and which; "12:line:88:employer", "12:total:both", "12:late_fee"."""
EVIDENCES = tuple(f"{way}{share}_evidence" for way in ("", "adjusts__") for share in SHARES)


def derivation_of(actor, employer, about: str) -> dict | None:
    """What `explain_…` says of an amount of the employer now, with the ids of its evidence, as it can be kept.

    None where the actor sees no such amount.
    """
    if not ABOUT.fullmatch(about):
        return None
    number, kind, *rest = about.split(":")
    try:
        bill = Bill.objects.visible_to(actor).ever().get(pk=int(number), employer=employer)
        found, evidence = _explained(actor, bill, kind, rest)
    except (ObjectDoesNotExist, Refused):
        return None
    return {
        "about": about,
        "title": found.title,
        "amount": found.amount,
        "month": str(bill.month),
        "bill": bill.pk,
        "bill_number": bill.number,
        "steps": [list(astuple(step)) for step in found.steps],
        "evidence": [[one.pk, one.digest] for one in evidence],
        "kept_at": clock.now().isoformat(timespec="seconds"),
    }


def steps_of(derivation: dict) -> list[Step]:
    """The kept rows as an explanation has them."""
    return [Step(*row) for row in derivation["steps"]]


def _explained(actor, bill: Bill, kind: str, rest: list[str]) -> tuple[Explanation, list[Evidence]]:
    match kind, rest:
        case "line", [pk, share] if pk.isdigit():
            line = BillLine.objects.visible_to(actor).ever().of(bill).get(pk=int(pk))
            used = _used(BillLine.objects.ever().of(bill).filter(pk=line.pk), share)
            return explain_line(actor, line.pk, share, line.month), used
        case "assessed", [pk, share] if pk.isdigit():
            own = ProvisionalLine.objects.visible_to(actor).select_related("evidence").get(pk=int(pk), bill=bill)
            return explain_provisional(actor, own.pk, share), [own.evidence]
        case "sum", [scheme, share]:
            lines = BillLine.objects.ever().regular_of(bill).filter(scheme=scheme)
            return explain_sum(actor, bill.pk, scheme, share), _used(lines, share)
        case "person", [pk] if pk.isdigit():
            lines = BillLine.objects.ever().of(bill).filter(employee=int(pk))
            return explain_person(actor, bill.pk, int(pk)), _used(lines)
        case "total", [share]:
            return explain_total(actor, bill.pk, share), _used(BillLine.objects.ever().of(bill), share)
        case "late_fee", []:
            return explain_late_fee(actor, bill.pk, clock.today()), []
    raise Refused("no_such_amount", "账单上没有这个数。", status=404)


def _used(lines, share: str = "") -> list[Evidence]:
    """The evidence of these lines, each kind once; of one share, or of both."""
    columns = [name for name in EVIDENCES if share not in SHARES or name.endswith(f"{share}_evidence")]
    ids = set(chain.from_iterable(lines.order_by().values_list(*columns).distinct())) - {None}
    return list(Evidence.objects.filter(pk__in=ids).order_by("pk"))


def month_of(derivation: dict) -> Month:
    """The month of the bill that the amount is on."""
    return Month.parse(derivation["month"])
