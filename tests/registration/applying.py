"""A registration as an applicant fills it in; the employer and its clerk are made up."""

from contextlib import contextmanager

from shebao.hall.evidence.files import Upload
from shebao.hall.operators.models import DESK_ROLES, Operator
from shebao.hall.regions import region
from shebao.hall.registration import operations
from shebao.hall.registration.models import Registration
from shebao.rules.identity import credit_check_character
from shebao.rules.region_reviews import ReviewStep
from tests.factories import OperatorFactory, region_saying, synthetic_id

PDF = b"%PDF-1.4\nexample\n%%EOF\n"
TWICE = (ReviewStep("first_review"), ReviewStep("second_review"))


def credit_code(n: int) -> str:
    first = f"91990101MB{n:07d}"
    return first + credit_check_character(first)


def answers(n=1, **changes) -> dict:
    """Everything the wizards of all regions ask, as typed."""
    return {
        "credit_code": credit_code(n),
        "name": f"示例新设{n}有限公司",
        "legal_representative": "郑示例",
        "clerk_name": "何示例",
        "id_kind": "07",
        "id_number": synthetic_id(sequence=n),
        "clerk_phone": "13900000001",
        "clerk_email": "clerk@example.com",
        "employer_kind": "10",
        "economic_kind": "150",
        "industry_class": "2",
        "established_on": "2026-11-02",
        "address": "示例路 8 号",
        "postcode": "650000",
        "phone": "087100000000",
        "bank_name": "示例银行",
        "bank_account": "990100000000001",
        "has_number": "0",
        "agency_division": "530100",
        "joined_at_setup": "0",
        "first_insured_on": "2026-11-05",
    } | changes


def desk(*codes: str) -> None:
    """Somebody at the agency of each region: where nobody works, no registration begins."""
    for code in codes:
        if not Operator.objects.filter(region=code, role__in=DESK_ROLES, is_active=True).exists():
            OperatorFactory(reviewer=True, region=code)


def drafted(code="yunnan", n=1, **changes) -> Registration:
    """A registration filled in to the last step."""
    desk(code)
    raw, here = answers(n, **changes), region(code)
    made, problems = operations.start_registration(code, raw)
    assert problems == []
    for number, step in enumerate(here.registration.steps):
        if step.kind == "form" and number:
            assert operations.save_step(made.pk, number, raw) == []
        elif step.kind == "areas":
            operations.choose_areas(made.pk, number, [area.key for area in here.registration.areas])
        elif step.kind == "agreement":
            operations.agree(made.pk, here.registration.agreement.digest)
    for paper in here.registration.papers:
        if paper.keep == "upload":
            operations.add_papers(made.pk, paper.title, [Upload("示例.pdf", PDF)])
    made.refresh_from_db()
    made.proved_digest = made.phone_digest
    made.save()
    return made


def submitted(code="yunnan", n=1, **changes) -> Registration:
    return operations.submit_registration(drafted(code, n, **changes).pk)


@contextmanager
def reviewed_by(*steps):
    """The region as its folder would say it with these review steps in the route of its wizard."""
    with region_saying("yunnan", "registration", review_steps=steps):
        yield
