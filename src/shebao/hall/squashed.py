"""What the squashed migrations need beyond Django's own steps (decision 0029)."""

from collections.abc import Iterator, Mapping, Sequence

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import ModelOperation

ADDED = {"constraints": migrations.AddConstraint, "indexes": migrations.AddIndex}
REMOVED = {"constraints": migrations.RemoveConstraint, "indexes": migrations.RemoveIndex}


class AtOnce(Operation):
    """Steps about models or fields, none of which needs the outcome of another: what is related is built once."""

    serialization_expand_args = ("steps",)

    def __init__(self, steps: Sequence[Operation]):
        self.steps = steps

    @property
    def reversible(self):
        """As its steps are."""
        return all(step.reversible for step in self.steps)

    def state_forwards(self, app_label, state):
        """Without built models at hand Django only notes what each step changes."""
        built = state.__dict__.pop("apps", None)
        for step in self.steps:
            step.state_forwards(app_label, state)
        if built:
            state.apps = built
            # A step about a field says its model otherwise than one about a model.
            changed = {getattr(step, "model_name_lower", step.name_lower) for step in self.steps}
            state.reload_models([(app_label, name) for name in changed], delay=False)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Step by step, in their order."""
        for step in self.steps:
            step.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Step by step, the last one first."""
        for step in reversed(self.steps):
            step.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        """What `migrate` says of it."""
        return "; ".join(step.describe() for step in self.steps)


class ReshapeModel(ModelOperation):
    """A model gets the rest of its fields, constraints and indexes in one step.

    Where two apps need one another, the squashed history of each is cut. For every single step after the cut Django
    would build all related models anew, and SQLite the table. Where the table has rows, in a hall that stopped at the
    cut, SQLite takes the single steps all the same.
    """

    reversible = False
    serialization_expand_args = ("fields", "options")

    def __init__(self, name: str, fields: Sequence[tuple[str, models.Field]], options: Mapping[str, list]):
        self.fields, self.options = fields, options
        super().__init__(name)

    def state_forwards(self, app_label, state):
        """Change what is known of the model, and build it and all that is related to it once."""
        model = state.models[app_label, self.name_lower]
        model.fields |= self.fields
        model.options |= self.options
        state._relations = None  # looked up anew by whoever asks next
        state.reload_model(app_label, self.name_lower)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """PostgreSQL changes its table, SQLite makes an empty one anew."""
        connection = schema_editor.connection
        old, new = (state.apps.get_model(app_label, self.name) for state in (from_state, to_state))
        if not self.allow_migrate_model(connection.alias, new):
            return
        steps = self._steps(from_state.models[app_label, self.name_lower])
        if connection.vendor != "sqlite":
            for step in steps:
                step.database_forwards(app_label, schema_editor, from_state, to_state)
        elif old._base_manager.using(connection.alias).exists():
            state = from_state.clone()
            for step in steps:
                before = state.clone()
                step.state_forwards(app_label, state)
                step.database_forwards(app_label, schema_editor, before, state)
        else:
            schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(old._meta.db_table)}")
            schema_editor.create_model(new)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Never: `reversible` says so."""
        raise NotImplementedError

    def describe(self):
        """What `migrate` says of it."""
        return f"Reshape model {self.name}"

    def _steps(self, had: migrations.state.ModelState) -> Iterator[Operation]:
        for kind, new in self.options.items():
            for one in had.options[kind]:
                if one not in new:
                    yield REMOVED[kind](self.name, one.name)
        for name, field in self.fields:
            step = migrations.AlterField if name in had.fields else migrations.AddField
            yield step(self.name, name, field)
        for kind, new in self.options.items():
            for one in new:
                if one not in had.options[kind]:
                    yield ADDED[kind](self.name, one)


def lay_what_waits(apps, schema_editor):
    """Lay now what Django keeps for the end of a migration: foreign keys and indexes, for a step that asks for them."""
    waiting, schema_editor.deferred_sql[:] = list(schema_editor.deferred_sql), []
    for statement in waiting:
        schema_editor.execute(statement)
