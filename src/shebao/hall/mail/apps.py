from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "shebao.hall.mail"
    label = "mail"
    verbose_name = "邮件"
