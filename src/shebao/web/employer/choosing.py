"""前台业务, and 申报缴费方式选择: two pages of the catalogue beside the settlement."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from shebao.hall.declarations.counter import counter_business
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.settlement.choosing import choose_who_computes, computed_month
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import ways_to_compute, who_computes
from shebao.rules.vocabulary import COMPUTED_BY

from ..access import needs
from .common import PAGE, crumbs, here, this_month, word

FLOWS = {
    "employer": "单位每月核对人员和工资，在“{settle}”里自行申报、确认，生成应缴后缴费。",
    "office": "经办机构按登记的人员和工资核定当月应缴，单位不用申报，核定后在“{pay}”里缴费。",
}


def business(request, page):
    """What this employer brought to the counter, and how far it is."""
    rows = counter_business(request.user)[:PAGE]
    context = {"title": page.title, "crumbs": crumbs(page.title), "notes": page.notes, "rows": rows}
    return render(request, "employer/counter_business.html", context)


def ways(request, page):
    """Who computes now, and the choice; a POST chooses."""
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    month = this_month(request)
    is_settled = Bill.objects.visible_to(request.user).live().filter(month=month, series=0).exists()
    start = month.next() if is_settled else month
    if request.method == "POST":
        try:
            choose_who_computes(employer.pk, request.POST.get("way", ""), by=request.user)
        except Refused as no:
            messages.error(request, no.message)
        else:
            messages.success(request, f"已选择：{COMPUTED_BY[request.POST['way']]}。从{start.label}起生效。")
        return redirect(reverse("e_page", args=[page.key]))
    names = {"settle": word(request, "menu.settle", "月度结算"), "pay": word(request, "menu.pay", "缴费与支付")}
    chosen = who_computes(employer)
    context = {
        "title": page.title,
        "crumbs": crumbs(page.title),
        "notes": page.notes,
        "chosen": chosen,
        "current": computed_month(employer, month, by=request.user) or chosen,
        "start": start,
        "month": month,
        "is_settled": is_settled,
        "ways": [
            {"key": way, "title": COMPUTED_BY[way], "flow": FLOWS[way].format(**names)}
            for way in ways_to_compute(here(request))
        ],
    }
    return render(request, "employer/who_computes.html", context)


@needs("see_roster")
@require_GET
def find_business(request):
    """The page of the catalogue that lists counter business, by its name here."""
    keys = [one.key for one in here(request).pages.values() if one.page == "counter_business"]
    return redirect("e_page", keys[0]) if keys else redirect("e_settle")


urlpatterns = [path("counter-business/", find_business, name="e_counter_business")]
