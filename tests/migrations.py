"""The history of the tables, step by step."""

from django.db.migrations.loader import MigrationLoader


class StepByStep(MigrationLoader):
    """Every step as a hall that exists took it: as if there were no squashed migrations (decision 0029)."""

    def load_disk(self):
        """Read the steps, and leave out what replaces them."""
        super().load_disk()
        self.disk_migrations = {key: one for key, one in self.disk_migrations.items() if not one.replaces}
