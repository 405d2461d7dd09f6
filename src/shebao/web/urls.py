"""Every page, by side of the counter."""

from django.urls import include, path

from .access import public
from .styleguide import styleguide

urlpatterns = [
    path("", include("shebao.web.public.urls")),
    path("", include("shebao.web.operators.urls")),
    path("", include("shebao.web.account.urls")),
    path("e/", include("shebao.web.employer.urls")),
    path("a/", include("shebao.web.agency.urls")),
    path("styleguide", public(styleguide), name="styleguide"),
]
