"""Who asks most waits behind himself, and a slow visitor holds nobody up (reliability B36)."""

import asyncio
from types import SimpleNamespace

import pytest

from shebao.config import rsgi
from shebao.config.turns import TooManyWaiting, Turns


def order_of(asked: list[tuple[str, str, str]]) -> list[str]:
    """The names of the requests in the order of their answers; each is (address, session, name)."""
    done: list[str] = []

    async def scene():
        turns = Turns()
        await asyncio.gather(*(turns.take(address, session, done.append, name) for address, session, name in asked))

    asyncio.run(scene())
    return done


def test_another_session_is_served_after_one_page_of_the_flood():
    flood = [("office", "loud", f"flood {number}") for number in range(100)]
    done = order_of([*flood, ("office", "quiet", "quiet 1"), ("office", "quiet", "quiet 2")])
    assert done.index("quiet 1") <= 2 and done.index("quiet 2") <= 4 and len(done) == 102


def test_another_address_is_served_however_many_sessions_the_flood_invents():
    flood = [("attacker", f"{number}", f"flood {number}") for number in range(100)]
    assert order_of([*flood, ("office", "quiet", "quiet")]).index("quiet") <= 2


def test_one_session_may_wait_only_so_often_and_the_others_are_not_refused():
    async def scene():
        turns = Turns()
        asked = [turns.take("office", "loud", int, most=5) for _ in range(20)]
        got = await asyncio.gather(*asked, turns.take("office", "quiet", str, most=5), return_exceptions=True)
        assert sum(isinstance(one, TooManyWaiting) for one in got) == 14
        assert got[-1] == ""

    asyncio.run(scene())


def test_a_page_that_fails_and_a_visitor_who_goes_away_hold_up_nobody():
    async def scene():
        turns = Turns()
        first = asyncio.create_task(turns.take("a", "1", lambda: 1 / 0))
        gone = asyncio.create_task(turns.take("a", "2", int))
        last = asyncio.create_task(turns.take("a", "3", str))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(ZeroDivisionError):
            await first
        assert await asyncio.wait_for(last, 5) == ""
        assert await asyncio.wait_for(turns.take("a", "1", str), 5) == ""

    asyncio.run(scene())


class Visitor:
    """What Granian hands over: a request that comes in pieces, and what was answered."""

    def __init__(self, *pieces: bytes, pause: float = 0, **headers: str):
        self.pieces, self.pause, self.answer = pieces, pause, None
        items = {"host": "localhost", "content-type": "application/x-www-form-urlencoded", **headers}
        self.scope = SimpleNamespace(
            proto="http", http_version="1.1", server="127.0.0.1:8000", client="192.0.2.7:4321", scheme="http",
            method="POST", path="/login", query_string="", authority=None,
            headers={name.replace("_", "-"): value for name, value in items.items()},
        )  # fmt: skip

    async def __aiter__(self):
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            yield piece

    def response_bytes(self, status, headers, content):
        self.answer = (status, dict(headers), content.decode())


def answered(*visitors: Visitor) -> list[tuple]:
    async def scene():
        hall = rsgi.Hall()
        await asyncio.gather(*(hall.__rsgi__(one.scope, one) for one in visitors))
        assert not hall._receiving and hall._held == 0

    asyncio.run(scene())
    return [one.answer for one in visitors]


@pytest.fixture
def seen(monkeypatch):
    """The pages are asked no more; what they would have been given is kept."""
    kept = []

    def page(environ):
        kept.append((environ, environ["wsgi.input"].read()))
        return 200, [], b"page"

    monkeypatch.setattr(rsgi, "answered", page)
    return kept


def test_a_body_comes_whole_to_the_page_whether_its_length_was_told_or_not(seen):
    answered(Visitor(b"a=1", b"&b=2", content_length="7"), Visitor(b"c=3", transfer_encoding="chunked"))
    assert sorted(body for _, body in seen) == [b"a=1&b=2", b"c=3"]
    assert sorted(environ["CONTENT_LENGTH"] for environ, _ in seen) == ["3", "7"]


def test_a_body_that_trickles_is_cut_off_in_words_and_others_are_answered_meanwhile(seen, settings):
    settings.SHEBAO_BODY_SECONDS = 0.5
    slow = [Visitor(*[b"a"] * 100, pause=0.1, content_length="100") for _ in range(20)]
    *cut, quick = answered(*slow, Visitor(b"a=1", content_length="3"))
    assert {status for status, *_ in cut} == {408} and "上传太慢" in cut[0][2]
    assert quick[0] == 200 and [body for _, body in seen] == [b"a=1"]


def test_what_came_earns_time(seen, settings):
    settings.SHEBAO_BODY_SECONDS = 0.3
    (got,) = answered(Visitor(*[b"a" * 20_000] * 5, pause=0.15, content_length="100000"))
    assert got[0] == 200 and len(seen[0][1]) == 100_000


def test_a_body_that_is_too_large_is_refused_before_it_is_read_and_while_it_is(seen, settings):
    settings.SHEBAO_BODY_LIMIT = 1_000
    told, untold = answered(
        Visitor(b"a", content_length="10000000000"), Visitor(*[b"a" * 600] * 3, transfer_encoding="chunked")
    )
    assert told[0] == untold[0] == 413 and "太大" in told[2] and not seen


def test_a_body_that_breaks_off_is_not_taken_for_a_short_one(seen):
    (got,) = answered(Visitor(b"wage=1", content_length="9"))
    assert got[0] == 400 and "没有收下" in got[2] and not seen


def test_one_address_has_only_so_many_bodies_on_their_way(seen, monkeypatch):
    monkeypatch.setattr(rsgi, "RECEIVING", 3)
    got = answered(*(Visitor(b"a", pause=0.1, content_length="1") for _ in range(5)))
    assert sorted(status for status, *_ in got) == [200, 200, 200, 429, 429]


def test_a_header_with_an_underline_passes_for_no_other(seen):
    visitor = Visitor()
    visitor.scope.headers |= {"x_forwarded_for": "203.0.113.1", "Cookie": "sessionid=abc"}
    answered(visitor)
    environ = seen[0][0]
    assert "HTTP_X_FORWARDED_FOR" not in environ and environ["HTTP_COOKIE"] == "sessionid=abc"
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"], environ["PATH_INFO"]) == ("192.0.2.7", "8000", "/login")
