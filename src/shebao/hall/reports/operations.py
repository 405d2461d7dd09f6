"""Keeping and forgetting one's own views of a query."""

from collections.abc import Mapping

from django.db import transaction

from ..audit.operations import record
from ..errors import Refused
from .models import SavedView

LONGEST = SavedView._meta.get_field("name").max_length
MOST = 20
"""So many views of one query: more are no help to anybody."""


@transaction.atomic
def keep_view(query: str, name: str, conditions: Mapping[str, str], *, by) -> SavedView:
    """Keep conditions under a name (存为常用查询); the same name again replaces what it meant. Raises Refused."""
    name = " ".join(name.split())
    if not name:
        raise Refused("view_without_name", "请给常用查询起个名称。", field="name")
    if len(name) > LONGEST:
        raise Refused("view_name_too_long", f"名称最多 {LONGEST} 个字。", field="name")
    mine = SavedView.objects.visible_to(by).filter(query=query)
    if not mine.filter(name=name).exists() and mine.count() >= MOST:
        raise Refused("too_many_views", f"一个查询最多存 {MOST} 个常用条件，请先删去不用的。", field="name")
    kept = {key: value[:60] for key, value in conditions.items() if value}
    view, _ = SavedView.objects.update_or_create(operator=by, query=query, name=name, defaults={"conditions": kept})
    record("view.kept", view, by=by, employer=by.employer, query=query)
    return view


@transaction.atomic
def forget_view(pk: int, *, by) -> SavedView:
    """Remove one of one's own views (删除常用查询). Raises SavedView.DoesNotExist."""
    view = SavedView.objects.visible_to(by).get(pk=pk)
    record("view.forgotten", view, by=by, employer=by.employer, query=view.query)
    view.delete()
    return view
