"""`shebao assess`: the month of every employer of a region in one run (集中核定), by several processes or machines.

There is no list of what is done: an employer's assessment is. So a run that was interrupted is simply started again,
and a partition that two workers take is settled once.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING

from . import CannotRun
from .serving import _end_with_parent, _number
from .starting import in_words, start_django, start_with_database

if TYPE_CHECKING:
    from shebao.hall.settlement.partitions import Finished, Partition
    from shebao.rules.months import Month

TRIES = 4
"""How often a partition is begun anew after its worker died or the database broke it off."""


def add_parsers(subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("assess", help="把一个地区所有单位的一个月一次核定完")
    parser.add_argument("--month", required=True, help="月份，如 2026-11")
    parser.add_argument("--region", default="", help="地区代码；不写为所有地区")
    parser.add_argument("--workers", type=_number(1, 64), default=1, help="在本机用几个进程（PostgreSQL）")
    parser.add_argument("--scheduler", default="", help="dask.distributed 集群的 tcp://… 地址，代替 --workers")
    parser.add_argument("--people", type=_number(1, 100_000), default=5_000, help="一个事务大约办多少人")
    parser.set_defaults(run=assess)


def assess(options) -> int:
    """Print progress, whom it skipped and why, and the sums; 1 where a partition failed for good."""
    start_with_database()
    from django.db import connection, connections

    from shebao.hall.settlement.month_partitions import prepare_months
    from shebao.hall.settlement.whole_region import partitions

    month, codes = _asked(options)
    workers = options.workers
    if connection.vendor == "sqlite" and workers > 1:
        print("SQLite 一次只让一个进程写，按 1 个进程核定。", file=sys.stderr)
        workers = 1
    with in_words():
        todo = [one for code in codes for one in partitions(code, month, people=options.people)]
        for said in prepare_months([month]) if todo else []:
            print(said, file=sys.stderr)
    connections.close_all()  # the processes to come have their own
    if not todo:
        print(f"{month}没有待核定的单位。")
        return 0
    if options.scheduler:
        done = _on_cluster(options.scheduler, todo, month)
    elif min(workers, len(todo)) > 1:
        done = _in_processes(workers, todo, month)
    else:
        done = _here(todo, month)
    return _tell(done, todo, month)


def _asked(options) -> tuple[Month, list[str]]:
    from shebao.hall.regions import all_regions
    from shebao.rules.months import Month

    try:
        month = Month.parse(options.month)
    except ValueError:
        raise CannotRun(f"“{options.month}”不是年月，请写成 2026-11 的样子。") from None
    with in_words():
        known = all_regions()
    if options.region and options.region not in known:
        raise CannotRun(f"没有地区“{options.region}”，可用：{'、'.join(known)}。")
    return month, [options.region] if options.region else list(known)


def work(partition: Partition, month: Month) -> Finished:
    """One partition, in whatever process or machine this is."""
    _start_once()
    from django.db import connections

    from shebao.hall.settlement.whole_region import settle_partition

    try:
        return settle_partition(partition, month)
    except BaseException:
        connections.close_all()  # a connection that broke off is of no use to the next try
        raise


def _begin_process() -> None:
    _end_with_parent()  # a run that was killed leaves nobody behind who goes on without it
    _start_once()
    from shebao.hall.settlement.evidences import keep_evidence_apart

    keep_evidence_apart()


def _beginning() -> BaseContext:
    """How processes begin: where it is safe as copies of this one, which has read the program and the regions.

    It is where nothing else runs here and no connection is open, which a copy would share.
    """
    from django.db import connections

    is_alone = threading.active_count() == 1 and all(one.connection is None for one in connections.all())
    if sys.platform != "linux" or not is_alone:
        return get_context("spawn")
    gc.freeze()  # what is there already stays one copy for all of them
    return get_context("fork")


def _start_once() -> None:
    from django.apps import apps

    if not apps.ready:
        start_django()


Done = Iterator[tuple["Partition", "Finished | str"]]
"""Partitions as they end: what became of each, or why it failed for good."""


def _here(todo: list[Partition], month: Month) -> Done:
    for one in todo:
        yield one, _tried(lambda one=one: work(one, month))


def _tried(deed: Callable[[], Finished]) -> Finished | str:
    from django.db import DatabaseError

    why = ""
    for _ in range(TRIES):
        try:
            return deed()
        except DatabaseError as error:
            why = str(error).splitlines()[0]
    return why


def _in_processes(workers: int, todo: list[Partition], month: Month) -> Done:
    """A pool; where one of its processes dies the pool is gone, and what it had not finished goes to the next one."""
    why = ""
    for _ in range(TRIES):
        if not todo:
            return
        left: dict[Partition, None] = dict.fromkeys(todo)
        with ProcessPoolExecutor(min(workers, len(todo)), _beginning(), initializer=_begin_process) as pool:
            futures = {pool.submit(work, one, month): one for one in todo}
            for future in as_completed(futures):
                try:
                    result = future.result()
                except BrokenProcessPool as error:
                    why = why or str(error)
                except Exception as error:  # whatever it is: the others go on, and this one is tried again
                    why = str(error).splitlines()[0]
                else:
                    del left[futures[future]]
                    yield futures[future], result
        todo = list(left)
    for one in todo:
        yield one, why


def _on_cluster(address: str, todo: list[Partition], month: Month) -> Done:
    """The same partitions by a dask.distributed cluster; its workers have this program, its settings and its key."""
    try:
        from distributed import Client
        from distributed import as_completed as as_they_end
    except ModuleNotFoundError:
        raise CannotRun("没有安装 distributed：请安装 shebao[scale]，或改用 --workers。") from None
    try:
        client = Client(address, timeout="5s")
    except (OSError, ValueError) as why:
        raise CannotRun(f"连不上调度器 {address}：{why}。") from None
    with client:
        futures = {client.submit(work, one, month, pure=False, retries=TRIES): one for one in todo}
        for future in as_they_end(list(futures)):
            if future.status == "finished":
                yield futures[future], future.result()
            else:
                yield futures[future], f"{future.status}: {future.exception()}"


def _tell(done: Done, todo: list[Partition], month: Month) -> int:
    from shebao.rules.money import yuan

    everybody, employers, began = sum(p.people for p in todo), sum(len(p.employer_ids) for p in todo), time.monotonic()
    print(f"{month}：{employers:,} 户待核定，在册 {everybody:,} 人，分 {len(todo):,} 段。", file=sys.stderr)
    seen = made = people = heads = fen = 0
    skipped, failed = [], []
    for partition, result in done:
        seen += len(partition.employer_ids)
        people += partition.people
        if isinstance(result, str):
            failed.append((partition, result))
            continue
        made, heads, fen = made + result.employers, heads + result.heads, fen + result.total_fen
        skipped += result.skipped
        print(_progress(seen, employers, people, everybody, time.monotonic() - began), file=sys.stderr)
    for number, name, reason in skipped:
        print(f"跳过 {number} {name}：{reason}")
    for partition, why in failed:
        first, last = partition.employer_ids[0], partition.employer_ids[-1]
        print(f"第 {first} 至 {last} 号单位没有核定成：{why}。可以再运行一次。", file=sys.stderr)
    print(f"{month}核定 {made:,} 户、{heads:,} 人，应缴 {yuan(fen)} 元；跳过 {len(skipped):,} 户。")
    return 1 if failed else 0


def _progress(seen: int, employers: int, people: int, everybody: int, seconds: float) -> str:
    """How far, how fast, and how long still; by people, since employers differ by the thousand."""
    rate = people / seconds if seconds else 0
    left = int((everybody - people) / rate) if rate else 0
    told = f"{seen:,}/{employers:,} 户，{people:,}/{everybody:,} 人，每秒 {rate:,.0f} 人"
    return f"{told}，还需约 {left // 60} 分 {left % 60} 秒"
