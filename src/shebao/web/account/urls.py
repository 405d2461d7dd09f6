"""One's own account, and whom one works for."""

from django.urls import path

from ..public import forgotten
from . import certificates, employers, factors, views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/contact", views.contact, name="account_contact"),
    path("account/question", views.question, name="account_question"),
    path("account/sessions/<int:pk>/end", views.end, name="account_session_end"),
    path("account/sessions/others", views.end_others, name="account_sessions_end"),
    path("account/leaving", forgotten.leaving, name="leaving"),
    path("account/factors", factors.factors, name="account_factors"),
    path("account/factors/totp", factors.totp, name="account_totp"),
    path("account/factors/passkey", factors.passkey, name="account_passkey"),
    path("account/factors/code", factors.code, name="account_code"),
    path("account/factors/recovery", factors.recovery, name="account_recovery"),
    path("account/factors/<int:pk>/remove", factors.remove, name="account_factor_remove"),
    path("employers/", employers.employers, name="employers"),
    path("employers/numbers", employers.numbers, name="employer_numbers"),
    path("employers/add", employers.add, name="employer_add"),
    path("employers/<int:pk>/enter", employers.enter, name="employer_enter"),
    path("employers/<int:pk>/remove", employers.remove, name="employer_remove"),
    path("certificates/", certificates.certificates, name="certificates"),
    path("certificates/<int:pk>/unbind", certificates.unbind, name="certificate_unbind"),
    path("operators/<int:pk>/factors/reset", factors.reset, name="operator_factors_reset"),
]
