"""Whether time tells what words do not: which accounts there are, who is known to the hall; and texts made to be slow.

Every question is asked of both kinds in turn, in an order that chance gives, and the medians of one run are compared:
the machine's mood is in both. A regular expression is given what it repeats, 30,000 characters of it.
"""

from __future__ import annotations

import logging
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .outcome import Outcome
from .patterns import Written, hostile_texts, patterns

TITLE = "What time tells"
HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]  # as every installation has them; tests hash fast
BAR = 0.10
"""By how much the two medians may differ (reliability B16, B36)."""
LONGEST = 0.050
"""Seconds that a regular expression may take over 30,000 characters (reliability B36)."""
LENGTH = 30_000
JUDGED_FROM = 100  # fewer samples say nothing about time
PASSWORD = "not-The-Word-7"  # noqa: S105 - a wrong one
TOKENS = re.compile(
    r'(?<=csrfmiddlewaretoken" value=")[^"]*|(?<=name="_once" value=")[^"]*|(?<=X-CSRFToken": ")[^"]*|=~[\w-]+'
    r"|[\w-]+:[\w-]{30,}"
)


@dataclass(frozen=True)
class Question:
    """One thing that somebody may ask of two kinds: `ask(kind, number)` returns (status, text without what differs)."""

    title: str
    kinds: tuple[str, str]
    ask: Callable[[str, int], tuple[int, str]]


def run(count: int, seed: int) -> Outcome:
    """Ask every question `count` times of each kind, then give every regular expression what is slow for it."""
    from django.test import override_settings
    from tests.factories import at

    found = Outcome(TITLE, seed, count)
    found.counts.update({"answers that differ in words": 0})
    logging.getLogger("axes").setLevel(logging.ERROR)  # thousands of wrong passwords are the point
    with override_settings(PASSWORD_HASHERS=HASHERS), at():
        for question in questions(count, found):
            _compare(question, count, seed, found)
    _read(found)
    return found


def questions(count: int, found: Outcome) -> Iterator[Question]:
    """What is asked: at the door, and by a clerk about a person."""
    from django.contrib.auth.hashers import make_password
    from tests.factories import EmployerFactory, OperatorFactory

    employer, hashed = EmployerFactory(), make_password(f"{PASSWORD}-right")
    if not hashed.startswith("argon2$argon2id$"):
        found.fail(f"passwords are kept as {hashed.partition('$')[0]}, not Argon2id")
    for number in range(count):
        OperatorFactory(clerk=True, employer=employer, username=f"known-{number}", password=hashed)
        OperatorFactory(clerk=True, employer=employer, username=f"closed-{number}", password=hashed, is_active=False)
        OperatorFactory(clerk=True, employer=employer, username=f"unready-{number}", password="!")  # noqa: S106
    for other in ("known", "closed", "unready"):
        yield Question(f"signing in as {other}", (other, "nobody"), _sign_in(other))
    yield from _about_people(employer)


def _sign_in(other: str) -> Callable[[str, int], tuple[int, str]]:
    """Each guess is from an address of its own and at an account of its own: nobody has to wait."""
    from django.test import Client

    def ask(kind: str, number: int) -> tuple[int, str]:
        name = f"{kind}-{number}" if kind != "nobody" else f"nobody-{other}-{number}"
        client = Client(REMOTE_ADDR=f"10.{len(name)}.{number >> 8}.{number & 255}")
        answer = client.post("/login", {"username": name, "password": PASSWORD})
        return answer.status_code, answer.content.decode().replace(name, "#")

    return ask


def _about_people(employer) -> Iterator[Question]:
    """A number that is known at another employer, and one that is known nowhere."""
    from django.test import Client
    from tests.factories import EmployerFactory, OperatorFactory, enrolled, enrolment, hired, synthetic_id

    other, insured, known = EmployerFactory(), [], []
    for sequence in range(100, 140):
        insured.append(enrolled(other, number=synthetic_id(sequence=sequence)).person.id_number)
        known.append(hired(other, number=synthetic_id(sequence=sequence + 100)).person.id_number)
    nobody = [synthetic_id(sequence=sequence) for sequence in range(500, 540)]
    clerks = [OperatorFactory(admin=True, employer=employer) for _ in range(4)]
    clients = [Client() for _ in clerks]
    for client, clerk in zip(clients, clerks, strict=True):
        client.force_login(clerk)

    def asked(numbers: list[str], address: str, body: dict | None):
        def ask(kind: str, number: int) -> tuple[int, str]:
            _nobody_waits()
            who = numbers[number % 40] if kind == "elsewhere" else nobody[number % 40]
            client = clients[number % 4]
            answer = client.post(address, body | {"id_number": who}) if body else client.get(address + who)
            return answer.status_code, answer.content.decode().replace(who, "#")

        return ask

    kinds = ("elsewhere", "nobody")
    yield Question("searching for a person", kinds, asked(insured, "/e/search/?q=", None))
    yield Question("looking in the roster", kinds, asked(insured, "/e/roster/?status=all&q=", None))
    look = enrolment() | {"look": "1"}
    yield Question("trying an enrolment", kinds, asked(known, "/e/declare/employee_enrolment/", look))


def _nobody_waits() -> None:
    """Sixty numbers a minute may be looked for; that limit has its own test."""
    from shebao.hall.operators.models import Attempt

    Attempt.objects.filter(purpose="number_search").delete()


def _compare(question: Question, count: int, seed: int, found: Outcome) -> None:
    chance = random.Random(f"{seed}/{question.title}")  # noqa: S311
    taken: dict[str, list[float]] = {kind: [] for kind in question.kinds}
    for kind in question.kinds:  # what is read for the first time is read once
        question.ask(kind, count - 1)
    if question.title.startswith("signing in"):
        from shebao.hall.operators.models import Attempt

        Attempt.objects.all().delete()
    for number in range(count):
        said = {}
        for kind in chance.sample(question.kinds, 2):
            began = time.perf_counter()
            status, text = question.ask(kind, number)
            taken[kind].append(time.perf_counter() - began)
            said[kind] = status, TOKENS.sub("", text)
        one, other = (said[kind] for kind in question.kinds)
        found.counts["questions"] += 2
        if one != other:
            found.counts["answers that differ in words"] += 1
            found.fail(
                f"{seed}/{number} {question.title}: {one[0]} and {other[0]}, {_first_difference(one[1], other[1])}"
            )
    medians = [statistics.median(taken[kind]) for kind in question.kinds]
    difference = medians[0] / medians[1] - 1
    found.facts[question.title] = f"{difference:+.1%} of {medians[1] * 1000:.0f} ms"
    if count >= JUDGED_FROM and abs(difference) >= BAR:
        found.fail(f"{question.title}: the medians differ by {difference:+.1%}")


def _first_difference(one: str, other: str) -> str:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return f"{one[place : place + 40]!r} for {other[place : place + 40]!r}"
    return "one is longer"


def _read(found: Outcome) -> None:
    """Every regular expression over every text that may be slow for it."""
    slowest, where = 0.0, ""
    for pattern in sorted(patterns()):
        for text in hostile_texts(pattern.text, LENGTH):
            seconds = seconds_for(pattern, text)
            found.counts["texts for regular expressions"] += 1
            if seconds > slowest:
                slowest, where = seconds, pattern.text
            if seconds > LONGEST:
                found.fail(f"{pattern.place} {pattern.text!r}: {seconds * 1000:.0f} ms over {text[:6]!r}…")
    found.counts["regular expressions"] = len(patterns())
    found.facts["slowest regular expression"] = f"{slowest * 1000:.1f} ms (`{where}`)".replace("|", "¦")


def seconds_for(pattern: Written, text: str) -> float:
    """Processor seconds of one use of a pattern, the better of two: what another process does is not its fault."""
    compiled = re.compile(pattern.text, pattern.flags)
    # One that is only ever tried at the beginning of a text need not search it.
    use = compiled.match if pattern.is_at_beginning else compiled.search
    best = float("inf")
    for _ in range(2):
        began = time.process_time()
        use(text)
        best = min(best, time.process_time() - began)
        if best < LONGEST:
            break
    return best
