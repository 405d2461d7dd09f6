"""Every address with every method as everybody: what must come back, and what came."""

import io
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from html import unescape
from unittest.mock import patch

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from shebao.web import entering, middleware
from shebao.web.public import errors

from .table import METHODS, Address, Row, clerks, named, roles, withheld
from .world import AGENCIES, BEASTS, BIRDS, DIVISIONS, FISH, OWNERS, REGIONS, World

EVERYBODY = "everybody"
"""Owner of what is there for whoever comes."""
NOBODYS = 987_654_321
"""A number that no object has."""
STRANGE = "no-such-word"
WEEK = 7 * 24 * 3600
REFUSALS = (302, 403, 404, 405)
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PERSONAL = ("batch",)
"""What an operator with some departments sees only if it is their own."""
WHOLE = ("A.admin", "tianjin.admin")
"""Those who try every method and another region's objects everywhere; one of each role tries one not named."""
LOOKING = (*WHOLE, "A.clerk", "A.narrow", "anonymous")
"""Those who also ask with HEAD where it is answered: it is GET's view, of the same guards, and gives its head alone."""
NARROWER = ("A.entry", "A.finance", "A.ticked", "A.paperless")
"""Clerks who may do less than A.clerk, beside the same people: others' objects are asked for by A.clerk."""
KEPT_ANYWAY = ("sign_in_", "audit_", "django_session", "operators_attempt", "axes_")
"""Tables in which a refusal may leave a trace."""
BEFORE_PASSWORD_CHANGE = {"change_password", "sign_out", "elder", "alive"}
WRITING = re.compile(r'^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?([\w.]+)"?', re.I)


@dataclass(frozen=True)
class Actor:
    """Somebody at the door. `letter`: the employer; `is_first`: nobody before them has the same role."""

    key: str
    role: str
    letter: str = ""
    region: str = ""
    is_new: bool = False
    hides: bool = False
    divisions: tuple[str, ...] = ()
    is_first: bool = True

    @property
    def side(self) -> str:
        """Which side of the counter; empty for whoever is not signed in."""
        return "" if not self.role else "employer" if self.role in ("clerk", "employer_admin") else "agency"

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose objects are this actor's own, the nearest first."""
        if self.role in ("system_admin", "security_admin", "audit_admin"):
            return (self.key, self.region, EVERYBODY)
        if self.side == "agency":
            letters = [one for one, region in REGIONS.items() if region == self.region and self._serves(one)]
            wide = () if self.divisions else (f"{self.region}.elsewhere",)
            return (self.key, self.region, *letters, *(f"{one}.hidden" for one in letters), *wide, EVERYBODY)
        return (self.key, self.letter, f"{self.letter}.hidden", EVERYBODY) if self.role else (EVERYBODY,)

    def _serves(self, letter: str) -> bool:
        """Whether the employer is of the divisions to which this reviewer is limited."""
        return not self.divisions or DIVISIONS.get(letter) in self.divisions

    def owns(self, owner: str, kind: str) -> bool:
        """Whether the owner's object of this kind is the actor's too: of a department only what is theirs or made by
        themselves.
        """
        if self.hides and (owner.endswith(".hidden") or (owner == self.letter and kind in PERSONAL)):
            return False
        return owner in self.owners

    @property
    def told_by_the_record(self) -> str:
        """The characters that this actor may read in the record, and nowhere else."""
        if self.role != "audit_admin":
            return ""
        return "".join(BIRDS[OWNERS.index(letter)] for letter, code in REGIONS.items() if code == self.region)

    @property
    def forbidden(self) -> str:
        """The characters that no answer to this actor may hold."""
        birds = "".join(bird for owner, bird in zip(OWNERS, BIRDS, strict=True) if owner not in self.owners)
        fish = "".join(
            fish for letter, fish in zip(REGIONS, FISH, strict=True) if letter not in self.owners or self.hides
        )
        return (
            birds + fish + "".join(beast for code, beast in zip(AGENCIES, BEASTS, strict=True) if code != self.region)
        )


@dataclass(frozen=True)
class Case:
    """One knock at one door. `target`: own, foreign, missing, or none where the address names no object."""

    actor: Actor
    method: str
    row: Row
    target: str
    owner: str
    path: str
    sent: tuple[tuple[str, str], ...] = ()

    def __str__(self):
        return f"{self.actor.key} {self.method} {self.path} ({self.target} {self.owner})"


def actors(world: World) -> list[Actor]:
    """Everybody whom the world knows, and somebody whom it does not."""
    found, known = [Actor("anonymous", "")], set()
    for key, operator in world.actors.items():
        letter = key.split(".")[0]
        is_out = not operator.is_active
        found.append(
            Actor(
                key,
                "" if is_out else operator.role,
                letter if letter in REGIONS else "",
                operator.region,
                operator.must_change_password,
                hides=key.endswith(".narrow"),
                divisions=tuple(operator.divisions),
                is_first=operator.role not in known,
            )
        )
        known.add(operator.role)
    return found


def expected(case: Case) -> str:
    """What the table says: reached, or the way of refusing."""
    row, actor = case.row, case.actor
    if row.side != "public":
        if not actor.role:
            return "sign_in"
        if actor.is_new and row.name not in BEFORE_PASSWORD_CHANGE:
            return "change_password"
        if row.side in ("employer", "agency") and row.side != actor.side:
            return "404"
    is_asked_late = row.by == "object" and (case.method not in row.needs or case.target in ("foreign", "missing"))
    if row.name in withheld(actor.key) and not is_asked_late:
        # A word that nobody knows may be of no function, or of the one that is withheld.
        return "refused" if STRANGE in case.path else "403"
    if case.method not in row.needs:
        return "refused"
    if not _may(actor, row.needs[case.method]):
        return "403"
    if not _is_there(case):
        return "404"
    if case.sent:
        return "nobody's"
    return "404" if case.target in ("foreign", "missing") else "reached"


def _is_there(case: Case) -> bool:
    """Whether the actor's region and side have the page at all."""
    row, actor = case.row, case.actor
    return (not row.regions or actor.region in row.regions) and row.only in ("", actor.side)


def asks_first(case: Case) -> bool:
    """Whether the permission is asked for before it is looked at what the address names."""
    return case.row.by != "word" or (case.target != "missing" and _is_there(case))


def _may(actor: Actor, permission: str) -> bool:
    given = clerks().get(actor.key, roles()[actor.role]) | named().get(actor.key, set()) if permission else set()
    return not permission or any(one in given for one in permission.split())


def cases(world: World, row: Row, address: Address, actor: Actor) -> Iterator[Case]:
    """Every knock of one actor at one address; of the methods that nobody names all by some, one by one of each role.

    At the other side's pages and at public ones one of each role knocks: the address decides, whoever comes.
    """
    is_anybodys = row.side == "public" and not actor.is_new
    is_others = row.side in ("employer", "agency") and actor.side not in ("", row.side)
    if (is_anybodys or is_others) and not actor.is_first:
        return
    shut = next(method for method in METHODS if method not in row.needs)
    is_near = not actor.is_new and (row.side == "public" or (actor.side and row.side in (actor.side, "signed_in")))
    for method in METHODS:
        is_tried = is_near and actor.key in WHOLE or method == shut and actor.is_first
        if method not in row.needs and not is_tried:
            continue
        if method == "HEAD" and method != shut and actor.key not in LOOKING:
            continue
        for target, owner, arguments in _targets(world, row, actor, address, method in row.needs and is_near):
            path = _path(row, address, arguments)
            yield Case(actor, method, row, target, owner, path)
        if method in row.needs and row.ids and is_near and actor.key not in NARROWER:
            yield from _with_numbers(world, row, address, actor, method)


def _targets(world: World, row: Row, actor: Actor, address: Address, is_open: bool):
    """(target, owner, arguments): one's own object, everybody else's, and one that is not there.

    A door that is shut whatever stands behind it is knocked at once.
    """
    fixed = dict(row.words)
    if not row.objects:
        yield "own" if not address.arguments else "word", "", fixed
        if fixed and is_open and row.side != "public":
            yield "missing", "", fixed | {name: STRANGE for name, value in fixed.items() if not value.isdigit()}
        return
    (argument, kind), *inner = row.objects.items()
    own = next((owner for owner in actor.owners if world.of(kind, owner) and actor.owns(owner, kind)), None)
    if own:
        yield "own", own, fixed | {name: world.of(one, own) for name, one in row.objects.items()}
    if is_open or not own:
        yield "missing", "", fixed | dict.fromkeys(row.objects, NOBODYS)
    if not is_open or actor.key in NARROWER:
        return
    for owner in _strangers(world, kind, actor):
        theirs = {name: world.of(one, owner) for name, one in row.objects.items()}
        yield "foreign", owner, fixed | theirs
        if own and inner:
            yield "foreign", owner, fixed | theirs | {argument: world.of(kind, own)}
    if own and inner:
        yield "missing", "", fixed | dict.fromkeys(row.objects, NOBODYS) | {argument: world.of(kind, own)}


def _own(world: World, kind: str, actor: Actor) -> int | None:
    found = (world.of(kind, owner) for owner in actor.owners if actor.owns(owner, kind))
    return next((number for number in found if number), None)


def _strangers(world: World, kind: str, actor: Actor) -> list[str]:
    """Whose objects are tried: of the other department, of the neighbour, and by some of somebody in another region."""
    own = {world.of(kind, owner) for owner in world.owners(kind) if actor.owns(owner, kind)}
    others = [owner for owner in world.owners(kind) if world.of(kind, owner) not in own]
    return [owner for owner in others if owner.endswith(".hidden")][:1] + [
        owner for owner in others if not owner.endswith(".hidden")
    ][: 2 if actor.key in WHOLE else 1]


def _with_numbers(world: World, row: Row, address: Address, actor: Actor, method: str):
    """Numbers in the body or the query: another's object beside one that nobody has."""
    own = {name: _own(world, kind, actor) for name, kind in row.objects.items()}
    if None in own.values():
        return
    path = _path(row, address, dict(row.words) | own)
    for name, kind in row.ids.items():
        yield Case(actor, method, row, "missing", "", path, ((name, str(NOBODYS)),))
        for owner in _strangers(world, kind, actor):
            yield Case(actor, method, row, "foreign", owner, path, ((name, str(world.of(kind, owner))),))


def _path(row: Row, address: Address, arguments: dict) -> str:
    if address.name == address.route:
        return f"/{address.route}"
    return reverse(row.name, kwargs=arguments)


@dataclass
class Answer:
    """What came back: status, where to, the words in it, and the tables that were written."""

    status: int
    location: str
    text: str
    tables: tuple[str, ...]
    headers: dict[str, str]


class Door:
    """Knocks. One client for an actor. `is_brief`: what one is told in the same words again is not drawn again.

    Sessions were seen last a week from now: however long the walk takes, none ends and none writes by itself.
    """

    def __init__(self, world: World, *, is_brief: bool = False):
        self.is_brief, self.drawn = is_brief, {}
        self.clients = {"anonymous": Client(raise_request_exception=False)}
        for key, operator in world.actors.items():
            client = self.clients[key] = Client(raise_request_exception=False)
            session = client.session
            session[SESSION_KEY] = str(operator.pk)
            session[BACKEND_SESSION_KEY] = entering.BACKEND
            session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
            session[middleware.LAST_SEEN] = int(time.time()) + WEEK
            session.save()
            client.cookies["sessionid"] = session.session_key
        self.jars = {key: self.clients[key].cookies["sessionid"].value for key in world.actors}

    def knock(self, case: Case) -> Answer:
        """One request; what it changed is undone."""
        client = self.clients[case.actor.key]
        client.cookies.clear()
        if case.actor.key in self.jars:
            client.cookies["sessionid"] = self.jars[case.actor.key]
        written: list[str] = []
        with connection.execute_wrapper(_noting(written)):
            if case.method in UNSAFE:
                with _shell():
                    response = self._send(client, case)
                    transaction.set_rollback(True)
            else:
                response = self._send(client, case)
            text = _text(response)
        return Answer(
            response.status_code,
            response.headers.get("Location", ""),
            text,
            tuple(dict.fromkeys(name for name in written if not name.startswith(KEPT_ANYWAY))),
            dict(response.headers),
        )

    def _send(self, client, case: Case):
        sent = dict(case.row.query if case.method in ("GET", "HEAD") else case.row.body) | dict(case.sent)
        with ExitStack() as stack:
            if case.actor.key not in WHOLE:
                stack.enter_context(patch.object(errors, "not_offered", _bare))
                if self.is_brief:
                    stack.enter_context(patch.object(errors, "show", partial(self._show, case.actor.key, errors.show)))
            return getattr(client, case.method.lower())(case.path, sent or None)

    def _show(self, who: str, draw, request, status: int, text: str, *, title: str = "") -> HttpResponse:
        """A refusal: around the same words stands the same frame, whatever was asked for. `WHOLE` have each drawn."""
        page = (who, status, text, title)
        if page not in self.drawn:
            self.drawn[page] = draw(request, status, text, title=title).content
        return HttpResponse(self.drawn[page], status=status)


def _bare(request, response):
    """The answer to a method that is not offered, before it is put in words: those are the same for all, and a page of
    them for each would be a good part of the walk.
    """
    return response


def _shell():
    """A transaction that is undone, and that code which insists on one of its own does not mind."""
    shell = transaction.atomic()
    shell._from_testcase = True
    return shell


def _noting(written: list[str]):
    def note(execute, sql, params, many, context):
        if found := WRITING.match(sql):
            written.append(found[1])
        return execute(sql, params, many, context)

    return note


def _text(response) -> str:
    """Everything that can be read in an answer: pages, workbooks, archives and papers."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    heads = " ".join(f"{name}: {value}" for name, value in response.headers.items() if name != "Content-Length")
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = [f"{name} {archive.read(name).decode('utf-8', 'replace')}" for name in archive.namelist()]
        return heads + unescape(" ".join(parts))
    if body.startswith(b"%PDF") and b"/Page" in body:
        return heads + " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return heads + unescape(body.decode("utf-8", "replace"))
