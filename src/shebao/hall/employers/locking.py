"""The lock of an employer: what it declares, uploads and settles is one after the other."""

from django.db.models import QuerySet

from ..prepared import prepared
from .models import Employer


def locked_employer(pk: int, *, by) -> Employer:
    """The employer, locked until the transaction ends. Raises DoesNotExist where it is not the actor's to see."""
    for employer in _employer(by, pk):
        return employer
    raise Employer.DoesNotExist


@prepared
def _employer(by, pk: int) -> QuerySet:
    return Employer.objects.visible_to(by).select_for_update(no_key=True).filter(pk=pk)
