"""What a region consists of, once its folder has been read: frozen objects, no behaviour beyond looking
up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from shebao.rules.calendar import Calendar
from shebao.rules.code_lists import CodeList
from shebao.rules.conditions import Condition
from shebao.rules.months import Month
from shebao.rules.region_collection import Collection
from shebao.rules.region_pages import Guide, Page, Query
from shebao.rules.region_reviews import AgencyRules
from shebao.rules.region_services import Planned, Service
from shebao.rules.region_statements import Statement
from shebao.rules.vocabulary import STAGES_OF_BILLS

if TYPE_CHECKING:
    from shebao.rules.region_registration import Registration
    from shebao.rules.region_sign_in import SignIn

Amount = int | Decimal  # fen where the unit is yuan, an exact ratio elsewhere


class BadRegion(Exception):
    """A folder that cannot be used; `problems` holds every mistake as "file:line: key: sentence"."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NoValue(LookupError):
    """A rule was asked about a month for which nobody has written a value. Silence is never zero."""


class NoTerm(LookupError):
    """A term that the region does not define."""


@dataclass(frozen=True)
class Value:
    """One dated value: it applies from `since` (through `until`) and could be known from the day `known` on.

    `value` is fen for yuan and days, an exact Decimal for rates and factors, or a table of these by code.
    """

    since: Month
    known: date
    value: Amount | Mapping[str, Amount]
    source: str
    status: str
    parameter: str
    until: Month | None = None

    @property
    def number(self) -> Amount:
        """The single number; raises TypeError where the value is a table and no key was given."""
        if isinstance(self.value, Mapping):
            raise TypeError(f"{self.parameter} is a table: give a key")
        return self.value


@dataclass(frozen=True)
class Parameter:
    """A named quantity with its dated values, oldest first."""

    key: str
    title: str
    unit: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Share:
    """What one side pays, from `parameter`: "rate" or "fixed" (by a fact), or "tiers" (by the base).

    A rate may be multiplied by a factor (by another fact); `plus` is a fixed amount on top of it.
    """

    kind: str
    parameter: str
    by: str | None = None
    times: str | None = None
    times_by: str | None = None
    plus: str | None = None


@dataclass(frozen=True)
class Scheme:
    """One insurance of a region. `base` is a fact; `floor` and `ceiling` are parameter names.

    `limits_by` is the fact that chooses in the tables of the limits; a floor that equals the ceiling makes a
    fixed base. `base_rounding` rounds the wage before the limits. `months` says whether several months paid
    at once are rounded each or together. A scheme `per` year is joined by a declaration of its own and charged once;
    `least_balance` is what a personal account must hold to pay for it.
    """

    key: str
    title: str
    short: str
    national_code: str
    base: str
    floor: str | None
    ceiling: str | None
    rounding: str
    shares: Mapping[str, Share]
    applies: Condition | None
    open: bool
    colour: str
    note: str
    limits_by: str | None = None
    base_rounding: str | None = None
    months: str = "each"
    per: str = "month"
    least_balance: str | None = None

    @property
    def limits(self) -> tuple[str, ...]:
        """The parameters of the limits, floor first."""
        return tuple(name for name in (self.floor, self.ceiling) if name)

    @property
    def keyed_by(self) -> frozenset[str]:
        """The facts by which its tables are read: they choose how much is charged, such as the tier (缴费档次)."""
        found = {self.limits_by, *(fact for share in self.shares.values() for fact in (share.by, share.times_by))}
        return frozenset(fact for fact in found if fact)

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that charging this scheme needs."""
        found = set(self.applies.facts) if self.applies else set()
        found |= {self.base for share in self.shares.values() if share.kind != "fixed"}
        return frozenset(found) | self.keyed_by


@dataclass(frozen=True)
class Field:
    """One question of a form. `feeds` is the only way an answer reaches a rule; `scheme`: insured in it or not.

    `required_when` makes it required for some employers: a condition over what the register knows of them.
    """

    id: str
    kind: str
    label: str
    required: bool
    options: str | None = None
    feeds: str | None = None
    help: str = ""
    default: str = ""
    identity: bool = False
    derive: tuple[str, ...] = ()
    wide: bool = False
    scheme: str | None = None
    required_when: Condition | None = None


@dataclass(frozen=True)
class Form:
    """A list of questions in reading order."""

    key: str
    fields: tuple[Field, ...]

    def field(self, id: str) -> Field | None:
        """The field with this id."""
        return next((f for f in self.fields if f.id == id), None)


@dataclass(frozen=True)
class Void:
    """How a settled month is undone while it is unpaid (核定回退): the word, the title of the list, who decides."""

    title: str
    records: str
    route: tuple[str, ...]
    notes: tuple[str, ...]
    functions: tuple[str, ...]

    @property
    def is_direct(self) -> bool:
        """Whether the employer does it alone; else the agency decides."""
        return not any(step.endswith("review") for step in self.route)


@dataclass(frozen=True)
class Settlement:
    """One way to settle a month; `confirmations` is how often the employer says yes. `void`: how it is undone.

    `in_bulk`: the agency may settle everybody in one run (集中核定), in which no employer is asked.
    `computed_by` says whose settlement it is: the employer's by wages, or the office's assessment.
    """

    key: str
    title: str
    applies: str
    preconditions: tuple[str, ...]
    confirmations: int
    route: tuple[str, ...]
    notes: tuple[str, ...]
    functions: tuple[str, ...]
    void: Void | None = None
    in_bulk: bool = False
    computed_by: str = "employer"


@dataclass(frozen=True)
class Sheet:
    """Spreadsheet headers understood for a service: field id → other names of the column.

    `published` are the headings of the region's own template in their order, in row `published_row` (from 1).
    """

    key: str
    title: str
    service: str
    aliases: Mapping[str, tuple[str, ...]]
    published: tuple[str, ...] = ()
    published_row: int = 1
    published_source: str = ""


@dataclass(frozen=True, eq=False)
class Region:
    """A region: the arrangement of words and values that a folder lineage spells out."""

    code: str
    title: str
    short_title: str
    fingerprint: str
    opened_on: Month
    checked_until: Month
    terms: Mapping[str, str] = field(repr=False)
    parameters: Mapping[str, Parameter] = field(repr=False)
    schemes: Mapping[str, Scheme] = field(repr=False)
    services: Mapping[str, Service] = field(repr=False)
    forms: Mapping[str, Form] = field(repr=False)
    codes: Mapping[str, CodeList] = field(repr=False)
    calendar: Calendar = field(repr=False)
    settlements: Mapping[str, Settlement] = field(repr=False)
    documents: Mapping[str, Mapping[str, object]] = field(repr=False)
    sheets: Mapping[str, Sheet] = field(repr=False)
    origin: Mapping[str, str] = field(repr=False)
    lineage: tuple[str, ...]
    collection: Collection = field(repr=False)
    planned: Mapping[str, Planned] = field(default_factory=dict, repr=False)
    queries: Mapping[str, Query] = field(default_factory=dict, repr=False)
    pages: Mapping[str, Page] = field(default_factory=dict, repr=False)
    guides: Mapping[str, Guide] = field(default_factory=dict, repr=False)
    statements: Mapping[str, Statement] = field(default_factory=dict, repr=False)
    registration: Registration | None = field(default=None, repr=False)
    agency: AgencyRules | None = field(default=None, repr=False)
    sign_in: SignIn = field(kw_only=True, repr=False)

    def term(self, key: str) -> str:
        """The region's word for a notion; raises NoTerm."""
        try:
            return self.terms[key]
        except KeyError:
            raise NoTerm(f"{self.title}没有用语“{key}”") from None

    def scheme_title(self, key: str) -> str:
        """A scheme's name; the key of one that the region has dropped since: what was charged is still read."""
        return self.schemes[key].title if key in self.schemes else key

    def code_title(self, codes: str, code: str) -> str:
        """The words for a code of one of the region's lists; the code itself where it has no such list."""
        return self.codes[codes].title_of(code) if codes in self.codes else code

    @property
    def is_reviewed(self) -> bool:
        """Whether somebody reviews anything here; otherwise all takes effect at once."""
        return any(not service.is_direct for service in self.listed_services)

    @cached_property
    def collector(self) -> str:
        """Who is paid (征收机关), by the full name at the head of the receipt; the agency where there is none."""
        receipts = (one for one in self.documents.values() if one["layout"] == "receipt")
        return next((str(one["letterhead"]) for one in receipts), self.term("agency"))

    @cached_property
    def letterhead(self) -> str:
        """Whose the papers of this region are, by what stands at the head of most; the agency where it has none."""
        heads = [str(one["letterhead"]) for one in self.documents.values()]
        return max(heads, key=heads.count) if heads else self.term("agency")

    @cached_property
    def listed_services(self) -> tuple[Service, ...]:
        """The services that stand in the menu."""
        return tuple(service for service in self.services.values() if service.is_listed)

    @property
    def void(self) -> Void | None:
        """How a settled month is undone here; None where the hall does not offer it."""
        return next((one.void for one in self.settlements.values() if one.void), None)

    @cached_property
    def first_service(self) -> Service:
        """What a month begins with: the first enrolment, or without one the first service about people."""
        return min(self.services.values(), key=lambda s: (s.operation != "enrol_employees", not s.is_about_person))

    @property
    def open_schemes(self) -> tuple[Scheme, ...]:
        """The schemes charged here, in display order."""
        return tuple(s for s in self.schemes.values() if s.open)

    @property
    def monthly_schemes(self) -> tuple[Scheme, ...]:
        """The open schemes that people are insured in month by month."""
        return tuple(s for s in self.open_schemes if s.per == "month")

    @property
    def yearly_scheme(self) -> Scheme | None:
        """The open scheme that is joined and charged by the year; a region has one at most."""
        return next((s for s in self.open_schemes if s.per == "year"), None)

    @cached_property
    def corrected_facts(self) -> frozenset[str]:
        """The facts that a correction of a charged month may say otherwise, such as the tier (缴费档次)."""
        forms = (self.forms[one.form] for one in self.services.values() if one.corrects)
        fed = {field.feeds for form in forms for field in form.fields}
        return frozenset(fact for one in self.open_schemes for fact in one.keyed_by if fact in fed)

    @property
    def bill_documents(self) -> Mapping[str, Mapping[str, object]]:
        """The papers that every bill has; others are issued when they are asked for."""
        return {kind: spec for kind, spec in self.documents.items() if spec["stage"] in STAGES_OF_BILLS}

    def bill_documents_of(self, *, is_provisional: bool) -> Mapping[str, Mapping[str, object]]:
        """The papers of one bill: a provisional one has no people, and no paper that lists them."""
        found = self.bill_documents
        return {key: spec for key, spec in found.items() if spec["layout"] != "assessment" or not is_provisional}

    @property
    def charged_parameters(self) -> tuple[Parameter, ...]:
        """The parameters that charging the open schemes reads, each once, in reading order."""
        names = dict.fromkeys(name for scheme in self.open_schemes for name in parameters_of(scheme))
        return tuple(self.parameters[name] for name in names)

    def value(self, name: str, month: Month, *, known_on: date, key: str | None = None) -> Value:
        """The value in force for `month` as far as anyone knew on `known_on`; of a table, the row of `key`.

        Latest `since` not after the month wins, then latest `known`. Raises NoValue with a Chinese sentence.
        """
        parameter = self.parameters.get(name)
        if parameter is None:
            raise NoValue(f"{self.title}没有参数“{name}”")
        fits = [v for v in parameter.values if v.since <= month and v.known <= known_on]
        if not fits or (fits[-1].until is not None and fits[-1].until < month):
            raise NoValue(f"{self.title}{month.label}没有“{parameter.title}”（截至 {known_on} 公布）")
        latest = fits[-1]
        if key is None:
            return latest
        if not isinstance(latest.value, Mapping) or key not in latest.value:
            raise NoValue(f"{self.title}{month.label}的“{parameter.title}”没有“{key}”这一档")
        return Value(latest.since, latest.known, latest.value[key], latest.source, latest.status, name, latest.until)

    def limit(self, name: str, scheme: Scheme, month: Month, facts: Mapping[str, str], *, known_on: date) -> Value:
        """A limit of a scheme for a person with these facts; raises NoValue also where no row is theirs."""
        key = facts.get(scheme.limits_by, "") if scheme.limits_by else None
        return self.value(name, month, known_on=known_on, key=key)

    def schemes_anew(self, folder: str) -> frozenset[str]:
        """The schemes that folders nearer than `folder` wrote anew: its cases say nothing of them."""
        ages = {code: age for age, code in enumerate(self.lineage)}
        nearer = {key for key, place in self.origin.items() if ages[place.partition("/")[0]] < ages.get(folder, 0)}
        anew = {key.partition("/")[2] for key in nearer if key.startswith("schemes/")}
        for scheme in self.schemes.values():
            if any(f"parameters/{name}" in nearer for name in parameters_of(scheme)):
                anew.add(scheme.key)
        return frozenset(anew)

    def illustrative(self, month: Month, known_on: date) -> tuple[str, ...]:
        """Titles of the values used for charging in that month that no public document supports."""
        found: dict[str, None] = {}
        for parameter in self.charged_parameters:
            try:
                value = self.value(parameter.key, month, known_on=known_on)
            except NoValue:
                continue
            if value.status == "illustrative":
                found[parameter.title] = None
        return tuple(found)


def parameters_of(scheme: Scheme) -> tuple[str, ...]:
    """Every parameter that charging a scheme reads, in reading order."""
    names = [scheme.floor, scheme.ceiling, scheme.least_balance]
    for share in scheme.shares.values():
        names += [share.parameter, share.times, share.plus]
    return tuple(dict.fromkeys(n for n in names if n))
