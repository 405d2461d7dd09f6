from tests.people import november  # noqa: F401 - a fixture of this folder
from tests.short_messages import gateway  # noqa: F401 - a fixture of this folder
