from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "shebao.hall.desk"
    label = "desk"
