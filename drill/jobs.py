"""The work that is killed in its middle: settling a month, hearing the bank, importing a sheet, exporting a table.

Each job is prepared by the drill, done by a process that dies, looked at, and finished by whoever comes next.
"""

from __future__ import annotations

import json
from datetime import timedelta

PEOPLE = 12
WAGES = [300_000 + 50_000 * n for n in range(PEOPLE)]


class Job:
    """One piece of work about an employer of its own. `look` returns how far it got: nothing, all, or a complaint."""

    name = ""
    promised: tuple[str, ...] = ("all",)
    """What `look` may say once the work was acknowledged."""

    def __init__(self, number: int):
        """Prepare what the work needs."""
        raise NotImplementedError

    def work(self) -> None:
        """Do it; returning is the acknowledgement that a person would see."""
        raise NotImplementedError

    def look(self) -> str:
        """ "nothing", "all" or, where only a clerk's own step is missing, "step"; anything else is a complaint."""
        raise NotImplementedError

    def finish(self) -> None:
        """What the person or the bank does next; afterwards `look` must say "all"."""
        self.work()


class Settling(Job):
    """月度结算: assessment, bill, lines, evidence, ledger and audit record, all or nothing."""

    name = "settlement"

    def __init__(self, number: int):
        from tests.settlement.hall import hire, make_clerk, make_employer

        self.employer = make_employer(number=f"{400_000 + number}")
        self.clerk = make_clerk(self.employer)
        hire(self.employer, WAGES)

    def work(self) -> None:
        """Settle November."""
        from tests.settlement.hall import settle

        from shebao.hall.errors import Conflict

        try:
            settle(self.employer, self.clerk)
        except Conflict as no:
            if no.code != "already_settled":
                raise

    def look(self) -> str:
        """Nothing of the month, or the whole of it exactly once."""
        from django.db.models import F, Sum

        from shebao.hall.audit.models import AuditEntry
        from shebao.hall.settlement.models import Assessment, Bill, BillLine, LedgerTransaction

        mine = {"employer": self.employer}
        bills = list(Bill.objects.filter(**mine))
        counts = [
            Assessment.objects.filter(**mine).count(),
            len(bills),
            LedgerTransaction.objects.filter(**mine).count(),
            AuditEntry.objects.filter(action="month.settled", **mine).count(),
        ]
        lines = BillLine.objects.filter(bill__employer=self.employer)
        if counts == [0, 0, 0, 0]:
            return "nothing" if not lines.exists() else "lines without a bill"
        total = lines.aggregate(fen=Sum(F("employer_due") + F("employee_due")))["fen"]
        heads = lines.values("employee").distinct().count()
        if counts == [1, 1, 1, 1] and bills[0].total_due == total and heads == PEOPLE:
            return "all"
        return f"assessments, bills, bookings, records: {counts}, {heads} heads, {total} fen"


class Hearing(Job):
    """缴费到账: the bank's call-back, its notice, the payment, the booking and the audit record."""

    name = "call-back"

    def __init__(self, number: int):
        from django.conf import settings

        from shebao.bank import signing
        from shebao.hall import clock

        from .notices import Liar, payment_of

        self.one = payment_of(500_000 + number)
        self.liar = Liar(number, settings.SHEBAO_BANK_SECRET.encode(), clock.now().timestamp())
        self.body = json.dumps(self.liar.true(self.one) | {"message_id": f"K{number}"}).encode()
        self.headers = signing.sign(self.liar.secret, self.body, at=self.liar.now, nonce=f"k{number}")

    def work(self) -> None:
        """The bank tells its success; it repeats itself until it gets an answer."""
        from django.test import Client

        response = Client().post("/pay/notice", self.body, content_type="application/json", headers=self.headers)
        assert (response.status_code, response.content) == (200, b"booked"), response.content

    def look(self) -> str:
        """Not heard, or booked exactly once."""
        from shebao.hall.audit.models import AuditEntry
        from shebao.hall.payments.models import BankNotice, Payment
        from shebao.hall.settlement.ledger import balance

        payment = Payment.objects.select_related("bill").get(number=self.one.number)
        due, paid = balance(payment.bill)
        counts = [
            int(payment.state == "succeeded"),
            BankNotice.objects.filter(payment=payment).count(),
            payment.transactions.count(),
            AuditEntry.objects.filter(action="payment.booked", subject=f"payment:{payment.pk}").count(),
        ]
        if counts == [0, 0, 0, 0] and paid == 0:
            return "nothing"
        return (
            "all"
            if counts == [1, 1, 1, 1] and paid == due
            else f"state, notices, bookings, records: {counts}, {paid} of {due}"
        )


class Importing(Job):
    """批量导入: upload, check and confirm a sheet whose rows take effect at once."""

    name = "import"

    def __init__(self, number: int):
        from tests.factories import OperatorFactory, synthetic_id
        from tests.sheets import files

        from .damage import heads

        self.clerk = OperatorFactory(clerk=True, employer__direct=True)
        ids = [synthetic_id(sequence=n, area=f"51{number:04}") for n in range(PEOPLE)]
        rows = [["01", one, "职工", "11", "11", "41", "2026-11-01", "2", "2026-11", 8000] for one in ids]
        self.data = files.xlsx([heads(self.clerk.region), *rows])
        self.ids = ids

    def batch(self):
        """The one batch of this employer, if it was made."""
        from shebao.hall.sheets.models import Batch

        return Batch.objects.filter(employer=self.clerk.employer).first()

    def client(self):
        """The clerk's browser."""
        from django.test import Client

        client = Client()
        client.force_login(self.clerk)
        return client

    def work(self) -> None:
        """Upload, and confirm what was checked."""
        from django.core.files.uploadedfile import SimpleUploadedFile

        client = self.client()
        form = {"service": "employee_enrolment", "file": SimpleUploadedFile("十一月.xlsx", self.data)}
        assert client.post("/e/import/", form).status_code == 302
        self.confirm(client)

    def confirm(self, client) -> None:
        """加入: all rows or none."""
        assert client.post(f"/e/import/{self.batch().pk}/confirm/").status_code == 302

    def look(self) -> str:
        """No declaration and nobody insured, or every row once; the batch may wait for a person's next step."""
        from shebao.hall.audit.models import AuditEntry
        from shebao.hall.declarations.models import Declaration
        from shebao.hall.roster.models import DeclaredWage, Employee, Spell
        from shebao.hall.sheets.models import Batch, BatchState

        mine = {"employer": self.clerk.employer}
        counts = [
            Declaration.objects.filter(**mine).count(),
            Employee.objects.filter(**mine).count(),
            DeclaredWage.objects.filter(employee__employer=self.clerk.employer).count(),
            Spell.objects.filter(employee__employer=self.clerk.employer, scheme="pension").count(),
        ]
        batches, state = Batch.objects.filter(**mine).count(), getattr(self.batch(), "state", None)
        confirmed = AuditEntry.objects.filter(action="batch.confirmed", **mine).count()
        if counts == [0] * 4 and confirmed == 0 and batches < 2 and state != BatchState.DONE:
            return "step" if batches else "nothing"
        if counts == [PEOPLE] * 4 and (confirmed, batches, state) == (1, 1, BatchState.DONE):
            return "all"
        return (
            f"declarations, employees, wages, spells: {counts}; {batches} batches, {state}, confirmed {confirmed} times"
        )

    def finish(self) -> None:
        """What the page offers next: upload again, match, 再试一次, confirm."""
        from shebao.hall import clock
        from shebao.hall.sheets.models import BatchState

        if self.batch() is None:
            return self.work()
        client, pk = self.client(), self.batch().pk
        if self.batch().state == BatchState.MATCHING:
            chosen = {f"column-{c['index']}": c["field"] for c in self.batch().columns if c["field"]}
            client.post(f"/e/import/{pk}/match/", chosen)
        if self.batch().state in (BatchState.CHECKING, BatchState.CONFIRMING):
            with clock.pretending(clock.local_now() + timedelta(minutes=3)):
                client.post(f"/e/import/{pk}/resume/")
        if self.batch().state == BatchState.FIXING:
            self.confirm(client)
        return None


class Exporting(Job):
    """查询导出: a long table lies on the disk while it is written, and is kept sealed in the database."""

    name = "export"
    promised = ("step", "all")
    """The page says that the table is being made; a database that dies under its job leaves 再试一次 there."""

    def __init__(self, number: int):
        from tests.factories import EmployerFactory, OperatorFactory, enrolled, synthetic_id

        self.clerk = OperatorFactory(admin=True, employer=EmployerFactory(region="guiyang"))
        for n in range(PEOPLE):
            enrolled(self.clerk.employer, number=synthetic_id(sequence=n, area=f"52{number:04}"))

    def work(self) -> None:
        """Ask for the table; its job is done at once here."""
        from shebao.hall.regions import region
        from shebao.hall.reports.exporting import start_export

        start_export(region("guiyang").queries["employee_contributions"], {}, "全部", by=self.clerk)

    def look(self) -> str:
        """Not asked for, asked for and without a file, or with the whole file."""
        from shebao.hall.audit.models import AuditEntry
        from shebao.hall.reports.exporting import pieces
        from shebao.hall.reports.models import ExportRun, ExportState

        runs = list(ExportRun.objects.filter(employer=self.clerk.employer))
        asked = AuditEntry.objects.filter(action="export.started", employer=self.clerk.employer).count()
        if len(runs) != asked or len(runs) > 1:
            return f"{len(runs)} exports, {asked} records"
        if not runs:
            return "nothing"
        size = sum(map(len, pieces(runs[0])))
        if runs[0].state == ExportState.DONE and size == runs[0].size > 0:
            return "all"
        return "step" if runs[0].state == ExportState.RUNNING and not size else f"{runs[0].state} with {size} bytes"

    def finish(self) -> None:
        """Somebody presses 再试一次, or asks for the first time."""
        from shebao.hall import clock
        from shebao.hall.reports.exporting import restart_export
        from shebao.hall.reports.models import ExportRun

        run = ExportRun.objects.filter(employer=self.clerk.employer).first()
        if run is None:
            self.work()
        elif run.state == "running":
            with clock.pretending(clock.local_now() + timedelta(minutes=3)):
                restart_export(run.pk, by=self.clerk)


JOBS: tuple[type[Job], ...] = (Settling, Hearing, Importing, Exporting)
