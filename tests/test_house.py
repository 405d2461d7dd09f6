"""The house rules, as tests: names from the glossary, reads through the scope, money without floats."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/shebao"
HALL = SOURCE / "hall"


def python_files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.rglob("*.py")) if "migrations" not in file.parts]


def test_journeys_are_all_where_they_are_looked_for_and_nothing_else_is():
    tests = (ROOT / "tests").rglob("test_*.py")
    marked = {file for file in tests if re.search(r"^pytestmark = .*mark\.journey", file.read_text("utf-8"), re.M)}
    assert marked == set((ROOT / "tests/journeys").glob("test_*.py"))


def forbidden_words() -> set[str]:
    """Column 3 of the glossary: synonyms that are not used for the notion (settled: whole names only)."""
    words: set[str] = set()
    for row in re.findall(r"^\| .+$", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)[2:]:
        last = re.sub(r"（.*?）|\(.*?\)", "", row.strip("| ").split("|")[-1])
        words |= {word.strip() for word in last.split(",") if re.fullmatch(r"[a-z_]+", word.strip())}
    return words


def test_no_model_or_operation_or_field_bears_a_forbidden_name():
    taken = forbidden_words()
    assert {"company", "invoice", "salary"} <= taken
    hall_models = [model for model in apps.get_models() if model.__module__.startswith("shebao.hall")]
    names = {model.__name__.lower() for model in hall_models}
    names |= {field.name for model in hall_models for field in model._meta.fields} - {"id", "id_kind", "id_number"}
    for file in HALL.glob("*/operations.py"):
        tree = ast.parse(file.read_text("utf-8"))
        names |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not names & (taken - {"period", "record", "date", "job", "form", "file", "log", "max", "min", "area"})


@pytest.mark.parametrize("file", python_files(SOURCE), ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_file_is_short_enough_to_read(file):
    assert len(file.read_text("utf-8").splitlines()) <= 400


def test_pages_reach_objects_only_through_the_scope():
    offences = []
    for file in python_files(SOURCE / "web"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if re.search(r"\.objects\.(get|filter|all|exclude)\(", line):
                offences.append(f"{file.relative_to(SOURCE)}:{number}: {line.strip()}")
    assert not offences


def test_only_the_clock_asks_what_time_it_is():
    offences = []
    for folder in (HALL, SOURCE / "rules"):
        for file in python_files(folder):
            if file.name == "clock.py":
                continue
            text = file.read_text("utf-8")
            if re.search(r"timezone\.(now|localdate|localtime)\(|date\.today\(|datetime\.now\(", text):
                offences.append(str(file.relative_to(SOURCE)))
    assert not offences


def test_no_float_touches_money():
    offences = []
    for folder in (HALL / "settlement", HALL / "payments", SOURCE / "rules"):
        for file in python_files(folder):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    offences.append(f"{file.relative_to(SOURCE)}:{node.lineno}")
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in {"float", "round"}
                ):
                    offences.append(f"{file.relative_to(SOURCE)}:{node.lineno}")
    assert not offences


def test_every_operation_names_its_actor_by_keyword():
    offences = []
    for file in HALL.glob("*/operations.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            if "by" in [argument.arg for argument in node.args.args]:
                offences.append(f"{file.parent.name}.{node.name}")
    assert not offences


def test_the_lock_files_name_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text("utf-8")


def test_every_dependency_says_why_it_is_here():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.S | re.M)
    lines = [line for line in block.group(1).splitlines() if line.strip()]
    assert lines
    assert all("#" in line and len(line.split("#")[1].strip()) > 8 for line in lines)


def test_templates_hold_no_script_and_no_inline_style():
    offences = []
    for file in (SOURCE / "web/templates").rglob("*.html"):
        text = file.read_text("utf-8")
        if re.search(r"<script(?![^>]*\bsrc=)|\sstyle=\"|\son[a-z]+=\"|hx-on", text):
            offences.append(file.name)
    assert not offences


def test_what_is_taken_along_says_who_took_it():
    """A page writes a table through `taken`, which marks it and leaves a record."""
    offences = [
        file.name
        for file in python_files(SOURCE / "web")
        if "write_table(" in file.read_text("utf-8") and file.name != "taking.py"
    ]
    assert not offences


VOIDABLE = {"Assessment", "Bill", "BillLine"}
SAID = {"live", "ever", "create", "bulk_create"}


def test_who_asks_for_bills_says_whether_voided_ones_count():
    """`Bill.objects.live()` or `.ever()`: a voided bill is one that nobody owes, and nobody counts it by mistake."""
    offences = []
    for file in python_files(SOURCE):
        tree = ast.parse(file.read_text("utf-8"))
        inside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        inside |= {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if id(node) in inside or not isinstance(node, (ast.Call, ast.Attribute)):
                continue
            words, here = [], node
            while isinstance(here, (ast.Call, ast.Attribute)):
                words += [here.attr] if isinstance(here, ast.Attribute) else []
                here = here.func if isinstance(here, ast.Call) else here.value
            is_asked = isinstance(here, ast.Name) and here.id in VOIDABLE and "objects" in words
            if is_asked and not SAID & set(words):
                offences.append(f"{file.relative_to(SOURCE)}:{node.lineno}")
    assert not offences
