"""What belongs to a person, an employer or an agency beside its business: so that each is tried as somebody else's.

Rows are written as they stand in the database; how they come about, other tests tell.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore

from shebao.hall.configuring.models import FolderProposal
from shebao.hall.crypto import seal
from shebao.hall.declarations.models import CounterBusiness
from shebao.hall.evidence.files import Upload, written
from shebao.hall.evidence.models import Evidence
from shebao.hall.notices.models import Announcement, AnnouncementFile
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import CounterReceipt, DebitFile, Payment
from shebao.hall.privileged.models import NamedOperator, PrivilegedQuery
from shebao.hall.registration.models import JoinRequest
from shebao.hall.reimbursements.models import Reimbursement
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.sign_in.models import Factor, LinkedAccount, OpenSession, OperatorCertificate
from shebao.hall.sign_in.sessions import key_digest
from shebao.rules.months import Month
from tests.factories import region_saying
from tests.papers import PDF, PNG

EVER = datetime(2030, 1, 1, tzinfo=UTC)


def of_person(operator: Operator, word: str, when) -> dict:
    """A session elsewhere, a second factor, and an account of the same employer that may be entered."""
    key = SessionStore()
    key.create()
    found = {
        "own_session": OpenSession.objects.create(
            operator=operator, key=key.session_key, key_digest=key_digest(key.session_key), way="password",
            device=word, began_at=when, seen_at=when,
        ),
        "own_factor": Factor.objects.create(
            operator=operator, kind="totp", label=word, secret={"key": "A" * 32}, made_at=when
        ),
    }  # fmt: skip
    if operator.employer_id:
        there = Operator(
            username=f"{operator.username}.there", name=word, role="clerk", employer=operator.employer,
            region=operator.region, password="!",
        )  # fmt: skip
        there.save()
        LinkedAccount.objects.create(owner=operator, operator=there, made_at=when)
        found["place"] = there
    return found


@contextmanager
def certificates_offered(code: str = "tianjin"):
    """The region as if people signed in by certificate there: no other place of this hall has that page."""
    with region_saying(code, "sign_in", has_certificate=True):
        yield


def certificate(operator: Operator, word: str, when) -> OperatorCertificate:
    """A certificate in force, bound to somebody."""
    return OperatorCertificate.objects.create(
        operator=operator, fingerprint=f"{operator.pk:064d}", holder=word, issuer="示例认证中心", serial=word,
        good_from=when, good_until=EVER, bound_by=operator, bound_at=when,
    )  # fmt: skip


def of_employer(employer, bill, case, word: str, clerk, when, has_picture: bool) -> dict:
    """What the agency wrote about an employer at its counter, and a picture among the papers of a case."""
    payment = Payment.objects.create(
        employer=employer, bill=bill, number=f"counter{word}", amount_fen=100, paid_fen=100, state="succeeded",
        channel="counter", started_by=clerk, started_at=when, paid_at=when,
    )  # fmt: skip
    book_paid(bill, payment)
    receipt = CounterReceipt.objects.create(
        payment=payment, employer=employer, region=employer.region, number=f"R{word}", kind="cash",
        received_on=when.date(), entered_by=clerk, entered_at=when,
    )  # fmt: skip
    business = CounterBusiness.objects.create(
        employer=employer, month=Month(2026, 11), title=f"{word}转移", opened_by=clerk, opened_at=when
    )
    claim = Reimbursement.objects.create(
        employee=case.employee, region=employer.region, number=f"G{word}", accident_on=when.date(), hospital=word,
        treated_from=when.date(), treated_until=when.date(), invoices=1, claimed_fen=100, approved_fen=100,
        approved_on=when.date(), payee="1", entered_by=clerk, entered_at=when,
    )  # fmt: skip
    found = {"receipt": receipt, "business": business, "reimbursement": claim}
    if not has_picture:
        return found
    with written([Upload(f"{word}.png", PNG)], employer, by=clerk, at=when) as (file,):
        file.save()
    picture = Evidence.objects.create(
        employer=employer, service="wage_declaration", title="照片", declaration=case, stored=file, added_by=clerk,
        added_at=when,
    )  # fmt: skip
    return found | {"picture": picture}


@dataclass(frozen=True)
class Notices:
    """The announcements of one agency: what its employers read, and what everybody may."""

    own: dict
    public: dict


def announcements(code: str, word: str, by: Operator, when) -> Notices:
    """A notice for the region's employers, and a public announcement, each with a file."""
    found = []
    for kind, said in (("notice", word), ("announcement", "公告")):
        made = Announcement.objects.create(
            region=code, kind=kind, title=said, text=said,
            from_at=when, state="published", written_by=by, changed_at=when, published_at=when, must_confirm=True,
        )  # fmt: skip
        with written([Upload("附件.pdf", PDF)], None, by=by, at=when) as (stored,):
            stored.save()
        found.append((made, AnnouncementFile.objects.create(announcement=made, stored=stored)))
    (own, own_file), (public, public_file) = found
    return Notices(
        {"announcement": own, "announcement_file": own_file},
        {"public_notice": public, "public_notice_file": public_file},
    )


def of_agency(code: str, word: str, admin: Operator, asker: Operator, employer, when) -> dict:
    """New values that were proposed, who may ask for privileged queries and what they asked, and a file of debits."""
    proposal = FolderProposal.objects.create(
        region=code, text="{}", reason=word, fingerprint="0" * 12, proposed_by=asker, proposed_at=when
    )
    NamedOperator.objects.create(region=code, operator=asker, named_by=admin, named_at=when)
    query = PrivilegedQuery.objects.create(
        region=code, scope="employer", employer=employer, reason=word, state="approved", asked_by=asker, asked_at=when,
        decided_by=admin, decided_at=when, until=when + timedelta(days=2),
    )  # fmt: skip
    debit = DebitFile.objects.create(
        region=code, number=f"D{code}", form={}, count=1, total_fen=100, content=seal(word.encode()), made_by=admin,
        made_at=when,
    )  # fmt: skip
    return {"proposal": proposal, "named": asker, "privileged": query, "debit": debit}


def join(employer, word: str, when) -> JoinRequest:
    """Somebody who asks for an account at the employer."""
    return JoinRequest.objects.create(
        employer=employer, number=f"J{employer.pk}", state="submitted", started_at=when, submitted_at=when,
        until=EVER, phone_digest=f"{employer.pk:032d}",
        answers={
            "credit_code": employer.credit_code, "name": word, "id_kind": "01", "id_number": f"J{employer.pk}",
            "phone": "13800008888", "email": f"j{employer.pk}@example.org", "reason": word,
        },
    )  # fmt: skip
