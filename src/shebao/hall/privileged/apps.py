from django.apps import AppConfig


class PrivilegedConfig(AppConfig):
    name = "shebao.hall.privileged"
    label = "privileged"
