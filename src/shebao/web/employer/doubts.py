"""这个数不对？: what a clerk can do about an amount that seems wrong, the likeliest cause first."""

from django.urls import reverse
from django.utils.http import urlencode

from shebao.hall.settlement.explaining import Explanation
from shebao.hall.settlement.models import BillLine
from shebao.rules.money import yuan
from shebao.rules.region import Region

from .common import here, this_month, word

RECKONED = ("计算", "分档定额", "定额")


def doubts(request, line: BillLine, found: Explanation, data: dict) -> dict:
    """How the amount was reckoned in one line, what may be wrong with links to set it right, and whom to ask.

    `data` is the evidence of the amount. Nothing is sent: a text with everything the agency asks for can be copied.
    """
    spec = here(request)
    reckoned = next((step.value for step in found.steps if step.label in RECKONED), "")
    return {
        "reckoned": reckoned,
        "causes": [one for one in _causes(request, spec, line, data) if one],
        "agency": spec.term("agency"),
        "phone": spec.term("agency_phone"),
        "question": _question(spec, line, found),
    }


def _causes(request, spec: Region, line: BillLine, data: dict):
    wage, moved = f"{yuan(line.declared_wage)} 元", _moved(line, data)
    if data["fixed"] is None and not (line.back_payment_id or (line.adjusts and line.adjusts.back_payment_id)):
        text = f"这个月按{spec.term('declared_wage')} {wage}计算{moved}。"
        yield _wrong_wage(request, f"{spec.term('declared_wage')}不对", text, line)
    yield _cause(
        request, "人已经离开", "离职、退休或转出后没有办理的，请补办，停保之后不再计费。", "cease_employees", line
    )
    yield _cause(request, "险种不对", "不该参加或漏了这个险种的，办理变更。", "change_insurance", line)
    if data.get("key") is not None and data["share"] == "employer":
        text = f"费率按“{data['key_title']}”取。单位登记的类别不对的，先核对单位信息。"
        yield {"title": "费率的类别不对", "text": text, "url": reverse("e_employer"), "label": "单位信息"}
    yield {
        "title": "上下限或费率变了",
        "text": "新标准晚于结算公布的，差额在下一次结算时自动补差，不用另外申报。",
        "url": reverse("e_adjustments"),
        "label": "补差",
    }
    yield {
        "title": "想知道依据",
        "text": "各项标准从何时起执行、依据哪个文件，公开可查。",
        "url": f"{reverse('rates_of', args=[spec.code])}?{urlencode({'month': line.month})}",
        "label": word(request, "menu.rates", "费率与基数"),
    }


def _wrong_wage(request, title: str, text: str, line: BillLine) -> dict | None:
    """A settled month's wage is corrected where the region lets it; later months are declared in any case."""
    correcting = next((one for one in here(request).services.values() if one.corrects), None)
    if correcting and line.month >= this_month(request).previous(correcting.months_back):
        text += f"申报错了的，办理“{correcting.title}”，差额随下一次结算补收或退还。"
        found = _cause(request, title, text, correcting.operation, line)
        return found | {"url": f"{found['url']}&{urlencode({'month': line.month})}"} if found else None
    text += f"这个月已经结算，工资报错了的，请到{here(request).term('agency')}更正；以后月份的工资在这里申报。"
    return _cause(request, title, text, "declare_wages", line)


def _moved(line: BillLine, data: dict) -> str:
    for side, words in (("floor", "低于下限，按下限"), ("ceiling", "高于上限，按上限")):
        limit = data[side] and data[side]["value"]
        if limit and line.contribution_base == limit != line.declared_wage:
            return f"，{words} {yuan(limit)} 元作基数"
    return ""


def _cause(request, title: str, text: str, operation: str, line: BillLine) -> dict | None:
    """A cause that a service of the region sets right, for those who may declare; None where there is none."""
    service = next((one for one in here(request).services.values() if one.operation == operation), None)
    if service is None or not request.user.may("declare"):
        return None
    url = f"{reverse('e_declare', args=[service.key])}?employee={line.employee_id}"
    return {"title": title, "text": text, "url": url, "label": word(request, f"menu.{service.key}", service.title)}


def _question(spec: Region, line: BillLine, found: Explanation) -> str:
    employer, bill = line.bill.employer, line.bill
    return "\n".join(
        (
            f"{employer.name}，{spec.term('employer_number')} {employer.employer_number}",
            f"账单号 {bill.number}，{spec.term('person_number')} {line.employee.person_number}",
            found.text,
            "我单位认为应为：　　　　元，理由：",
        )
    )
