from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "shebao.hall.payments"
    label = "payments"
    verbose_name = "缴费"
