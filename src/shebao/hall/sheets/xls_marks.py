"""Formula cells of an old .xls file that hold no real value; used only inside the reading child.

Writers that cannot calculate store 0 and set "calculate on load"; the parser then shows a plain 0.
An amount must never become zero by silence, so those cells are found here, with the error cells.
Record layouts follow [MS-XLS] 2.4 and [MS-CFB] 2; only what is needed is read.
"""

import struct

BOF, BOUNDSHEET, FORMULA, BOOLERR = 0x0809, 0x0085, 0x0006, 0x0205
CALCULATE_ON_LOAD = 0x0002
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def marks_of(data, sheet_name):
    """{(row, column): [text, kind]} of one sheet, both counted from 0."""
    stream = workbook_stream(data)
    start = sheet_offset(stream, sheet_name)
    if start is None:
        return {}
    marks, depth = {}, 0
    for kind, body in records(stream, start):
        if kind == BOF:
            depth += 1
        elif kind == 0x000A:  # EOF of this sheet, or of a chart inside it
            depth -= 1
            if depth == 0:
                break
        elif kind == FORMULA and len(body) >= 16:
            row, column, _, value, flags = struct.unpack_from("<HHH8sH", body)
            if value[6:] == b"\xff\xff" and value[0] == 2:
                marks[row, column] = [ERRORS.get(value[2], "#N/A"), "error"]
            elif value == bytes(8) and flags & CALCULATE_ON_LOAD:
                marks[row, column] = ["", "formula_without_value"]
        elif kind == BOOLERR and len(body) >= 8 and body[7]:
            row, column = struct.unpack_from("<HH", body)
            marks[row, column] = [ERRORS.get(body[6], "#N/A"), "error"]
    return marks


def records(stream, at):
    """BIFF records from an offset on: (kind, body)."""
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def sheet_offset(stream, sheet_name):
    """Where the sheet of that name begins in the workbook stream."""
    for kind, body in records(stream, 0):
        if kind == BOUNDSHEET and len(body) >= 8:
            (offset,) = struct.unpack_from("<I", body)
            length, wide = body[6], body[7] & 1
            raw = body[8 : 8 + length * (2 if wide else 1)]
            if raw.decode("utf-16-le" if wide else "latin-1", "replace") == sheet_name:
                return offset
        elif kind == 0x000A:
            return None
    return None


def workbook_stream(data):
    """The bytes of the stream "Workbook" of a compound file, b"" where there is none."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    fat = allocation_table(data, size)
    directory = chain(data, fat, struct.unpack_from("<I", data, 48)[0], size)
    cutoff = struct.unpack_from("<I", data, 56)[0]
    for at in range(0, len(directory) - 127, 128):
        entry = directory[at : at + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            first, length = struct.unpack_from("<II", entry, 116)
            if length < cutoff:
                return mini_stream(data, fat, directory, first, length, size)
            return chain(data, fat, first, size)[:length]
    return b""


def mini_stream(data, fat, directory, first, length, size):
    """A stream shorter than the cut-off, from the 64-byte sectors inside the root entry's stream."""
    (mini_fat_at,) = struct.unpack_from("<I", data, 60)
    raw = chain(data, fat, mini_fat_at, size)
    mini_fat = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
    container = chain(data, fat, struct.unpack_from("<I", directory, 116)[0], size)
    return b"".join(container[n * 64 : n * 64 + 64] for n in walk(mini_fat, first))[:length]


def allocation_table(data, size):
    """The table that says which sector follows which."""
    sectors = [n for n in struct.unpack_from("<109I", data, 76) if n < 0xFFFFFFFA]
    extra = struct.unpack_from("<I", data, 68)[0]
    seen = set()
    while extra < 0xFFFFFFFA and extra not in seen:
        seen.add(extra)
        block = data[(extra + 1) * size : (extra + 2) * size]
        numbers = struct.unpack(f"<{size // 4}I", block)
        sectors += [n for n in numbers[:-1] if n < 0xFFFFFFFA]
        extra = numbers[-1]
    raw = b"".join(data[(n + 1) * size : (n + 2) * size] for n in sectors)
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def walk(table, first):
    """Sector numbers of one chain; a loop ends it."""
    seen = set()
    while first < len(table) and first not in seen:
        seen.add(first)
        yield first
        first = table[first]


def chain(data, fat, first, size):
    """The bytes of one chain of sectors."""
    return b"".join(data[(n + 1) * size : (n + 2) * size] for n in walk(fat, first))
