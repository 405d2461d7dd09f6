"""What the employer's pages share: where we are, the way back, toasts, downloads."""

from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from shebao.hall.declarations.queries import current_month
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.settlement.comparing import Before
from shebao.rules.months import Month
from shebao.rules.region import Region

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 50
INSURED = ("insured", "new")
"""How somebody of the roster stands who is insured here, now or from the next month on."""
MOST_PRINTED = 2_000
"""Rows that are printed at once, some forty sheets of paper; the page says when there are more."""
ICONS = {"ok": "check-circle", "d": "arrow-back", "b": "send", "g": "edit", "w": "pause"}


def here(request) -> Region:
    """The region of the signed-in employer."""
    return region(request.user.employer.region)


def this_month(request) -> Month:
    """The business month (业务年月)."""
    return current_month(here(request))


def word(request, term: str, default: str) -> str:
    """The region's own word for a page, as the menu shows it."""
    return here(request).terms.get(term, default)


def crumbs(last: str, *middle: tuple[str, str]) -> list[dict]:
    """The way from the workbench: `middle` are (label, url)."""
    way = [("工作台", reverse("e_home")), *middle]
    return [*({"label": label, "url": url} for label, url in way), {"label": last, "url": ""}]


def bridge_rows(rows, actor, before: Before) -> list[dict]:
    """The reasons of a bridge with the people behind each, by name; one query, and not more people than a page."""
    wanted = {one.employee for row in rows for one in row.people[:PAGE]}
    named = {one.pk: one for one in Employee.objects.visible_to(actor).filter(pk__in=wanted).defer("phone", "facts")}
    return [
        {
            "label": row.label_in(before),
            "delta": row.delta,
            "people": [(named[one.employee], one) for one in row.people[:PAGE]],
            "more": len(row.people[PAGE:]),
        }
        for row in rows
    ]


def paged(request, rows, size: int = PAGE):
    """The page of a list that was asked for; with `?print=all` all its rows, MOST_PRINTED at most."""
    if request.GET.get("print") == "all":
        return Paginator(rows, MOST_PRINTED).get_page(1)
    return Paginator(rows, size).get_page(request.GET.get("page"))


def often(spec) -> str:
    """Whether what a service costs is paid each month or once: the word before 应缴."""
    return "本次" if spec.is_paid_once else "每月"


def effect_head(spec) -> str:
    """The head of a column of effects: each month, once, or neither where nothing is on a bill."""
    return f"{'应缴' if spec.is_aside else often(spec)}影响"


def toast(request, text: str, url: str, label: str) -> None:
    """A success message with a link."""
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, url, label))


def undo_toast(request, text: str, url: str) -> None:
    """A success message with a button that takes the deed back; `url` gets a POST."""
    shown = render_to_string("parts/_undo.html", {"text": text, "undo_url": url}, request)
    messages.success(request, mark_safe(shown), extra_tags="undo")  # noqa: S308 - rendered by our own template


def download(data: bytes, name: str, kind: str = XLSX, *, inline: bool = False) -> HttpResponse:
    """A file with a Chinese name."""
    response = HttpResponse(data, content_type=kind)
    way = "inline" if inline else "attachment"
    response["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(name)}"
    response["Content-Length"] = len(data)
    return response


def may_be_about(spec, one) -> bool:
    """Whether a service could be about somebody of the roster who stands so: the others its checks would refuse.

    Earlier months are paid back for who is insured now; who begins next month is not.
    """
    if not OPERATIONS[spec.operation].is_about_insured:
        return True
    return one.status in INSURED and not (spec.looks_back and one.first_month is None)
