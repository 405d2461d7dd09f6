from tests.people import clerk, direct_clerk, november, reviewer  # noqa: F401 - fixtures of this folder
