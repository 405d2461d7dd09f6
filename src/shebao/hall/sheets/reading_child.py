"""The child that parses a workbook: limited by the kernel, so that a hostile file can only end this process.

It is run as a script by `reading.py`: limits come as JSON in the first argument, the file on standard input,
rows leave as JSON lines. It imports as little as it can, because it starts once for every uploaded file.
The first line is a header `{"sheets", "sheet", "stamp", "width"}` or `{"error", …}`; then one list for each row, as
`lines.py` keeps it.
"""

import io
import json
import resource
import sys

import python_calamine

FORMULA_MARKS = (b"<f", b":f>", b":f ", b't="e"', b"t='e'")
FORMULA, ERROR = "formula_without_value", "error"


class TooMuch(Exception):
    """A limit of the caller was passed; the arguments become the error line."""


def confine(limits):
    """Hand the kernel the limits: memory, processor seconds, no core file, nothing written to disk."""
    for kind, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def number_text(number):
    """A number as Excel knows it, fifteen significant digits, never in exponent form: 8000.0 → "8000"."""
    if isinstance(number, float):
        text = f"{number:.15g}"
        if "e" not in text and "n" not in text:
            return "0" if text == "-0" else text
        if "n" in text:  # nan and inf
            return text
        return format_plain(text)
    return str(number)


def format_plain(text):
    """Write out an exponent: 1.5e+17 → 150000000000000000."""
    from decimal import Decimal

    return format(Decimal(text), "f")


def cell(value):
    """One calamine value as JSON: only what was text stays a bare string."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return [number_text(value), "number"]
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    if hasattr(value, "year"):
        return [text.removesuffix("T00:00:00").replace("T", " "), "date"]
    return text


def choose(workbook, wanted):
    """The names to choose from; and the sheet asked for, else the first visible one with anything in it."""
    sheets = [m for m in workbook.sheets_metadata if str(m.typ).endswith("WorkSheet")]
    visible = [m.name for m in sheets if str(m.visible).endswith(".Visible")] or [m.name for m in sheets]
    if wanted and wanted not in visible:
        raise TooMuch({"error": "no_such_sheet", "sheet": wanted})
    for name in [wanted] if wanted else visible:
        sheet = workbook.get_sheet_by_name(name)
        if wanted or sheet.height:
            return visible, sheet
    raise TooMuch({"error": "empty"})


def stamp_of(workbook, names):
    """The version that our own template wrote on its sheet of instructions, or ""."""
    if "说明" not in names:
        return ""
    for row in workbook.get_sheet_by_name("说明").to_python(nrows=5):
        if len(row) > 1 and row[0] == "模板版本":
            return str(row[1])[:200]
    return ""


def rows_of(sheet, marks, limits):
    """Rows from the first of the sheet on, each padded on the left, with formula and error cells marked."""
    left = [None] * (sheet.start[1] if sheet.start else 0)
    last_marked = max((r for r, _ in marks), default=-1)
    by_row = {}
    for (row, column), mark in marks.items():
        by_row.setdefault(row, []).append((column, mark))
    index = -1
    for index, values in enumerate(sheet.iter_rows() if sheet.height else ()):  # noqa: B007
        cells = left + [cell(v) for v in values]
        for column, mark in by_row.get(index, ()):
            cells.extend([None] * (column + 1 - len(cells)))
            cells[column] = mark
        while cells and cells[-1] is None:
            cells.pop()
        check_cells(index, cells, limits)
        yield cells
    for row in range(index + 1, last_marked + 1):
        cells = []
        for column, mark in by_row.get(row, ()):
            cells.extend([None] * (column + 1 - len(cells)))
            cells[column] = mark
        check_cells(row, cells, limits)
        yield cells


def check_cells(row, cells, limits):
    """Refuse a row that is too wide, or a cell that is too long."""
    if len(cells) > limits["columns"]:
        raise TooMuch({"error": "too_many_columns", "columns": len(cells)})
    for column, value in enumerate(cells):
        text = value[0] if isinstance(value, list) else value
        if text is not None and len(text) > limits["cell_chars"]:
            raise TooMuch({"error": "cell_too_long", "row": row + 1, "column": column + 1})


def lines(data, limits):
    """The whole answer, one line of JSON each: of large files the lines take a tenth of the room of the values."""
    workbook = python_calamine.load_workbook(io.BytesIO(data))
    visible, sheet = choose(workbook, limits["sheet"])
    if sheet.end and sheet.end[1] >= limits["columns"]:
        raise TooMuch({"error": "too_many_columns", "columns": sheet.end[1] + 1})
    marks = {}
    if data[:2] == b"PK":
        marks = xlsx_marks(data, sheet.name)
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        sys.path.append(str(__file__).rpartition("/")[0])  # only now: the child runs isolated
        from xls_marks import marks_of

        marks = marks_of(data, sheet.name)
    head = {"sheets": visible, "sheet": sheet.name, "stamp": stamp_of(workbook, visible)}
    answer = [b""]
    filled = blank = width = 0
    for cells in rows_of(sheet, marks, limits):
        if not cells:
            blank += 1
            continue
        filled += 1
        if filled > limits["filled_rows"] or filled + blank > limits["scan_rows"]:
            raise TooMuch({"error": "too_many_rows", "rows": (sheet.end[0] if sheet.end else 0) + 1})
        answer.extend([b"[]"] * blank)  # blank rows count only when something follows
        blank, width = 0, max(width, len(cells))
        answer.append(encoded(cells))
    if not filled:
        raise TooMuch({"error": "empty"})
    answer[0] = encoded(head | {"width": width})
    return answer


encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encoded(value):
    """A value as one line."""
    return encoder.encode(value).encode()


def xlsx_marks(data, sheet_name):
    """Cells whose formula was never calculated, or whose value is an error: calamine shows both as empty."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path, recalculated = sheet_part(archive, sheet_name)
        if path is None or not mentions_formula(archive, path):
            return {}
        return scan_cells(archive, path, recalculated)


def sheet_part(archive, sheet_name):
    """Path of the sheet's XML in the archive, and whether all values wait for recalculation on opening."""
    names = {n.lower(): n for n in archive.namelist()}
    book, rels = names.get("xl/workbook.xml"), names.get("xl/_rels/workbook.xml.rels")
    if book is None or rels is None:
        return None, False
    wanted, recalculated = None, False
    for tag, attributes in elements(archive.read(book)):
        if tag == "sheet" and attributes.get("name") == sheet_name:
            wanted = next((v for k, v in attributes.items() if k.endswith(":id")), None)
        elif tag == "calcPr":
            recalculated = attributes.get("fullCalcOnLoad") in ("1", "true")
    for tag, attributes in elements(archive.read(rels)):
        if tag == "Relationship" and attributes.get("Id") == wanted:
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else "xl/" + target
            return names.get(path.lower()), recalculated
    return None, recalculated


def elements(xml):
    """Every start tag of a small XML part with its attributes, without name spaces."""
    import pyexpat

    found = []
    parser = pyexpat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(":")[2], attributes))
    parser.Parse(xml, True)
    return found


def mentions_formula(archive, path):
    """Whether a sheet has any formula or error at all: most do not, and need no second look."""
    tail = b""
    with archive.open(path) as part:
        while chunk := part.read(1 << 20):
            if any(mark in tail + chunk for mark in FORMULA_MARKS):
                return True
            tail = chunk[-8:]
    return False


def scan_cells(archive, path, recalculated):
    """Walk a sheet's XML and note formulas without a value and error values by (row, column), from 0."""
    import pyexpat

    scan = CellScan(recalculated)
    parser = pyexpat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.CharacterDataHandler = scan.characters
    with archive.open(path) as part:
        parser.ParseFile(part)
    return scan.marks


class CellScan:
    """What is known of the cell being walked, and the marks found so far.

    Writers that do not calculate leave a 0 and ask for recalculation on opening: such a 0 is no value.
    """

    def __init__(self, recalculated):
        self.recalculated, self.marks = recalculated, {}
        self.place, self.kind, self.formula, self.value, self.inside = None, "n", False, None, False

    def start(self, tag, attributes):
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self.place, self.kind = attributes.get("r"), attributes.get("t", "n")
            self.formula, self.value = False, None
        elif tag == "f":
            self.formula = True
        elif tag == "v":
            self.value, self.inside = "", True

    def characters(self, data):
        if self.inside:
            self.value += data

    def end(self, tag):
        tag = tag.rpartition(":")[2]
        if tag == "v":
            self.inside = False
        elif tag == "c" and self.place:
            if self.kind == "e":
                self.marks[place_of(self.place)] = [self.value or "", ERROR]
            elif self.formula and self.has_no_value():
                self.marks[place_of(self.place)] = ["", FORMULA]

    def has_no_value(self):
        """A formula's value is missing, or blank where it should be a number, or a 0 nobody calculated."""
        if self.value is None or (self.value == "" and self.kind != "str"):
            return True
        return self.recalculated and self.value == "0"


def place_of(reference):
    """ "C7" → (6, 2)."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :]) - 1, column - 1


def answered(data, limits):
    """The answer to any file; whatever goes wrong becomes one error line."""
    try:
        return lines(data, limits)
    except TooMuch as too_much:
        return [encoded(too_much.args[0])]
    except python_calamine.PasswordError:
        return [encoded({"error": "encrypted"})]
    except MemoryError:
        return [encoded({"error": "too_heavy"})]
    except BaseException:  # a parser's panic is no Exception, and every reason means the same to the clerk
        return [encoded({"error": "damaged"})]


def main():
    """Read, parse, answer."""
    limits = json.loads(sys.argv[1])
    confine(limits)
    data = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    for line in answered(data, limits):
        out.write(line + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
