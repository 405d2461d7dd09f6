"""Lines are asked by their month wherever it is known: PostgreSQL then opens the partitions of those months alone.

What a bill charges lies between its `first_month` and its own month (a guard of the database holds it), what is for its
own month alone in that. So whoever has the bill need not think of months: `bill.lines` and `of` say them. A question
about a person's or an employer's years opens every partition, and has to (decision 0014).
"""

from collections.abc import Iterable

from django.apps import apps
from django.db import models

from shebao.rules.months import Month

from ..scopes import voidable
from .kinds import LineKind


class LineQuerySet(voidable("bill__employer", people="employee", is_voided=False)):  # type: ignore[misc]
    """Bill lines, asked with the months that they can be for."""

    def of(self, *bills):
        """The lines of these bills."""
        return self.in_months_of(*bills).filter(bill__in=[bill.pk for bill in bills])

    def regular_of(self, *bills):
        """The regular lines of these bills: each is for the bill's own month."""
        rows = self._in({bill.month for bill in bills}).filter(kind=LineKind.REGULAR)
        return rows.filter(bill__in=[bill.pk for bill in bills])

    def in_months_of(self, *bills):
        """Lines, whosoever they are, of the months that these bills charge."""
        firsts = {bill.first_month for bill in bills}
        if None in firsts or not bills:
            return self.all()  # one of before migration 0014, whose lines may be for any month
        last = max(bill.month for bill in bills)
        first = min(firsts)
        return self._in({last}) if first == last else self.filter(month__gte=first, month__lte=last)

    def in_month(self, month: Month | None):
        """Those for one month, where whoever asks knows it; all where not."""
        return self if month is None else self._in([month])

    def _in(self, months: Iterable):
        """Equality spares the default partition too, which a span cannot."""
        months = list(months)
        return self.filter(month=months[0]) if len(months) == 1 else self.filter(month__in=months)


class SameMonthKey(models.ForeignKey):
    """A key to a line of the same month (I-8), in the database (adjusts_id, month): what follows it says the month."""

    def deconstruct(self):
        """Migrations know it as the foreign key that it is."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs

    def get_extra_descriptor_filter(self, instance) -> dict:
        """For `line.adjusts`, asked by itself."""
        return {"month": instance.month}

    def get_extra_restriction(self, alias, related_alias):
        """For a join along it."""
        month = self.model._meta.get_field("month")
        return month.get_lookup("exact")(month.get_col(alias), month.get_col(related_alias))


class BillReading:
    """What a bill says of itself: its name, and its lines."""

    @property
    def lines(self) -> LineQuerySet:
        """Its lines, in force or not, looked for in the months that it charges and nowhere else."""
        return apps.get_model("settlement", "BillLine").objects.ever().of(self)

    @property
    def is_provisional(self) -> bool:
        """Whether it stands for a month that was not declared (暂核定), until that is settled."""
        return self.basis_month is not None

    @property
    def word(self) -> str:
        """What a bill apart from the month's own is called, "" for that."""
        if not self.series:
            return ""
        return "暂核定" if self.is_provisional else "退费" if self._gives_back else "补缴"

    @property
    def _gives_back(self) -> bool:
        """Whether a bill of its own returns what was charged; the lines are asked only where nothing was."""
        return self.total_due < 0 if self.total_due else not self.lines.exclude(kind=LineKind.RETURNED).exists()

    @property
    def label(self) -> str:
        """The month, and which back payment of it: "2026-11", "2026-11 补缴", "2026-11 退费 2", "2026-11 暂核定"."""
        if not self.series:
            return str(self.month)
        if self.is_provisional:
            return f"{self.month} {self.word}"
        return f"{self.month} {self.word} {self.series}".removesuffix(" 1")
