"""A rehearsal: what would come of a deed, found by doing it and taking all of it back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rehearsal() -> Iterator[None]:
    """What is not possible raises here as it would in earnest; whatever was possible is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
