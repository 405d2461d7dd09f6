from tests.people import november, undo_time  # noqa: F401 - fixtures of this folder
from tests.short_messages import gateway  # noqa: F401 - a fixture of this folder
