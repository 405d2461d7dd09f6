from tests.people import november  # noqa: F401 - a fixture of this folder
