from django.apps import AppConfig


class DeclarationsConfig(AppConfig):
    name = "shebao.hall.declarations"
    label = "declarations"
    verbose_name = "申报"
