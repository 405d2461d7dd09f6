"""From the text of a folder to the parts of a region. Only shapes and words are judged here, not whether
parts fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from shebao.rules import vocabulary as v
from shebao.rules.code_lists import Code, CodeList
from shebao.rules.money import LARGEST_FEN, LARGEST_NUMERATOR, ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.region_files import Folder, Listed, Mapped, Problems
from shebao.rules.region_model import (
    Amount,
    Field,
    Form,
    Parameter,
    Scheme,
    Settlement,
    Share,
    Sheet,
    Value,
    Void,
)
from shebao.rules.region_take import EARLIEST, Take, each, frozen
from shebao.rules.settling_words import settling

OPTIONAL_TERMS = {"declare.row"}
"""Words of buttons that most regions do without: blank is none."""


def read_terms(folder: Folder, problems: Problems) -> dict[str, str]:
    """terms.yaml: notion → the region's word."""
    terms: dict[str, str] = {}
    for key, word in folder.parts["terms"].items():
        if not isinstance(word, str) or not (word.strip() or key in OPTIONAL_TERMS):
            problems.add(folder.where("terms", key), key, "用语应是一段文字")
        terms[key] = str(word)
    return terms


def read_parameters(folder: Folder, problems: Problems) -> dict[str, Parameter]:
    """parameters.yaml: dated values with their sources."""
    result: dict[str, Parameter] = {}
    for key, take in each(folder, "parameters", problems):
        title, unit = take.text("title"), take.word("unit", v.UNITS)
        rows = take.raw("values", needed=True)
        values: dict[tuple[Month, Any], Value] = {}
        for row in rows if isinstance(rows, Listed) else ():
            one = Take(row, key, take.content.where("values"), problems)
            if one.broken:
                continue
            value = _value(one, key, unit)
            if (value.since, value.known) in values:
                one.say("from", f"{value.since} 起、{value.known} 公布的数值重复")
            values[(value.since, value.known)] = value
        result[key] = Parameter(key, title, unit, tuple(values[k] for k in sorted(values)))
    return result


def _value(take: Take, key: str, unit: str) -> Value:
    since, known = take.month("from"), take.day("known")
    until = take.month("until", needed=False)
    raw = take.raw("value", needed=True)
    source, status = take.text("source"), take.word("status", v.STATUSES)
    take.done()
    number: Amount | Mapping[str, Amount]
    if isinstance(raw, Mapped):
        number = {str(k): _number(take, str(k), n, unit) for k, n in raw.items()}
    else:
        number = _number(take, "value", raw, unit)
    if until != EARLIEST and until < since:
        take.say("until", "终止月份早于起始月份")
    return Value(since, known, number, source, status, key, None if until == EARLIEST else until)


def _number(take: Take, key: str, raw: Any, unit: str) -> Amount:
    if isinstance(raw, bool) or not isinstance(raw, (int, Decimal)):
        if raw is not None:
            take.say("value", f"{key} 应是数字，实际为“{raw}”")
        return 0
    exact = Decimal(raw)
    if exact < 0:
        take.say("value", f"{key} 不能为负数")
        return 0
    if unit in ("rate", "factor"):
        digits = exact.as_integer_ratio()
        if max(digits) > LARGEST_NUMERATOR or (unit == "rate" and exact > 1):
            take.say("value", f"{key} 超出可用范围：{exact}")
        return exact
    scaled = exact * 100 if unit == "yuan" else exact
    if scaled != int(scaled) or scaled > LARGEST_FEN:
        take.say("value", f"{key} 应精确到{'分' if unit == 'yuan' else '整数'}且在可用范围内，实际为 {exact}")
    return int(scaled)


def read_schemes(folder: Folder, problems: Problems) -> dict[str, Scheme]:
    """schemes.yaml: what is charged."""
    result: dict[str, Scheme] = {}
    for key, take in each(folder, "schemes", problems):
        shares: dict[str, Share] = {}
        written = take.raw("shares", needed=True)
        for side, content in written.items() if isinstance(written, Mapped) else ():
            if side not in v.SHARES:
                problems.add(written.where(side), f"{key}.shares", f"不认识“{side}”，可用：{'、'.join(v.SHARES)}")
                continue
            shares[side] = _share(Take(content, f"{key}.{side}", written.where(side), problems))
        result[key] = Scheme(
            key,
            take.text("title"),
            take.text("short"),
            take.text("national_code"),
            take.text("base", "declared_wage"),
            take.text("floor", "") or None,
            take.text("ceiling", "") or None,
            take.word("rounding", ROUNDINGS),
            shares,
            take.condition("applies"),
            take.flag("open", True),
            take.word("colour", v.COLOURS),
            take.text("note", ""),
            take.text("limits_by", "") or None,
            take.word("base_rounding", ROUNDINGS, "") or None,
            take.word("months", v.MONTHS, "each"),
            take.word("per", v.PER, "month"),
            take.text("least_balance", "") or None,
        )
    return result


def _share(take: Take) -> Share:
    kinds = [k for k in v.SHARE_KINDS if k in take.content]
    kind = kinds[0] if len(kinds) == 1 else ""
    if not kind and not take.broken:
        take.say("", f"应写 {'、'.join(v.SHARE_KINDS)} 之一")
    share = Share(
        kind or "rate",
        take.text(kind) if kind else "",
        take.text("by", "") or None,
        take.text("times", "") or None,
        take.text("times_by", "") or None,
        take.text("plus", "") or None,
    )
    if kind != "rate" and (share.plus or share.times) or (kind == "tiers" and share.by):
        take.say(kind, "plus 与 times 只用于 rate，tiers 不用 by")
    take.done()
    return share


def read_codes(folder: Folder, problems: Problems) -> dict[str, CodeList]:
    """codes/*.yaml: code lists."""
    result: dict[str, CodeList] = {}
    for key, take in each(folder, "codes", problems):
        items: dict[str, Code] = {}
        rows = take.raw("items", needed=True)
        for index, row in enumerate(rows if isinstance(rows, Listed) else ()):
            one = Take(row, key, rows.where(index), problems)
            code = one.text("code")
            if code in items:
                one.say("code", f"代码“{code}”重复")
            items[code] = Code(
                code,
                one.text("title"),
                one.text("national", code),
                one.texts("aliases"),
                one.text("note", ""),
                one.word("kind", v.CHANGE_KINDS, ""),
                one.flag("needs_evidence", False),
                one.flag("transfer", False),
                one.flag("retired", False),
                one.texts("whose", v.PEOPLES),
                one.word("waits_for", v.WAITED_FOR, ""),
            )
            one.done()
        result[key] = CodeList.of(key, take.text("title"), tuple(items.values()))
    return result


def read_forms(
    folder: Folder, terms: Mapping[str, str], schemes: Mapping[str, Scheme], problems: Problems
) -> dict[str, Form]:
    """forms/*.yaml: shared blocks and local fields, unfolded in reading order."""
    result: dict[str, Form] = {}
    for key, take in each(folder, "forms", problems):
        fields: dict[str, Field] = {}
        needed = take.texts("required_here")
        rows = take.raw("fields", needed=True)
        for index, row in enumerate(rows if isinstance(rows, Listed) else ()):
            for one in _unfold(row, key, rows.where(index), folder, problems):
                for read in _each_scheme(_field(one, terms, needed), schemes):
                    if read.id in fields:
                        one.say("id", f"字段“{read.id}”重复")
                    fields[read.id] = read
        for name in needed:
            if name not in fields:
                take.say("required_here", f"表单里没有字段“{name}”")
        result[key] = Form(key, tuple(fields.values()))
    return result


def _each_scheme(field: Field, schemes: Mapping[str, Scheme]) -> Iterator[Field]:
    """A field of the kind "schemes" stands for one question about each open monthly scheme: insured in it or not."""
    if field.kind != "schemes":
        yield field
        return
    for scheme in schemes.values():
        if scheme.open and scheme.per == "month":
            id, options = f"{field.id}_{scheme.key}", field.options or "yes_no"
            yield replace(field, id=id, kind="choice", label=scheme.title, options=options, scheme=scheme.key)


def _unfold(row: Any, form: str, where: str, folder: Folder, problems: Problems) -> Iterator[Take]:
    if not (isinstance(row, Mapped) and "use" in row):
        yield Take(row, form, where, problems)
        return
    name = str(row["use"])
    block = folder.parts["blocks"].get(name)
    rows = block.get("fields") if isinstance(block, Mapped) else None
    if not isinstance(rows, Listed):
        problems.add(row.where("use"), form, f"没有名为“{name}”的字段组（blocks/{name}.yaml）")
        return
    for index, one in enumerate(rows):
        yield Take(one, f"{form}.{name}", rows.where(index), problems)


def _field(take: Take, terms: Mapping[str, str], needed: tuple[str, ...]) -> Field:
    id, term = take.text("id"), take.text("term", "")
    label = take.text("label", "")
    if term and term not in terms:
        take.say("term", f"没有用语“{term}”")
    if not (term or label) and not take.broken:
        take.say("term", "字段要有 term 或 label")
    field = Field(
        id,
        take.word("kind", v.FIELD_KINDS),
        label or terms.get(term, term),
        take.flag("required", False) or id in needed,
        take.text("options", "") or None,
        take.text("feeds", "") or None,
        settling(terms, take.text("help", "")),
        take.text("default", ""),
        take.flag("identity", False),
        take.texts("derive", v.DERIVED),
        take.flag("wide", False),
        required_when=take.condition("required_when"),
    )
    take.done()
    return field


def _all_preconditions(take: Take) -> tuple[str, ...]:
    """What a folder does not say is asked in full: silence must not open the month."""
    take.taken.add("preconditions")
    return tuple(one for one in v.PRECONDITIONS if one != "counter_done")


def read_settlements(folder: Folder, problems: Problems) -> dict[str, Settlement]:
    """settlements.yaml: the ways to settle a month."""
    return {
        key: Settlement(
            key,
            take.text("title"),
            take.word("applies", v.APPLIES),
            take.texts("preconditions", v.PRECONDITIONS)
            if "preconditions" in take.content
            else _all_preconditions(take),
            take.whole("confirmations", 1),
            take.texts("route", v.STEPS),
            take.texts("notes"),
            take.texts("functions"),
            _void(take, problems),
            take.flag("in_bulk", False),
            take.word("computed_by", v.COMPUTED_BY, "employer"),
        )
        for key, take in each(folder, "settlements", problems)
    }


def _void(take: Take, problems: Problems) -> Void | None:
    """What a settlement says about being undone; nothing, where it says nothing."""
    written = take.raw("void")
    if written is None:
        return None
    one = Take(written, f"{take.name}.void", take.content.where("void"), problems)
    title = one.text("title")
    void = Void(
        title,
        one.text("records", title),
        one.texts("route", v.STEPS),
        one.texts("notes"),
        one.texts("functions"),
    )
    one.done()
    return void


def read_documents(folder: Folder, problems: Problems) -> dict[str, Mapping[str, object]]:
    """documents.yaml: papers by layout, with their words and columns; `menu` is the entry that leads to one, below the
    heading `under`, and without it the paper is only on the page of all papers.
    """
    result: dict[str, Mapping[str, object]] = {}
    for key, take in each(folder, "documents", problems):
        take.text("title"), take.text("letterhead"), take.text("number_prefix", "")
        take.word("layout", v.LAYOUTS)
        stage, menu, under = take.word("stage", v.STAGES), take.text("menu", ""), take.text("under", "")
        if menu and stage not in v.STAGES_OF_BILLS:
            take.say("menu", f"只有 {'、'.join(v.STAGES_OF_BILLS)} 的单据按账单查询打印，可以写 menu")
        if under and not menu:
            take.say("under", "写了 menu 才有所在栏目")
        (
            take.texts("columns", v.COLUMNS),
            take.texts("notes"),
            take.texts("functions"),
            take.texts("signatures"),
            take.texts("people", v.PAPER_PEOPLE),
        )
        absent: dict[str, object] = {
            "menu": "",
            "under": "",
            "notes": [],
            "columns": [],
            "functions": [],
            "signatures": [],
            "people": [],
        }
        result[key] = absent | frozen(take.content)
    return result


def read_sheets(folder: Folder, problems: Problems) -> dict[str, Sheet]:
    """sheets/*.yaml: other names of spreadsheet columns."""
    result: dict[str, Sheet] = {}
    for key, take in each(folder, "sheets", problems):
        columns = take.raw("aliases", needed=True)
        inner = Take(columns, f"{key}.aliases", take.content.where("aliases"), problems)
        aliases = {name: inner.texts(name) for name in inner.content}
        published = take.texts("published")
        if len(set(published)) < len(published):
            take.say("published", "列名重复")
        row, source = take.whole("published_row", 1), take.text("published_source", "" if not published else None)
        result[key] = Sheet(key, take.text("title"), take.text("service"), aliases, published, max(row, 1), source)
    return result
