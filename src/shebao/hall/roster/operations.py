"""Deeds on the roster that are no declaration."""

from django.db import transaction

from ..audit.operations import record
from ..errors import Refused
from .models import Employee


@transaction.atomic
def reveal_id_number(employee_pk: int, *, by) -> str:
    """The whole identity number of one of the actor's employees; the look is on record, the number is not.

    Raises Employee.DoesNotExist for anybody else's, Refused without the permission to see the roster.
    """
    if not by.may("see_roster"):
        raise Refused("not_permitted", "您的账号没有“查看花名册”权限。", status=403)
    employee = Employee.objects.visible_to(by).select_related("person", "employer").get(pk=employee_pk)
    record("reveal_id_number", employee, by=by)
    return employee.person.id_number
