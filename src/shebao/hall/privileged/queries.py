"""What an employer may know of the privileged queries about it."""

from collections.abc import Iterable

from django.db.models import Q

from .models import PrivilegedQuery

SUBJECT = PrivilegedQuery._meta.model_name
"""How the record calls one: "privilegedquery:7"."""


def told_to(employer: int, subjects: Iterable[str]) -> dict[str, PrivilegedQuery]:
    """The queries among subjects of the record that are about an employer or showed its data, by subject.

    Its people read of each why, on what paper, and who asked and agreed.
    """
    named = (subject.partition(":") for subject in subjects)
    keys = {int(number) for kind, _, number in named if kind == SUBJECT and number.isdigit()}
    if not keys:
        return {}
    about = Q(employer=employer) | Q(looks__employer=employer)
    found = PrivilegedQuery.objects.filter(about, pk__in=keys).select_related("asked_by", "decided_by").distinct()
    return {f"{SUBJECT}:{one.pk}": one for one in found}


def told(query: PrivilegedQuery) -> str:
    """Why, on what paper, who asked and who decided, for the employer that it is about."""
    parts = [query.reason, f"依据：{query.basis}" if query.basis else "", f"申请人：{query.asked_by.name}"]
    if query.decided_by:
        parts.append(f"{'批准' if query.until else '不批准'}：{query.decided_by.name}")
    return "；".join(filter(None, parts))
