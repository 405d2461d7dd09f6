"""Every address, every method, everybody: reached where the table says so, and nowhere else."""

import logging
import re
from collections import Counter, defaultdict

import pytest

from shebao.hall.operators.models import PERMISSIONS
from shebao.web.chosen import compact
from tests.factories import NOW, at

from .belongings import certificates_offered
from .judging import wrong
from .table import addresses, roles, rows
from .walk import Door, actors, cases, expected
from .world import BIRDS, build

LEAST = 10_000
GREAT = ("public", "signed_in", "agency", "agency review", "employer declare", "employer see_roster", "employer settle")
SMALL = tuple(sorted({f"employer {permission}" for permission in PERMISSIONS["employer_admin"]} - {*GREAT}))
PARTS = (*((one,) for one in GREAT), SMALL)
"""The walk in parts, each with a hall of its own, so that several processes share it: by side of the counter, the
employer's by permission, the agency's desk beside its other pages.
"""


@pytest.fixture(autouse=True)
def thousands_of_refusals_are_no_news():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def hall(db):
    """The seeded hall, on a day in November."""
    with at(NOW), certificates_offered():
        yield build()


def test_every_address_has_a_row_and_every_row_an_address():
    known = [address.name for address in addresses()]
    assert [name for name, count in Counter(known).items() if count > 1] == [], "two addresses share a name"
    assert sorted(set(known) - set(rows())) == [], "an address without a row in tests/authz/authz.yaml"
    assert sorted(set(rows()) - set(known)) == [], "a row of tests/authz/authz.yaml without an address"


def test_every_number_in_an_address_is_named_by_its_row():
    for address in addresses():
        row = rows()[address.name]
        assert set(address.arguments) == set(row.objects) | set(row.words), address.name


def test_no_address_is_left_out_of_the_walk():
    walked = {row.name for row in rows().values() if any(_part(row) in part for part in PARTS)}
    assert walked == set(rows())


def test_every_kind_of_object_is_somebodys_and_somebody_elses(hall):
    """What nobody has is only ever tried as missing, and a page that shows it to anybody is not noticed."""
    everybody, kinds = actors(hall), {kind for row in rows().values() for kind in row.objects.values()}
    kinds |= {kind for row in rows().values() for kind in row.ids.values()}
    alone = {
        kind
        for kind in kinds
        if not any(one.role and one.owns(owner, kind) for owner in hall.owners(kind) for one in everybody)
        or not any(not one.owns(owner, kind) for owner in hall.owners(kind) for one in everybody)
    }
    assert alone == set()


def test_the_roles_are_what_people_were_told():
    assert {role: set(given) for role, given in PERMISSIONS.items()} == roles()


def test_there_are_at_least_ten_thousand_cases(hall):
    everybody = actors(hall)
    assert (
        sum(1 for address in addresses() for one in everybody for _ in cases(hall, rows()[address.name], address, one))
        >= LEAST
    )


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[0])
def test_every_address_answers_everybody_as_the_table_says(hall, part):
    door, found, count, seen = Door(hall, is_brief=True), defaultdict(list), 0, defaultdict(set)
    nobodys: dict[tuple, tuple] = {}
    for address in addresses():
        row = rows()[address.name]
        if _part(row) not in part:
            continue
        for actor in actors(hall):
            for case in cases(hall, row, address, actor):
                answer = door.knock(case)
                count += 1
                if problem := wrong(case, answer):
                    found[f"{row.name} {case.method}: {problem}"].append(str(case))
                is_nobodys = case.target != "own" and expected(case) in ("404", "nobody's")
                if is_nobodys and case.method != "HEAD":
                    shape = _shape(case, answer)
                    if shape != nobodys.setdefault((actor.key, row.name, case.method, bool(case.sent)), shape):
                        words = "tells a foreign object from a missing one"
                        found[f"{row.name} {case.method}: {words}"].append(str(case))
                seen[actor.key] |= set(answer.text) & set(BIRDS)
    told = [f"{problem}   e.g. {those[0]}, {len(those)} in all" for problem, those in found.items()]
    assert not found, f"{len(found)} kinds in {count} cases:\n" + "\n".join(told)
    assert count > len(hall.actors)
    assert part == ("public",) or seen, "nobody's canary sings"


def _part(row) -> str:
    first = next(iter(row.needs.values()))
    return f"{row.side} {first}" if row.side == "employer" or (row.side, first) == ("agency", "review") else row.side


def _shape(case, answer) -> tuple:
    """An answer without what differs each time: tokens, its own number, and the number sent where it is repeated."""
    text = re.sub(r"csrfmiddlewaretoken[^>]*|[\w-]{24,}", "", f"{answer.location} {answer.text}")
    text = re.sub(r"错误编号 (<span class=\"num\">)?\w+", "", text)
    for _, number in case.sent:
        for said in (number, compact([int(number)])):
            text = re.sub(rf'(=|="){re.escape(said)}(?=["&\s]|$)', r"\1", text)
    return answer.status, re.sub(r"\d{6,}", "", text)
