"""Every read starts with who is asking: not yours is the same as not there."""

from dataclasses import dataclass

from django.apps import apps
from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class Desk:
    """Stands for whoever at the desk serves these divisions of a region (none: all of it), to `visible_to`."""

    region: str
    divisions: list[str]
    is_desk = True

    def withheld_services(self) -> tuple[str, ...]:
        """As of an operator."""
        return ()


def served_by(actor, path: str = "") -> Q:
    """Whether the employer at the end of `path` is one whose business this actor of the desk does (数据范围).

    The one rule for it: of one's own region and, where somebody is limited to agency divisions (经办区划), of those.
    An employer whose division nobody has said belongs to those without a limit; an empty `path` is for what carries
    region and division itself. Nobody but the desk has employers.
    """
    way = f"{path}__" if path else ""
    if not actor.is_desk:
        return Q(**{f"{way}pk__in": ()})
    found = Q(**{f"{way}region": actor.region})
    return found & Q(**{f"{way}agency_division__in": actor.divisions}) if actor.divisions else found


def serves(actor, employer) -> bool:
    """Whether an employer at hand is one of those."""
    return type(employer).objects.filter(served_by(actor), pk=employer.pk).exists()


def people_served(actor):
    """The persons whom any employer has that the actor of the desk serves, as a subquery of their keys."""
    return apps.get_model("roster", "Employee").objects.filter(served_by(actor, "employer")).values("person")


class ScopedQuerySet(models.QuerySet):
    """Rows that belong to an employer. `employer_path` is the way from the row to its employer.

    `people_path` is the way to the employee whom the row is about ("" for the employee itself), `maker_path` the one
    to the operator who made it; None where the row is about nobody, or made by nobody in particular. An operator with
    some departments or schemes only sees what is about their people or was made by themselves.
    """

    employer_path = "employer"
    people_path: str | None = None
    maker_path: str | None = None

    def visible_to(self, actor):
        """Own employer's rows for an employer's people, those of the employers it serves for the desk, else nothing."""
        if actor.is_desk:
            return self.filter(served_by(actor, self.employer_path))
        if not actor.employer_id:
            return self.none()
        rows = self.filter(**{self.employer_path: actor.employer_id})
        return rows.filter(self._within(actor)) if actor.is_narrow else rows

    def _within(self, actor) -> Q:
        found = Q()
        if self.people_path is not None:
            found |= people_of(actor, self.people_path)
        if self.maker_path:
            found |= Q(**{self.maker_path: actor.pk})
        return found


def people_of(actor, path: str) -> Q:
    """Whether the employee at the end of `path` is one of the actor's departments and schemes.

    Of a scheme is whoever was ever insured in it, and whoever is not insured at all yet.
    """
    way, found = f"{path}__" if path else "", Q()
    if actor.departments:
        found &= Q(**{f"{way}department__in": actor.departments})
    if actor.schemes:
        spells = apps.get_model("roster", "Spell").objects.filter(employee__employer=actor.employer_id, is_voided=False)
        insured = Q(**{f"{way}pk__in": spells.filter(scheme__in=actor.schemes).values("employee")})
        uninsured = Q(**{f"{way}pk__isnull": False}) & ~Q(**{f"{way}pk__in": spells.values("employee")})
        found &= insured | uninsured
    return found


def scoped(path: str, *, people: str | None = None, maker: str | None = None) -> type[ScopedQuerySet]:
    """A ScopedQuerySet whose rows reach their employer by `path`, whom they are about and who made them as named."""
    return type("Scoped", (ScopedQuerySet,), {"employer_path": path, "people_path": people, "maker_path": maker})


def voidable(path: str, *, people: str | None = None, **live) -> type[ScopedQuerySet]:
    """A ScopedQuerySet of what can be voided (作废): who asks says whether voided rows count, `live()` or `ever()`."""

    class Voidable(ScopedQuerySet):
        employer_path = path
        people_path = people

        def live(self):
            """What is in force."""
            return self.filter(**live)

        def ever(self):
            """What is in force and what was voided."""
            return self.all()

    return Voidable
