"""Settings of the server that a drill starts: those of the tests, with limits as the drill asks for them."""

import os

from shebao.config.settings.test import *  # noqa: F403

DATABASES["default"]["NAME"] = DATABASES["default"]["TEST"]["NAME"]  # noqa: F405
DATABASES["default"]["CONN_MAX_AGE"] = 60  # noqa: F405
SHEBAO_FLOOD_LIMIT = int(os.environ["SHEBAO_DRILL_FLOOD_LIMIT"])
SHEBAO_BODY_SECONDS = int(os.environ["SHEBAO_DRILL_BODY_SECONDS"])
