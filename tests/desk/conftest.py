import pytest

from tests.people import clerk, november, reviewer  # noqa: F401 - fixtures of this folder


@pytest.fixture
def undo_time(settings):
    """As in a real installation: ten seconds to take back, and a worker that carries out jobs."""
    settings.SHEBAO_UNDO_SECONDS = 10
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
