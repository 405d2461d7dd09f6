from django.apps import AppConfig


class SupplementsConfig(AppConfig):
    name = "shebao.hall.supplements"
    label = "supplements"
    verbose_name = "补充保险"
