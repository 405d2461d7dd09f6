"""Rows that somebody ticked: read from a form, and carried in an address so that a page can be asked for again."""

MOST_ROWS = 50_000
"""As many rows as a sheet may hold: more are not chosen at once."""


def numbers(values) -> list[int]:
    """The row numbers among posted or listed texts; anything else is left out."""
    parts = (part for value in values for part in str(value).split(","))
    return list(dict.fromkeys(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 16))


def compact(pks) -> str:
    """Row numbers for an address, neighbours as one: 3, 4, 5, 9 is "3-5,9". A check page can so be asked for again."""
    runs: list[list[int]] = []
    for pk in sorted(set(pks)):
        if runs and pk == runs[-1][1] + 1:
            runs[-1][1] = pk
        else:
            runs.append([pk, pk])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def spread(text: str) -> list[int]:
    """The row numbers that `compact` wrote; at most MOST_ROWS, anything else is left out."""
    pks: list[int] = []
    for part in text.split(","):
        ends = numbers(part.split("-"))
        if ends:
            pks += range(ends[0], min(ends[-1], ends[0] + MOST_ROWS) + 1)
    return list(dict.fromkeys(pks))[:MOST_ROWS]
