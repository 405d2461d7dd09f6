from tests.people import clerk, november, reviewer, undo_time  # noqa: F401 - fixtures of this folder
