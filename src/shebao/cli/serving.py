"""`shebao serve` and `shebao demo`: the whole hall on one machine, with its worker and the embedded bank."""

import argparse
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from . import CannotRun
from .chores import ANCHOR, CHORES, Chores, do
from .starting import in_words, start_django

ANYWHERE = {"0.0.0.0", "::"}
STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1


def add_parsers(subparsers) -> None:
    """Add `serve` and `demo`."""
    for name, help_text, run in (
        ("serve", "运行网厅", serve),
        ("demo", "第一次载入演示城市，然后运行", demo),
    ):
        parser = subparsers.add_parser(name, help=help_text)
        parser.add_argument("--host", default="127.0.0.1", help="监听的地址")
        parser.add_argument("--port", type=_number(1, 65534), default=8000, help="端口；内嵌的示例银行用下一个")
        parser.add_argument("--workers", type=_number(1, 64), default=2, help="几个进程答复请求")
        if name == "demo":
            parser.add_argument("--load-only", action="store_true", help="只载入演示城市、打印账号，不运行")
        parser.set_defaults(run=run, load_only=False)


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"“{text}”应为 {least} 至 {most} 的整数")

    return parse


def serve(options) -> int:
    """Prepare the database and the static files, then run server, worker and bank until interrupted."""
    _start(options)
    with in_words():
        _migrate()
    return _run_all(options)


def demo(options) -> int:
    """As `serve`, after loading the demo city into an empty database. Prints the sign-ins, once."""
    if _is_loopback(options.host):
        os.environ.setdefault("SHEBAO_TRIAL_CODES", "1")  # nobody else reaches it: what a code opens may be tried
    _start(options)
    print("正在准备演示城市，首次载入约需一两分钟……", flush=True)
    with in_words(), _whole_or_not_at_all():
        _migrate()
        from .demo_city import load_demo_city, sign_ins_text
        from .signing import make_demo_keys

        accounts = load_demo_city()
        make_demo_keys()
    sys.stdout.write(sign_ins_text(accounts, _address(options), _bank_words(options)))
    sys.stdout.flush()
    return 0 if options.load_only else _run_all(options)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _bank_words(options) -> str:
    """That the demonstration bank takes the port after the hall's; nothing where none is started."""
    from django.conf import settings

    if options.load_only or not settings.SHEBAO_EMBEDDED_BANK:
        return ""
    return f"示例银行同时占用端口 {options.port + 1}；两个端口都要空着，可用 --port 换。\n"


def _address(options) -> str:
    host = "127.0.0.1" if options.host in ANYWHERE else options.host
    return f"http://{f'[{host}]' if ':' in host else host}:{options.port}"


@contextmanager
def _whole_or_not_at_all() -> Iterator[None]:
    """Build a new SQLite file aside and put it in its place at the end, so that a load that was killed begins anew."""
    from django.db import connection

    file = Path(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or file.exists():
        yield
        return
    draft = file.with_name(f"{file.name}.loading")
    draft.unlink(missing_ok=True)
    draft.with_name(f"{draft.name}-journal").unlink(missing_ok=True)
    connection.settings_dict["NAME"] = str(draft)
    yield
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    draft.rename(file)


def _start(options) -> None:
    if not options.load_only:
        _refuse_unusable(options.host, options.port)
    start_django()
    from django.conf import settings

    if settings.SHEBAO_EMBEDDED_BANK and not options.load_only:
        _refuse_unusable("127.0.0.1", options.port + 1)


def _migrate() -> None:
    from django.core.management import call_command

    from shebao.hall.regions import all_regions

    all_regions()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def _refuse_unusable(host: str, port: int) -> None:
    """Raise CannotRun when nobody could listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as why:
        if why.errno == errno.EADDRINUSE:
            raise CannotRun(f"端口 {port} 已被占用：请先停掉占用它的程序，或用 --port 换一个端口。") from None
        if why.errno == errno.EACCES:
            raise CannotRun(f"没有权限使用端口 {port}：请用 --port 换一个 1024 以上的端口。") from None
        raise CannotRun(f"本机没有地址“{host}”：请核对 --host。") from None


def _run_all(options) -> int:
    worker = f"{socket.gethostname()[:40]}-{options.port}"
    _give_back_jobs(worker)
    signal.signal(signal.SIGTERM, _interrupt)
    running: dict[str, subprocess.Popen] = {}
    try:
        for name, command in _commands(options, worker).items():
            running[name] = subprocess.Popen(command, env=_environment(options), preexec_fn=_end_with_parent)
        return _watch(running, options)
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(running)
        do(ANCHOR)


def _commands(options, worker: str) -> dict[str, list[str]]:
    from django.conf import settings

    python = sys.executable
    commands = {
        "worker": [python, "-m", "django", "db_worker", "--interval", "0.5", "--worker-id", worker],
        "server": server_command(options.host, options.port, options.workers),
    }
    if settings.SHEBAO_EMBEDDED_BANK:
        bank = [python, "-m", "shebao.bank", "--port", str(options.port + 1)]
        files = ["--secret-file", str(settings.DATA_DIR / "bank.key"), "--data", str(settings.DATA_DIR)]
        commands = {"bank": bank + files} | commands
    return commands


def server_command(host: str, port: int, workers: int) -> list[str]:
    """The command that answers requests; its environment says which settings and database."""
    return [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5",
        "--log-level", "warning", "shebao.config.rsgi:application",
    ]  # fmt: skip


def _environment(options) -> dict[str, str]:
    from django.conf import settings

    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    added = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    if settings.SHEBAO_EMBEDDED_BANK:
        added["SHEBAO_BASE_URL"] = os.environ.get("SHEBAO_BASE_URL") or _address(options)
        added["SHEBAO_BANK_URL"] = os.environ.get("SHEBAO_BANK_URL") or f"http://127.0.0.1:{options.port + 1}"
    return {**os.environ, **added}


def _give_back_jobs(worker: str) -> None:
    """Jobs that this worker had in hand when it was killed wait again; a job may be begun twice."""
    from django_tasks_db.models import DBTaskResult

    for job in DBTaskResult.objects.running():
        if job.worker_ids[-1:] == [worker]:
            DBTaskResult.objects.running().filter(pk=job.pk).update(status="READY", started_at=None)


def _end_with_parent() -> None:
    # A parent that is killed cannot stop its children, and they would hold its ports.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _watch(running: dict[str, subprocess.Popen], options) -> int:
    chores, is_told = Chores(CHORES), False
    while True:
        is_told = is_told or _tell_addresses(options)
        chores.do_what_is_due()
        for name, process in running.items():
            if process.poll() is not None:
                sys.stderr.write(f"{name} 已停止（退出码 {process.returncode}），其余进程一并停止。\n")
                return 1
        time.sleep(0.5)


def _tell_addresses(options) -> bool:
    """Say where the hall and its bank are; True once they listen, so that the address works when it is read."""
    from django.conf import settings

    places = {"网厅已启动": (_address(options), options.port)}
    if settings.SHEBAO_EMBEDDED_BANK:
        places["示例银行"] = (f"http://127.0.0.1:{options.port + 1}", options.port + 1)
    try:
        for address, port in places.values():
            socket.create_connection((urlsplit(address).hostname, port), timeout=0.5).close()
    except OSError:
        return False
    sys.stdout.write("，".join(f"{title}：{address}" for title, (address, _) in places.items()) + "\n")
    sys.stdout.flush()
    return True


def _stop(running: dict[str, subprocess.Popen]) -> None:
    """Let the server finish its requests and the worker its job, then the bank go."""
    for process in reversed(running.values()):
        process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in running.values():
        try:
            process.wait(timeout=max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
