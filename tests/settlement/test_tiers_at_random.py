"""Tiers and wages of charged months corrected, undone, settled and refunded in any order: each month is owed once."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from shebao.hall.clock import pretending
from shebao.hall.declarations.operations import InvalidDeclaration, save_declarations, undo_declarations
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.left_out import left_out
from shebao.hall.settlement.models import Bill, BillLine
from shebao.hall.settlement.operations import settle_month
from shebao.rules.months import Month
from tests.factories import enrolled, synthetic_id

from .hall import dismiss, make_clerk, make_employer
from .late import CODE, late_city

JULY, AUGUST, SEPTEMBER = (Month(2026, number) for number in (7, 8, 9))
SERVICES = """
wage_correction:
  title: 工资、档次更正
  form: wage_correction
  operation: correct_wages
  months_back: 12
  checks: [id_number_valid, already_declared, correctable_months, wage_limits]
  route: [auto_check]
leaver_refund:
  title: 离职退费
  form: leaver_refund
  operation: refund_leavers
  refund: next_bill
  checks: [id_number_valid, already_declared, refundable_months]
  route: [auto_check]
"""
FORM = """
fields:
  - use: known_person
  - {id: first_month, kind: month, label: 开始, required: true}
  - {id: last_month, kind: month, label: 终止, required: true}
  - {id: declared_wage, kind: money, label: 工资, feeds: declared_wage}
  - {id: medical_tier, kind: choice, label: 档次, options: medical_tiers, feeds: medical_tier}
  - {id: note, kind: note, term: note, required: true}
"""
TIERS = 'title: 档次\nitems: [{code: "1", title: 一档}, {code: "2", title: 二档}]\n'
SETTLEMENTS = """
without_changes: {open: false}
with_changes: {open: false}
monthly: {title: 月报, applies: always, confirmations: 1}
"""
WAGES = 600_000, 900_000, 1_200_000
RATES = {"1": 3_320, "2": 2_720}
"""Of ten thousand: 养老 24 %、失业 1 %、工伤 0.2 %，医疗一档 8 %、二档 2 %; no base is cut, nothing is rounded."""
OTHERS = 2, 2_000_000
"""How many people, at which wage, make room on each bill for all that may go back."""
STEP = st.tuples(
    st.sampled_from(("tier", "tier", "wage", "both", "undo", "settle", "settle", "refund")),
    *(st.integers(0, 2), st.integers(0, 2), st.integers(0, 1), st.sampled_from(WAGES)),
)


def fen(said: tuple[int, str] | None) -> int:
    """What a month at this wage and of this tier is owed; None: nobody owes it."""
    return said[0] * RATES[said[1]] // 10_000 if said else 0


class AnyOrder(TestCase):
    """Somebody who left in September: July and August are settled at 8,000 and of the first tier."""

    @classmethod
    def setUpClass(cls):
        root = Path(cls.enterClassContext(TemporaryDirectory(prefix="shebao-tiers-")))
        city = cls.enterClassContext(late_city(root))
        written = {
            "services.yaml": SERVICES, "settlements.yaml": SETTLEMENTS, "forms/wage_correction.yaml": FORM,
            "codes/medical_tiers.yaml": TIERS,
        }  # fmt: skip
        for name, text in written.items():
            (city.folder / name).parent.mkdir(exist_ok=True)
            (city.folder / name).write_text(text, "utf-8")
        schemes = city.folder / "schemes.yaml"
        text = schemes.read_text("utf-8")
        for side, rates in {"employer": {"1": 0.06, "2": 0.015}, "employee": {"1": 0.02, "2": 0.005}}.items():
            rate = f"rate: medical.{side}_rate"
            text = text.replace(f"{{{rate}}}", f"{{{rate}, by: medical_tier}}")
            city.values[f"medical.{side}_rate"] = ("rate", [("2026-01", "2025-12-31", rates)])
        schemes.write_text(text, "utf-8")
        city.publish()
        super().setUpClass()

    @classmethod
    def setUpTestData(cls):
        cls.employer = make_employer(CODE)
        cls.clerk = make_clerk(cls.employer)
        cls.one = enrolled(cls.employer, facts={"medical_tier": "1"})
        for place in range(OTHERS[0]):
            enrolled(
                cls.employer, name=f"王{place}", number=synthetic_id(sequence=place), wage_fen=OTHERS[1],
                facts={"medical_tier": "1"},
            )  # fmt: skip
        dismiss(cls.one, SEPTEMBER)
        for month in (JULY, AUGUST):
            with pretending(datetime(2026, month.number, 10, 9)):  # noqa: DTZ001 - naive local by contract
                settle_month(cls.employer.pk, month, "monthly", by=cls.clerk, confirmations=1)

    @settings(max_examples=8, phases=(Phase.generate,), derandomize=True)  # short enough to read as they failed
    @given(st.lists(STEP, min_size=6, max_size=10))
    def test_every_month_is_billed_at_what_was_said_of_it_last(self, steps):
        self.month, self.at = SEPTEMBER, datetime(2026, 9, 1, 9)  # noqa: DTZ001
        self.owed: dict[Month, tuple[int, str] | None] = dict.fromkeys((JULY, AUGUST), (800_000, "1"))
        self.ends, self.undoable, self.goes_back = SEPTEMBER, [], False
        deeds = {"undo": self._undo, "settle": self._settle, "refund": self._refund}
        for deed, *drawn in [*steps, ("settle",)]:
            with self._later():
                if deeds.get(deed, self._correct)(deed, *drawn):
                    # What nobody settled yet changes no bill: left_out alone asks for it, and the next settlement all.
                    assert list(check_ledger() if deed == "settle" else left_out()) == []

    @contextmanager
    def _later(self):
        self.at += timedelta(hours=1)
        with pretending(self.at):
            yield

    def _charged(self) -> list[Month]:
        return [month for month, said in self.owed.items() if said]

    def _save(self, service: str, months: list[Month], **said):
        raw = {
            "id_number": self.one.person.id_number, "name": self.one.name, "first_month": str(months[0]),
            "last_month": str(months[-1]), "note": "报错了", **said,
        }  # fmt: skip
        reasons = [{"wage_limits": "已核对"}]
        return save_declarations(self.employer.pk, service, [raw], by=self.clerk, confirmed=reasons)[0]

    def _correct(self, deed, first, more, tier, wage):
        if not (months := self._charged()[first : first + more + 1]):
            return False
        said = {"declared_wage": f"{wage // 100}"} if deed != "tier" else {}
        said |= {"medical_tier": str(tier + 1)} if deed != "wage" else {}
        now = self.owed | {
            month: (wage if deed != "tier" else self.owed[month][0], said.get("medical_tier", self.owed[month][1]))
            for month in months
        }
        try:
            made = self._save("wage_correction", months, **said)
        except InvalidDeclaration:
            assert now == self.owed, "what is other than it is owed may be corrected"
        else:
            self.undoable.append((made.pk, self.owed))
            self.owed = now
            return True
        return False

    def _undo(self, *_):
        if self.undoable:
            pk, self.owed = self.undoable.pop()
            return undo_declarations([pk], by=self.clerk)
        return []

    def _refund(self, deed, first, *_):
        months = self._charged()[first:]
        earliest = self.month.previous(region(CODE).calendar.back_months)
        if self.goes_back or not months or months[0] < earliest:  # the next bill has the one before first
            return False
        self._save("leaver_refund", months)
        self.owed = self.owed | dict.fromkeys(months)
        self.ends, self.undoable, self.goes_back = months[0].previous(), [], True
        return True

    def _settle(self, *_):
        billed = dict(self._billed())
        bill = settle_month(self.employer.pk, self.month, "monthly", by=self.clerk, confirmations=1)
        if self.month <= self.ends:
            self.owed[self.month] = 800_000, "1"
        wanted = {month: fen(said) for month, said in self.owed.items()}
        assert dict(self._billed()) == wanted
        others = OTHERS[0] * fen((OTHERS[1], "1"))
        assert Bill.objects.get(pk=bill.pk).total_due == others + sum(wanted.values()) - sum(billed.values())
        self.undoable, self.goes_back, self.month = [], False, self.month.next()
        self.at = datetime(self.month.year, self.month.number, 1, 9)  # noqa: DTZ001
        return True

    def _billed(self):
        found: dict[Month, int] = {}
        for month, *dues in (
            BillLine.objects.live().filter(employee=self.one).values_list("month", "employer_due", "employee_due")
        ):
            found[month] = found.get(month, 0) + sum(dues)
        return found
