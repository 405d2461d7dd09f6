from django.apps import AppConfig


class SheetsConfig(AppConfig):
    name = "shebao.hall.sheets"
    label = "sheets"
    verbose_name = "报盘"
