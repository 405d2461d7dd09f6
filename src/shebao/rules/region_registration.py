"""How an employer registers with a region's hall (单位注册): the wizard, what is opened, what is agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from string import Formatter
from typing import Any

from shebao.rules import registration_words as words
from shebao.rules import vocabulary as v
from shebao.rules.region_files import Folder, Listed, Problems
from shebao.rules.region_model import Field, Form, Region
from shebao.rules.region_pages import Paper, read_papers
from shebao.rules.region_reviews import ReviewStep, read_review_steps
from shebao.rules.region_take import Take, each


@dataclass(frozen=True)
class StepPart:
    """Questions under a heading of their own: one form."""

    title: str
    form: str


@dataclass(frozen=True)
class RegistrationStep:
    """One page of the wizard. `kind`: "form" asks the forms of `parts`, "areas", "agreement" or "papers"."""

    title: str
    kind: str
    parts: tuple[StepPart, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Area:
    """A business area to open (业务); `is_agreed`: the agreement must be read before.

    `opens` are the services ("service:key") and functions of the menu that only an employer with this area has; what no
    area opens, everybody has.
    """

    key: str
    title: str
    text: str
    is_agreed: bool
    opens: tuple[str, ...] = ()


@dataclass(frozen=True)
class AgreementText:
    """The electronic agreement (电子协议): what is agreed to, word for word. `button` agrees."""

    title: str
    version: str
    paragraphs: tuple[str, ...]
    button: str

    @property
    def text(self) -> str:
        """The whole text, one paragraph a line."""
        return "\n".join((self.title, *self.paragraphs))

    @property
    def digest(self) -> str:
        """SHA-256 of the text (64 hex digits): it tells whether two texts are the same."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class PaperText:
    """A paper to be downloaded, signed and sent back (授权书): `{…}` are answers of the forms."""

    paper: str
    title: str
    paragraphs: tuple[str, ...]
    signatures: tuple[str, ...]


@dataclass(frozen=True)
class Registration:
    """The wizard of a region. `digits`: how long the numbers are that are given in turn; 0: the agency types them.

    `is_issued`: employers bring their number of that length from elsewhere, and type it; with `is_issued_at_counter`
    whoever registers at the agency's counter without one is given the next. `review_steps` say who signs, as for a
    service.
    """

    title: str
    steps: tuple[RegistrationStep, ...]
    route: tuple[str, ...]
    decide_within: int
    notes: tuple[str, ...]
    areas: tuple[Area, ...]
    agreement: AgreementText | None
    papers: tuple[Paper, ...]
    templates: tuple[PaperText, ...]
    digits: int
    is_issued: bool
    is_issued_at_counter: bool = False
    review_steps: tuple[ReviewStep, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Nobody reviews: who registers is registered at once."""
        return not self.review_steps

    def parts(self) -> Iterator[tuple[int, StepPart]]:
        """Every part with the index of its step."""
        return ((index, part) for index, step in enumerate(self.steps) for part in step.parts)

    def fields(self, forms: Mapping[str, Form]) -> Iterator[tuple[int, Field]]:
        """Every question of the wizard with the index of its step."""
        return ((index, field) for index, part in self.parts() for field in forms[part.form].fields)

    def template(self, paper: str) -> PaperText | None:
        """The text of a paper that is downloaded first."""
        return next((one for one in self.templates if one.paper == paper), None)


def read_registration(folder: Folder, problems: Problems) -> Registration | None:
    """registration.yaml: how employers register here; None where they do not through the pages."""
    found: dict[str, Any] = {}
    for key, take in each(folder, "registration", problems):
        if key in _READERS:
            found[key] = _READERS[key](take, problems)
        else:
            take.say("", f"不认识的键，可用：{'、'.join(words.REGISTRATION_PARTS)}")
            take.taken |= set(take.content)
    if "wizard" not in found:
        return None
    return Registration(
        **found["wizard"],
        areas=found.get("areas", ()),
        agreement=found.get("agreement"),
        papers=found.get("papers", ()),
        templates=found.get("templates", ()),
        **found.get("number", {"digits": 0, "is_issued": False}),
    )


def _wizard(take: Take, problems: Problems) -> dict[str, Any]:
    title, steps, route = take.text("title"), tuple(_steps(take, problems)), take.texts("route", v.STEPS)
    return {
        "title": title,
        "steps": steps,
        "route": route,
        "review_steps": read_review_steps(take, route, problems),
        "decide_within": take.whole("decide_within", 0),
        "notes": take.texts("notes"),
    }


def _steps(take: Take, problems: Problems) -> Iterator[RegistrationStep]:
    for one in _rows(take, "steps", problems):
        kind = one.word("kind", words.REGISTRATION_STEPS, "form")
        parts = [StepPart(part.text("title"), part.text("form")) for part in _rows(one, "parts", problems)]
        if (kind == "form") != bool(parts):
            one.say("parts", "kind 为 form 的一步要写 parts，其他的不写")
        yield RegistrationStep(one.text("title"), kind, tuple(parts), one.text("note", ""))
        one.done()


def _rows(take: Take, key: str, problems: Problems) -> Iterator[Take]:
    rows = take.raw(key)
    if rows is not None and not isinstance(rows, Listed):
        take.say(key, "应是一个列表")
    for index, row in enumerate(rows if isinstance(rows, Listed) else ()):
        one = Take(row, f"{take.name}.{key}", rows.where(index), problems)
        if not one.broken:
            yield one


def _areas(take: Take, problems: Problems) -> tuple[Area, ...]:
    found = []
    for one in _rows(take, "items", problems):
        about = one.text("key"), one.text("title"), one.text("text", "")
        found.append(Area(*about, is_agreed=one.flag("agreement", False), opens=_opened(one)))
        one.done()
    return tuple(found)


def _opened(one: Take) -> tuple[str, ...]:
    services = (f"service:{key}" for key in one.texts("services"))
    return (*services, *one.texts("functions", words.AREA_FUNCTIONS))


def _agreement(take: Take, problems: Problems) -> AgreementText:
    text = AgreementText(take.text("title"), take.text("version"), take.texts("text"), take.text("button"))
    if not text.paragraphs:
        take.say("text", "协议要有内容")
    return text


def _templates(take: Take, problems: Problems) -> tuple[PaperText, ...]:
    found = []
    for one in _rows(take, "items", problems):
        found.append(PaperText(one.text("paper"), one.text("title"), one.texts("text"), one.texts("signatures")))
        one.done()
    return tuple(found)


def _number(take: Take, problems: Problems) -> dict[str, Any]:
    found = {"digits": take.whole("digits"), "is_issued": take.flag("issued", False)}
    if (at_counter := take.flag("at_counter", False)) and not found["is_issued"]:
        take.say("at_counter", "只有由别处发放（issued: true）的编号才写 at_counter；依次编排的，窗口登记时本来就编排")
    return found | {"is_issued_at_counter": at_counter}


_READERS: Mapping[str, Callable[[Take, Problems], Any]] = {
    "wizard": _wizard,
    "areas": _areas,
    "agreement": _agreement,
    "papers": read_papers,
    "templates": _templates,
    "number": _number,
}


def check_registration(region: Region, folder: Folder, problems: Problems) -> None:
    """Whether the wizard asks what the operation needs, and every part of it is there."""
    here = region.registration
    if here is None:
        return

    def say(part: str, sentence: str) -> None:
        problems.add(folder.where("registration", part), part, sentence)

    lost = [part.form for _, part in here.parts() if part.form not in region.forms]
    if lost:
        say("wizard", f"没有表单“{'、'.join(lost)}”")
        return
    asked = [field.id for _, field in here.fields(region.forms)]
    missing = [name for name in words.REGISTRATION_NEEDS if name not in asked]
    if missing:
        say("wizard", f"要问{'、'.join(f'{words.REGISTRATION_NEEDS[name]}（{name}）' for name in missing)}")
    if twice := {name for name in asked if asked.count(name) > 1}:
        say("wizard", f"问了两次：{'、'.join(sorted(twice))}")
    if "agency_divisions" in region.codes and "agency_division" not in asked:
        say("wizard", "有经办区划（codes/agency_divisions.yaml）的，注册要问属于哪个（agency_division）")
    # Also where nobody reviews: whoever would take over an employer on file is reviewed everywhere.
    if here.decide_within < 1:
        say("wizard", "要写 decide_within（工作日）：不经审核的地方，已登记在册的单位来注册也要审核")
    if here.is_issued and "employer_number" not in asked:
        say("number", "编号由别处发放的，要问单位编号（employer_number）")
    if here.is_direct and (here.is_issued or not (here.digits and "industry_class" in asked)):
        say("wizard", "没有人审核的，要有编号规则（number），并问工伤行业类别（industry_class）")
    _check_kinds(region, folder, asked, say)


def _check_kinds(region: Region, folder: Folder, asked: list[str], say: Callable[[str, str], None]) -> None:
    here = region.registration
    assert here is not None
    kinds = [step.kind for step in here.steps]
    known = {f"service:{key}" for key in region.services}
    # Areas from above may open services that this region does not offer.
    for area in here.areas if folder.is_own("registration", "areas") else ():
        strange = [one.partition(":")[2] for one in area.opens if one.startswith("service:") and one not in known]
        if strange:
            say("areas", f"没有这个事项：{'、'.join(strange)}")
    for kind, thing in (("areas", here.areas), ("agreement", here.agreement), ("papers", here.papers)):
        if kinds.count(kind) > 1 or (kind in kinds) != bool(thing):
            say("wizard", f"“{words.REGISTRATION_STEPS[kind]}”一步与 {kind} 的内容应同时有或同时没有，且只有一步")
    if kinds[:1] != ["form"]:
        say("wizard", "第一步应是填写单位和专管员信息（kind: form）")
    titles = [paper.title for paper in here.papers]
    for template in here.templates:
        if template.paper not in titles:
            say("templates", f"材料里没有“{template.paper}”")
        blanks = {name for text in template.paragraphs for _, name, *_ in Formatter().parse(text) if name is not None}
        if strange := sorted(blanks - set(asked)):
            say("templates", f"没有这一问：{'、'.join(strange)}")
