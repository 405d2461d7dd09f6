"""Who reviews a service and how many of them (初审、复审), and how much of a batch is opened before it is approved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shebao.rules import vocabulary as v
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_take import Take

STEPS = ("first_review", "second_review")
REVIEWERS = ("reviewer", "agency_admin")
AGENCY_KEYS = ("sampling", "notices")


@dataclass(frozen=True)
class ReviewStep:
    """One step of a review. `need`: "any" of the roles `of`, "all" of them (each by somebody), or so many people."""

    key: str
    need: str | int = "any"
    of: tuple[str, ...] = REVIEWERS

    def is_met(self, signers: Iterable[str]) -> bool:
        """Whether these people, each told by the role they signed in, are enough."""
        roles = [role for role in signers if role in self.of]
        if self.need == "all":
            return set(self.of) <= set(roles)
        return len(roles) >= (1 if self.need == "any" else int(self.need))

    def may_sign(self, role: str, signers: Iterable[str]) -> bool:
        """Whether one more signature of this role brings the step further."""
        return role in self.of and not (self.need == "all" and role in set(signers))

    @property
    def words(self) -> str:
        """Who has to sign, in words."""
        who = [v.ROLES[role] for role in self.of]
        if self.need == "all":
            return "、".join(who) + "各一人"
        return f"{'或'.join(who)} {1 if self.need == 'any' else self.need} 人"


@dataclass(frozen=True)
class Sampling:
    """How many cases of a batch are opened before it is approved: so many percent, and at least so many."""

    percent: int
    least: int

    def size(self, cases: int) -> int:
        """How many of `cases` are drawn: rounded up, never more than there are."""
        return min(cases, max(self.least, -(-cases * self.percent // 100)))


@dataclass(frozen=True)
class AgencyRules:
    """agency.yaml. `public_kinds` are the kinds of notices that whoever is not signed in may read."""

    sampling: Sampling
    public_kinds: tuple[str, ...]


def read_review_steps(take: Take, route: tuple[str, ...], problems: Problems) -> tuple[ReviewStep, ...]:
    """The review steps of a route, each with its rule: `reviews: {second_review: {need: 2, of: [reviewer]}}`."""
    content = take.raw("reviews")
    rules: dict[str, ReviewStep] = {}
    if content is not None:
        one = Take(content, f"{take.name}.reviews", take.content.where("reviews"), problems)
        for key in one.content:
            rules[key] = _step(key, one, route, problems)
    return tuple(rules.get(key, ReviewStep(key)) for key in route if key in STEPS)


def _step(key: str, above: Take, route: tuple[str, ...], problems: Problems) -> ReviewStep:
    if key not in STEPS or key not in route:
        above.say(key, "不是 route 里的审核环节")
    take = Take(above.content[key], f"{above.name}.{key}", above.content.where(key), problems)
    need, of = take.raw("need", needed=True), take.texts("of", REVIEWERS) or REVIEWERS
    if need not in v.NEEDS and (isinstance(need, bool) or not isinstance(need, int) or need < 1):
        take.say("need", f"应是 {'、'.join(v.NEEDS)}，或不小于 1 的整数（人数）")
        need = "any"
    take.done()
    return ReviewStep(key, need, of)


def read_agency(folder: Folder, problems: Problems) -> AgencyRules:
    """agency.yaml: how much of a batch is opened first, and which notices everybody may read."""
    parts = folder.parts["agency"]
    takes = {}
    for key in AGENCY_KEYS:
        where = folder.where("agency", key)
        if key not in parts:
            problems.add(f"{folder.code}/agency.yaml:1", key, "必须填写")
        takes[key] = Take(parts.get(key, Mapped(where.rpartition(":")[0], 1)), key, where, problems)
        takes[key].broken = takes[key].broken or key not in parts
    for key in parts:
        if key not in AGENCY_KEYS:
            problems.add(folder.where("agency", key), key, f"不认识的键，可用：{'、'.join(AGENCY_KEYS)}")
    sampling, notices = takes["sampling"], takes["notices"]
    rule = Sampling(sampling.whole("percent"), sampling.whole("least"))
    if rule.percent > 100:
        sampling.say("percent", "应在 0 到 100 之间")
    rules = AgencyRules(rule, notices.texts("public", v.NOTICE_KINDS))
    for take in takes.values():
        take.done()
    return rules
