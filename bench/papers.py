"""1,000 one-page notices beside WeasyPrint, and the bill page of 5,000 people beside that of 50: make bench.

`bench/papers.py [notices] [people]`, on PostgreSQL. WeasyPrint gets the same words as a table of HTML, its style sheet
read once, and the two static faces of the same design that Debian installs: its best. With `--same-font` it also draws
all with the very font file of our papers, which is variable, so that it cuts an instance anew for every paper: more
than an hour for a thousand. All draw all of them and make tagged PDFs, fifty by turns, so that what else the machine
does falls on all alike. Nothing is kept: what is measured is drawing.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
FONTS = ROOT / "src/shebao/hall/documents/fonts"
TURN = 50
STYLE = "body{font-size:10pt}td,th{border:1px solid #000;padding:2pt}"


def main() -> None:
    """Both measurements in one scratch hall."""
    from drill.scratch import scratch_hall

    notices, people = (int(word) for word in [*(word for word in sys.argv[1:] if word.isdecimal()), "1000", "5000"][:2])
    with scratch_hall("postgres"):
        from tests.settlement.hall import hire, make_clerk, make_employer, on_day, settle

        bills = []
        for number, size in (("100001", 50), ("100002", people)):
            employer = make_employer("leshan", number)
            hire(employer, [500_000 + 100 * n for n in range(size)])
            clerk = make_clerk(employer)
            began = time.perf_counter()
            bills.append((size, clerk, settle(employer, clerk)))
            print(f"{size:,} people settled by the page's operation in {time.perf_counter() - began:.2f} s")
        with on_day():
            pages(bills)
            papers(bills[0][2], notices)


def pages(bills) -> None:
    """The bill's first answer, as a browser asks for it."""
    from django.db import connection
    from django.test import Client

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the server does by itself soon after tables were filled
    for size, clerk, bill in bills:
        client, seen, times = Client(), [], []
        client.force_login(clerk)

        def counting(execute, *words, seen=seen):
            seen.append(words[0])
            return execute(*words)

        for tab in ("", "?tab=people"):
            address = f"/e/bills/{bill.pk}/{tab}"
            seen.clear()
            with connection.execute_wrapper(counting):
                assert client.get(address).status_code == 200
            times = []
            for _ in range(7):
                began = time.perf_counter()
                client.get(address)
                times.append(1000 * (time.perf_counter() - began))
            print(
                f"bill of {size:,} people {tab or '(summary)'}: {len(seen)} queries, {statistics.median(times):.0f} ms"
            )


def papers(bill, count: int) -> None:
    """The region's notice, each with a number of its own."""
    from shebao.hall.documents.papers import layout_of, paper_of
    from shebao.hall.documents.rendering import render
    from shebao.hall.regions import region

    documents = region(bill.employer.region).documents
    kind = next(key for key, spec in documents.items() if spec.get("layout") == "notice" or "notice" in key)
    made = [
        paper_of(bill, kind, number=f"T{n:06d}", code=f"{n:024d}", made_on="2026-11-10") | {"people": None}
        for n in range(count)
    ]
    layout, address = layout_of(kind, documents[kind]), "https://example.invalid/verify/"
    ways = {"Typst": lambda one: render(layout, one, verify_url=f"{address}{one['number']}")}
    took = by_turns(ways | weasyprint(), made)
    ours = took["Typst"][0]
    for name, (seconds, size) in took.items():
        each = f"{1000 * seconds / count:.1f} ms and {size // count:,} bytes each"
        print(f"{count:,} notices by {name}: {seconds:.1f} s, {each}, × {seconds / ours:.1f}")


def by_turns(ways: dict[str, Callable[[dict], bytes]], made: list[dict]) -> dict[str, tuple[float, int]]:
    """Every way draws every paper: the seconds that each took, and how many bytes came of it."""
    took = dict.fromkeys(ways, (0.0, 0))
    for draw in ways.values():
        draw(made[0])
    for first in range(0, len(made), TURN):
        for name, draw in ways.items():
            began = time.perf_counter()
            size = sum(len(draw(one)) for one in made[first : first + TURN])
            took[name] = (took[name][0] + time.perf_counter() - began, took[name][1] + size)
    return took


def weasyprint() -> dict[str, Callable[[dict], bytes]]:
    """WeasyPrint's ways, their style sheets read; none where it is not installed."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except ImportError:
        print("WeasyPrint is not installed here (bench/requirements.txt)")
        return {}

    def way(family: str, face: str = "") -> Callable[[dict], bytes]:
        fonts = FontConfiguration()
        style = CSS(string=f"{face} body{{font-family:{family}}} {STYLE}", font_config=fonts)
        return lambda one: HTML(string=html(one)).write_pdf(font_config=fonts, stylesheets=[style], pdf_tags=True)

    ways = {"WeasyPrint, static faces": way("'Noto Sans CJK SC'")}
    if "--same-font" in sys.argv:
        file = next(FONTS.glob("*.otf")).as_uri()
        ways["WeasyPrint, same font"] = way("F", f"@font-face{{font-family:F;src:url({file})}}")
    return ways


def html(paper: dict) -> str:
    """The same words as plain HTML."""

    def cells(row) -> str:
        return "".join(f"<td>{cell}</td>" for cell in row)

    head = "".join(f"<tr>{cells(pair)}</tr>" for pair in paper["header"])
    columns = "".join(f"<th>{one['title']}</th>" for one in paper["columns"])
    rows = "".join(f"<tr>{cells(row)}</tr>" for row in [*paper["rows"], paper["total"]])
    return (
        f"<html lang=zh><title>{paper['title']}</title><h1>{paper['title']}</h1><p>{paper['number']}</p>"
        f"<table>{head}</table><table><tr>{columns}</tr>{rows}</table>"
    )


if __name__ == "__main__":
    main()
