from django.apps import AppConfig


class EmployersConfig(AppConfig):
    name = "shebao.hall.employers"
    label = "employers"
    verbose_name = "单位"
