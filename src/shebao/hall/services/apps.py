from django.apps import AppConfig
from django.core import checks


class ServicesConfig(AppConfig):
    name = "shebao.hall.services"
    label = "services"
    verbose_name = "事项"

    def ready(self):
        checks.register(names_are_known)


def names_are_known(app_configs, **kwargs) -> list:
    """System check: the program does not start with a region that names an unknown check or operation."""
    from shebao.rules.region import BadRegion

    from ..regions import all_regions
    from .registry import missing_names

    try:
        sentences = missing_names(all_regions().values())
    except BadRegion as bad:
        sentences = bad.problems
    return [checks.Error(sentence, id="services.E001") for sentence in sentences]
