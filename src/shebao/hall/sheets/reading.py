"""Read an uploaded table: look before parsing, parse only in a limited child, refuse in plain words."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from shebao.hall.sheets import csv_reading
from shebao.hall.sheets.lines import EMPTY, Cell, Lines
from shebao.hall.sheets.places import NoPlace, reading_place

CHILD = Path(__file__).with_name("reading_child.py")
SAVE_AS = "请在 Excel 或 WPS 中打开它，用“另存为”选择“Excel 工作簿（.xlsx）”后再上传。"
OLE, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"


@dataclass(frozen=True)
class SheetRows:
    """One sheet of a file. `rows[i]` is row i + 1 of the sheet; short rows end at their last filled cell.

    `file_kind` is xlsx, xls or csv; `stamp` is the version of our template, "" for any other file.
    """

    sheet_names: tuple[str, ...]
    sheet: str
    rows: Lines
    file_kind: str
    stamp: str = ""


@dataclass(frozen=True)
class Limits:
    """How much of a file is too much. Bytes, rows, seconds; the memory and time are those of the child."""

    bytes: int = 20 * 1024 * 1024
    rows: int = 100_000  # all steps of so many stay below 600 MB: docs/benchmarks.md
    header_rows: int = 15
    scan_rows: int = 200_000
    columns: int = 200
    cell_chars: int = 2_000
    members: int = 200
    unpacked_bytes: int = 200 * 1024 * 1024
    ratio: int = 100
    ratio_from_bytes: int = 4 * 1024 * 1024  # below this a high ratio is an ordinary style sheet
    memory_bytes: int = 1024 * 1024 * 1024
    cpu_seconds: int = 20
    wall_seconds: float = 40.0
    output_bytes: int = 96 * 1024 * 1024
    at_once: int = 2  # files read at the same time on this machine, by all processes together
    patience: float = 5.0  # how long a file waits for its turn


class UnreadableSheet(Exception):
    """A file that is not read. `code` is stable; `message_zh` says what is wrong and what to do."""

    def __init__(self, code: str, message_zh: str):
        super().__init__(message_zh)
        self.code, self.message_zh = code, message_zh


def read_workbook(data: bytes, file_name: str, *, sheet: str = "", limits: Limits | None = None) -> SheetRows:
    """The rows of one sheet (the first visible one with content, or `sheet`); raises UnreadableSheet."""
    limits = limits or Limits()
    if not data:
        raise UnreadableSheet("empty", "这个文件是空的（0 字节）。请检查文件是否保存成功，再重新上传。")
    if len(data) > limits.bytes:
        raise UnreadableSheet(
            "too_large",
            f"文件超过 {limits.bytes // 1048576} MB。请去掉图片和无关的工作表，或拆成几份后分别上传。",
        )
    try:
        with reading_place(limits.at_once, limits.patience):
            return _read(data, file_name, sheet, limits)
    except NoPlace:
        raise UnreadableSheet(
            "busy", "现在上传表格的人较多，系统正忙着读取别的文件。您的文件没有问题，请过半分钟再上传一次。"
        ) from None


def _read(data: bytes, file_name: str, sheet: str, limits: Limits) -> SheetRows:
    kind = _kind_of(data, file_name)
    if kind == "csv":
        return _read_text(data, limits)
    if kind == "xlsx":
        _check_archive(data, limits)
    return _read_in_child(data, kind, sheet, limits)


def _kind_of(data: bytes, file_name: str) -> str:
    """What the bytes are, whatever the name says."""
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _encrypted()
        return "xls"
    if data.startswith(b"PK"):
        return "xlsx"
    head = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and not head.startswith(b"<html"):
        raise UnreadableSheet("xml_sheet", f"这是“XML 电子表格 2003”格式，不能直接读取。{SAVE_AS}")
    if head.startswith((b"<html", b"<!doctype", b"<table", b"<meta", b"<style", b"<div")) or b"<table" in head:
        raise UnreadableSheet("html", f"这个文件其实是网页（HTML），只是名字叫作表格。{SAVE_AS}")
    suffix = Path(file_name).suffix.lower()
    if head.startswith((b"%pdf", b"\x89png", b"gif8", b"\xff\xd8", b"rar!", b"7z\xbc\xaf", b"{\\rtf")):
        raise _not_a_sheet()
    if suffix not in (".csv", ".txt", ".tsv"):
        _must_look_like_text_table(data)
    return "csv"


def _must_look_like_text_table(data: bytes) -> None:
    """Many systems export delimited text under the name .xls: accept it only if it truly is a table."""
    with suppress(csv_reading.BadText):
        if csv_reading.delimiter_of(csv_reading.decode(data)):
            return
    raise _not_a_sheet()


def _encrypted() -> UnreadableSheet:
    return UnreadableSheet(
        "encrypted", "文件设有打开密码，系统不能读取。请在 Excel 或 WPS 中打开它，取消密码并保存后再上传。"
    )


def _not_a_sheet() -> UnreadableSheet:
    return UnreadableSheet(
        "not_a_sheet",
        f"这不是能读取的表格文件，或文件已损坏。只接受 .xlsx、.xls 和 .csv。若它能打开，{SAVE_AS}",
    )


def _damaged() -> UnreadableSheet:
    return UnreadableSheet("damaged", f"文件不完整或已损坏，可能没有下载完或没有保存完。若它能打开，{SAVE_AS}")


def _too_heavy() -> UnreadableSheet:
    return UnreadableSheet(
        "too_heavy",
        "文件展开后过大或过于复杂，已停止读取。常见原因：在很远的行或列里有零星内容，或整列设了格式。"
        "请新建一份表格，只复制需要的行（粘贴为数值）后再上传。",
    )


def _check_archive(data: bytes, limits: Limits) -> None:
    """Look at an .xlsx as the zip it is, before anybody parses it: names, counts and sizes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > limits.members:
                raise _too_heavy()
            _check_names(members)
            _check_contents({m.filename.lower() for m in members})
            _check_sizes(archive, members, limits)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError):
        raise _damaged() from None
    except RuntimeError:  # zipfile says "password required" with a bare RuntimeError
        raise _encrypted() from None


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    names = [m.filename for m in members]
    for member in members:
        name = member.filename
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged()  # no spreadsheet program writes anything else
        hostile = name.startswith("/") or "\\" in name or ":" in name or "\x00" in name or ".." in name.split("/")
        if hostile or stat.S_ISLNK(member.external_attr >> 16):
            raise UnreadableSheet("hostile_archive", f"文件的内部结构不正常，已拒绝读取。{SAVE_AS}")
    if len({n.lower() for n in names}) != len(names):
        raise UnreadableSheet("hostile_archive", f"文件的内部结构不正常，已拒绝读取。{SAVE_AS}")


def _check_contents(names: set[str]) -> None:
    if "xl/vbaproject.bin" in names:
        raise UnreadableSheet("macro", f"文件带有宏，出于安全不读取。{SAVE_AS}")
    if not any(n.startswith("xl/workbook") for n in names):
        raise _not_a_sheet()


def _check_sizes(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Unpack everything once, keeping nothing, and stop at the cap: a declared size may lie."""
    if sum(m.file_size for m in members) > limits.unpacked_bytes:
        raise _too_heavy()
    total = 0
    for member in members:
        size = 0
        with archive.open(member) as part:
            while chunk := part.read(1 << 18):
                size += len(chunk)
                ratio_broken = size > limits.ratio_from_bytes and size > limits.ratio * max(member.compress_size, 1)
                if ratio_broken or total + size > limits.unpacked_bytes:
                    raise _too_heavy()
        total += size


def _read_in_child(data: bytes, kind: str, sheet: str, limits: Limits) -> SheetRows:
    """Parse in a child process and turn its lines into cells."""
    output, status = _run_child(data, sheet, limits)
    if output is None or status != 0:
        raise _too_heavy()
    first, _, rest = output.rstrip(b"\n").partition(b"\n")
    del output
    try:
        head = json.loads(first)
    except ValueError:
        raise _damaged() from None
    if "error" in head:
        raise _refusal(head, limits)
    rows = Lines(rest.split(b"\n"), head["width"])
    return SheetRows(tuple(head["sheets"]), head["sheet"], rows, kind, head["stamp"])


def _run_child(data: bytes, sheet: str, limits: Limits) -> tuple[bytes | None, int]:
    """Standard output and exit status of the child; None for the output if it was killed for size or time."""
    settings = asdict(limits) | {"sheet": sheet, "filled_rows": limits.rows + limits.header_rows}
    child = subprocess.Popen(
        [sys.executable, "-I", "-B", str(CHILD), json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a parser's panic may quote the file: nobody logs it
        close_fds=True,
    )
    killer = threading.Timer(limits.wall_seconds, child.kill)
    feeder = threading.Thread(target=_feed, args=(child.stdin, data), daemon=True)
    killer.start()
    feeder.start()
    try:
        output = child.stdout.read(limits.output_bytes + 1)
        if len(output) > limits.output_bytes:
            return None, -1
        return output, child.wait()
    finally:
        killer.cancel()
        child.kill()
        child.wait()
        feeder.join()
        killer.join()
        child.stdout.close()


def _feed(pipe, data: bytes) -> None:
    """Write the file to the child; a child that has already gone is no concern of the writer."""
    with suppress(OSError):
        pipe.write(data)
    with suppress(OSError):
        pipe.close()


def _refusal(head: dict, limits: Limits) -> UnreadableSheet:
    """The child's error line in words."""
    match head["error"]:
        case "encrypted":
            return _encrypted()
        case "too_heavy":
            return _too_heavy()
        case "empty":
            return UnreadableSheet("no_rows", "这个文件里没有任何内容。请把数据填在第一张工作表，保存后再上传。")
        case "no_such_sheet":
            return UnreadableSheet("no_such_sheet", f"文件里没有名为“{head['sheet'][:31]}”的工作表，请重新选择。")
        case "too_many_rows":
            return _too_many_rows(head["rows"], limits)
        case "too_many_columns":
            return _too_many_columns(head["columns"], limits)
        case "cell_too_long":
            return _cell_too_long(head["row"], head["column"], limits)
    return _damaged()


def _too_many_rows(rows: int, limits: Limits) -> UnreadableSheet:
    return UnreadableSheet(
        "too_many_rows",
        f"这张表有 {rows:,} 行，超过一次导入的上限 {limits.rows:,} 行。请拆成几份，分别上传。",
    )


def _too_many_columns(columns: int, limits: Limits) -> UnreadableSheet:
    return UnreadableSheet(
        "too_many_columns",
        f"表格内容一直到第 {columns:,} 列，超过上限 {limits.columns} 列。请删除右侧无关的列，保存后再上传。",
    )


def _cell_too_long(row: int, column: int, limits: Limits) -> UnreadableSheet:
    return UnreadableSheet(
        "cell_too_long",
        f"第 {row} 行第 {column} 列的内容超过 {limits.cell_chars:,} 个字。请缩短后再上传，系统不会自行截断。",
    )


def _read_text(data: bytes, limits: Limits) -> SheetRows:
    """Delimited text as a sheet; every cell is text, because text is all a CSV can say."""
    try:
        rows = csv_reading.split(csv_reading.decode(data))
    except csv_reading.BadText as bad:
        raise UnreadableSheet(bad.code, bad.message) from None
    filled = sum(1 for row in rows if row)
    if not filled:
        raise UnreadableSheet("no_rows", "这个文件里没有任何内容。请填好数据，保存后再上传。")
    if filled > limits.rows + limits.header_rows or len(rows) > limits.scan_rows:
        raise _too_many_rows(len(rows), limits)
    return SheetRows(("CSV",), "CSV", Lines.of(_text_cells(i, row, limits) for i, row in enumerate(rows, 1)), "csv")


def _text_cells(number: int, row: Iterable[str], limits: Limits) -> list[Cell]:
    cells = [Cell(text, "text") if text.strip() else EMPTY for text in row]
    if len(cells) > limits.columns:
        raise _too_many_columns(len(cells), limits)
    for column, cell in enumerate(cells, 1):
        if len(cell.text) > limits.cell_chars:
            raise _cell_too_long(number, column, limits)
    return cells


_UNSAFE_IN_NAME = re.compile(r"[\x00-\x1f<>:\"/\\|?*]")


def safe_file_name(file_name: str) -> str:
    """A file name fit to store and to show: the last part only, no control or path characters."""
    return _UNSAFE_IN_NAME.sub("_", re.split(r"[/\\]", file_name)[-1]).strip(" .")[:120] or "未命名"
