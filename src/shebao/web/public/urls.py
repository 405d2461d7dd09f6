"""Addresses that everybody may open."""

from django.urls import path

from . import guides, machines, rates, signing_in, trying, verifying

urlpatterns = [
    path("", signing_in.start, name="start"),
    path("login", signing_in.sign_in, name="sign_in"),
    path("logout", signing_in.sign_out, name="sign_out"),
    path("password", signing_in.change_password, name="change_password"),
    path("elder", signing_in.elder, name="elder"),
    path("alive", signing_in.alive, name="alive"),
    path("rates", rates.rates, name="rates"),
    path("rates/<slug:code>", rates.rates_of, name="rates_of"),
    path("guides", guides.guides, name="guides"),
    path("guides/<slug:code>", guides.guides_of, name="guides_of"),
    path("trial", trying.try_one, name="trial"),
    path("trial/list", trying.try_list, name="trial_list"),
    path("verify", verifying.verify, name="verify"),
    path("pay/notice", machines.pay_notice, name="pay_notice"),
    path("healthz", machines.healthz, name="healthz"),
    path("readyz", machines.readyz, name="readyz"),
]
