from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "shebao.hall.reports"
    label = "reports"
    verbose_name = "查询"
