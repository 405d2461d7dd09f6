"""The agency's pages: the review desk and the employers of the region."""

from django.urls import path

from . import (
    accounts,
    batches,
    case,
    counter,
    decided,
    desk,
    employers,
    evidence,
    handling,
    money,
    registrations,
    sandbox,
    voids,
)  # fmt: skip

urlpatterns = [
    path("", desk.queue, name="a_home"),
    path("cases/choose", batches.choose, name="a_choose"),
    path("cases/batches/<int:pk>", batches.approve_many, name="a_approve_many"),
    path("cases/decided", decided.decided, name="a_decided"),
    path("cases/<int:pk>", case.case, name="a_case"),
    path("cases/<int:pk>/approve", case.approve, name="a_approve"),
    path("cases/<int:pk>/return", case.send_back, name="a_return"),
    path("cases/<int:pk>/reject", case.reject, name="a_reject"),
    path("evidence/<int:pk>", evidence.evidence, name="a_evidence"),
    path("evidence/<int:pk>/shown", evidence.shown, name="a_evidence_shown"),
    path("employers/", employers.employers, name="a_employers"),
    path("employers/<int:pk>", employers.employer, name="a_employer"),
    path("operators/<int:pk>/reset", employers.reset, name="a_operator_reset"),
    path("employers/<int:pk>/adjustments", employers.adjustments, name="a_adjustments"),
    *handling.urlpatterns,
    *accounts.urlpatterns,
    *counter.urlpatterns,
    *money.urlpatterns,
    *voids.urlpatterns,
    *registrations.urlpatterns,
    *sandbox.urlpatterns,
]
