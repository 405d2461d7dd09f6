"""The catalogue of services: what can be done on line, by the names and the flow of a region, and what cannot."""

from __future__ import annotations

from dataclasses import dataclass

from shebao.rules import vocabulary as v
from shebao.rules.back_paying_words import BACK_BILLS, BACK_FEES, BACK_OPERATIONS, BACK_VALUES, PAID_ONCE, REFUNDS
from shebao.rules.check_words import CHECKS
from shebao.rules.conditions import Condition
from shebao.rules.months import Month
from shebao.rules.region_files import Folder, Problems
from shebao.rules.region_pages import Page, Paper, read_page, read_papers
from shebao.rules.region_reviews import ReviewStep, read_review_steps
from shebao.rules.region_take import EARLIEST, Take, each


@dataclass(frozen=True)
class Planned:
    """A service of the catalogue that the hall does not offer on line, by its name and flow in this region.

    `opens` is "planned" (not built yet) or "counter" (done at the agency's counter only).
    """

    key: str
    title: str
    opens: str
    group: str
    under: str
    route: tuple[str, ...]
    papers: tuple[Paper, ...]
    may: tuple[str, ...]
    functions: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class BackPaying:
    """How a service pays back (补缴).

    `schemes`: only these, or none named: all in which the person is insured. Months from `first` to `last`, where
    they are given; those before the employer began only if `before_employer`. `values`, `bill` and `late_fee` are words
    of the vocabulary; `interest`: whether it bears any, where the region charges it.
    """

    schemes: tuple[str, ...] = ()
    first: Month | None = None
    last: Month | None = None
    before_employer: bool = False
    values: str = "own_month"
    bill: str = "next"
    late_fee: str = "with_bill"
    interest: bool = True

    def month_of_values(self, month: Month, today: Month) -> Month:
        """The month whose limits and rates charge `month` when it is charged in `today`."""
        return month if self.values == "own_month" else today


@dataclass(frozen=True)
class Service:
    """One thing an employer can declare, by the name it bears in this region.

    `reasons` is the code list of what a reviewer says when refusing; `answers` the one of what is said when approving,
    where an approval is an answer and not only an effect.
    """

    key: str
    title: str
    form: str
    route: tuple[str, ...]
    decide_within: int
    operation: str
    checks: tuple[str, ...]
    menu: str
    notes: tuple[str, ...]
    functions: tuple[str, ...]
    returned: str
    group: str
    batch_title: str
    batch_button: str
    papers: tuple[Paper, ...] = ()
    may: tuple[str, ...] = ()
    under: str = ""
    back_paying: BackPaying = BackPaying()
    pre_entry: Condition | None = None
    tells_person: bool = False
    often: str = "monthly"
    refund: str = "next_bill"
    review_steps: tuple[ReviewStep, ...] = ()
    batch_review: str = "sampled"
    months_back: int = 0
    reasons: str = "return_reasons"
    answers: str = ""

    @property
    def is_yearly(self) -> bool:
        """Whether a person's is declared once a year, in the window that the region's calendar tells."""
        return self.often == "yearly"

    @property
    def is_direct(self) -> bool:
        """Whether it takes effect without a reviewer."""
        return not any(step.endswith("review") for step in self.route)

    @property
    def is_batched(self) -> bool:
        """Whether several may be approved together, once those drawn by lot were opened."""
        return self.batch_review == "sampled"

    @property
    def waits(self) -> bool:
        """Whether what is saved waits until the employer submits it; otherwise saving is all there is to do."""
        return not self.is_direct or "employer_submit" in self.route

    @property
    def uploads(self) -> tuple[Paper, ...]:
        """The papers that may be uploaded: those that must be, and those that the employer keeps."""
        return tuple(one for one in self.papers if one.keep != "counter")

    @property
    def is_copied(self) -> bool:
        """Whether what is refused is locked and copied into a new draft, instead of being repaired in place."""
        return self.returned == "copy"

    @property
    def is_about_employer(self) -> bool:
        """Whether its subject is the employer itself instead of a person."""
        return self.operation in v.ABOUT_EMPLOYER

    @property
    def subject(self) -> str:
        """Whom it is about: "person", or "employer", "project", "operator", "amount"."""
        return v.SUBJECTS.get(self.operation, "person")

    @property
    def is_listed(self) -> bool:
        """Whether it stands in the menu; what is asked about an amount begins at the amount."""
        return self.subject != "amount"

    @property
    def is_about_person(self) -> bool:
        """Whether it is about one person of the roster: only then a sheet and a choice of several make sense."""
        return self.subject == "person"

    @property
    def is_aside(self) -> bool:
        """Whether it changes no month's bill, so that no settlement waits for it."""
        return self.operation in v.CHARGES_NOBODY

    @property
    def looks_back(self) -> bool:
        """Whether it is about a stretch of months before the current one, which may be settled; its cost is of all."""
        return self.operation in BACK_OPERATIONS

    @property
    def bills_at_once(self) -> bool:
        """Whether taking effect makes a bill of its own, which only that bill's own undoing takes back."""
        return self.operation in ("assess_back_payments", "assess_late_fees") or (
            self.operation == "make_back_payments" and self.back_paying.bill == "own"
        )

    @property
    def is_paid_once(self) -> bool:
        """Whether what it costs is paid once and not each month."""
        return self.operation in PAID_ONCE

    @property
    def is_billed_apart(self) -> bool:
        """Whether what it costs comes on a bill of its own and not with the month's settlement."""
        if self.gives_back:
            return self.refund != "next_bill"
        return self.looks_back and self.back_paying.bill != "next"

    @property
    def corrects(self) -> bool:
        """Whether it changes what settled months were charged, up to `months_back` months ago (补差)."""
        return self.operation == "correct_wages"

    @property
    def gives_back(self) -> bool:
        """Whether it returns what was paid (退费)."""
        return self.operation == "refund_leavers"


def read_services(folder: Folder, problems: Problems) -> tuple[dict[str, Service], dict[str, Page], dict[str, Planned]]:
    """services.yaml: the catalogue in display order; what is declared on line, what is a page, what cannot be (yet)."""
    online: dict[str, Service] = {}
    pages: dict[str, Page] = {}
    others: dict[str, Planned] = {}
    for key, take in each(folder, "services", problems):
        opens = take.word("opens", v.OPENS, "online")
        if opens == "online":
            online[key] = _service(key, take, problems)
        elif opens == "page":
            pages[key] = read_page(key, take)
        else:
            others[key] = _planned(key, opens, take, problems)
    return online, pages, others


def _planned(key: str, opens: str, take: Take, problems: Problems) -> Planned:
    return Planned(
        key,
        take.text("title"),
        opens,
        take.word("group", v.GROUPS),
        take.text("under", ""),
        take.texts("route", v.STEPS),
        read_papers(take, problems),
        take.texts("may", v.ROLES),
        take.texts("functions"),
        take.texts("notes"),
    )


def _service(key: str, take: Take, problems: Problems) -> Service:
    route, operation = take.texts("route", v.STEPS), take.word("operation", v.OPERATIONS)
    return Service(
        key,
        take.text("title"),
        take.text("form"),
        route,
        take.whole("decide_within", 0),
        operation,
        take.texts("checks", CHECKS),
        take.word("menu", v.ICONS, "file"),
        take.texts("notes"),
        take.texts("functions"),
        take.word("returned", v.RETURNED, "repair"),
        take.word("group", v.GROUPS, "people"),
        take.text("batch_title", ""),
        take.text("batch_button", ""),
        read_papers(take, problems),
        take.texts("may", v.ROLES),
        take.text("under", ""),
        _back_paying(take, problems),
        take.condition("pre_entry"),
        take.flag("tells_person", False),
        take.word("often", v.OFTEN, "monthly"),
        take.word("refund", REFUNDS, "next_bill"),
        read_review_steps(take, route, problems),
        take.word("batch_review", v.BATCH_REVIEW, "one_by_one" if operation in v.OPENS_ACCOUNTS else "sampled"),
        take.whole("months_back", 0),
        take.text("reasons", "return_reasons"),
        take.text("answers", ""),
    )


def _back_paying(take: Take, problems: Problems) -> BackPaying:
    content = take.raw("back_paying")
    if content is None:
        return BackPaying()
    one = Take(content, f"{take.name}.back_paying", take.content.where("back_paying"), problems)
    first, last = one.month("from", needed=False), one.month("until", needed=False)
    found = BackPaying(
        one.texts("schemes"),
        None if first == EARLIEST else first,
        None if last == EARLIEST else last,
        one.flag("before_employer", False),
        one.word("values", BACK_VALUES, "own_month"),
        one.word("bill", BACK_BILLS, "next"),
        one.word("late_fee", BACK_FEES, "with_bill"),
        one.flag("interest", True),
    )
    one.done()
    return found
