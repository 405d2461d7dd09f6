"""费率与基数: what is in force in a region, since when, by which document; and how it came to be."""

from collections.abc import Mapping

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions
from shebao.hall.regions import region as region_of
from shebao.rules import proposal_rows
from shebao.rules.facts import FACTS
from shebao.rules.months import BadMonth, Month
from shebao.rules.proposal_rows import value_words
from shebao.rules.region import NoValue, Parameter, Region, Value
from shebao.rules.unit_words import in_unit

from ..access import public


def frame_of(request) -> str:
    """The frame around a public page: the hall's own for somebody signed in."""
    return "shell.html" if request.user.is_authenticated else "public/wide.html"


def region_choices() -> list[tuple[str, str]]:
    """Code and title of every region that is open here."""
    return [(code, one.title) for code, one in all_regions().items()]


@public
@require_http_methods(["GET", "HEAD"])
def rates(request):
    """The regions, to choose from."""
    user = request.user
    regions = [
        {
            "code": one.code,
            "title": one.title,
            "since": one.opened_on,
            "mine": user.is_authenticated and user.region == one.code,
        }
        for one in all_regions().values()
    ]
    return render(request, "public/rates.html", {"frame": frame_of(request), "regions": regions})


@public
@require_http_methods(["GET", "HEAD"])
def rates_of(request, code: str):
    """One region's values in force for a month, as known today, with every dated value behind them."""
    try:
        here = region_of(code)
    except Refused as no:
        raise Refused(no.code, no.message, status=404) from None
    today, errors = clock.today(), []
    month = Month.of(today)
    text = request.GET.get("month", "").strip()
    try:
        month = Month.parse(text) if text else month
    except BadMonth as bad:
        errors.append({"id": "month", "text": f"{bad.message}。"})
    month_field = {"id": "month", "name": "month", "kind": "month", "label": "费款所属期", "value": text or str(month)}
    context = {
        "frame": frame_of(request),
        "region": here,
        "title": f"{here.title}费率与基数",
        "actions": [
            {"label": "换一个地区", "url": reverse("rates"), "icon": "map-pin"},
            {"label": "用这些数试算", "url": f"{reverse('trial')}?region={code}&month={month}", "icon": "calculator"},
        ],
        "month": month,
        "errors": errors,
        "month_field": month_field | {"required": True, "error": errors[0]["text"] if errors else ""},
        "schemes": [_scheme(here, scheme, month) for scheme in here.open_schemes],
        "histories": [_history(here, parameter, month, today) for parameter in here.charged_parameters],
        "illustrative": here.illustrative(month, today),
    }
    return render(request, "public/rates_of.html", context, status=422 if errors else 200)


def _scheme(here: Region, scheme, month: Month) -> dict:
    shares = {}
    for side, share in scheme.shares.items():
        text = words_in_force(here, share.parameter, month)
        text += f"，另加 {words_in_force(here, share.plus, month)}" if share.plus else ""
        text += f"，再乘{here.parameters[share.times].title}" if share.times else ""
        shares[side] = text
    floor, ceiling = (words_in_force(here, name, month) if name else "不设" for name in (scheme.floor, scheme.ceiling))
    return {
        "scheme": scheme,
        "floor": floor,
        "ceiling": ceiling,
        "employer": shares.get("employer", "不缴"),
        "employee": shares.get("employee", "不缴"),
    }


def words_in_force(here: Region, name: str, month: Month) -> str:
    """The value of a parameter for a month, as known today, in words."""
    return proposal_rows.words_in_force(here, name, month, clock.today())


def _history(here: Region, parameter: Parameter, month: Month, today) -> dict:
    """Every dated value of a parameter, newest first, and the steps of its chart where it is one number."""
    try:
        current = here.value(parameter.key, month, known_on=today)
    except NoValue:
        current = None
    values = [value for value in parameter.values if value.known <= today]
    rows = [
        {
            "value": value,
            "text": value_words(parameter, value),
            "table": _table(here, parameter, value),
            "is_current": value is current,
        }
        for value in reversed(values)
    ]
    numbers = [value.value for value in values if not isinstance(value.value, Mapping)]
    bars = [
        {"label": str(value.since), "text": value_words(parameter, value), "share": _share(value.value, numbers)}
        for value in values
    ]
    is_chart = len(numbers) == len(values) > 1
    return {"parameter": parameter, "rows": rows, "bars": bars if is_chart else []}


def _share(number, numbers) -> int:
    """Thousandths of the highest value, for the width of a bar."""
    return int(number * 1000 / max(numbers)) if not isinstance(number, Mapping) and numbers and max(numbers) else 0


def _table(here: Region, parameter: Parameter, value: Value) -> list[tuple[str, str]]:
    """The rows of a table with the names of its codes, where one code list fits."""
    if not isinstance(value.value, Mapping):
        return []
    lists = [here.codes[fact.codes] for fact in FACTS.values() if fact.codes in here.codes]
    fits = next((codes for codes in lists if all(codes.get(key) for key in value.value)), None)
    return [
        (fits.title_of(key) if fits else key, in_unit(number, parameter.unit)) for key, number in value.value.items()
    ]
