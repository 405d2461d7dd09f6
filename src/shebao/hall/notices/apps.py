from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "shebao.hall.notices"
    label = "notices"
