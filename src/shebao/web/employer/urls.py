"""The employer's pages, all under /e/."""

from django.urls import path

from . import (
    adjusting,
    basket,
    bills,
    cases,
    declaring,
    employer_data,
    home,
    importing,
    many,
    papers,
    paying,
    repairing,
    roster,
    settling,
)

urlpatterns = [
    path("", home.home, name="e_home"),
    path("declare/<slug:service>/", declaring.declare, name="e_declare"),
    path("declare/<slug:service>/preview/", declaring.declare_preview, name="e_declare_preview"),
    path("declare/<slug:service>/draft/", declaring.draft, name="e_draft"),
    path("declare/<slug:service>/many/", many.declare_many, name="e_declare_many"),
    path("basket/", basket.basket, name="e_basket"),
    path("basket/check/", basket.check, name="e_check"),
    path("basket/submit/", basket.submit, name="e_submit"),
    path("basket/submitted/", basket.submitted, name="e_submitted"),
    path("basket/remove/", basket.remove, name="e_remove"),
    path("basket/restore/", basket.restore, name="e_restore"),
    path("basket/undo/", basket.undo, name="e_undo"),
    path("cases/", cases.cases, name="e_cases"),
    path("cases/<int:pk>/", cases.case, name="e_case"),
    path("cases/<int:pk>/repair/", repairing.repair, name="e_repair"),
    path("cases/<int:pk>/draft/", repairing.draft, name="e_repair_draft"),
    path("cases/<int:pk>/<slug:name>/", cases.move, name="e_case_move"),
    *importing.urlpatterns,
    *settling.urlpatterns,
    *adjusting.urlpatterns,
    *bills.urlpatterns,
    *paying.urlpatterns,
    *papers.urlpatterns,
    *roster.urlpatterns,
    *employer_data.urlpatterns,
]
