from tests.people import clerk, november, reviewer  # noqa: F401 - fixtures of this folder
