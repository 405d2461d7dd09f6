"""参保人 at the agency: one person of the region, found by a whole number or name, at every employer there."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.workbench.dossiers import PersonDossier, find_people, note_look, people_of, person_dossier

from ..access import needs
from ..lanes import lanes_of

TITLE = "参保人"
PEOPLE = "参保人员"
PAGE = 50
MOST = 50


@require_safe
@needs("see_roster")
def people(request):
    """The search; each is on record, and there are only so many in an hour."""
    asked, error, found = request.GET.get("q", "").strip()[:60], None, []
    if asked:
        try:
            found = list(find_people(asked, by=request.user)[:MOST])
        except Refused as no:
            error = no
    here = region_of(request.user.region)
    search = {
        "id": "q", "name": "q", "kind": "text", "value": asked, "maxlength": 60,
        "label": f"完整的姓名、证件号码或{here.term('person_number')}",
    }  # fmt: skip
    context = {
        "title": TITLE,
        "search": search | ({"error": error.message} if error else {}),
        "asked": asked and not error,
        "found": found,
        "errors": [{"id": "q", "text": error.message}] if error else [],
    }
    return render(request, "agency/people.html", context, status=error.status if error else 200)


@require_safe
@needs("see_roster")
def person(request, pk):
    """One person: months insured, wages, cases, charges, at every employer of the region."""
    dossier = person_dossier(request.user, pk)
    note_look(dossier, by=request.user)
    here = region_of(request.user.region)
    context = {
        "dossier": dossier,
        "jobs": job_rows(here, dossier),
        "lines": line_rows(here, dossier),
        "number_title": here.term("person_number"),
        "crumbs": [{"label": TITLE, "url": reverse("a_people")}, {"label": dossier.person.name}],
    }
    return render(request, "agency/person.html", context)


def job_rows(here, dossier: PersonDossier) -> list[dict]:
    """Each employer of a person, with titles and the lanes of the ribbon."""
    return [
        {
            "job": job,
            "spells": [{"title": here.scheme_title(one.scheme), "spell": one} for one in job.spells],
            **lanes_of(here, job.ribbon),
        }
        for job in dossier.jobs
    ]


def line_rows(here, dossier: PersonDossier) -> list[dict]:
    """The charges with the titles of their schemes: the last month first, in each the schemes in the region's order."""
    order = {key: place for place, key in enumerate(here.schemes)}
    lines = sorted(dossier.lines, key=lambda one: order.get(one.scheme, len(order)))
    lines.sort(key=lambda one: one.month, reverse=True)
    return [{"line": one, "title": here.scheme_title(one.scheme)} for one in lines]


@require_safe
@needs("see_roster")
def employers_people(request, pk):
    """Everybody whom an employer has on its roster, behind masks; a whole name or number finds one. It is a look."""
    asked, state = request.GET.get("q", "").strip()[:60], request.GET.get("state", "insured")
    employer, rows = people_of(request.user, pk, asked, state)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    here = region_of(employer.region)
    context = {
        "title": f"{employer.name}的{PEOPLE}",
        "employer": employer,
        "page": page,
        "number_title": here.term("person_number"),
        "state": state,
        "asked": asked,
        "tabs": [
            {"label": label, "current": key == state, "url": f"?{urlencode({'q': asked, 'state': key})}"}
            for key, label in {"insured": "在保", "left": "已停保", "": "全部"}.items()
        ],
        "search": {
            "id": "q", "name": "q", "kind": "text", "value": asked, "maxlength": 60,
            "label": f"完整的姓名、证件号码或{here.term('person_number')}",
        },
        "crumbs": [
            {"label": "单位", "url": reverse("a_employers")},
            {"label": employer.name, "url": reverse("a_employer", args=[pk])},
            {"label": PEOPLE},
        ],
    }  # fmt: skip
    return render(request, "agency/employer_people.html", context)


urlpatterns = [
    path("employers/<int:pk>/people/", employers_people, name="a_employer_people"),
    path("people/", people, name="a_people"),
    path("people/<int:pk>", person, name="a_person"),
]
