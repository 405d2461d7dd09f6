from django.apps import AppConfig


class OperatorsConfig(AppConfig):
    name = "shebao.hall.operators"
    label = "operators"
    verbose_name = "操作员"
