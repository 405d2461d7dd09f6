"""Commands that need an installation: what is wrong with it is said in one sentence, never in a traceback."""

import json
import secrets
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django_tasks_db.models import DBTaskResult

from shebao.cli import assessing, main, serving, starting
from shebao.hall.clock import now

from .terminal import SOURCE, free_port, shebao


def refused(answer, sentence: str) -> bool:
    """Status 2, nothing on stdout, one line on stderr with this sentence in it."""
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (2, "", 1), answer.stderr
    return sentence in answer.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "缺少参数 命令"),
        (["frobnicate"], "没有“frobnicate”，可用：'serve'"),
        (["region"], "缺少参数 做什么"),
        (["region", "list", "more"], "不认识的参数 more"),
        (["calculate", "--region", "tianjin"], "缺少参数 --month, --wage"),
        (["calculate", "--wage"], "--wage 后面要有值"),
        (["serve", "--port", "http"], "--port：“http”应为 1 至 65534 的整数"),
        (["serve", "--port", "65535"], "“65535”应为"),
        (["serve", "--workers", "0"], "--workers：“0”应为 1 至 64 的整数"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(capsys, words, sentence):
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert sentence in told and told.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_refused_before_anything_is_written(tmp_path, command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert refused(shebao(command, "--port", port, cwd=tmp_path), f"端口 {port} 已被占用")
    assert not list(tmp_path.iterdir())


def test_the_port_of_the_bank_is_looked_at_too(tmp_path):
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        assert refused(shebao("serve", "--port", str(port), cwd=tmp_path), f"端口 {port + 1} 已被占用")


def test_an_address_that_this_machine_does_not_have_is_refused(tmp_path):
    assert refused(shebao("serve", "--host", "192.0.2.1", cwd=tmp_path), "本机没有地址“192.0.2.1”")


@pytest.mark.parametrize("command", ["check-ledger", "verify-audit"])
def test_without_a_database_the_checks_make_none(tmp_path, command):
    assert refused(shebao(command, cwd=tmp_path), "没有数据库")
    assert not (tmp_path / "var/shebao.sqlite3").exists()


def test_an_agency_that_is_opened_before_the_first_start_is_told_what_to_run_first(tmp_path):
    answer = shebao("open-agency", "--region", "tianjin", "--username", "a", "--name", "b", cwd=tmp_path)
    assert refused(answer, "新装的先运行一次 shebao serve。")


def test_the_addresses_are_told_once_both_listen_and_not_before(capsys, settings):
    settings.SHEBAO_EMBEDDED_BANK = True
    port = free_port()
    options = SimpleNamespace(host="0.0.0.0", port=port)
    with socket.create_server(("127.0.0.1", port)):
        assert not serving._tell_addresses(options)
        assert capsys.readouterr().out == ""
        with socket.create_server(("127.0.0.1", port + 1)):
            assert serving._tell_addresses(options)
    told = f"网厅已启动：http://127.0.0.1:{port}，示例银行：http://127.0.0.1:{port + 1}\n"
    assert capsys.readouterr().out == told


def installation(folder: Path, content: bytes) -> None:
    """A data folder with its keys and a database file of this content."""
    (folder / "var").mkdir()
    for name in ("field.key", "audit.key"):
        (folder / "var" / name).write_text(secrets.token_hex(32))
    (folder / "var/shebao.sqlite3").write_bytes(content)


def test_a_database_of_another_version_is_not_checked(tmp_path):
    installation(tmp_path, b"")
    assert refused(shebao("check-ledger", cwd=tmp_path), "步升级")


def test_a_damaged_database_is_named(tmp_path):
    installation(tmp_path, b"not a database" * 100)
    assert refused(shebao("serve", "--port", str(free_port()), cwd=tmp_path), "数据库不能使用")


def test_a_data_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    assert refused(shebao("check-ledger", cwd=tmp_path, SHEBAO_DATA_DIR="file"), "无法读写")


def test_a_lost_key_is_not_replaced_while_there_is_data_to_read_with_it(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var/shebao.sqlite3").touch()
    assert refused(shebao("check-ledger", cwd=tmp_path), "field.key 不见了")
    (tmp_path / "var/field.key").write_text("half")
    assert refused(shebao("check-ledger", cwd=tmp_path), "field.key 不完整")


def test_an_unknown_settings_module_is_named(tmp_path):
    assert refused(shebao("functions", cwd=tmp_path, DJANGO_SETTINGS_MODULE="nowhere.settings"), "没有设置模块")


def test_a_database_server_that_does_not_answer_is_named(tmp_path):
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    assert refused(shebao("verify-audit", cwd=tmp_path, SHEBAO_DATABASE_URL=url), "数据库不能使用")


def test_regions_dir_must_be_a_folder_and_its_mistakes_stop_everything(tmp_path):
    assert refused(shebao("region", "list", cwd=tmp_path, REGIONS_DIR="nowhere"), "没有文件夹 nowhere")
    (tmp_path / "own/broken").mkdir(parents=True)
    (tmp_path / "own/broken/region.yaml").write_text("title: [", "utf-8")
    for words in (["region", "list"], ["serve", "--port", str(free_port())]):
        answer = shebao(*words, cwd=tmp_path, REGIONS_DIR="own")
        assert answer.returncode == 2 and "broken/region.yaml" in answer.stderr and "Traceback" not in answer.stderr


def test_functions_names_what_works_as_json(tmp_path):
    rows = json.loads(shebao("functions", "--json", cwd=tmp_path).stdout)
    assert {"id", "region", "title", "address", "journey"} == set(rows[0])
    assert {row["id"] for row in rows} >= {"TJ-1", "LS-11"}


LOAD = """
import os, sys
from shebao.cli.serving import _whole_or_not_at_all
from shebao.cli.starting import start_django
start_django()
from django.db import connection
with _whole_or_not_at_all():
    connection.cursor().execute("CREATE TABLE citizen (name)")
    if sys.argv[1] == "killed":
        os._exit(9)
"""


def test_a_demo_city_whose_loading_was_killed_is_loaded_anew(tmp_path):
    file = tmp_path / "var/shebao.sqlite3"
    environment = {"PYTHONPATH": str(SOURCE)}
    for how, status in (("killed", 9), ("killed", 9), ("whole", 0)):
        assert not file.exists()
        load = subprocess.run([sys.executable, "-c", LOAD, how], cwd=tmp_path, env=environment, check=False)
        assert load.returncode == status
    assert sorted(file.parent.glob("shebao*")) == [file]
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("citizen",)]


@pytest.mark.django_db
def test_a_worker_that_was_killed_gets_its_jobs_back_and_nobody_elses():
    jobs = [
        DBTaskResult.objects.create(
            status=status, worker_ids=workers, args_kwargs={}, task_path="any", backend_name="default", run_after=now()
        )
        for status, workers in (("RUNNING", ["you", "me"]), ("RUNNING", ["me", "you"]), ("SUCCESSFUL", ["me"]))
    ]
    serving._give_back_jobs("me")
    for job in jobs:
        job.refresh_from_db()
    assert [job.status for job in jobs] == ["READY", "RUNNING", "SUCCESSFUL"]


def test_processes_are_copies_of_this_one_only_where_no_connection_is_open(db, monkeypatch):
    monkeypatch.setattr(assessing.threading, "active_count", lambda: 1)
    monkeypatch.setattr(assessing.gc, "freeze", lambda: None)
    connection.ensure_connection()
    assert assessing._beginning().get_start_method() == "spawn"
    monkeypatch.setattr(connections, "all", list)
    assert assessing._beginning().get_start_method() == ("fork" if sys.platform == "linux" else "spawn")


def test_a_step_that_is_not_on_record_is_counted(db):
    assert starting._missing_steps() == 0
    MigrationRecorder(connection).record_unapplied("notices", _last_of("notices"))
    assert starting._missing_steps() == 1


def test_a_hall_that_went_step_by_step_lacks_no_squashed_step(db):
    """What such a step replaces is on record; that it is itself is noted by the next upgrade."""
    MigrationRecorder(connection).migration_qs.filter(name__contains="_squashed_").delete()
    assert starting._missing_steps() == 0
    MigrationRecorder(connection).record_unapplied("mail", _last_of("mail"))
    assert starting._missing_steps() == 1


def _last_of(label: str) -> str:
    return max(name for app, name in MigrationRecorder(connection).applied_migrations() if app == label)
