"""Too much of anything is refused in words and costs little; a look-up tells nobody where else a person works (B36)."""

import json
import re
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from drill.patterns import Written, hostile_texts, patterns
from drill.timings import seconds_for

from shebao.web import flood
from tests.factories import NOW, EmployerFactory, OperatorFactory, at, enrolled, synthetic_id
from tests.papers import PDF


@pytest.fixture
def client(db):
    with at(NOW):
        client = Client(raise_request_exception=False)
        client.operator = OperatorFactory(admin=True)
        client.force_login(client.operator)
        yield client


def test_ten_thousand_fields_are_refused_in_words(client):
    answer = client.post("/operators/new", {f"f{n}": "x" for n in range(10_000)})
    assert answer.status_code == 400 and "没有保存任何内容" in answer.content.decode()


def test_a_hundred_thousand_ids_are_refused(client):
    body = "&".join(f"chosen={n}" for n in range(100_000))
    answer = client.post("/e/declare/wage_declaration/many/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 404)
    assert client.get("/e/roster/?" + "&".join(f"q={n}" for n in range(5_001))).status_code in (200, 400)


def test_a_form_of_megabytes_is_refused(client):
    answer = client.post(
        "/operators/new", "username=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("depth", [50, 5_000, 100_000])
def test_deep_json_is_refused_and_nothing_breaks(client, depth):
    answer = client.post("/pay/notice", "[" * depth + "]" * depth, content_type="application/json")
    assert 400 <= answer.status_code < 500


def test_a_page_is_never_longer_than_offered(client):
    for number in range(3):
        enrolled(client.operator.employer, number=synthetic_id(sequence=number + 10))
    for size in ("1000000", "-1", "x", "0"):
        assert client.get(f"/e/roster/?size={size}&page=999999999999").status_code == 200


def test_an_employer_sends_so_many_tables_an_hour_and_another_is_not_kept_from_it(client, settings):
    settings.SHEBAO_SHEETS_AN_HOUR = 2
    colleague, other = Client(), Client()
    colleague.force_login(OperatorFactory(admin=True, employer=client.operator.employer))
    other.force_login(OperatorFactory(admin=True, employer=EmployerFactory()))
    asked = {"service": "employee_enrolment", "pasted": "甲\t乙\n1\t2"}
    said = [one.post("/e/import/", asked).content.decode() for one in (client, client, colleague, other)]
    assert ["一小时最多上传 2 次" in text for text in said] == [False, False, True, False]
    with at(NOW.replace(hour=12)):
        assert "一小时最多上传" not in client.post("/e/import/", asked).content.decode()


def test_files_of_papers_are_counted_too(client, settings):
    settings.SHEBAO_PAPERS_AN_HOUR = 1
    client.force_login(OperatorFactory(admin=True, employer=EmployerFactory(region="general_hall")))
    answers = []
    for _ in range(2):
        file = SimpleUploadedFile("执照.pdf", PDF)
        answers.append(client.post("/e/pages/employer_papers/", {"title": "执照", "files": file}))
    assert [one.status_code for one in answers] == [302, 429]
    assert "这一次没有收下" in answers[1].content.decode()


@pytest.fixture
def clock_of_the_guard(monkeypatch):
    """Stands until a test moves it on."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(flood, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def test_a_flood_from_one_session_is_refused_and_the_others_are_served(client, settings, clock_of_the_guard, caplog):
    settings.SHEBAO_FLOOD_LIMIT = 20
    other = Client()
    other.force_login(OperatorFactory(admin=True))
    other.handler = client.handler  # the same server process
    answers = [client.get("/alive") for _ in range(25)]
    assert [one.status_code for one in answers] == [204] * 20 + [429] * 5
    assert "请求过于频繁" in answers[-1].content.decode() and answers[-1].headers["Retry-After"] == str(flood.SECONDS)
    assert other.get("/e/roster/").status_code == 200
    assert caplog.text.count("Too Many Requests") == 1  # the log is not flooded


def test_who_goes_on_is_answered_nothing_else_and_who_stops_is_served_after_ten_seconds(
    client, settings, clock_of_the_guard
):
    settings.SHEBAO_FLOOD_LIMIT = 20

    def asked(times: int) -> set[int]:
        answers = set()
        for _ in range(times):
            clock_of_the_guard.seconds += 1 / 6  # three times what the limit lets through
            answers.add(client.get("/alive").status_code)
        return answers

    assert 204 in asked(60)
    assert asked(600) == {429}
    clock_of_the_guard.seconds += flood.SECONDS
    assert client.get("/alive").status_code == 204


def test_a_flood_from_one_address_is_refused_whatever_cookies_it_brings(client, settings, clock_of_the_guard):
    settings.SHEBAO_FLOOD_LIMIT = 2
    for number in range(12):
        client.cookies["sessionid"] = f"{number:032}"
        last = client.get("/login", headers={"X-Forwarded-For": "10.0.0.1"})
    assert last.status_code == 429
    assert client.get("/login", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_the_guard_forgets_who_went_away_before_it_holds_too_many(client, settings, clock_of_the_guard, monkeypatch):
    settings.SHEBAO_FLOOD_LIMIT = 1
    monkeypatch.setattr(flood, "MOST_KEYS", 3)
    for number in range(4):
        client.get("/alive", REMOTE_ADDR=f"192.0.2.{number}")
        clock_of_the_guard.seconds += flood.SECONDS
    answers = [client.get("/alive", REMOTE_ADDR="192.0.2.9").status_code for _ in range(3)]
    assert answers == [204, 429, 429]


LENGTH, MARGIN = 6_000, 2_000
"""A linear expression takes a hundred times what the simplest takes; one that is not, a hundred thousand times that."""
LINEAR = Written("[^!]*!", "here")


def too_slow(among) -> list[tuple[str, str, str]]:
    """Those which take much longer than a linear one in the same run; the drill measures milliseconds."""
    yardstick = max(seconds_for(LINEAR, "a" * LENGTH + "!") for _ in range(20))
    return [
        (one.place, one.text, text[:9])
        for one in among
        for text in hostile_texts(one.text, LENGTH, pairs=False)
        if seconds_for(one, text) > MARGIN * yardstick
    ]


def test_every_regular_expression_of_the_program_is_linear_in_what_somebody_sends():
    assert len(patterns()) > 100
    assert too_slow(sorted(patterns())) == []


def test_an_expression_that_is_not_linear_is_seen():
    """As the links of a page were read once: each beginning of a tag went to the end of the page."""
    bad = [Written('<a\\b[^>]*?\\bhref="(/[^"]*)"[^>]*>', "a")]
    assert {place for place, *_ in too_slow(bad)} == {"a"}


def test_looking_for_a_person_of_another_employer_is_looking_for_nobody(client):
    stranger = enrolled(EmployerFactory(), name="钱在别处", number=synthetic_id(sequence=77))
    nobody = synthetic_id(sequence=78)
    answers = []
    for number in (stranger.person.id_number, nobody):
        got = [client.get(address.format(number)) for address in ("/e/search/?q={}", "/e/roster/?q={}&status=all")]
        texts = [
            re.sub(
                r'(?<=csrfmiddlewaretoken" value=")[^"]*|(?<=_once" value=")[^"]*|(?<=X-CSRFToken": ")[^"]*|=~[\w-]+',
                "",
                one.content.decode(),
            )
            for one in got
        ]
        answers.append(([one.status_code for one in got], [text.replace(number, "#") for text in texts]))
    assert answers[0] == answers[1]
    assert "钱在别处" not in json.dumps(answers, ensure_ascii=False)
