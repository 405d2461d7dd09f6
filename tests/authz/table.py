"""Reading `authz.yaml`: what every address answers, to whom. How to write a row is told at the head of that file."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.urls import get_resolver

from shebao.rules.once import read_once

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SIDES = ("public", "signed_in", "employer", "agency")
WORDS = {"object", "with", "in", "only", "by", "body", "query", "ids", "answers"}


@dataclass(frozen=True)
class Row:
    """One address. `needs`: by method, the permission, any of several (or "" for whoever is on that side)."""

    name: str
    side: str
    needs: dict[str, str]
    objects: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    body: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    only: str = ""
    by: str = ""
    answers: int = 0


@lru_cache(maxsize=1)
def _written() -> dict:
    return read_once(Path(__file__).with_name("authz.yaml").read_text("utf-8"))


def roles() -> dict[str, set[str]]:
    """What each role may do, as people were told; the code is compared with it."""
    return {role: set(given) for role, given in _written()["roles"].items()}


def clerks() -> dict[str, set[str]]:
    """What the clerks may do who have less than their role, by actor."""
    return {key: set(given) for key, given in _written()["clerks"].items()}


def named() -> dict[str, set[str]]:
    """What some may do beyond their role, by actor."""
    return {key: set(given) for key, given in _written()["named"].items()}


def withheld(actor: str) -> list[str]:
    """The addresses that are not open to an actor by the ticks of the menu tree."""
    return _written()["withheld"].get(actor, [])


@lru_cache(maxsize=1)
def rows() -> dict[str, Row]:
    """Every row by the name of its address. Raises ValueError for a row that says what nobody understands."""
    found: dict[str, Row] = {}
    for side in SIDES:
        for name, said in _written()[side].items():
            if name in found:
                raise ValueError(f"{name} stands twice")
            found[name] = _row(name, side, said)
    return found


def _row(name: str, side: str, said: dict) -> Row:
    needs = {}
    for key, permission in said.items():
        if key in WORDS:
            continue
        for method in key.split():
            if method not in METHODS:
                raise ValueError(f"{name}: {method} is neither a method nor a word of the table")
            needs[method] = permission or ""
    objects = said.get("object", {})
    return Row(
        name=name,
        side=side,
        needs=needs,
        objects={"pk": objects} if isinstance(objects, str) else objects,
        words={key: str(value) for key, value in said.get("with", {}).items()},
        regions=tuple(said.get("in", ())),
        body=said.get("body", {}),
        query=said.get("query", {}),
        ids=said.get("ids", {}),
        only=said.get("only", ""),
        by=said.get("by", ""),
        answers=said.get("answers", 0),
    )


@dataclass(frozen=True)
class Address:
    """One pattern of the resolver: its name, or where it has none its route, and the arguments in it."""

    route: str
    name: str
    arguments: tuple[str, ...]


def addresses(resolver=None, before: str = "") -> list[Address]:
    """Every address of the hall, whoever includes it."""
    found = []
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            found += addresses(one, route)
        else:
            found.append(Address(route, one.name or route, tuple(one.pattern.converters)))
    return found
