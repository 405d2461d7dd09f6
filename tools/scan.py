"""Sign in as one role and let wapiti scan the hall with that session.

`python tools/scan.py WAPITI ADDRESS ACCOUNT START [CRAWL SECONDS] [SECONDS OF A MODULE] [SCOPE] [KNOWN]`, the password
on standard input. WAPITI is the program in an environment of its own, never in one of ours. ACCOUNT `-` is nobody, with
the session whose key is on standard input, or with none. SCOPE `domain` is the whole hall, `folder` what lies below
START, `page` that page alone. At the end START must still be what answers, or the scan saw only the page that asks
for a password. KNOWN is a file of what was attacked as other roles: that is not attacked again, and the file grows.

A hall has thousands of pages that differ in their numbers alone. Of each shape (method, address without its numbers,
names of the inputs) one request is crawled, and of pages without inputs the newest, which are in different states; of
each route as many are attacked as have all of its inputs together, so that the modules end. See docs/scans.md.
"""

import http.cookiejar
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from django.urls import Resolver404, resolve

from shebao.cli.starting import start_django

MODULES = "xss,sql,redirect,crlf,file,exec,csrf,csp,http_headers,cookieflags"
LEVELS = {4: "critical", 3: "high", 2: "medium", 1: "low", 0: "information"}
# What would end the session that scans, or change its password.
LEAVE_ALONE = (
    "/logout", "/password", "/account/sessions/*", "/account/leaving", "/account/factors*", "/register/leave",
)  # fmt: skip
# What everybody may open is scanned as nobody alone.
PUBLIC = (
    "/login*", "/forgotten*", "/register*", "/join*", "/activate*", "/phone*", "/trial*", "/rates*", "/guides*",
    "/verify*",
)  # fmt: skip
TOKEN, KEY, UNREAD = "csrfmiddlewaretoken", "_once", "nonce"
BEGUN = re.compile(r"Launching module (\w+)")
CUT = re.compile(r"Max attack time was reached for module (\w+)")
NUMBER = re.compile(r"\d+")
BEGINNING = re.compile(r"[^._]*")
MANY = 4
STRIDE = 15  # seconds of a crawl, after which what waits is thinned
DEPTH = 8
NEWEST = 16  # pages of a shape
TRIES = 4  # requests of a shape, while none of them was answered well
REQUESTS = """
    SELECT path_id, method, path, status_code,
        (SELECT group_concat(DISTINCT type || ' ' || name) FROM params
        WHERE params.path_id = paths.path_id AND name NOT IN (?, ?))
    FROM paths LEFT JOIN responses USING (response_id) WHERE NOT evil AND depth <= ? ORDER BY path_id
"""


def main(
    wapiti: str,
    address: str,
    account: str,
    start: str,
    crawl: str = "300",
    attack: str = "60",
    scope: str = "domain",
    known: str = "",
) -> int:
    """Print what was found, by level; 1 where it is high or medium, a module was cut or the session did not last."""
    start_django()
    jar = http.cookiejar.CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{address}/login").read().decode()
    cookies = {one.name: one.value for one in jar}
    word = sys.stdin.readline().strip()
    if account != "-":
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        sent = {"csrfmiddlewaretoken": token, "username": account, "password": word}
        if browser.open(f"{address}/login", urlencode(sent).encode()).url.endswith("/login"):
            sys.stdout.write(f"{account}: not signed in\n")
            return 2
        cookies = {one.name: one.value for one in jar}
    elif word:
        cookies["sessionid"] = word
        browser.addheaders.append(("Cookie", f"sessionid={word}"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = {"version": 0, "expires": None, "secure": False, "port": None}
        mine = {key: plain | {"value": value} for key, value in cookies.items()}
        (folder / "cookies.json").write_text(json.dumps({urlsplit(address).hostname: {"/": mine}}))
        command = [wapiti, "-u", address + start, "--scope", scope, "-c", str(folder / "cookies.json")]
        left = LEAVE_ALONE if account == "-" else LEAVE_ALONE + PUBLIC
        command += ["-d", str(DEPTH), *(part for path in left for part in ("-x", address + path))]
        command += ["--max-scan-time", str(STRIDE), "--max-attack-time", attack, "-S", "paranoid"]
        command += ["--max-parameters", "60"]
        command += ["--no-bugreport", "-v", "1", "-f", "json", "-o", str(folder / "report.json")]
        command += ["--store-session", str(folder), "--skip", TOKEN, "--skip", UNREAD]
        before = set(Path(known).read_text().splitlines()) if known and Path(known).exists() else set()
        words, after = _crawl(command, address + start, folder, float(crawl), before)
        sys.stdout.write(f"{account} {start}: {words}\n")
        sys.stdout.flush()
        said = _run([*command, "-m", MODULES, "--skip-crawl"])
        report = json.loads((folder / "report.json").read_text())
    cut = CUT.findall(said)
    if known and not cut:
        Path(known).write_text("".join(f"{name}\n" for name in sorted(after)))
    ended = [module for module in BEGUN.findall(said) if module not in cut]
    sys.stdout.write(f"{account} {start}: ended: {', '.join(ended)}; cut: {', '.join(cut) or 'none'}\n")
    return told(f"{account} {start}", report, _answers(browser, address + start)) or int(bool(cut))


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def _crawl(command: list[str], start: str, folder: Path, seconds: float, seen: set[str]) -> tuple[str, set[str]]:
    """Crawl in strides until no shape waits, or for `seconds`, and choose what is attacked that was not `seen`.

    The first page stays: headers and cookies are looked at there alone. Returns how much it was, and what is seen then.
    """
    until, gone, before, waiting, anew = time.monotonic() + seconds, 0, None, [], ["--flush-session"]
    while waiting != before and time.monotonic() < until:
        _run([*command, "-m", "", *anew])
        before, anew = waiting, []
        with closing(sqlite3.connect(next(folder.glob("*.db")))) as database, database:
            waiting, answered = _thin(database)
        gone += answered
    with closing(sqlite3.connect(next(folder.glob("*.db")))) as database, database:
        crawled = [one for one in _requests(database) if one.status is not None]
        chosen = attacked(crawled, seen)
        _keep(database, [*chosen, *(one for one in crawled if one.address == start and not one.inputs)])
        take_repeated_out(database)
        inputs = database.execute("SELECT count(*) FROM params WHERE name NOT IN (?, ?)", (TOKEN, KEY)).fetchone()[0]
        _take_keys_out(database)
    shapes, routes = len({one.shape for one in crawled}), len({one.route for one in chosen})
    cut = "" if waiting == before else f", {len(waiting)} requests not reached"
    words = (
        f"{gone + len(crawled)} requests crawled, {shapes} shapes{cut}; "
        f"attacked: {len(chosen)} requests to {routes} routes, {inputs} inputs"
    )
    return words, seen.union(*(one.inputs_of_route for one in chosen))


class Sent(NamedTuple):
    """A request that wapiti knows; `status` is what answered it, None while it waits."""

    number: int
    method: str
    address: str
    status: int | None
    inputs: frozenset[str]
    size: int

    @property
    def shape(self) -> tuple:
        return self.method, NUMBER.sub("0", self.address), self.inputs

    @property
    def route(self) -> str:
        """What the hall takes the address for; the address itself where it knows none."""
        path = urlsplit(self.address).path
        try:
            return f"{self.method} {resolve(path).route}"
        except Resolver404:
            return f"{self.method} {path}"

    @property
    def inputs_of_route(self) -> set[str]:
        """The route itself too, so that a page without inputs is looked at once."""
        route = self.route
        return {route, *(f"{route} {name}" for name in self.inputs)}

    @property
    def is_well(self) -> bool:
        return self.status is not None and self.status < HTTPStatus.BAD_REQUEST


def _requests(database: sqlite3.Connection) -> list[Sent]:
    """What wapiti crawled or is about to."""
    rows = database.execute(REQUESTS, (TOKEN, KEY, DEPTH)).fetchall()
    return [Sent(*row, _inputs(row[1], names or ""), names.count(",") + 1 if names else 0) for *row, names in rows]


def _inputs(method: str, names: str) -> frozenset[str]:
    """What the address of a form carries is attacked where the page is asked for."""
    return families([name for name in names.split(",") if name and (method == "GET" or not name.startswith("GET "))])


def families(names: list[str]) -> frozenset[str]:
    """Names without their numbers; many that begin alike are one, being read alike (`flag_name`, `flag_wage`)."""
    begin = {name: BEGINNING.match(name)[0] for name in names}
    alike = Counter(begin.values())
    return frozenset(f"{begin[name]}*" if alike[begin[name]] >= MANY else NUMBER.sub("0", name) for name in names)


def _keep(database: sqlite3.Connection, requests: Iterable[Sent]) -> None:
    stay = {one.number for one in requests}
    went = [(one.number,) for one in _requests(database) if one.number not in stay]
    database.executemany("DELETE FROM params WHERE path_id = ?", went)
    database.executemany("DELETE FROM paths WHERE path_id = ?", went)


def _thin(database: sqlite3.Connection) -> tuple[list[str], int]:
    """Leave one request of each shape; return the addresses that wait still, and how many went that were answered.

    What wapiti is told to leave alone waits for ever.
    """
    every = _requests(database)
    shapes: dict[tuple, list[Sent]] = {}
    for one in every:
        shapes.setdefault(one.shape, []).append(one)
    stay = [one for ones in shapes.values() for one in of_a_shape(ones)]
    _keep(database, stay)
    waiting = sorted(one.address for one in stay if one.status is None)
    return waiting, sum(one.status is not None for one in every) - len(stay) + len(waiting)


def of_a_shape(ones: list[Sent]) -> list[Sent]:
    """The newest pages. Of what has inputs one that was answered well; until there is one, one more that waits."""
    if ones[0].method == "GET" and not ones[0].inputs:
        return sorted(ones, key=lambda one: [int(number) for number in NUMBER.findall(one.address)])[-NEWEST:]
    answered = [one for one in ones if one.status is not None]
    waiting = [one for one in ones if one.status is None]
    return [one for one in answered if one.is_well][:1] or answered + waiting[: int(len(answered) < TRIES)]


def attacked(requests: list[Sent], seen: set[str]) -> list[Sent]:
    """As few as have every input of every route that was not seen; answered well and adding most for its size first."""
    left = [(one, one.inputs_of_route) for one in requests]
    chosen, seen = [], set(seen)
    while left := [(one, inputs) for one, inputs in left if not inputs <= seen]:
        best, inputs = max(left, key=lambda pair: _worth(*pair, seen))
        chosen.append(best)
        seen |= inputs
    return chosen


def _worth(one: Sent, inputs: set[str], seen: set[str]) -> tuple:
    return one.is_well, len(inputs - seen) / len(inputs), len(inputs), -one.size


def take_repeated_out(database: sqlite3.Connection) -> None:
    """Of inputs of one name the last stays, which is the one that is read; of many that begin alike the first two."""
    last = "SELECT max(param_id) FROM params GROUP BY path_id, type, name"
    database.execute(f"DELETE FROM params WHERE param_id NOT IN ({last})")
    alike: dict[tuple, list[int]] = {}
    rows = database.execute("SELECT path_id, type, name, param_id FROM params ORDER BY param_id").fetchall()
    for path, kind, name, number in rows:
        alike.setdefault((path, kind, BEGINNING.match(name)[0]), []).append(number)
    went = [(number,) for numbers in alike.values() if len(numbers) >= MANY for number in numbers[2:]]
    database.executemany("DELETE FROM params WHERE param_id = ?", went)


def _take_keys_out(database: sqlite3.Connection) -> None:
    """A form that was sent once takes nothing else with its key; without one every attack reaches the deed.

    The key gets a name that nobody reads, of the same length: wapiti repeats the length of what it sent first.
    """
    database.execute("UPDATE params SET name = ? WHERE name = ?", (UNREAD, KEY))


def _answers(browser: OpenerDirector, url: str) -> bool:
    try:
        return browser.open(url).url == url
    except HTTPError:
        return False


def told(account: str, report: dict, is_signed_in: bool) -> int:
    """Print the findings, the worst first; an answer of 500 is one."""
    kinds = [*report["vulnerabilities"].items(), *report["anomalies"].items()]
    found = [(one["level"], name, one["method"], one["path"], one["info"]) for name, ones in kinds for one in ones]
    sys.stdout.write(f"{account}: still signed in: {is_signed_in}, {len(found)} findings\n")
    for level, *words in sorted(found, reverse=True):
        sys.stdout.write(f"  {LEVELS[level]}: {' '.join(words)[:200]}\n")
    return 0 if is_signed_in and all(level < 2 for level, *_ in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
