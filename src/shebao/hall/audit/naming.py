"""What the objects of the record are called: the number or name by which those who work with them know them.

No person's name: whoever reads the record may have no business with anybody's (三员). Reading the entries is what is
scoped; of an entry that one may read, one may know what it is about.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.apps import apps

NAMES = {
    "operator": ("operators.operator", "username"),
    "factor": ("sign_in.factor", "operator__username"),
    "operatorcertificate": ("sign_in.operatorcertificate", "operator__username"),
    "employer": ("employers.employer", "name"),
    "department": ("employers.department", "name"),
    "employee": ("roster.employee", "person_number"),
    "accountletter": ("roster.accountletter", "employee__person_number"),
    "registration": ("registration.registration", "number"),
    "registrationpaper": ("registration.registrationpaper", "title"),
    "joinrequest": ("registration.joinrequest", "number"),
    "declaration": ("declarations.declaration", "case_number"),
    "counterbusiness": ("declarations.counterbusiness", "title"),
    "evidence": ("evidence.evidence", "title"),
    "employerpaper": ("evidence.employerpaper", "title"),
    "batch": ("sheets.batch", "file_name"),
    "bill": ("settlement.bill", "number"),
    "voidrequest": ("settlement.voidrequest", "assessment__number"),
    "undeclaredrun": ("settlement.undeclaredrun", "month"),
    "sandboxrun": ("settlement.sandboxrun", "month"),
    "payment": ("payments.payment", "number"),
    "debitfile": ("payments.debitfile", "number"),
    "counterreceipt": ("payments.counterreceipt", "number"),
    "suspenseitem": ("payments.suspenseitem", "bank_serial"),
    "reconciliation": ("payments.reconciliation", "day"),
    "document": ("documents.document", "number"),
    "printrun": ("documents.printrun", "title"),
    "savedview": ("reports.savedview", "name"),
    "exportrun": ("reports.exportrun", "title"),
    "privilegedquery": ("privileged.privilegedquery", "employer__name"),
    "announcement": ("notices.announcement", "title"),
}
"""Kind of object → its model, and the column that names it."""


def names_of(subjects: Iterable[str]) -> dict[str, str]:
    """The names of subjects such as "bill:12", as far as they have one and are still there; one query for a kind."""
    asked: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if kind in NAMES and number.isdigit():
            asked[kind].add(int(number))
    names = {}
    for kind, numbers in asked.items():
        label, column = NAMES[kind]
        rows = apps.get_model(label)._base_manager.filter(pk__in=numbers).values_list("pk", column)
        names.update({f"{kind}:{pk}": str(name) for pk, name in rows if name})
    return names
