"""Every read starts with who is asking: not yours is the same as not there."""

from django.db import models


class ScopedQuerySet(models.QuerySet):
    """Rows that belong to an employer. `employer_path` is the way from the row to its employer."""

    employer_path = "employer"

    def visible_to(self, actor):
        """Own employer's rows for an employer's people, own region's rows for the agency, else nothing."""
        if actor.is_desk:
            return self.filter(**{f"{self.employer_path}__region": actor.region})
        if actor.employer_id:
            return self.filter(**{self.employer_path: actor.employer_id})
        return self.none()


def scoped(path: str) -> type[ScopedQuerySet]:
    """A ScopedQuerySet whose rows reach their employer by `path`."""
    return type("Scoped", (ScopedQuerySet,), {"employer_path": path})


def voidable(path: str, **live) -> type[ScopedQuerySet]:
    """A ScopedQuerySet of what can be voided (作废): who asks says whether voided rows count, `live()` or `ever()`."""

    class Voidable(ScopedQuerySet):
        employer_path = path

        def live(self):
            """What is in force."""
            return self.filter(**live)

        def ever(self):
            """What is in force and what was voided."""
            return self.all()

    return Voidable
