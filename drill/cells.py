"""Generated workbooks of every kind through the import: no cell dropped or altered, and every row accounted for.

The properties are those of the tests (`tests/sheets`), over more workbooks: the same answers, right and wrong, in the
spellings that people use, with titles, empty lines and sums between them, are the same batch from .csv in both
encodings, .xls and .xlsx, with texts and with numbers and dates, and the same as typed into the form; and of tables of
anything, every row is data or ignored with a reason, and text is only trimmed.
"""

from __future__ import annotations

from .outcome import Outcome

TITLE = "Generated workbooks, imported"


def run(count: int, seed: int) -> Outcome:
    """At least `count` workbooks, half of them where declarations are reviewed, half where they take effect at once."""
    from tests.factories import OperatorFactory
    from tests.sheets import test_cells
    from tests.sheets.test_same_batch import WAYS

    found = Outcome(TITLE, seed, count)
    found.counts.update({"workbooks": 0, "rows typed": 0, "cells typed": 0, "tables of anything": 0})
    tables = -(-count // len(WAYS) // 2)
    for kind in ("reviewed", "direct"):
        clerk = OperatorFactory(clerk=True, employer__direct=kind == "direct")
        _tried(found, kind, _same_batch(found, clerk, tables))
    for about in (
        (test_cells.TABLES, test_cells.every_row_is_accounted_for),
        (test_cells.TEXTS, test_cells.text_is_only_trimmed),
    ):
        _tried(found, about[1].__name__, _alone(found, *about))
    return found


def _tried(found: Outcome, what: str, property_) -> None:
    """One example that fails is told; the drill goes on with the next property."""
    try:
        property_()
    except Exception as no:  # noqa: BLE001 - whatever a workbook does to the hall is a finding
        said = "; ".join([f"{type(no).__name__} {no}", *getattr(no, "__notes__", ())])
        found.fail(f"{found.seed}, {what}: {said[:600]}")


def _asked(count: int, seed: int):
    """So many examples of a seed, none from a database of earlier ones."""
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import seed as sown

    chosen = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),  # not made smaller: that takes a thousand more workbooks, and the seed shows it again
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: sown(seed)(chosen(test))


def _same_batch(found: Outcome, clerk, tables: int):
    from django.db import transaction
    from hypothesis import given
    from hypothesis import strategies as st
    from tests.factories import at
    from tests.sheets import test_same_batch as same

    from shebao.hall.regions import region

    here = region(clerk.region)
    form = here.forms[here.services[same.SERVICE].form]

    @_asked(tables, found.seed)
    @given(same.answers(here, form), st.randoms(use_true_random=False))
    def agree(rows, dice):
        around = same.between(rows, dice)
        with at(), transaction.atomic():
            said = same.by_form(clerk, form, rows)
            for way in same.WAYS:
                with transaction.atomic():  # by itself: without a number in it, one kind of file may be another's bytes
                    assert same.by_sheet(clerk, way, form, rows, around) == said, way
                    transaction.set_rollback(True)
                found.counts["workbooks"] += 1
                found.counts["rows typed"] += len(rows)
                found.counts["cells typed"] += len(rows) * len(form.fields)
            transaction.set_rollback(True)

    return agree


def _alone(found: Outcome, strategy, holds):
    """A property of the tests, without a file, over as many tables as there are workbooks."""
    from hypothesis import given

    @_asked(found.asked, found.seed)
    @given(strategy)
    def again(one):
        found.counts["tables of anything"] += 1
        holds(one)

    return again
