"""Every address of the hall, and the pages for what went wrong."""

from django.urls import include, path

urlpatterns = [path("", include("shebao.web.urls"))]

handler400 = "shebao.web.public.errors.bad_request"
handler403 = "shebao.web.public.errors.forbidden"
handler404 = "shebao.web.public.errors.not_found"
handler500 = "shebao.web.public.errors.server_error"
