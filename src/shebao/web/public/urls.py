"""Addresses that everybody may open."""

from django.urls import path

from . import guides, machines, notices, rates, registered, registering, signing_in, trying, verifying

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
    path("notices", notices.notices, name="notices"),
    path("notices/<slug:code>", notices.notices_of, name="notices_of"),
    path("notices/<slug:code>/<int:pk>", notices.notice_of, name="notice_of"),
    path("notices/<slug:code>/<int:pk>/<int:file>", notices.notice_file, name="notice_file"),
    path("trial", trying.try_one, name="trial"),
    path("trial/list", trying.try_list, name="trial_list"),
    path("register", registering.register, name="register"),
    path("register/status", registered.status, name="register_status"),
    path("register/progress", registered.progress, name="register_progress"),
    path("register/leave", registered.leave, name="register_leave"),
    path("register/<slug:code>/", registering.register_at, name="register_at"),
    path("register/<slug:code>/<int:number>", registering.register_step, name="register_step"),
    path("register/<slug:code>/papers/<int:number>", registering.paper_text, name="register_paper"),
    path("register/<slug:code>/files/<int:pk>/remove", registering.remove_paper, name="register_remove"),
    path("register/<slug:code>/check", registering.check, name="register_check"),
    path("activate", registered.activate, name="activate"),
    path("activate/<str:token>", registered.activate_with, name="activate_with"),
    path("verify", verifying.verify, name="verify"),
    path("pay/notice", machines.pay_notice, name="pay_notice"),
    path("healthz", machines.healthz, name="healthz"),
    path("readyz", machines.readyz, name="readyz"),
]
