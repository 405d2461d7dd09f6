from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "shebao.hall.evidence"
    label = "evidence"
    verbose_name = "申报材料"
