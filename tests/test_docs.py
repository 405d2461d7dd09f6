"""Documents are tested: what they list is what there is."""

import re
from pathlib import Path

from shebao.web.functions import working_functions

ROOT = Path(__file__).parents[1]


def test_the_list_of_functions_is_the_catalogue_of_what_works():
    listed = set(re.findall(r"^\| ([A-Z]{2}-\d+) ", (ROOT / "docs/functions.md").read_text("utf-8"), re.M))
    assert listed == {row["id"] for row in working_functions()}


def test_every_place_and_test_named_in_the_list_exists():
    for path in re.findall(r"`((?:hall|web|tests)/[^`]+\.py)`", (ROOT / "docs/functions.md").read_text("utf-8")):
        assert (ROOT / (path if path.startswith("tests/") else f"src/shebao/{path}")).exists(), path


def test_every_link_of_the_readmes_leads_somewhere():
    for name in ("README.md", "README.zh-CN.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / name).read_text("utf-8")):
            assert (ROOT / link).exists(), f"{name}: {link}"
