from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "shebao.web"
    label = "web"
    verbose_name = "页面"

    def ready(self):
        """Failed sign-ins are on record whichever way they were tried (framework's own signal)."""
        from django.contrib.auth.signals import user_login_failed

        from shebao.hall.audit.looks import note_failed_sign_in

        def failed(sender, credentials, **_):
            note_failed_sign_in(str(credentials.get("username") or ""))

        user_login_failed.connect(failed, dispatch_uid="shebao.failed_sign_in", weak=False)
