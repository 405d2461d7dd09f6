"""Nothing about people stays in a browser: not in its cache, not among the words that it offers (reliability B40)."""

import os
import re
import signal
import tempfile
from pathlib import Path

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.test import Client

from shebao.cli.chores import CHORES, MINUTE, clear
from shebao.hall.work_folders import sweep_work, work_folder
from tests.factories import NOW, OperatorFactory, at

TEMPLATES = Path(__file__).parents[2] / "src/shebao/web/templates"
TYPED = re.compile(r'<input(?:[^>"]|"[^"]*")*type="(?:text|tel|search|email|number)"(?:[^>"]|"[^"]*")*>')


def test_every_place_to_type_says_whether_the_browser_may_remember_it():
    silent, seen = [], 0
    for file in TEMPLATES.rglob("*.html"):
        for found in TYPED.findall(file.read_text("utf-8")):
            seen += 1
            # What the drawing tag of fields makes says "off" unless the field asks for more (parts/_field_attrs.html).
            if "autocomplete=" not in found and "_field_attrs.html" not in found:
                silent.append(f"{file.name}: {found[:80]}")
    assert silent == [] and seen > 30
    assert 'autocomplete="{{ f.autocomplete|default:"off" }}"' in (TEMPLATES / "parts/_field_attrs.html").read_text()


def test_after_signing_out_the_old_session_opens_nothing_and_the_browser_forgets_what_it_kept(db):
    with at(NOW):
        client, before = Client(), Client()
        client.force_login(OperatorFactory(admin=True))
        before.cookies["sessionid"] = client.cookies["sessionid"].value
        assert before.get("/e/roster/").status_code == 200
        answer = client.post("/logout")
        assert "cache" in answer.headers["Clear-Site-Data"]
        again = before.get("/e/roster/")
        assert again.status_code == 302 and again.headers["Location"].startswith("/login")
        assert again.headers["Cache-Control"] == "no-store"


def died_while_it_wrote() -> None:
    """A process that has people's data in a work folder, killed."""
    pid = os.fork()
    if pid == 0:
        with work_folder() as folder:
            (folder / "table.xml").write_text("990101199005170075")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def test_what_twenty_killed_processes_had_on_the_disk_is_swept_and_what_somebody_holds_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with work_folder() as mine:
        for _ in range(20):
            died_while_it_wrote()
        assert len(list(tmp_path.iterdir())) == 21
        assert clear() == "已清理中断后留下的临时文件夹 20 个。"
        assert list(tmp_path.iterdir()) == [mine]
        assert mine.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [] and clear() == ""
    assert next(one for one in CHORES if one.work is clear).every <= 10 * MINUTE


def test_a_folder_that_is_just_being_made_or_only_looks_like_one_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shebao-work-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "shebao-work-new").mkdir()
    assert sweep_work() == 0
    os.utime(tmp_path / "shebao-work-new", (0, 0))
    assert sweep_work() == 1 and (tmp_path / "elsewhere").exists()


def test_no_upload_that_is_let_in_lies_on_the_disk(settings):
    """A file on the disk would be in plain; and it would stay there when the process is killed."""
    handler = MemoryFileUploadHandler()
    handler.handle_raw_input(None, {}, settings.SHEBAO_BODY_LIMIT, None)
    assert handler.activated
