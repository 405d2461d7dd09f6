from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "shebao.hall.services"
    label = "services"
    verbose_name = "事项"
