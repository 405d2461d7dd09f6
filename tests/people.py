"""Fixtures of the tests about declarations, the roster and the services: a November, and who acts in it."""

import pytest

from tests.factories import DIRECT, NOW, EmployerFactory, OperatorFactory, at


@pytest.fixture(autouse=True)
def november(db):
    with at(NOW):
        yield


@pytest.fixture
def undo_time(settings):
    """As in a real installation: ten seconds to take back, and a worker that carries out jobs."""
    settings.SHEBAO_UNDO_SECONDS = 10
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def clerk():
    """A clerk where a reviewer decides."""
    return OperatorFactory(clerk=True)


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True)


@pytest.fixture
def direct_clerk():
    """A clerk where declarations take effect at once."""
    return OperatorFactory(clerk=True, employer=EmployerFactory(region=DIRECT))
