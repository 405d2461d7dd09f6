"""`shebao recompute BILL`: prove a bill from what is stored with it, years later and without its region folder."""

import sys

from . import CannotRun
from .starting import in_words, start_with_database


def add_parsers(subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("recompute", help="用存下的依据把一张账单逐行重算")
    parser.add_argument("bill", metavar="账单", help="账单号，或它的序号")
    parser.set_defaults(run=recompute_bill)


def recompute_bill(options) -> int:
    """Print how many lines were recomputed and every disagreement; 1 where there is one, 2 for an unknown bill."""
    start_with_database()
    from shebao.hall.settlement.ledger import recomputed

    with in_words():
        answer = recomputed(options.bill.strip())
    if answer is None:
        raise CannotRun(f"没有账单“{options.bill}”，请写账单号（Z 开头）或账单的序号。")
    for sentence in answer.breaks:
        print(sentence, file=sys.stderr)
    told = f"账单 {answer.bill.number}（{answer.bill.month}）：凭存下的依据逐条重算 {answer.lines} 行"
    if answer.breaks:
        print(f"{told}，发现 {len(answer.breaks)} 处不一致。", file=sys.stderr)
        return 1
    print(f"{told}，全部一致。")
    return 0
