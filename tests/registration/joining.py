"""Somebody who works at an employer that has accounts, and asks for one; made up."""

from shebao.hall.operators.models import Operator
from shebao.hall.registration import joining
from shebao.hall.registration.models import JoinRequest
from shebao.hall.sign_in.contacts import keep_contact
from tests.factories import EmployerFactory, OperatorFactory, synthetic_id

from .applying import credit_code

PHONE = "13800008888"


def with_administrator(code="yunnan", n=1, **changes) -> Operator:
    """The administrator of an employer with accounts, reached at a telephone that ends in 4420."""
    employer = EmployerFactory(region=code, credit_code=credit_code(n), **changes)
    made = OperatorFactory(admin=True, employer=employer, region=code, name="何示例")
    keep_contact(made, "13912344420", "boss@example.com")
    return made


def wish(n=1, **changes) -> dict:
    """Everything that the page asks, as typed."""
    return {
        "credit_code": credit_code(n),
        "name": "周示例",
        "id_kind": "07",
        "id_number": synthetic_id(sequence=77),
        "phone": PHONE,
        "email": "zhou@example.com",
        "reason": "人力资源部，办理职工增减员",
    } | changes


def drafted(code="yunnan", n=1, **changes) -> JoinRequest:
    made, problems = joining.start_join(code, wish(n, **changes), instead_of=None)
    assert problems == []
    return made


def asked(code="yunnan", n=1, **changes) -> JoinRequest:
    """A request that waits for the administrator, its telephone proved."""
    made = drafted(code, n, **changes)
    JoinRequest.objects.filter(pk=made.pk).update(proved_digest=made.phone_digest)
    return joining.submit_join(made.pk)
