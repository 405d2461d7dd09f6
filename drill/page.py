"""docs/drill.md: what the last kept runs found. Written from drill/results, never by hand."""

from pathlib import Path

from .outcome import Outcome, kept

PAGE = Path(__file__).parents[1] / "docs/drill.md"
HEAD = """# What the drills found

`make drill` runs every drill at full size and writes this page from `drill/results/`; one drill alone:
`.venv/bin/python -m drill uploads 500 --seed 7` (`--keep` writes its result here). The same drills run small in every
test run (`tests/drill`), each beside a test that breaks the product on purpose and expects the drill to see it. A
failure names its seed and number: the same seed does the same again.

| drill | engine | what came of it | failures | seconds | seed | run on |
|---|---|---|---|---|---|---|
"""
TAIL = """
- **uploads**: damaged workbooks (zip directory, XML, BIFF, CSV bytes, encodings, values, named bombs) through the
  upload page; memory is that of the process after all of them beside that after the first 300. **cells**: generated
  workbooks of right and wrong answers, with titles, empty lines and sums between them, as .csv in both encodings, .xls
  and .xlsx: the same batch each time, and every row accounted for.
- **kills**: a process killed by SIGKILL while it settles a month, hears the bank, imports a sheet or writes a table:
  half at every write and commit in turn, half at random instants; on PostgreSQL some strike the database server's
  process. After each, check-ledger, verify-audit and (SQLite) integrity_check; what lay on the disk is swept; then the
  work is done again. The count is for each of the four kinds of work.
- **oracle**: contribution lines against fractions. **faults**: wrong books that check-ledger must report by bill,
  payment or person.
- **tampering**: audit records changed by raw SQL, with anchors outside the database. **notices**: lying call-backs of
  the bank. **doors**: guards of pages and rows (permissions, scopes, departments, functions of the menu, sign-in) taken
  away one at a time; the walk through every address must notice. **lives**: fifty random steps of an employer's money
  each, beside a model of a few integers. **canaries**: people who are enrolled, looked at, searched, imported and
  mistyped; then their numbers, telephones and accounts are looked for in the raw bytes of database, files and log
  (text, UTF-16, base64, hex), on PostgreSQL in the server's whole folder and in every row as text, in addresses and
  titles.
- **floods**: one employer asks as fast as it can, then many visitors send a letter a second; how long the pages of
  another employer take, the flood being refused and the slow ones cut off in words. Flood, server and measuring share
  the processor. **walks**: anybody presses anything in any order; a declaration moves only as its table says.
- **records**: audit records appended by two writers at once, in deeds of one to a thousand, and verified at a
  hundredth, a tenth and the end. **timings**: medians of one run, each question asked of both kinds in an order of
  chance: signing in as somebody who is there (whose account is closed, or not yet used) and as nobody; looking for
  a person insured at another employer and for nobody; beginning the enrolment of a person known elsewhere and of
  nobody. They may differ by less than a tenth, the words not at all. Then every regular expression of the program reads
  30,000 characters of what would be slow for one that is not linear.
- **sheets**: texts that would be formulas, as names, departments and cells of a sheet, leave by every table that the
  hall writes; LibreOffice opens each table, and no cell is a formula, a link or a DDE; every text reads as it was typed
  in its CSV and in the workbook that it saves, by our own importer too. Without LibreOffice (`soffice`) it fails.
- **parsers**: what strangers send, under a coverage-guided fuzzer (atheris, on Linux with x86-64): tables as in the
  child that reads them and on to the answer for every cell, papers and their small pictures, returns of the bank in
  every shape and its call-backs, certificates and signatures, answers of passkeys, values for a region as YAML. It
  begins with files of ours and keeps whatever reaches new code; inside zip, PNG and DER one part is changed and the
  sums around it fit again. An input is read or refused as its reader refuses, within 20 s and 1.5 GB of the whole
  process; anything else is a failure and stays in `var/parsers`. The number is the seconds of all targets together,
  as many at once as there are processors. Only Python is watched for new code: what is reached inside calamine, expat
  and Pillow's decoders is chance.

Not shown by these: power loss and lying disks, more than one host, `pg_amcheck`. Seconds are those of a machine that
was busy with other work; they compare nothing.
"""


def rendered(drills: dict[str, tuple[int, tuple[str, ...]]]) -> str:
    """The page, from the results that were kept; a drill that nobody ran at full size says so."""
    rows = []
    for name, (full, engines) in drills.items():
        for engine in engines:
            found = kept(name, engine)
            rows.append(
                _row(name, engine, found) if found else f"| {name} | {engine} | not run yet ({full:,}) | | | | |"
            )
    return HEAD + "\n".join(rows) + "\n" + TAIL


def _row(name: str, engine: str, found: Outcome) -> str:
    told = ", ".join(f"{number:,} {what}" for what, number in found.counts.items())
    told += "".join(f"; {what}: {value}" for what, value in found.facts.items())
    cells = [name, engine or "none", told, f"{len(found.failures)}", f"{found.seconds:,.0f}", f"{found.seed}"]
    return f"| {' | '.join(cells)} | {found.run_on} |"
