"""Operators and the audit record: the same pages for an employer's administrator and the agency's."""

from django.urls import path

from . import looks, views

urlpatterns = [
    path("operators/", views.operators, name="operators"),
    path("operators/new", views.create, name="operator_create"),
    path("operators/<int:pk>/password", views.reset, name="operator_reset"),
    path("operators/<int:pk>/enable", views.enable, name="operator_enable"),
    path("operators/<int:pk>/disable", views.disable, name="operator_disable"),
    path("audit/", views.audit, name="audit"),
    path("audit/export", views.audit_export, name="audit_export"),
    path("looks/", looks.looks, name="looks"),
]
