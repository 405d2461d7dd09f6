"""`shebao serve` and `shebao demo`: the whole hall on one machine, with its worker and the embedded bank."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def add_parsers(subparsers) -> None:
    """Add `serve` and `demo`."""
    for name, help_text, run in (
        ("serve", "serve the hall", serve),
        ("demo", "load the demo city once and serve it", demo),
    ):
        parser = subparsers.add_parser(name, help=help_text)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2)
        if name == "demo":
            parser.add_argument(
                "--load-only", action="store_true", help="load the demo city, print sign-ins, do not serve"
            )
        parser.set_defaults(run=run)


def serve(options) -> int:
    """Prepare the database and the static files, then run server, worker and bank until interrupted."""
    _prepare(options)
    return _run_all(options)


def demo(options) -> int:
    """As `serve`, after loading the demo city into an empty database. Prints the sign-ins, once."""
    _prepare(options)
    from .demo_city import load_demo_city, sign_ins_text

    accounts = load_demo_city()
    sys.stdout.write(sign_ins_text(accounts, f"http://{options.host}:{options.port}"))
    sys.stdout.flush()
    return 0 if options.load_only else _run_all(options)


def _prepare(options) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shebao.config.settings.embedded")
    os.environ.setdefault("SHEBAO_BASE_URL", f"http://{options.host}:{options.port}")
    os.environ.setdefault("SHEBAO_BANK_URL", f"http://127.0.0.1:{options.port + 1}")
    if not getattr(options, "load_only", False):
        _refuse_taken_port(options.host, options.port)
    import django

    django.setup()
    from django.core.management import call_command

    from shebao.hall.regions import all_regions

    all_regions()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SystemExit(f"端口 {port} 已被占用：请先停掉占用它的程序，或用 --port 换一个端口。") from None


def _run_all(options) -> int:
    from django.conf import settings

    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
    }
    commands = {
        "bank": [sys.executable, "-m", "shebao.bank", "--port", str(options.port + 1),
                 "--secret-file", str(settings.DATA_DIR / "bank.key"), "--data", str(settings.DATA_DIR)],
        "worker": [sys.executable, "-m", "django", "db_worker", "--interval", "0.5"],
        "server": [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", options.host,
                   "--port", str(options.port), "--workers", str(options.workers), "--blocking-threads", "1",
                   "--log-level", "warning", "shebao.config.wsgi:application"],
    }  # fmt: skip
    running = {name: subprocess.Popen(command, env=env) for name, command in commands.items()}
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        return _watch(running)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _watch(running: dict[str, subprocess.Popen]) -> int:
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                sys.stderr.write(f"{name} 已停止（退出码 {process.returncode}），其余进程一并停止。\n")
                return process.returncode or 1
        time.sleep(0.5)
