from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "shebao.hall.settlement"
    label = "settlement"
    verbose_name = "核定与账务"
