"""Shared by the tests of the declaration pages: who is signed in, and something declared."""

from shebao.hall.declarations.operations import save_declarations
from tests.factories import DIRECT, EmployerFactory, OperatorFactory, enrolment

ENROL, CEASE, WAGE = "employee_enrolment", "employee_cessation", "wage_declaration"


def signed_in(client, *, direct=False):
    """A clerk, where somebody reviews or where declarations take effect at once."""
    operator = OperatorFactory(clerk=True, employer=EmployerFactory(region=DIRECT)) if direct else OperatorFactory()
    client.force_login(operator)
    return operator


def waiting(clerk, sequence=1, **changes):
    """One enrolment in the basket."""
    return save_declarations(clerk.employer_id, ENROL, [enrolment(sequence, **changes)], by=clerk)[0]


def text_of(response) -> str:
    return response.content.decode()
