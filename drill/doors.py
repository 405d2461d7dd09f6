"""Authorisation faults: one guard after another is taken away, and the walk through every address must notice.

A fault is one line that somebody forgot: a permission on a view, a scope on a model, a department's limit, a row of the
table of functions, the sign-in itself. The walk (tests/authz) knows nothing of it and knocks only where it could show.
"""

from __future__ import annotations

import ast
import inspect
import logging
import random
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from types import FunctionType

from .outcome import Outcome

TITLE = "Authorisation faults"
GUARDED_TWICE = {
    # The rows of these are read through their employer, case or bill too.
    "Department visible to all", "Evidence of all departments", "OperatorCertificate visible to all",
    # What the page goes on to ask looks for itself who is asking.
    "a_adjustments reads for anybody", "a_privileged_look reads for anybody", "a_provisional reads for anybody",
    "a_registration reads for anybody", "e_explain reads for anybody", "e_explain_assessed reads for anybody",
    "e_notice reads for anybody",
    # The deed asks for the permission, or for the service, once more.
    "a_clear without its permission", "a_end_payment without its permission", "a_refund without its permission",
    "e_declare in no function", "e_declare_preview in no function", "e_draft in no function",
    # Only one region of the walk has vouchers, with one employer: another region's are refused for the way to pay.
    "e_pay_voucher reads for anybody",
}  # fmt: skip
"""Faults that change no answer, because another guard stands behind the one that is forgotten."""
WHOLE = 50
"""So many faults are a whole drill, which first looks whether the same doors are quiet without any."""


@dataclass(frozen=True)
class Fault:
    """One forgotten guard. `plant` is entered while the walk goes through the addresses in `rows` as `actors`."""

    name: str
    rows: tuple[str, ...]
    plant: Callable
    actors: tuple[str, ...] = ()


def run(count: int, seed: int) -> Outcome:
    """Plant `count` faults chosen by `seed`, one at a time; each must be noticed, and without any nothing is."""
    from django.db import transaction
    from tests.authz.belongings import certificates_offered
    from tests.authz.world import build
    from tests.factories import NOW, at

    logging.disable(logging.CRITICAL)
    found = Outcome(TITLE, seed, count)
    try:
        with at(NOW), certificates_offered(), transaction.atomic():
            _plant_all(build(), count, seed, found)
            transaction.set_rollback(True)
    finally:
        logging.disable(logging.NOTSET)
    return found


def _plant_all(world, count: int, seed: int, found: Outcome) -> None:
    from tests.asked_anew import composed_each_time

    every = list(faults(world))
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    doors = tuple({row for one in chosen for row in one.rows})
    if count >= WHOLE and (clean := noticed(world, Fault("no fault", doors, _put))):
        found.fail(f"an alarm without a fault: {clean}")
        return
    for fault in chosen:
        with composed_each_time(), fault.plant():
            if not noticed(world, fault):
                found.fail(f"{fault.name}: nobody noticed")
    found.counts |= {"planted": len(chosen), "noticed": len(chosen) - len(found.failures), "known faults": len(every)}


def noticed(world, fault: Fault) -> str:
    """The first answer that is wrong while a fault is planted; empty where the walk notices nothing."""
    from tests.authz.judging import wrong
    from tests.authz.table import addresses, rows
    from tests.authz.walk import Door, actors, cases

    door = Door(world)
    for address in addresses():
        if address.name not in fault.rows:
            continue
        for actor in actors(world):
            if fault.actors and actor.key not in fault.actors:
                continue
            for case in cases(world, rows()[address.name], address, actor):
                if problem := wrong(case, door.knock(case)):
                    return f"{case}: {problem}"
    return ""


def faults(world) -> Iterator[Fault]:
    """Every guard that can be forgotten, one by one, but for those behind which another one stands."""
    kinds = _permissions(), _sign_in(), _models(world), _departments(world), _functions(), _lookups()
    yield from (one for one in chain(*kinds) if one.name not in GUARDED_TWICE)


def _views() -> Iterator[tuple[str, FunctionType]]:
    from django.urls import get_resolver

    def walk(resolver, before=""):
        for one in resolver.url_patterns:
            route = before + str(one.pattern)
            if hasattr(one, "url_patterns"):
                yield from walk(one, route)
            else:
                yield one.name or route, one.callback

    yield from walk(get_resolver())


def _layers(view) -> Iterator[FunctionType]:
    while view is not None:
        yield view
        view = getattr(view, "__wrapped__", None)


@contextmanager
def _put(place, name: str, value):
    """An attribute is something else for a while."""
    had, before = hasattr(place, name), getattr(place, name, None)
    setattr(place, name, value)
    try:
        yield
    finally:
        if had:
            setattr(place, name, before)
        else:
            delattr(place, name)


def _permissions() -> Iterator[Fault]:
    """`needs(…)` is forgotten: whoever sees the roster, or reviews, gets in."""
    for name, view in _views():
        for layer in _layers(view):
            cells = dict(zip(layer.__code__.co_freevars, layer.__closure__ or (), strict=False))
            if "permission" in cells and not _everybody_has(name, cells["permission"].cell_contents):
                yield Fault(f"{name} without its permission", (name,), _cell(cells["permission"], "see_roster"))


def _everybody_has(name: str, permission: str) -> bool:
    """Whether all on the address's side have the permission: to forget it changes nothing that anybody could see."""
    from tests.authz.table import clerks, roles, rows

    agency = (roles()["reviewer"], roles()["agency_admin"])
    people = agency if rows()[name].side == "agency" else (*clerks().values(), roles()["clerk"])
    return all(permission in given for given in people)


def _cell(cell, value):
    @contextmanager
    def plant():
        before, cell.cell_contents = cell.cell_contents, value
        try:
            yield
        finally:
            cell.cell_contents = before

    return plant


def _sign_in() -> Iterator[Fault]:
    """A view is marked `public` that is not."""
    for name, view in _views():
        if not getattr(view, "is_public", False):
            yield Fault(f"{name} marked public", (name,), lambda view=view: _put(view, "is_public", True))


def _models(world) -> Iterator[Fault]:
    """A model's `visible_to` shows every row there is."""
    for model, names in _rows_of_models(world).items():
        manager = model.objects
        if hasattr(manager, "visible_to"):
            blind = lambda actor, manager=manager: manager.all()  # noqa: E731 - a forgotten filter is one line
            yield Fault(f"{model.__name__} visible to all", names, lambda m=manager, b=blind: _put(m, "visible_to", b))


def _rows_of_models(world) -> dict:
    from tests.authz.table import rows

    found: dict = {}
    for name, row in rows().items():
        for kind in row.objects.values():
            if kind in world.models:
                found.setdefault(world.models[kind], []).append(name)
    return {model: tuple(names) for model, names in found.items()}


def _departments(world) -> Iterator[Fault]:
    """The limit of an operator's departments is forgotten for a model."""
    from django.db.models import Q

    from shebao.hall.scopes import ScopedQuerySet

    for model, names in _rows_of_models(world).items():
        scope = getattr(model.objects, "_queryset_class", ScopedQuerySet)
        if getattr(scope, "people_path", None) is None and not getattr(scope, "maker_path", None):
            continue
        open_to = tuple(name for name in names if _is_narrows(name))
        if open_to:
            limit = lambda self, actor: Q()  # noqa: E731
            plant = lambda scope=scope, limit=limit: _put(scope, "_within", limit)  # noqa: E731
            yield Fault(f"{model.__name__} of all departments", open_to, plant, ("A.narrow",))


def _is_narrows(name: str) -> bool:
    """Whether an operator with some departments has the permission that the address asks for."""
    from tests.authz.table import clerks, rows

    return bool(set(rows()[name].needs.values()) & clerks()["A.narrow"])


def _functions() -> Iterator[Fault]:
    """An address lost its row in the table of functions: the ticks of the menu tree do not reach it."""
    from tests.authz.table import withheld

    from shebao.web import rights

    for name in withheld("A.ticked"):
        changed = rights.FUNCTIONS | {name: rights.ALWAYS}
        yield Fault(f"{name} in no function", (name,), lambda to=changed: _put(rights, "FUNCTIONS", to), ("A.ticked",))


def _lookups() -> Iterator[Fault]:
    """A page that reads one object forgets who is asking: `objects.visible_to(…).get(pk=pk)` without the middle."""
    from tests.authz.table import rows

    for name, view in _views():
        if "GET" not in rows()[name].needs or not rows()[name].objects:
            continue
        plain = list(_layers(view))[-1]
        if blind := _blinded(plain):
            yield Fault(
                f"{name} reads for anybody", (name,), lambda view=plain, code=blind: _put(view, "__code__", code)
            )


class _Blind(ast.NodeTransformer):
    """`X.objects.visible_to(y)` becomes `X.objects.all()`."""

    def __init__(self):
        self.found = 0

    def visit_Call(self, node):  # noqa: N802 - the name that ast calls
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "visible_to":
            self.found += 1
            return ast.copy_location(ast.Call(ast.Attribute(node.func.value, "all", ast.Load()), [], []), node)
        return node


def _blinded(view: FunctionType):
    """The code of a view that asks for everything; None where it asks no model itself."""
    source = ast.parse(textwrap.dedent(inspect.getsource(view)))
    (function,) = source.body
    function.decorator_list = []
    blind = _Blind()
    blind.visit(source)
    if not blind.found or view.__closure__:
        return None
    space: dict = {}
    exec(compile(ast.fix_missing_locations(source), "<blind>", "exec"), view.__globals__, space)  # noqa: S102 - our own
    return space[function.name].__code__
