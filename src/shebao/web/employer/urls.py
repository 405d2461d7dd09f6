"""The employer's pages, all under /e/."""

import importlib
import importlib.util

PAGES = ["home", "declaring", "importing", "basket", "cases", "settling", "bills", "paying", "papers", "roster"]

urlpatterns = []
for page in PAGES:
    if importlib.util.find_spec(f"{__package__}.{page}"):
        urlpatterns += importlib.import_module(f"{__package__}.{page}").urlpatterns
