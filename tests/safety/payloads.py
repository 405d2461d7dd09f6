"""An employer whose every text is an attack: names, reasons, files, sheets (reliability B18)."""

import io

import xlsxwriter

from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.review import return_declaration
from shebao.hall.employers.models import Department
from shebao.hall.evidence.operations import add_evidence
from shebao.hall.roster.models import Employee
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, enrolment
from tests.papers import upload, upload_papers

IMAGE = "<img src=x onerror=alert(1)>"
PAYLOADS = {
    "script": "\"><script>alert('1')</script>",
    "image": IMAGE,
    "braces": "{{ request.user.password }}{% now 'Y' %}${7*7}",
    "formula": '=HYPERLINK("http://x.example","1")',
    "quotes": "'; DROP TABLE roster_employee; --",
    "lines": "王\u202e<svg onload=alert(1)>",
}
SHEETS = ("<img src=x onerror=alert(1)>", "{{7}}'; --")
EMPLOYER = ["/e/", "/e/roster/?status=all", "/e/cases/", "/e/basket/", "/e/employer/", "/e/import/", "/operators/",
            "/audit/", "/e/documents/", "/e/bills/", "/e/search/?q=%3C", "/looks/"]  # fmt: skip
AGENCY = ["/a/", "/a/employers/", "/a/cases/decided"]


class World:
    """Who is there, and the addresses of both sides that show what they wrote."""

    def __init__(self, payload: str) -> None:
        self.payload = payload
        with at(NOW):
            self._live()

    def _live(self) -> None:
        text = self.payload
        self.employer = EmployerFactory(name=text, legal_representative=text, contact_name=text)
        self.admin = OperatorFactory(admin=True, employer=self.employer, name=text[:30])
        self.reviewer = OperatorFactory(reviewer=True, name=text[:30])
        for operator in (self.admin, self.reviewer):
            operator.set_password("right-Password-1")
            operator.save()
        Department.objects.create(employer=self.employer, name=text, rank=1)
        self.employee = enrolled(self.employer, name=text, department=text)
        raws = [enrolment(n, name="王示例") for n in (1, 2)]
        made = operations.save_declarations(self.employer.pk, "employee_enrolment", raws, by=self.admin)
        for one in made:
            upload_papers(one, self.admin)
            if one.spec.uploads:
                add_evidence(one.pk, one.spec.uploads[0].title, [upload(f"{text.replace('/', '')}.pdf")], by=self.admin)
        operations.submit_declarations([one.pk for one in made], by=self.admin)
        for one in made:  # a name that no check would let through, as if an older version had
            stored = Declaration.objects.get(pk=one.pk)
            stored.answers = stored.answers | {"name": text, "department": text}
            stored.save()
        return_declaration(made[0].pk, by=self.reviewer, marks={"name": text}, note=text)
        self.waiting, self.returned = made[1], made[0]

    @property
    def employer_pages(self) -> list[str]:
        """What a clerk sees of it."""
        cases = [f"/e/cases/{one.pk}/" for one in (self.waiting, self.returned)]
        return [*EMPLOYER, *cases, f"/e/cases/{self.returned.pk}/repair/", f"/e/roster/{self.employee.pk}/"]

    @property
    def agency_pages(self) -> list[str]:
        """What a reviewer sees of it."""
        return [*AGENCY, f"/a/cases/{self.waiting.pk}", f"/a/cases/{self.returned.pk}",
                f"/a/employers/{self.employer.pk}", f"/a/people/{self.employee.person_id}"]  # fmt: skip


def workbook() -> bytes:
    """Two sheets whose names and cells are attacks."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name in SHEETS:
            sheet = book.add_worksheet(name)
            for row, cells in enumerate([["姓名", "证件号码", IMAGE], [IMAGE, "990101199005170075", "x"]]):
                for column, cell in enumerate(cells):
                    sheet.write_string(row, column, cell)
    return out.getvalue()


def count_people() -> int:
    """Shows that the table of people is still there."""
    return Employee.objects.count()
