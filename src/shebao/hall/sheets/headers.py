"""Find the header row and say which column is which field. Every column is listed, none silently dropped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from shebao.hall.sheets.lines import Cell, Lines
from shebao.hall.sheets.reading import SheetRows
from shebao.rules.identity import check_id_number
from shebao.rules.region_model import Field, Form, Sheet

HEADER_ROWS = 15
LOOKED_AT = 1_000
"""As many rows are looked at for examples of what a column holds."""
ERROR_HEADING, KEY_HEADING = "错误", "行标识（请勿修改）"
_MARKS = re.compile(r"[*＊]|[（(\[【](?:必填|选填|必录|选录|必填项|选填项|可不填|可选)[)）\]】]")
_BRACKETS = re.compile(r"[（(\[【][^（()）\[\]【】]*[)）\]】]$")


@dataclass(frozen=True)
class ColumnMatch:
    """One column of the file. `index` counts from 0; `field` is None for a column that is not imported.

    `confidence`: exact, alias, remembered, content, or "" where nothing matched; `note` says why in Chinese.
    """

    index: int
    header: str
    field: str | None
    confidence: str
    samples: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class HeaderMatch:
    """Where the header is and what the columns mean.

    `header_row` and `first_data_row` are row numbers as the user sees them, from 1; `header_row` is None
    where no row of the first fifteen has a known name. `missing_required` are labels that no column gives.
    `key_column` is the column that our own marked file carries to find the rows again.
    """

    header_row: int | None
    first_data_row: int
    columns: tuple[ColumnMatch, ...]
    missing_required: tuple[str, ...]
    key_column: int | None = None

    @property
    def field_columns(self) -> dict[str, int]:
        """Field id → column index, for the matched columns."""
        return {c.field: c.index for c in self.columns if c.field}

    @property
    def unmatched(self) -> tuple[ColumnMatch, ...]:
        """Columns with content that will not be imported unless the user says otherwise."""
        return tuple(c for c in self.columns if c.field is None and not is_ours(c.header))

    @property
    def is_certain(self) -> bool:
        """Whether every column has the very name of a field and none is missing: no need to ask."""
        sure = all(c.confidence == "exact" for c in self.columns)
        return sure and self.header_row is not None and not self.missing_required


def normal_header(text: str) -> str:
    """A heading reduced to what it means: half width, no spaces, no required marks, no closing colon."""
    plain = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s\u200b\ufeff]", "", _MARKS.sub("", plain)).rstrip(":").casefold()


def is_ours(header: str) -> bool:
    """Whether a column was added by our own marked file, and so is neither imported nor repeated."""
    return normal_header(header) in (normal_header(ERROR_HEADING), normal_header(KEY_HEADING))


def sheet_fields(form: Form) -> tuple[Field, ...]:
    """The fields of a form that a spreadsheet column can carry: all but files."""
    return tuple(f for f in form.fields if f.kind != "file")


def match_headers(
    sheet_rows: SheetRows, form: Form, spec: Sheet | None = None, remembered: Mapping[str, str] | None = None
) -> HeaderMatch:
    """Match the columns of a sheet with the fields of a form.

    `remembered` maps normal_header(heading) to a field id, or to "" where the user chose not to import it;
    what the user once chose goes before everything else.
    """
    names = _Names(form, spec, remembered or {})
    rows = sheet_rows.rows
    header_row, height = _find_header(rows, names)
    if header_row is None:
        return HeaderMatch(None, 1, (), _missing(form, set()))
    headings = _headings(rows, header_row, height)
    data = rows[header_row + height :]
    width = max(_width(data), len(headings))
    columns = _match_columns(headings + [""] * (width - len(headings)), data, names, form)
    key = next((c.index for c in columns if normal_header(c.header) == normal_header(KEY_HEADING)), None)
    found = {c.field for c in columns if c.field}
    return HeaderMatch(header_row + 1, header_row + height + 1, tuple(columns), _missing(form, found), key)


class _Names:
    """Every name by which a field is known, by falling certainty."""

    def __init__(self, form: Form, spec: Sheet | None, remembered: Mapping[str, str]):
        fields = sheet_fields(form)
        known = {f.id for f in fields}
        self.remembered = {k: v for k, v in remembered.items() if not v or v in known}
        self.exact = {normal_header(f.label): f.id for f in fields}
        self.aliases: dict[str, str] = {}
        for field_id, names in (spec.aliases if spec else {}).items():
            if field_id in known:
                for name in names:
                    self.aliases.setdefault(normal_header(name), field_id)

    def find(self, header: str) -> tuple[str | None, str]:
        """(field id, confidence) of a heading; (None, "") for an unknown one."""
        name = normal_header(header)
        if not name:
            return None, ""
        if name in self.remembered:
            return self.remembered[name] or None, "remembered"
        bare = _BRACKETS.sub("", name)
        for candidate in (name, bare):
            if candidate in self.exact:
                return self.exact[candidate], "exact"
            if candidate in self.aliases:
                return self.aliases[candidate], "alias"
        return None, ""


def _find_header(rows: Sequence[Sequence[Cell]], names: _Names) -> tuple[int | None, int]:
    """Index and height (1 or 2 rows) of the header: the rows that name the most different fields.

    Two rows count as one header only if together they name more than either alone, as under merged headings.
    """
    last = min(HEADER_ROWS, len(rows))

    def named(index: int, height: int) -> int:
        return len({names.find(h)[0] for h in _headings(rows, index, height)} - {None})

    single = [named(index, 1) for index in range(last)]
    best, found = 0, (None, 1)
    for index in range(last):
        if single[index] > best:
            best, found = single[index], (index, 1)
        if index + 1 < last and (both := named(index, 2)) > max(best, single[index], single[index + 1]):
            best, found = both, (index, 2)
    return found


def _headings(rows: Sequence[Sequence[Cell]], index: int, height: int) -> list[str]:
    """Heading texts; of two rows the lower cell wins, an empty one takes the cell above it."""
    top = [c.text.strip() for c in rows[index]]
    if height == 1:
        return top
    low = [c.text.strip() for c in rows[index + 1]]
    width = max(len(top), len(low))
    top, low = top + [""] * (width - len(top)), low + [""] * (width - len(low))
    return [lower or upper for upper, lower in zip(top, low, strict=True)]


def _match_columns(
    headings: Sequence[str], data: Sequence[Sequence[Cell]], names: _Names, form: Form
) -> list[ColumnMatch]:
    """One ColumnMatch for each column that has a heading or any content."""
    columns, taken = [], {}
    examples = _samples(data, len(headings))
    for index, header in enumerate(headings):
        samples = examples[index]
        if not header and not samples:
            continue
        if is_ours(header):
            columns.append(ColumnMatch(index, header, None, "exact", samples, "系统标错文件中的列，不导入"))
            continue
        field, confidence = names.find(header)
        note = "" if field else ("已选择不导入" if confidence else "没有认出这一列")
        if field in taken:
            note = f"与第 {taken[field] + 1} 列是同一项，未导入"
            field, confidence = None, ""
        if field:
            taken[field] = index
        columns.append(ColumnMatch(index, header, field, confidence, samples, note))
    return _match_by_content(columns, data, form, set(taken))


def _match_by_content(
    columns: list[ColumnMatch], data: Sequence[Sequence[Cell]], form: Form, taken: set[str]
) -> list[ColumnMatch]:
    """Give an unnamed identity number field the one column whose values plainly are identity numbers."""
    for field in form.fields:
        if field.kind != "id_number" or field.id in taken:
            continue
        fits = [c for c in columns if not c.field and c.confidence != "remembered" and _holds_id_numbers(data, c)]
        if len(fits) == 1:
            place = columns.index(fits[0])
            note = "按内容认出，请确认"
            found = fits[0]
            columns[place] = ColumnMatch(found.index, found.header, field.id, "content", found.samples, note)
            taken.add(field.id)
    return columns


def _holds_id_numbers(data: Sequence[Sequence[Cell]], column: ColumnMatch) -> bool:
    texts = (r[column.index].text for r in data if column.index < len(r) and r[column.index].kind == "text")
    values = list(islice(texts, 50))
    valid = sum(check_id_number(v).ok for v in values if len(v.strip()) >= 15)
    return bool(values) and valid * 10 >= len(values) * 6


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    return rows.width if isinstance(rows, Lines) else max(map(len, rows), default=0)


def _samples(data: Sequence[Sequence[Cell]], width: int) -> list[tuple[str, ...]]:
    """The first three different values of each column; among the first thousand rows, if there are any there."""
    found: list[dict[str, None]] = [{} for _ in range(width)]
    _look(data[:LOOKED_AT], found, set(range(width)))
    empty = {index for index, some in enumerate(found) if not some}
    if empty and len(data) > LOOKED_AT:
        _look(data[LOOKED_AT:], found, empty)
    return [tuple(some) for some in found]


def _look(rows: Iterable[Sequence[Cell]], found: list[dict[str, None]], wanted: set[int]) -> None:
    for row in rows:
        for index in [i for i in wanted if i < len(row) and row[i].kind != "empty"]:
            found[index][row[index].text.strip() or "（公式）"] = None
            if len(found[index]) == 3:
                wanted.discard(index)
        if not wanted:
            return


def _missing(form: Form, found: set[str]) -> tuple[str, ...]:
    """Labels of required fields that no column carries and nothing else can supply."""
    derived = {name for f in form.fields if f.id in found for name in f.derive}
    return tuple(
        f.label
        for f in sheet_fields(form)
        if f.required and not f.default and f.id not in found and f.id not in derived
    )
