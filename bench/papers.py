"""1,000 one-page notices beside WeasyPrint, and the bill page of 5,000 people beside that of 50: make bench.

`bench/papers.py [notices] [people]`, on PostgreSQL. WeasyPrint gets the same words as a table of HTML with the same
font; both make a tagged PDF. Nothing is kept: what is measured is drawing.
"""

import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]
FONTS = ROOT / "src/shebao/hall/documents/fonts"


def main() -> None:
    """Both measurements in one scratch hall."""
    from drill.scratch import scratch_hall

    notices, people = (int(word) for word in [*sys.argv[1:], "1000", "5000"][:2])
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
    render(layout, made[0], verify_url=address)
    began = time.perf_counter()
    sizes = [len(render(layout, one, verify_url=f"{address}{one['number']}")) for one in made]
    ours = time.perf_counter() - began
    print(
        f"{count:,} notices by Typst: {ours:.1f} s, {1000 * ours / count:.1f} ms and {sum(sizes) // count:,} bytes each"
    )
    try:
        from weasyprint import HTML
        from weasyprint.text.fonts import FontConfiguration
    except ImportError:
        print("WeasyPrint is not installed here (bench/requirements.txt)")
        return
    few = max(count // 20, 1)  # it is slow enough to see
    fonts = FontConfiguration()
    HTML(string=html(made[0])).write_pdf(font_config=fonts)
    began = time.perf_counter()
    for one in made[:few]:
        HTML(string=html(one)).write_pdf(font_config=fonts, pdf_tags=True)
    theirs = time.perf_counter() - began
    each = theirs / few
    print(f"{few:,} of them by WeasyPrint: {theirs:.1f} s, {1000 * each:.1f} ms each; ratio {each * count / ours:.1f}")


def html(paper: dict) -> str:
    """The same words as plain HTML."""
    font = next(FONTS.glob("*.otf"), None) or next(FONTS.glob("*.ttf"))

    def cells(row) -> str:
        return "".join(f"<td>{cell}</td>" for cell in row)

    head = "".join(f"<tr>{cells(pair)}</tr>" for pair in paper["header"])
    columns = "".join(f"<th>{one['title']}</th>" for one in paper["columns"])
    rows = "".join(f"<tr>{cells(row)}</tr>" for row in [*paper["rows"], paper["total"]])
    return (
        f"<style>@font-face{{font-family:F;src:url(file://{font})}}body{{font-family:F;font-size:10pt}}"
        "td,th{border:1px solid #000;padding:2pt}</style>"
        f"<h1>{paper['title']}</h1><p>{paper['number']}</p><table>{head}</table><table><tr>{columns}</tr>{rows}</table>"
    )


if __name__ == "__main__":
    main()
