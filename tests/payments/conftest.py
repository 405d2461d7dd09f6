from tests.banking import bank  # noqa: F401 - a fixture of this folder
