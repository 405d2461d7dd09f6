from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "shebao.hall.sign_in"
    label = "sign_in"
    verbose_name = "登录与安全"
