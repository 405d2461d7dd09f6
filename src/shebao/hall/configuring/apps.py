from django.apps import AppConfig


class ConfiguringConfig(AppConfig):
    name = "shebao.hall.configuring"
    label = "configuring"
