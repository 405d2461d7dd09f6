"""The local signer: signs for the hall's pages alone, after asking, and the key never leaves it."""

import base64
import http.client
import json
import threading

import pytest

from shebao.cli import CannotRun, main
from shebao.cli.certificates import _password, sign_here
from shebao.cli.signer import make_server
from shebao.hall.sign_in.trust import signer_of

from .conftest import P12_PASSWORD

ORIGIN = "https://hall.example.cn"


@pytest.fixture
def signing(clerk, issued):
    """A signer at a free port; the certificate's holder says yes to everything."""
    _, signer = issued(clerk)
    server = make_server(signer, ORIGIN, 0, asks=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def asked(port, *, method="POST", path="/sign", origin=ORIGIN, host="", kind="application/json", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    data = json.dumps({"content": "甲"}) if body is None else body
    headers = {"Origin": origin, "Content-Type": kind, "Host": host or f"127.0.0.1:{port}"}
    connection.request(method, path, data.encode(), headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), json.loads(answer.read() or b"{}")


def test_without_a_terminal_a_password_is_asked_for_in_a_sentence(monkeypatch):
    def ended(prompt):
        raise EOFError

    monkeypatch.delenv("SHEBAO_P12_PASSWORD", raising=False)
    monkeypatch.setattr("getpass.getpass", ended)
    with pytest.raises(CannotRun, match="SHEBAO_P12_PASSWORD"):
        _password()


def test_who_is_not_asked_reads_a_line_about_each_signature(signing, capsys):
    said = {"employer": {"number": "100001"}, "operator": "clerk", "declarations": [{}, {}], "kind": "x"}
    asked(signing, body=json.dumps({"content": json.dumps(said)}))
    asked(signing)
    told = capsys.readouterr().out
    assert "已签名（没有询问）：2 笔申报，单位编号 100001，账号 clerk" in told
    assert "已签名（没有询问）：甲" in told


def test_a_page_of_the_hall_gets_a_signature_that_the_hall_accepts(signing, clerk):
    status, headers, said = asked(signing)
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    certificate = signer_of(base64.b64decode(said["signature"]), "甲".encode())
    assert clerk.name in certificate.subject.human_friendly
    assert set(said) == {"signature"}


@pytest.mark.parametrize(
    "strange",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example:8317"},
        {"kind": "text/plain"},
        {"path": "/"},
    ],
    ids=["other page", "no page", "rebound name", "simple request", "other address"],
)
def test_anybody_else_gets_no_signature(signing, strange):
    status, headers, said = asked(signing, **strange)
    assert status == 403
    assert "signature" not in said
    assert headers.get("Access-Control-Allow-Origin") in (None, ORIGIN)


def test_the_browser_is_told_beforehand_who_may_ask(signing):
    assert asked(signing, method="OPTIONS")[0] == 204
    status, headers, _ = asked(signing, method="OPTIONS", origin="https://evil.example")
    assert status == 403
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"content": 3}', "{"])
def test_rubbish_is_refused(signing, body):
    assert asked(signing, body=body)[0] == 400


def test_a_no_at_the_terminal_signs_nothing(clerk, issued, monkeypatch, capsys):
    import io

    _, signer = issued(clerk)
    server = make_server(signer, ORIGIN, 0, asks=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, _, said = asked(server.server_address[1])
    server.shutdown()
    server.server_close()
    assert (status, "signature" in said) == (409, False)
    assert "甲" in capsys.readouterr().out


def test_a_file_is_signed_at_the_terminal(clerk, issued, tmp_path, monkeypatch, capsys):
    issued(clerk)
    monkeypatch.setenv("SHEBAO_P12_PASSWORD", P12_PASSWORD)
    (tmp_path / "challenge.txt").write_bytes(b"hello")
    assert main(["sign", "--p12", str(tmp_path / "clerk.p12"), "--file", str(tmp_path / "challenge.txt")]) == 0
    assert signer_of((tmp_path / "challenge.txt.p7s").read_bytes(), b"hello")


def test_a_wrong_password_or_question_is_said_in_words(clerk, issued, tmp_path, monkeypatch, capsys):
    issued(clerk)
    monkeypatch.setenv("SHEBAO_P12_PASSWORD", "wrong")
    assert main(["sign", "--p12", str(tmp_path / "clerk.p12"), "--file", str(tmp_path / "x")]) == 2
    assert "密码不对" in capsys.readouterr().err
    with pytest.raises(CannotRun, match="二者选一"):
        sign_here(type("O", (), {"file": None, "origin": None}))


def test_a_test_certificate_is_issued_bound_and_revoked_but_never_in_production(
    clerk, boss, tmp_path, settings, monkeypatch, capsys
):
    from shebao.hall.errors import Refused
    from shebao.hall.sign_in.certificates import bind_certificate

    monkeypatch.setenv("SHEBAO_P12_PASSWORD", P12_PASSWORD)
    monkeypatch.setattr("shebao.cli.certificates.start_with_database", lambda: None)
    settings.SHEBAO_TEST_CA_DIR = tmp_path / "ca"
    out = tmp_path / "mine"
    assert main(["issue-test-certificate", "--account", "clerk", "--out", str(out)]) == 0
    assert (tmp_path / "mine.p12").stat().st_mode & 0o077 == 0
    bind_certificate("clerk", (tmp_path / "mine.pem").read_bytes(), by=boss)
    assert main(["issue-test-certificate", "--account", "clerk", "--out", str(out), "--revoke"]) == 0
    with pytest.raises(Refused, match="已经绑定|吊销"):
        bind_certificate("clerk", (tmp_path / "mine.pem").read_bytes(), by=boss)
    settings.SHEBAO_TEST_CA_DIR = ""
    assert main(["issue-test-certificate", "--account", "clerk", "--out", str(out)]) == 2
    assert "正式环境不能签发测试证书" in capsys.readouterr().err
