from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "shebao.hall.registration"
    verbose_name = "单位注册"
