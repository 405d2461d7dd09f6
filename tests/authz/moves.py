"""The life of a declaration as its table tells it: who may move it from where to where, and how the pages are asked."""

from shebao.hall.declarations.operations import save_declarations
from tests.factories import EmployerFactory, OperatorFactory, enrolled, wage

CLERKS, REVIEWERS = ("clerk", "admin", "entry"), ("reviewer", "agency_admin")
MOVES = {
    ("draft", "submit"): ("submitted", CLERKS),
    ("draft", "delete"): ("deleted", CLERKS),
    ("returned", "delete"): ("deleted", CLERKS),
    ("submitted", "withdraw"): ("draft", CLERKS),
    ("deleted", "restore"): ("draft", CLERKS),
    ("submitted", "approve"): ("approved", REVIEWERS),
    ("submitted", "return"): ("returned", REVIEWERS),
    ("submitted", "reject"): ("rejected", REVIEWERS),
}
"""The whole truth: from a state, an action, by whom, to which state. Everything else leaves the state as it is.

A returned case goes again only when it was repaired, which none of these actions does.
"""
ACTIONS = ("submit", "withdraw", "delete", "restore", "undo", "approve", "return", "reject", "complete")


def one_case():
    """One declaration, and everybody who might touch it, by role."""
    employer = EmployerFactory()
    people = {
        "clerk": OperatorFactory(clerk=True, employer=employer),
        "admin": OperatorFactory(admin=True, employer=employer),
        "entry": OperatorFactory(clerk=True, employer=employer, duty="entry"),
        "reader": OperatorFactory(clerk=True, employer=employer, duty="read"),
        "stranger": OperatorFactory(clerk=True),
        "reviewer": OperatorFactory(reviewer=True),
        "agency_admin": OperatorFactory(agency_admin=True),
        "elsewhere": OperatorFactory(reviewer=True, region="leshan"),
    }
    one = enrolled(employer)
    author = OperatorFactory(clerk=True, employer=employer)
    (case,) = save_declarations(employer.pk, "wage_declaration", [wage(one)], by=author)
    return case, people


def act(client, case, action: str, **more):
    """What a press of the button sends, whether or not there was a button; and the answer."""
    if action == "submit":
        return client.post("/e/basket/submit/", more | {"chosen": case.pk, "declared": "1"})
    if action in ("approve", "return", "reject"):
        given = more | {f"version_{case.pk}": case.version, "note": "原因"}
        return client.post(f"/a/cases/{case.pk}/{action}", given)
    return client.post(f"/e/cases/{case.pk}/{action}/", more)
