from django.apps import AppConfig


class PhoneUploadsConfig(AppConfig):
    name = "shebao.hall.phone_uploads"
    label = "phone_uploads"
    verbose_name = "手机上传"
