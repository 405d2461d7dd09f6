"""参保人 at the agency: one person of the region, found by a whole number or name, at every employer there."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.workbench.dossiers import PersonDossier, find_people, note_look, person_dossier

from ..access import needs
from ..lanes import lanes_of

TITLE = "参保人"
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


urlpatterns = [
    path("people/", people, name="a_people"),
    path("people/<int:pk>", person, name="a_person"),
]
