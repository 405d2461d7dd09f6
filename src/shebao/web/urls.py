"""Every page, by side of the counter."""

from importlib import import_module
from itertools import groupby

from django.urls import URLPattern, include, path

from .access import public
from .styleguide import styleguide


def _behind_words(module: str) -> list:
    """The addresses of a module in their order, neighbours that begin with the same word behind that word.

    The resolver tries one after another; of hundreds it so passes by most without looking at them.
    """
    found = []
    for word, some in groupby(import_module(module).urlpatterns, _first_word):
        those = list(some)
        if word and len(those) > 1:
            start = len(word) + 1
            inner = [path(str(one.pattern)[start:], one.callback, one.default_args, one.name) for one in those]
            found.append(path(f"{word}/", include(inner)))
        else:
            found += those
    return found


def _first_word(address: URLPattern) -> str:
    """What every address of the kind begins with, up to a slash; "" where that is not the same for all of them."""
    word, slash, _ = str(address.pattern).partition("/")
    return word if slash and "<" not in word else ""


urlpatterns = [
    path("", include(_behind_words("shebao.web.public.urls"))),
    path("", include(_behind_words("shebao.web.operators.urls"))),
    path("", include(_behind_words("shebao.web.account.urls"))),
    path("e/", include(_behind_words("shebao.web.employer.urls"))),
    path("a/", include(_behind_words("shebao.web.agency.urls"))),
    path("styleguide", public(styleguide), name="styleguide"),
]
