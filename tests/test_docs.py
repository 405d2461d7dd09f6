"""Documents are tested: what they list is what there is."""

import re
from pathlib import Path

from shebao.cli import COMMANDS
from shebao.hall.operators.models import AGENCY_ROLES, PERMISSIONS, Role
from shebao.web.functions import working_functions

ROOT = Path(__file__).parents[1]


def listed() -> dict[str, list[str]]:
    """docs/functions.md: id → title, places, tests."""
    rows = re.findall(r"^\| ([A-Z]{2}-\d+) \|(.+)\|$", (ROOT / "docs/functions.md").read_text("utf-8"), re.M)
    return {id: [cell.strip() for cell in rest.split("|")] for id, rest in rows}


def files(cell: str, folder: str) -> list[Path]:
    return [ROOT / folder / path for path in re.findall(r"`([^`]+)`", cell)]


def test_the_list_of_functions_is_the_catalogue_of_what_works():
    assert set(listed()) == {row["id"] for row in working_functions()}


def test_the_catalogue_names_the_test_that_walks_a_function():
    told = {row["id"]: ROOT / row["journey"] for row in working_functions()}
    assert {id: files(row[2], ".")[0] for id, row in listed().items()} == told


def test_a_function_lives_where_the_list_says():
    for id, (_, places, _) in listed().items():
        assert files(places, "src/shebao") and all(file.is_file() for file in files(places, "src/shebao")), id


def test_the_test_of_a_function_opens_its_page_or_names_it():
    words: dict[str, set[str]] = {}
    for function in working_functions():
        page = re.split("[/=]", function["address"].strip("/"))[-1]
        words.setdefault(function["id"], {function["id"]}).update((page, function["title"]))
    for id, row in listed().items():
        tests = "".join(file.read_text("utf-8") for file in files(row[2], "."))
        assert any(word in tests for word in words[id]), id


def test_every_setting_is_explained_to_operators():
    explained = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs/guide/operating.md").read_text("utf-8")
    asked = set()
    for file in [*(ROOT / "src/shebao/config").rglob("*.py"), ROOT / "src/shebao/regions_home.py"]:
        asked |= set(re.findall(r'(?:environ\.get|_needed|_key)\("([A-Z_]+)"', file.read_text("utf-8")))
    assert "SHEBAO_DATABASE_URL" in asked
    assert not {name for name in asked - {"SHEBAO_TEST_DIR"} if name not in explained}


def test_every_command_is_in_both_readmes_in_the_same_order():
    rows = {}
    for file in ("README.md", "README.zh-CN.md"):
        text = (ROOT / file).read_text("utf-8")
        assert [name for name in COMMANDS if f"shebao {name}" not in text] == [], file
        rows[file] = re.findall(r"^\| ((?:`shebao [^`]+`[,、]? ?)+) \|", text, re.M)
    english, chinese = ([re.findall(r"`([^`]+)`", row) for row in found] for found in rows.values())
    assert english == chinese and len(english) > 10


def test_every_sign_in_of_the_demo_is_in_both_tables_under_the_name_of_its_role():
    for file in ("README.md", "README.zh-CN.md"):
        text = (ROOT / file).read_text("utf-8")
        for role in AGENCY_ROLES:
            account = f"tianjin-{role.replace('_', '-')}"
            assert re.search(rf"^\| `{account}` \| .*{Role(role).label}", text, re.M), (file, account)


def test_nobody_is_told_of_a_page_that_their_role_does_not_open():
    """Operators and records of the agency belong to two of its officers, not to its administrator."""
    for file in ("README.md", "README.zh-CN.md"):
        rows = re.findall(r"^\| `tianjin-([a-z-]+(?:-\d)?)`[^|]* \|(.+)", (ROOT / file).read_text("utf-8"), re.M)
        assert len(rows) == 7
        for account, told in rows:
            role = re.sub(r"-\d$", "", account.split(",")[0]).replace("-", "_")
            for permission, words in (
                ("manage_operators", "operators|操作员"),
                ("see_audit", "audit records|操作记录"),
            ):
                assert bool(re.search(words, told)) == (permission in PERMISSIONS[role]), (file, account, permission)


def test_every_target_of_make_that_a_document_names_exists():
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {word for file in documents for word in re.findall(r"(?:`|^)make ([a-z]+)", file.read_text("utf-8"), re.M)}
    assert named and named <= made


def test_every_link_leads_somewhere():
    for file in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = re.sub(r"`[^`\n]*`", "", file.read_text("utf-8"))  # a regular expression may look like a link
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert (file.parent / link).exists(), f"{file.name}: {link}"


def test_the_page_of_the_drills_is_made_from_their_results():
    from drill.__main__ import DRILLS
    from drill.page import PAGE, rendered

    assert PAGE.read_text("utf-8") == rendered(DRILLS)


def bars() -> dict[str, tuple[list[Path], list[str]]]:
    """docs/bars.md: bar → its tests, its drills."""
    rows = re.findall(r"^\| (B\d+) \|([^|]*)\|([^|]*)\|([^|]*)\|", (ROOT / "docs/bars.md").read_text("utf-8"), re.M)
    return {bar: (files(tests, "."), re.findall(r"[\w-]+", drill)) for bar, _, tests, drill in rows}


def test_every_bar_names_tests_and_drills_that_there_are():
    from drill.__main__ import DRILLS

    assert len(bars()) == 22
    for bar, (tests, drills) in bars().items():
        assert tests and all(file.is_file() for file in tests), bar
        assert set(drills) <= set(DRILLS), bar


def test_every_drill_runs_small_among_the_tests_and_is_explained():
    from drill.__main__ import DRILLS
    from drill.page import TAIL

    for name in DRILLS:
        assert f"**{name}**" in TAIL, name
        assert any(
            re.search(rf"\b{name}\b", file.read_text("utf-8")) for file in (ROOT / "tests").rglob("test_*.py")
        ), name
