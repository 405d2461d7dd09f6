from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "shebao.hall.documents"
    label = "documents"
    verbose_name = "单据"
