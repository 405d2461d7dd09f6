from django.apps import AppConfig


class ReimbursementsConfig(AppConfig):
    name = "shebao.hall.reimbursements"
    label = "reimbursements"
    verbose_name = "工伤医疗手工报销"
