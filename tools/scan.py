"""Sign in as one role and let wapiti scan the hall with that session.

`python tools/scan.py WAPITI ADDRESS ACCOUNT START [CRAWL SECONDS] [SECONDS OF A MODULE]`, the password on standard
input. WAPITI is the program in an environment of its own, never in one of ours. At the end the session must still be
signed in, or the scan saw only the page that asks for a password. See docs/scans.md.
"""

import http.cookiejar
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

MODULES = "xss,sql,redirect,crlf,file,exec,csrf,csp,http_headers,cookieflags"
LEVELS = {4: "critical", 3: "high", 2: "medium", 1: "low", 0: "information"}
# What would end the session that scans, or change its password.
LEAVE_ALONE = ("/logout", "/password", "/account/sessions/*", "/account/leaving", "/account/factors*")


def main(wapiti: str, address: str, account: str, start: str, crawl: str = "300", attack: str = "60") -> int:
    """Print what was found, by level; 1 where it is high or medium, or the session did not last."""
    jar = http.cookiejar.CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{address}/login").read().decode()
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    sent = {"csrfmiddlewaretoken": token, "username": account, "password": sys.stdin.readline().strip()}
    if browser.open(f"{address}/login", urlencode(sent).encode()).url.endswith("/login"):
        sys.stdout.write(f"{account}: not signed in\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        cookies, report = Path(folder) / "cookies.json", Path(folder) / "report.json"
        plain = {"version": 0, "expires": None, "secure": False, "port": None}
        mine = {one.name: plain | {"value": one.value} for one in jar}
        cookies.write_text(json.dumps({urlsplit(address).hostname: {"/": mine}}))
        command = [wapiti, "-u", address + start, "--scope", "domain", "-c", str(cookies), "-m", MODULES, "-d", "4"]
        command += [part for path in LEAVE_ALONE for part in ("-x", address + path)]
        command += ["--max-scan-time", crawl, "--max-attack-time", attack, "--max-parameters", "20", "--flush-session"]
        command += ["--max-links-per-page", "40", "--no-bugreport", "-v", "0", "-f", "json", "-o", str(report)]
        command += ["--store-session", folder]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return told(account, json.loads(report.read_text()), browser.open(address + start).url.endswith(start))


def told(account: str, report: dict, is_signed_in: bool) -> int:
    """Print the findings, the worst first."""
    found = [(one["level"], name, one["method"], one["path"], one["info"])
             for name, ones in report["vulnerabilities"].items() for one in ones]  # fmt: skip
    pages = report["infos"]["crawled_pages_nbr"]
    sys.stdout.write(f"{account}: {pages} pages, still signed in: {is_signed_in}, {len(found)} findings\n")
    for level, *words in sorted(found, reverse=True):
        sys.stdout.write(f"  {LEVELS[level]}: {' '.join(words)[:200]}\n")
    return 0 if is_signed_in and all(level < 2 for level, *_ in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
