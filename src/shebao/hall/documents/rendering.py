"""Papers as PDF: data in, bytes out. Plain Python: no database, no clock, no region.

The same data gives the same bytes; the date inside the file is the data's `made_on`. A paper is a `Paper`;
the layout decides only how it lies on the page. Data reaches the compiler as one JSON input, never as markup.
"""

import atexit
import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import segno

COMPILING = Path(__file__).resolve().with_name("compiling.py")
SOURCES = Path(__file__).resolve().with_name("typst")
LAYOUTS = (
    *("payment_notice", "collection_assessment", "declaration_assessment", "receipt"),
    *("statement", "certificate", "yearly_plan", "declaration_voucher"),
)
VERSION = 7
"""The edition of the layouts that new papers are printed with. A released edition is never edited: to change how
papers look, copy its folder to the next number, edit the copy and raise this; a paper keeps the edition it came in."""


class Column(TypedDict):
    """A column of a table."""

    title: str
    align: NotRequired[str]  # "left" (default), "center" or "right"
    width: NotRequired[float]  # share of the page width, default 1
    group: NotRequired[str]  # neighbours of one group get a common heading above (险种 over 单位, 个人)
    keep: NotRequired[bool]  # never broken over lines: shrunk instead (names, numbers). Right-aligned ones always are


class PeopleTable(TypedDict):
    """The second part of a paper: every person's line, or every payment's. Its heading repeats on every page."""

    columns: list[Column]
    rows: list[list[str]]
    title: NotRequired[str]
    total: NotRequired[list[str]]
    size: NotRequired[float]  # of its print, points; this and `tight` come from `arranged`
    tight: NotRequired[bool]  # a value may be wider than its column


class Paper(TypedDict):
    """What a paper says. Values are finished text («1,234.50»); an empty list leaves its part out."""

    title: str  # 社会保险费缴费通知单
    letterhead: str  # who issues it
    subtitle: str
    number: str  # the paper's own number
    code: str  # verification code
    made_on: str  # ISO date, becomes the document's date
    header: list[list[str]]  # [[label, value], …], three in a line
    columns: list[Column]
    rows: list[list[str]]
    total: list[str]  # as long as `columns`, or empty
    amount_words: str  # "" leaves the line out; see `amount_in_words`
    people: PeopleTable | None
    notes: list[str]
    signatures: list[str]  # 「审核人」 leaves a line to sign on; 「审核人：张三」 is printed as it is
    seals: list[str]  # captions of the places for seals
    illustrative: list[str]  # parameters without an official source; not empty prints a banner
    wording: NotRequired[str]  # the sentence of a certificate
    payments: NotRequired[PeopleTable]  # of a receipt: every payment, since the third edition
    employer: NotRequired[str]  # whose it is, at the head of every following page; this and what follows since the 7th
    amount: NotRequired[str]  # what `amount_words` says in figures
    signed_by: NotRequired[str]  # whose electronic signature the file bears: its place says so
    by_hand: NotRequired[bool]  # a form to be filled in: high rows, no number, no code
    flipped: NotRequired[bool]  # printed across
    size: NotRequired[float]
    tight: NotRequired[bool]


class UnprintablePaper(ValueError):
    """The data is not a paper; `problems` lists everything that is wrong."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("单据数据有误：" + "；".join(problems))


class PaperNotRendered(RuntimeError):
    """The compiler failed, died or took too long; the same data may be tried again."""


class _Press:
    """The child process that compiles, replaced after a while: the compiler's cache only ever grows.

    Measured: some 0.3 MB for each line of people, so a press lives for some thousand lines.
    """

    LINES = 2_000
    PAPER_COSTS = 2  # lines' worth of a paper without people
    SHORT = 20  # rows of a table of schemes, which a paper's own cost covers
    TIMEOUT_SECONDS = 120

    def __init__(self):
        self._lock = threading.Lock()  # one caller at a time
        self._process: subprocess.Popen | None = None
        self._owner = 0
        self._lines = 0

    def compile(self, source: Path, paper: dict[str, Any]) -> bytes:
        """Return the PDF of a paper in the layout of this file. Raises PaperNotRendered."""
        request = json.dumps({"source": str(source), "paper": paper}).encode() + b"\n"
        with self._lock:
            process = self._ready()
            self._lines += self.PAPER_COSTS + max(0, len(paper["rows"]) - self.SHORT)
            self._lines += len((paper["people"] or {}).get("rows", ()))
            guard = threading.Timer(self.TIMEOUT_SECONDS, process.kill)
            guard.daemon = True
            guard.start()
            try:
                process.stdin.write(request)
                process.stdin.flush()
                verdict, _, length = process.stdout.readline().partition(b" ")
                answer = process.stdout.read(int(length or 0))
            except OSError as error:
                self.close()
                raise PaperNotRendered("排版程序中断，请重试") from error
            finally:
                guard.cancel()
            if verdict not in (b"ok", b"failed"):
                self.close()
                raise PaperNotRendered("排版程序中断，请重试")
        if verdict == b"failed":
            raise PaperNotRendered(answer.decode())
        return answer

    def _ready(self) -> subprocess.Popen:
        forked = self._owner != os.getpid()  # after a fork the press belongs to the parent
        if forked:
            self._process = None
        elif self._process and (self._lines >= self.LINES or self._process.poll() is not None):
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(COMPILING)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._owner, self._lines = os.getpid(), 0
        return self._process

    def close(self) -> None:
        """End the child; the next paper starts another."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        # Closing may still want to flush to the dead child.
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()


_press = _Press()
atexit.register(_press.close)


def render(layout: str, data: dict[str, Any], *, verify_url: str, version: int | None = None) -> bytes:
    """Return `data` (a `Paper`) as PDF in one of `LAYOUTS`, tagged, with a QR code of `verify_url` where it has one.

    `version` is the edition of the layout, the present one where none is given. Raises UnprintablePaper with every
    problem at once, PaperNotRendered when the compiler fails. Safe among threads.
    """
    source = SOURCES / str(VERSION if version is None else version) / f"{layout}.typ"
    problems = _problems(layout, source, data)
    if problems:
        raise UnprintablePaper(problems)
    made_on = date.fromisoformat(data["made_on"])
    paper = {
        **{key: data[key] for key in Paper.__annotations__ if key in data},
        "date": [made_on.year, made_on.month, made_on.day],
        "qr": _qr_code(verify_url) if verify_url else "",
        "verify_url": verify_url,
    }
    return _press.compile(source, paper)


def stamp(text: str, reason: str, *, width: float, height: float) -> bytes:
    """One page that lies over a paper which no longer stands; its size is in points. Raises PaperNotRendered."""
    said = {"title": text, "reason": reason, "width": width, "height": height, "rows": [], "people": None, "notes": []}
    return _press.compile(SOURCES / "stamp.typ", said)


def blank_form(title: str, paragraphs: list[str], signatures: list[str], *, foot: str, made_on: date) -> bytes:
    """A paper to be signed and sent back; nobody issued it, so it has no number. Raises PaperNotRendered."""
    said = {
        "title": title, "paragraphs": paragraphs, "signatures": signatures, "foot": foot, "rows": [], "people": None,
        "notes": [], "date": [made_on.year, made_on.month, made_on.day],
    }  # fmt: skip
    return _press.compile(SOURCES / "form.typ", said)


def _qr_code(text: str) -> str:
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=4, border=1, xmldecl=False)
    return out.getvalue().decode()


def _problems(layout: str, source: Path, data: dict[str, Any]) -> list[str]:
    if layout not in LAYOUTS or not source.is_file():
        return [f"没有名为 {layout} 的第 {source.parent.name} 版版式，可用：{'、'.join(LAYOUTS)}"]
    missing = sorted(Paper.__required_keys__ - data.keys())
    if missing:
        return [f"缺少 {key}" for key in missing]
    problems = _table_problems("表格", data["columns"], data["rows"], data["total"])
    if people := data["people"]:
        problems += _table_problems("人员明细", people["columns"], people["rows"], people.get("total", []))
    if payments := data.get("payments"):
        problems += _table_problems("缴费明细", payments["columns"], payments["rows"], payments.get("total", []))
    problems += [f"表头第 {i} 项须为 [名称, 内容]" for i, pair in enumerate(data["header"], 1) if len(pair) != 2]
    try:
        date.fromisoformat(data["made_on"])
    except (TypeError, ValueError):
        problems.append(f"made_on 须为 2026-03-05 样式的日期，收到 {data['made_on']!r}")
    return problems


def _table_problems(name: str, columns: list, rows: list, total: list) -> list[str]:
    problems = [
        f"{name}第 {i} 行有 {len(row)} 格，应为 {len(columns)} 格"
        for i, row in enumerate(rows, 1)
        if len(row) != len(columns)
    ]
    if total and len(total) != len(columns):
        problems.append(f"{name}合计行有 {len(total)} 格，应为 {len(columns)} 格")
    bad = [c["title"] for c in columns if c.get("align", "left") not in ("left", "center", "right")]
    return problems + [f"{name}列「{title}」的 align 须为 left、center 或 right" for title in bad]
