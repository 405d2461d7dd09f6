"""The application that Granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from shebao.config.databases import answer_soon
from shebao.config.safety import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.embedded")
application = get_wsgi_application()
answer_soon(settings.DATABASES)
if getattr(settings, "SHEBAO_IS_PRODUCTION", False):
    refuse_unsafe(settings)
if settings.SHEBAO_TRUSTED_PROXIES:
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.SHEBAO_TRUSTED_PROXIES)
