"""Deeds on the roster that are no declaration."""

from django.db import transaction

from shebao.rules.identity import check_id_number

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..errors import Conflict, Refused, permit
from .models import PreEntry


@transaction.atomic
def pre_enter_person(id_number: str, name: str, *, by) -> PreEntry:
    """Note that the agency saw a person's original papers (信息预录入), so that an employer may enrol them.

    Raises Refused for a number that does not hold or a missing name, Conflict for somebody entered before.
    """
    permit(by, "review", "信息预录入")
    known, name = check_id_number(id_number), " ".join(name.split())[:60]
    if not known.ok:
        raise Refused("id_number_valid", f"证件号码：{'；'.join(known.problems)}。", field="id_number")
    if not name:
        raise Refused("name_missing", "请填写姓名，与证件上的一致。", field="name")
    row = {"id_number": known.number, "name": name, "made_by": by, "made_at": clock.now()}
    made, is_new = PreEntry.objects.get_or_create(
        region=by.region, id_digest=blind_index("person", known.number), defaults=row
    )
    if not is_new:
        raise Conflict("entered_before", f"{made.name}（{made.made_at:%Y-%m-%d}）已做过信息预录入，不需要再办。")
    record("person.pre_entered", made, by=by)
    return made
