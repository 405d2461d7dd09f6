"""The menu as a tree: to look through, without what is shut, and to tick for an operator (权限树)."""

import copy

from django.urls import resolve

from shebao.hall.operators.models import Duty, Operator, Role

from .only_allowed import has_less
from .rights import function_of, is_open, may_open


def menu_items(frame: dict) -> list[dict]:
    """The entries of the menu that this operator sees, in order."""
    listed = (item for group in frame["nav"] for item in group["items"])
    return [entry for item in listed for entry in item.get("fold", [item])]


def allowed(user, nav: list[dict]) -> list[dict]:
    """The menu without what this operator would be refused."""
    if not has_less(user):
        return nav
    for group in nav:
        for item in group["items"]:
            if item.get("fold"):
                item["fold"] = [one for one in item["fold"] if may_open(user, one["url"])]
        group["items"] = [
            item for item in group["items"] if (item["fold"] if "fold" in item else may_open(user, item["url"]))
        ]
    return nav


def with_the_whole(operator: Operator) -> Operator:
    """The same person as a clerk who has less of nothing, for the menu to be made of; never saved."""
    whole = copy.copy(operator)
    whole.role, whole.duty = Role.CLERK, Duty.ALL
    whole.withheld, whole.departments, whole.schemes = [], [], []
    return whole


def menu_tree(whole: Operator, nav: list[dict]) -> list[dict]:
    """The employer's menu with its own levels: branches (`heading`, `nodes`) and leaves with the key of a function.

    What nobody can be kept from, and what the employer has not opened, is left out. Several entries may lead into one
    function: it is ticked where the first of them stands, and each other says `along` with which it opens.
    """
    known: dict[str, str] = {}
    branches = [{"heading": group["heading"], "nodes": _nodes(whole, group["items"], known)} for group in nav]
    return [branch for branch in branches if branch["nodes"]]


def _nodes(whole: Operator, items: list[dict], known: dict[str, str]) -> list[dict]:
    """One level of it; `known` are the functions that stand before, by what they are called there."""
    found = []
    for item in items:
        if item.get("fold"):
            if nodes := _nodes(whole, item["fold"], known):
                found.append({"heading": item["label"], "nodes": nodes})
            continue
        key = function_of(resolve(item["url"].partition("?")[0]))
        if key and is_open(whole, key):
            leaf = {"key": key, "label": item["label"], "url": item["url"], "along": known.get(key, "")}
            known.setdefault(key, item["label"])
            found.append(leaf)
    return found


def leaves_of(nodes: list[dict]) -> list[dict]:
    """The functions below some branches, on whatever level, each once."""
    found = []
    for node in nodes:
        if "nodes" in node:
            found += leaves_of(node["nodes"])
        elif not node["along"]:
            found.append(node)
    return found


def mark_current(nav: list[dict], path: str, home: str) -> None:
    """The entry with the longest address that the path starts with is the current one; the workbench only itself."""
    items = menu_items({"nav": nav})
    items = [item for item in items if path == item["url"] or (path.startswith(item["url"]) and item["url"] != home)]
    if items:
        max(items, key=lambda item: len(item["url"]))["current"] = True
    for fold in (item for group in nav for item in group["items"] if item.get("fold")):
        fold["open"] = any(item["current"] for item in fold["fold"])
