"""`shebao check-ledger`, `verify-audit`, `reconcile`, `housekeeping`, `functions`: prove, tidy, list what works."""

import json
import sys
from datetime import date, timedelta

from .starting import in_words, start_django, start_with_database

SHOWN = 50


def add_parsers(subparsers) -> None:
    """Add the commands."""
    subparsers.add_parser("check-ledger", help="核对账务规则").set_defaults(run=check_ledger)
    subparsers.add_parser("verify-audit", help="核对操作记录的链").set_defaults(run=verify_audit)
    reconciling = subparsers.add_parser("reconcile", help="把银行一天的对账单与账上比较")
    reconciling.add_argument("--day", default="", help="日期，如 2026-11-10；不写为昨天")
    reconciling.set_defaults(run=reconcile)
    tidying = subparsers.add_parser("housekeeping", help="清除异常中断留下的无主文件")
    tidying.set_defaults(run=housekeeping)
    functions = subparsers.add_parser("functions", help="按手册条目列出能办的功能")
    functions.add_argument("--json", action="store_true", help="输出 JSON")
    functions.set_defaults(run=list_functions)


def check_ledger(options) -> int:
    """Exit 1 and print a sentence for every break of the ledger's invariants."""
    start_with_database()
    from shebao.hall.settlement.ledger import check_ledger as breaks

    return _report(list(breaks()), "账务核对通过：分录平衡，账单等于明细之和，逐条重算一致。")


def reconcile(options) -> int:
    """Compare the bank's statement of a day with the ledger, region by region; exit 1 where anything differs."""
    start_with_database()
    from shebao.hall.clock import today
    from shebao.hall.errors import Refused
    from shebao.hall.payments.reconciling import reconcile_day
    from shebao.hall.regions import all_regions

    try:
        day = date.fromisoformat(options.day) if options.day else today() - timedelta(days=1)
        made = [reconcile_day(day, by=None, region=code) for code in all_regions()]
    except (ValueError, Refused) as no:
        print(
            no if isinstance(no, Refused) else f"“{options.day}”不是日期，请写成 2026-11-05 的样子。", file=sys.stderr
        )
        return 2
    found = list(dict.fromkeys(text for one in made for text in one.differences))
    return _report(found, f"{day} 对账一致：银行 {sum(one.bank_count for one in made)} 笔。")


def housekeeping(options) -> int:
    """Remove the files that belong to nothing and are older than a day, and what killed processes left half-written.

    `serve` does the first at its start and daily, the second every five minutes.
    """
    start_with_database()
    from shebao.hall.evidence.housekeeping import sweep_files
    from shebao.hall.work_folders import sweep_work

    with in_words():
        count = sweep_files() + sweep_work()
    return _report([], f"已清理遗留文件 {count} 个。" if count else "没有遗留文件。")


def verify_audit(options) -> int:
    """Exit 1 and print a sentence for every break of the audit chain."""
    start_with_database()
    from shebao.hall.audit.operations import broken_links

    with in_words():
        breaks = list(broken_links())
    return _report(breaks, "操作记录完整：序号连续，摘要链未断，与库外存证相符。")


def _report(breaks: list[str], fine: str) -> int:
    for sentence in breaks[:SHOWN]:
        print(sentence, file=sys.stderr)
    if len(breaks) > SHOWN:
        print(f"…… 其余 {len(breaks) - SHOWN} 处略。", file=sys.stderr)
    print(f"发现 {len(breaks)} 处问题。" if breaks else fine, file=sys.stderr if breaks else sys.stdout)
    return 1 if breaks else 0


def list_functions(options) -> int:
    """Print id, region, title, address and journey of every function that works."""
    start_django()
    from shebao.web.functions import working_functions

    with in_words():
        rows = working_functions()
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            print(f"{row['id']:<7}{row['region']:<10}{row['title']}  {row['address']}  {row['journey']}")
    return 0
