"""Sign in as one role and let wapiti scan the hall with that session.

`python tools/scan.py WAPITI ADDRESS ACCOUNT START [CRAWL SECONDS] [SECONDS OF A MODULE] [SCOPE]`, the password on
standard input. WAPITI is the program in an environment of its own, never in one of ours. ACCOUNT `-` is nobody, with
the session whose key is on standard input, or with none. SCOPE `domain` is the whole hall, `folder` what lies below
START, `page` that page alone. At the end START must still be what answers, or the scan saw only the page that asks
for a password. See docs/scans.md.
"""

import http.cookiejar
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

MODULES = "xss,sql,redirect,crlf,file,exec,csrf,csp,http_headers,cookieflags"
LEVELS = {4: "critical", 3: "high", 2: "medium", 1: "low", 0: "information"}
# What would end the session that scans, or change its password.
LEAVE_ALONE = (
    "/logout", "/password", "/account/sessions/*", "/account/leaving", "/account/factors*", "/register/leave",
)  # fmt: skip
KEY, UNREAD = "_once", "nonce"
CUT = re.compile(r"Max (?:attack|scan) time was reached(?: for module (\w+))?")


def main(
    wapiti: str, address: str, account: str, start: str, crawl: str = "300", attack: str = "60", scope: str = "domain"
) -> int:
    """Print what was found, by level; 1 where it is high or medium, or the session did not last."""
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
        command = [wapiti, "-u", address + start, "--scope", scope, "-c", str(folder / "cookies.json"), "-d", "4"]
        command += [part for path in LEAVE_ALONE for part in ("-x", address + path)]
        command += ["--max-scan-time", crawl, "--max-attack-time", attack, "--max-parameters", "60", "-S", "paranoid"]
        command += ["--no-bugreport", "-v", "1", "-f", "json", "-o", str(folder / "report.json")]
        command += ["--store-session", str(folder), "--skip", "csrfmiddlewaretoken", "--skip", UNREAD]
        said = _run([*command, "-m", "", "--flush-session"])
        _take_keys_out(next(folder.glob("*.db")))
        said += _run([*command, "-m", MODULES, "--skip-crawl"])
        cut = [module or "crawl" for module in CUT.findall(said)]
        report = json.loads((folder / "report.json").read_text())
    sys.stdout.write(f"{account} {start}: cut: {', '.join(cut) or 'nothing'}\n")
    return told(f"{account} {start}", report, _answers(browser, address + start))


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def _take_keys_out(kept: Path) -> None:
    """A form that was sent once takes nothing else with its key; without one every attack reaches the deed.

    The key gets a name that nobody reads, of the same length: wapiti repeats the length of what it sent first.
    """
    with closing(sqlite3.connect(kept)) as database, database:
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
    pages = report["infos"]["crawled_pages_nbr"]
    sys.stdout.write(f"{account}: {pages} pages, still signed in: {is_signed_in}, {len(found)} findings\n")
    for level, *words in sorted(found, reverse=True):
        sys.stdout.write(f"  {LEVELS[level]}: {' '.join(words)[:200]}\n")
    return 0 if is_signed_in and all(level < 2 for level, *_ in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
