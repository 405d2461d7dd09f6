"""For tests that take a guard away: prepared questions are composed each time, and none is kept."""

from unittest.mock import patch


def composed_each_time():
    """A context in which no question is asked as it was composed with its guards, nor left without them."""
    return patch("shebao.hall.prepared._is_apart", lambda value: True)
