"""Steps of declarations are never changed or removed, but a signature that is taken back within its ten seconds."""

from django.db import migrations

from shebao.hall.append_only import MESSAGE, POSTGRES_FUNCTION
from shebao.hall.set_guards import by_engine

STEPS = "declarations_declarationevent"
REFUSE = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE.format(table=STEPS)}'); END"
LIFT = [f"DROP TRIGGER IF EXISTS {STEPS}_no_{deed}" for deed in ("update", "delete")]


class Migration(migrations.Migration):
    dependencies = [("declarations", "0008_a_second_person_may_have_to_confirm")]
    operations = [
        by_engine(
            [
                POSTGRES_FUNCTION,
                f"CREATE TRIGGER {STEPS}_no_update BEFORE UPDATE ON {STEPS} "
                "FOR EACH STATEMENT EXECUTE FUNCTION shebao_refuse_change()",
                f"CREATE TRIGGER {STEPS}_no_delete BEFORE DELETE ON {STEPS} FOR EACH ROW WHEN (OLD.move <> 'sign') "
                "EXECUTE FUNCTION shebao_refuse_change()",
            ],
            [
                f"CREATE TRIGGER {STEPS}_no_update BEFORE UPDATE ON {STEPS} {REFUSE}",
                f"CREATE TRIGGER {STEPS}_no_delete BEFORE DELETE ON {STEPS} WHEN OLD.move <> 'sign' {REFUSE}",
            ],
            lift_postgres=[f"{one} ON {STEPS}" for one in LIFT],
            lift_sqlite=LIFT,
        )
    ]
