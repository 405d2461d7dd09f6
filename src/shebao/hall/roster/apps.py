from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "shebao.hall.roster"
    label = "roster"
    verbose_name = "职工"
