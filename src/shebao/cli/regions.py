"""`shebao region …` and `shebao calculate`: a region folder looked at and tried out, without Django or a
database.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from shebao.regions_home import regions_roots
from shebao.rules import vocabulary
from shebao.rules.cases import broken_cases, cases_of
from shebao.rules.contributions import Charges, NoFact, People, charge, explain
from shebao.rules.facts import FACTS
from shebao.rules.money import BadMoney, parse_fen, plain_yuan, yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.region import BadRegion, NoValue, Region, load_region, region_codes
from shebao.rules.trial import usual_facts

from . import CannotRun
from .region_diff import in_words, of_months, of_regions
from .region_single import place_of
from .region_work import new_folder, placeholders, plain, unfinished, written

CHINA = ZoneInfo("Asia/Shanghai")


def add_parsers(subparsers: Any) -> None:
    """Add `region list|check|explain|diff|vocabulary` and `calculate`."""
    region = subparsers.add_parser("region", help="查看、检查地区文件夹")
    inner = region.add_subparsers(dest="region_command", title="做什么", metavar="做什么", required=True)
    _add(inner, "list", "列出可以开通的地区", list_regions)
    check = _add(inner, "check", "载入文件夹，运行算例，列出每一处错误", check_regions)
    check.add_argument("codes", nargs="*", metavar="地区", help="地区代码；不写为所有地区")
    explained = _add(inner, "explain", "显示一个键、它的值和写它的文件", explain_key)
    explained.add_argument("code", metavar="地区", help="地区代码")
    explained.add_argument("key", metavar="键", help="如 schemes/pension、parameters/base_floor")
    compared = _add(inner, "diff", "比较两个地区的写法，或两个月的数值", diff_regions)
    compared.add_argument("first", metavar="地区", help="地区代码")
    compared.add_argument("second", nargs="?", metavar="另一地区", help="与哪个地区比较")
    compared.add_argument("--month", nargs="+", default=[], metavar="月份", help="比较有效的数值：一个月或两个月")
    compared.add_argument("--known-on", help="按这一天已公布的；不写为今天")
    compared.add_argument("--json", action="store_true", help="输出 JSON：每个键和两边的全部内容")
    made = _add(inner, "new", "照样板新建一个文件夹，并列出还缺什么", new_region)
    made.add_argument("code", metavar="地区", help="小写字母、数字、下划线")
    made.add_argument("--title", help="中文名称")
    made.add_argument("--extends", default="national", help="以哪个文件夹为底")
    made.add_argument("--into", help="放在哪里；不写为 REGIONS_DIR 或自带的地区")
    _add(inner, "vocabulary", "打印词汇表（docs/vocabulary.md）", print_vocabulary)
    calculate = _add(subparsers, "calculate", "算一个人一个月的缴费", calculate_month)
    calculate.add_argument("--region", required=True, help="地区代码")
    calculate.add_argument("--month", required=True, help="月份，如 2026-11")
    calculate.add_argument("--known-on", help="如 2026-11-24；不写为今天")
    calculate.add_argument("--wage", required=True, help="月工资（元）")
    calculate.add_argument("--fact", action="append", default=[], metavar="事实=值", help="其他事实，可以写多次")
    calculate.add_argument("--json", action="store_true", help="输出 JSON")


def _add(subparsers: Any, name: str, help: str, run: Callable[[argparse.Namespace], int]) -> Any:
    parser = subparsers.add_parser(name, help=help)
    parser.set_defaults(run=lambda options: _politely(run, options))
    return parser


def _politely(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Bad input ends with status 2 and a sentence, never with a traceback."""
    try:
        return run(options)
    except (CannotRun, BadRegion, NoValue, NoFact, BadMoney, BadMonth) as bad:
        sys.stderr.write(f"{bad}\n")
        return 2


def list_regions(options: argparse.Namespace) -> int:
    """Code, title, opening month, lineage and fingerprint of every region that can be opened."""
    roots = regions_roots()
    for code in region_codes(roots):
        one = load_region(code, roots)
        print(f"{one.code}\t{one.title}\t{one.opened_on}\t{' → '.join(one.lineage)}\t{one.fingerprint}")
    return 0


def check_regions(options: argparse.Namespace) -> int:
    """Status 1 and every mistake where a folder does not load or a case does not come out."""
    roots, wrong = regions_roots(), 0
    for code in options.codes or region_codes(roots):
        try:
            region = load_region(code, roots)
            cases = cases_of(region, roots)
            problems = broken_cases(region, roots)
            reminders = [f"提示：{line}" for line in placeholders(region)]
        except BadRegion as bad:
            problems, cases, reminders = bad.problems, [], []
        for line in problems or reminders:
            print(line)
        wrong += len(problems)
        print(f"{code}: {f'{len(problems)} 处错误' if problems else f'通过，{len(cases)} 个算例'}")
    return 1 if wrong else 0


def explain_key(options: argparse.Namespace) -> int:
    """One key of a region: where it is written and what it says."""
    region = _load(options.code, regions_roots())
    told = written(region)
    if options.key not in told:
        near = [key for key in told if options.key in key][:8]
        hint = f"，相近的有：{'、'.join(near)}" if near else ""
        raise CannotRun(f"{region.title}没有“{options.key}”{hint}")
    print(f"{options.key}\n{place_of(region, options.key)}")
    print(json.dumps(told[options.key], ensure_ascii=False, indent=2, default=str))
    return 0


def diff_regions(options: argparse.Namespace) -> int:
    """Keys that only one of two regions has, or that they write differently; with --month, values in force."""
    months = [Month.parse(text) for text in options.month]
    if len(months) > 2 or (options.second is None) != (len(months) == 2):
        raise CannotRun("请写两个地区（可加一个 --month），或一个地区和两个月份（--month 2025-12 2026-01）")
    roots, known_on = regions_roots(), _day(options.known_on)
    first = _load(options.first, roots)
    second = _load(options.second, roots) if options.second else first
    found = of_months(first, second, (months[0], months[-1]), known_on) if months else of_regions(first, second)
    if options.json:
        rows = [
            {"key": one.key, "title": one.title, "first": plain(one.first), "second": plain(one.second),
             "written": list(one.written)}
            for one in found
        ]  # fmt: skip
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    names = [f"{one.title}（{one.code}）" for one in dict.fromkeys((first, second))]
    told = f"{' → '.join(names)}{'，' if months else ''}{' → '.join(map(str, dict.fromkeys(months)))}"
    print(f"{told}：{len(found)} 项不同" if found else f"{told}：没有不同")
    for line in in_words(found):
        print(line)
    return 0


def new_region(options: argparse.Namespace) -> int:
    """A new folder from the template, and what it still lacks: then it is written, not programmed."""
    title = options.title or options.code
    folder = new_folder(options.code, title, options.extends, options.into)
    print(f"已建立 {folder}")
    for line in unfinished(options.code, [folder.parent, *regions_roots()]):
        print(line)
    print(f"改好后运行 shebao region check {options.code}；写法见 docs/guide/open-a-region.md 和 docs/vocabulary.md")
    return 0


def print_vocabulary(options: argparse.Namespace) -> int:
    """The closed vocabulary as Markdown."""
    sys.stdout.write(vocabulary.page())
    return 0


def calculate_month(options: argparse.Namespace) -> int:
    """Base, both shares and the evidence of every scheme that applies to one person."""
    region = _load(options.region, regions_roots())
    month, known_on, wage = Month.parse(options.month), _day(options.known_on), parse_fen(options.wage)
    facts = _facts(region, options.fact)
    people = People(np.array([wage], dtype=np.int64), facts)
    charges = charge(region, month, people, known_on=known_on)
    if options.json:
        print(json.dumps(_answer(region, charges, wage, facts), ensure_ascii=False, indent=2))
        return 0
    print(f"{region.title}  {month.label}  申报工资 {yuan(wage)} 元")
    for one in charges.schemes:
        title = region.schemes[one.scheme].title
        if not one.covered[0]:
            print(f"\n{title}  不参加")
            continue
        print(f"\n{title}  单位 {yuan(int(one.employer[0]))}  个人 {yuan(int(one.employee[0]))}")
        for index in (int(one.employer_evidence[0]), int(one.employee_evidence[0])):
            for step in explain(charges.evidence[index].data, wage) if index >= 0 else ():
                print(f"  {step.label}  {step.value}  {step.note}  {step.source}".rstrip())
    totals = int(charges.employer_total[0]), int(charges.employee_total[0])
    print(f"\n合计  单位 {yuan(totals[0])}  个人 {yuan(totals[1])}  共 {yuan(sum(totals))} 元")
    if shown := region.illustrative(month, known_on):
        print(f"注意：以下数值为示例值，未见公开文件：{'、'.join(shown)}")
    return 0


def _answer(region: Region, charges: Charges, wage: int, facts: Mapping[str, str]) -> dict[str, Any]:
    schemes = {}
    for one in charges.schemes:
        if one.covered[0]:
            evidence = {
                side: charges.evidence[int(index[0])]
                for side, index in (("employer", one.employer_evidence), ("employee", one.employee_evidence))
                if index[0] >= 0
            }
            schemes[one.scheme] = {
                "title": region.schemes[one.scheme].title,
                "base": plain_yuan(int(one.base[0])),
                "employer": plain_yuan(int(one.employer[0])),
                "employee": plain_yuan(int(one.employee[0])),
                "evidence": {side: {"digest": e.digest, **e.data} for side, e in evidence.items()},
            }
    return {
        "region": region.code,
        "fingerprint": region.fingerprint,
        "month": str(charges.month),
        "known_on": charges.known_on.isoformat(),
        "wage": plain_yuan(wage),
        "facts": dict(facts),
        "schemes": schemes,
        "employer_total": plain_yuan(int(charges.employer_total[0])),
        "employee_total": plain_yuan(int(charges.employee_total[0])),
        "illustrative": list(region.illustrative(charges.month, charges.known_on)),
    }


def _facts(region: Region, given: list[str]) -> dict[str, str]:
    """Facts from FACT=VALUE, a value being a code or its Chinese title; sensible ones where none is given."""
    facts = usual_facts(region)
    for text in given:
        key, equals, value = text.partition("=")
        fact = FACTS.get(key)
        if fact is None or not equals:
            raise CannotRun(f"“{text}”应写成 信息=值，可用的信息：{'、'.join(FACTS)}")
        codes = region.codes.get(fact.codes or "")
        code = codes.find(value) if codes else value
        if codes and code is None:
            raise CannotRun(
                f"{fact.title}没有“{value}”，可用：{'、'.join(i.code + ' ' + i.title for i in codes.items)}"
            )
        facts[key] = str(code)
    return facts


def _load(code: str, roots: list[Path]) -> Region:
    codes = region_codes(roots)
    if code not in codes:
        raise CannotRun(f"没有地区“{code}”，可用：{'、'.join(codes)}")
    return load_region(code, roots)


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(CHINA).date()  # as the hall counts its days, wherever this machine stands
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CannotRun(f"“{text}”不是日期，请按 2026-11-24 的样式填写") from None
