"""The roster (花名册), one employee, the employer's own data, and the search over all of it."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from shebao.hall.audit.looks import note_look
from shebao.hall.declarations.change_log import change_log
from shebao.hall.declarations.queries import cases
from shebao.hall.employers.queries import projects
from shebao.hall.roster import queries
from shebao.hall.roster.facts import details_in_words
from shebao.hall.roster.names import pinyin_key
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.settlement.back_payments import paid_back
from shebao.hall.settlement.models import BillLine
from shebao.hall.sheets.writing import Column
from shebao.rules.months import months_in_words

from ..access import needs
from ..explained import why_of
from ..lanes import lanes_of
from ..rights import may_open
from ..shell import menu_items, shell
from ..taking import taken
from ..templatetags.ui import mask_id
from .common import crumbs, here, may_be_about, this_month, word

FILTERS = ("q", "department", "scheme", "project", "employment_kind", "base_from", "base_to")
# The boxes of the row under the table's head, by column.
WAGE_FILTERS = ("base_from", "base_to")
COLUMN_FILTERS = {"name": "姓名", "id_number": "证件号码", "person_number": "个人编号", "since": "参保起始"}
SIZES = (20, 50, 100)
TABS = {"insured": "在保", "new": "本月新增", "decreased": "本月减少", "left": "已停保", "all": "全部"}
STATUS_TAGS = {"insured": "insured", "new": "insured", "left": "ceased"}
FOUND, SUGGESTED = 20, 5
LINE_MONTHS = 6
COLUMNS = (
    Column("姓名"), Column("证件号码", width=22), Column("部门"), Column("个人编号", width=16),
    Column("险种", width=24), Column("申报工资（元）", "yuan", 16), Column("参保起始", width=12),
    Column("状态", width=12),
)  # fmt: skip


def _in_tab(tab: str, month) -> Q:
    """Which of the annotated employees a tab holds."""
    return {
        "insured": Q(status__in=["insured", "new"]),
        "new": Q(status="new"),
        "decreased": Q(status="left", last_month=month.previous()),
        "left": Q(status="left"),
    }.get(tab, Q())


def _filters(request) -> tuple[str, ...]:
    """What may be asked for here: whoever is not shown wages does not find them out by asking either."""
    return FILTERS if request.user.sees_wages else tuple(name for name in FILTERS if name not in WAGE_FILTERS)


def _asked(request) -> tuple[dict, str]:
    """(filters, tab) of the address; whoever searches a name is looking among everybody."""
    names = (*_filters(request), *COLUMN_FILTERS)
    filters = {name: v for name in names if (v := request.GET.get(name, "").strip()[:60])}
    tab = request.GET.get("status", "")
    return filters, tab if tab in TABS else "all" if "q" in filters else "insured"


def _size(request) -> int:
    """How many rows a page holds."""
    asked = request.GET.get("size", "")
    return int(asked) if asked in map(str, SIZES) else SIZES[1]


@needs("see_roster")
@require_GET
def roster(request):
    """The employees by tab and filter."""
    filters, tab = _asked(request)
    found, month = queries.roster(request.user, filters), this_month(request)
    counts = found.order_by().aggregate(
        **{name: Count("pk", filter=_in_tab(name, month)) for name in TABS if name != "all"}, all=Count("pk")
    )
    pages = Paginator(found.filter(_in_tab(tab, month)), _size(request))
    # Counted above with the other tabs; a second count of five thousand people is felt.
    pages.count = counts[tab]
    page = pages.get_page(request.GET.get("page"))
    kept = filters | ({"size": _size(request)} if "size" in request.GET else {})
    title = word(request, "menu.roster", "员工花名册")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "tab": tab,
        "tabs": [
            {"title": words, "count": counts[name], "url": _address(kept, name), "current": name == tab}
            for name, words in TABS.items()
        ],
        "filters": _filter_fields(request, filters),
        "columns": {name: filters.get(name, "") for name in COLUMN_FILTERS},
        "is_filtered": bool(filters),
        "is_unfolded": any(name in filters for name in FILTERS[1:]),
        "is_by_column": any(name in filters for name in COLUMN_FILTERS),
        "asked_line": f"{TABS[tab]}{_filter_line(request, filters)}",
        "page": page,
        "size": _size(request),
        "sizes": SIZES,
        "rows": [_row(employee, request) for employee in page],
        "may_unmask": request.user.may("unmask"),
        "export_url": f"{reverse('e_roster_export')}?{urlencode(filters | {'status': tab})}",
        "buttons": _batch_buttons(request) + _batch_papers(request),
        "enrol_url": reverse("e_declare", args=[here(request).first_service.key]),
    }
    return render(request, "employer/roster.html", context)


def _address(filters: dict, tab: str) -> str:
    return f"?{urlencode(filters | {'status': tab})}"


def _filter_fields(request, filters: dict) -> list[dict]:
    spec = here(request)
    kinds = spec.codes.get("employment_kinds")
    asked = {
        "q": ("姓名、拼音、个人编号或证件号码", "text", ()),
        "department": ("部门", "choice", [(name, name) for name in queries.departments(request.user)]),
        "scheme": ("险种", "choice", [(scheme.key, scheme.title) for scheme in spec.monthly_schemes]),
        "project": ("工程项目", "choice", [(str(p.pk), f"{p.number} {p.name}") for p in projects(request.user)]),
        "employment_kind": ("用工形式", "choice", [(c.code, c.label) for c in kinds.items] if kinds else []),
        "base_from": ("申报工资从", "money", ()),
        "base_to": ("申报工资至", "money", ()),
    }
    return [
        {
            "name": name, "label": label, "kind": kind, "options": options,
            "value": filters.get(name, ""), "placeholder": "全部" if kind == "choice" else "",
        }
        for name, (label, kind, options) in asked.items()
        if (name != "project" or options) and name in _filters(request)
    ]  # fmt: skip


def _filter_line(request, filters: dict) -> str:
    """What the list was narrowed by, in words, for paper and the export."""
    fields = {field["name"]: (field["label"], dict(field["options"])) for field in _filter_fields(request, filters)}
    fields |= {name: (label, {}) for name, label in COLUMN_FILTERS.items()}
    return "".join(
        f"；{fields[name][0]}：{fields[name][1].get(value, value)}" for name, value in filters.items() if name in fields
    )


def _batch_buttons(request) -> list[dict]:
    """What can be declared for the ticked people: every service for those already on the roster."""
    return [
        {
            "label": f"{service.batch_button or '批量办理'}{word(request, f'menu.{service.key}', service.title)}",
            "icon": service.menu or "edit",
            "kind": "o",
            "formaction": reverse("e_declare_many", args=[service.key]),
        }
        for service in _services_for_known(request)
        if OPERATIONS[service.operation].is_for_many
    ]


def _batch_papers(request) -> list[dict]:
    """The papers that are printed of the ticked people, one for each."""
    prints = [(one.button, reverse("e_statement_print", args=[one.key])) for one in _of_people(request)]
    return [
        {"label": label, "icon": "printer", "kind": "o", "formaction": address}
        for label, address in prints
        if may_open(request.user, address)
    ]


def _row(employee, request) -> dict:
    month = this_month(request)
    covered = {spell.scheme for spell in employee.live_spells if spell.first_month <= month}
    return {
        "employee": employee,
        "chips": [
            {"short": one.short, "title": one.title, "on": one.key in covered} for one in here(request).monthly_schemes
        ],
        "wage": employee.wage if request.user.sees_wages else None,
        "tag": STATUS_TAGS.get(employee.status, "none"),
        "tag_label": queries.STATUSES[employee.status],
        "is_off": employee.status in ("left", "none"),
    }


@needs("see_roster")
@require_GET
def export(request):
    """The list as filtered, as a workbook; identity numbers stay masked."""
    filters, tab = _asked(request)
    found = queries.roster(request.user, filters).filter(_in_tab(tab, this_month(request)))
    line = f"单位：{request.user.employer.name}；业务年月：{this_month(request)}；范围：{TABS[tab]}"
    line += _filter_line(request, filters)
    title = word(request, "menu.roster", "员工花名册")
    shown = [place for place, one in enumerate(COLUMNS) if one.kind != "yuan" or request.user.sees_wages]
    every = (_cells(_row(employee, request)) for employee in found.iterator(chunk_size=500))
    rows, columns = ([cells[place] for place in shown] for cells in every), [COLUMNS[place] for place in shown]
    return taken(request, title, line, columns, rows, f"{title}-{this_month(request)}.xlsx")


def _cells(row: dict) -> tuple:
    employee = row["employee"]
    return (
        employee.name,
        mask_id(employee.person.id_number),
        employee.department,
        employee.person_number,
        "、".join(chip["short"] for chip in row["chips"] if chip["on"]),
        row["wage"],
        str(employee.first_month or ""),
        row["tag_label"],
    )


@needs("see_roster")
@require_GET
def employee(request, pk):
    """One employee: data, months insured, what was charged, what was declared; the look is on record."""
    context = employee_context(request, pk)
    note_look(context["employee"], "查看职工资料", by=request.user, employer=request.user.employer)
    return render(request, "employer/employee.html", context)


def employee_context(request, pk: int) -> dict:
    """What the page of one employee shows."""
    detail, spec = queries.employee_detail(request.user, pk), here(request)
    one, title = detail.employee, word(request, "menu.roster", "员工花名册")
    own = Q(employee=one.pk) | Q(subject_digest=one.person.id_digest)
    return {
        "detail": detail,
        "employee": one,
        "revealed": "",
        "may_unmask": request.user.may("unmask"),
        "row": _row(one, request),
        "letter": one.letters.first(),
        "account": spec.term("person_number"),
        "crumbs": crumbs(one.name, (title, reverse("e_roster"))),
        "actions": _single_actions(request, one) + _papers(request, one),
        "position": spec.code_title("position_kinds", one.position),
        "household": spec.code_title("household_kinds", one.household),
        "employment_kind": spec.code_title("employment_kinds", one.employment_kind),
        "id_kind": spec.code_title("id_kinds", one.person.id_kind),
        "spells": [{"title": spec.scheme_title(spell.scheme), "spell": spell} for spell in detail.spells],
        **lanes_of(spec, detail.ribbon),
        "lines": _lines(request, one) if request.user.sees_wages else [],
        "paid_back": _paid_back(request, one),
        "cases": cases(request.user).filter(own)[:FOUND],
        "changes": change_log(request.user, one) if request.user.sees_wages else [],
        "kept": details_in_words(spec, one),
    }


def _paid_back(request, one) -> list[dict]:
    """What was declared to be paid back, with where it stands."""
    spec = here(request)
    return [
        {
            "row": row,
            "months": months_in_words(row.months),
            "schemes": "、".join(spec.schemes[key].short for key in spec.schemes if key in row.schemes),
        }
        for row in paid_back(request.user, one)
    ]


def _single_actions(request, one) -> list[dict]:
    """What can be declared for this one person."""
    return [
        {
            "label": word(request, f"menu.{service.key}", service.title),
            "icon": service.menu or "edit",
            "url": f"{reverse('e_declare', args=[service.key])}?employee={one.pk}",
        }
        for service in _services_for_known(request)
        if may_be_about(service, one)
    ]


def _papers(request, one) -> list[dict]:
    """The papers that can be printed of this one person."""
    return [
        {
            "label": statement.menu,
            "icon": "printer",
            "url": f"{reverse('e_statement', args=[statement.key])}?employee={one.pk}",
        }
        for statement in _of_people(request)
    ]


def _of_people(request) -> list:
    """The region's statements that are one for each person, for those who may print."""
    if not request.user.may("print"):
        return []
    return [one for one in here(request).statements.values() if one.each == "person"]


def _services_for_known(request) -> list:
    """The services about people who are on the roster already, for those who may declare."""
    if not request.user.may("declare"):
        return []
    return [s for s in here(request).services.values() if OPERATIONS[s.operation].is_about_known]


def _lines(request, one) -> list[dict]:
    """The charges of the last months; an amount with evidence leads to how it came about."""
    rows = (
        BillLine.objects.visible_to(request.user)
        .live()
        .filter(employee=one.pk, month__gte=this_month(request).previous(LINE_MONTHS - 1))
    )
    spec, lines = here(request), []
    for line in rows.order_by("-month", "pk"):
        urls = {
            part: why_of(line, part) if getattr(line, f"{part}_evidence_id") else ""
            for part in ("employer", "employee")
        }
        lines.append({"line": line, "title": spec.scheme_title(line.scheme), "urls": urls})
    return lines


@needs("see_roster")
@require_GET
def search(request):
    """People, declarations and entries of the menu that match a word; a few of each while it is typed."""
    q, most = request.GET.get("q", "").strip()[:60], SUGGESTED if request.htmx else FOUND
    field = {"name": "q", "label": "员工、办件或业务", "value": q}
    context = {"q": q, "search": field, "crumbs": crumbs("搜索"), "people": [], "cases": [], "places": []}
    if q:
        context |= {
            "people": [_row(one, request) for one in queries.roster(request.user, {"q": q})[:most]],
            "cases": list(cases(request.user, q=q)[:most]),
            "places": _places(request, q)[:most],
            "more_url": f"{reverse('e_roster')}?{urlencode({'q': q})}",
        }
    return render(request, "employer/search_list.html" if request.htmx else "employer/search.html", context)


def _places(request, q: str) -> list[dict]:
    """Entries of the menu whose words hold `q` or whose pinyin or its initials begin with it."""
    letters, services = q.lower().replace(" ", ""), here(request).services
    titles = {reverse("e_declare", args=[key]): service.title for key, service in services.items()}
    return [
        item
        for item in menu_items(shell(request)["shell"])
        if q in f"{item['label']} {titles.get(item['url'], '')}"
        or (letters.isascii() and any(key.startswith(letters) for key in pinyin_key(item["label"]).split()))
    ]


urlpatterns = [
    path("roster/", roster, name="e_roster"),
    path("roster/export/", export, name="e_roster_export"),
    path("roster/<int:pk>/", employee, name="e_employee"),
    path("search/", search, name="e_search"),
]
