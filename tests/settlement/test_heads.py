"""I-13: heads are those before, plus who came, less who went. The database holds it, because spells do not overlap."""

from collections import Counter

from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from shebao.hall.roster.models import Spell
from shebao.hall.settlement.invariants import broken_rules
from shebao.rules.months import Month

from .hall import hire, make_employer

JANUARY = Month(2026, 1)
STRETCHES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 12), st.one_of(st.none(), st.integers(-2, 11))), min_size=1, max_size=8
)
"""(whose, first month, how many months more; None: still)."""


def differs(spells: list[tuple[int, Month, Month | None]]) -> bool:
    """Whether coming and going say another number of heads than there are, in any month of three years."""
    for n in range(36):
        month = JANUARY.next(n) if n else JANUARY
        begun = sum(first <= month for _, first, _ in spells)
        ended = sum(last is not None and last < month for *_, last in spells)
        here = Counter(who for who, first, last in spells if first <= month and (last is None or last >= month))
        if begun - ended != len(here):
            return True
    return False


class Heads(TestCase):
    """Whatever is written, the database takes no spell by which the heads would differ, and refuses no other."""

    @settings(max_examples=60, deadline=None)
    @given(STRETCHES)
    def test_what_the_database_takes_keeps_the_heads_and_what_it_refuses_would_not(self, stretches):
        employer = make_employer()
        people = hire(employer, [700_000, 700_000])
        Spell.objects.filter(employee__in=people).update(is_voided=True)
        kept: list[tuple[int, Month, Month | None]] = []
        for who, first, more in stretches:
            start = JANUARY.next(first)
            last = None if more is None else start.next(more) if more > 0 else start.previous(-more) if more else start
            one = people[who]
            try:
                with transaction.atomic():
                    Spell.objects.create(
                        employee=one, person=one.person, region=employer.region, scheme="pension", first_month=start,
                        last_month=last, is_exclusive=False,
                    )  # fmt: skip
            except IntegrityError:
                assert differs([*kept, (who, start, last)]) or last < start
            else:
                kept.append((who, start, last))
        assert not differs(kept)
        assert not [text for text in broken_rules() if text.startswith("I-13")]
