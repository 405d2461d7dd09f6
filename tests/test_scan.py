"""What the scanner from outside attacks: every input of every route, and no page twice because its numbers differ."""

import sqlite3

from tools.scan import Sent, attacked, families, of_a_shape, take_repeated_out

HALL = "http://127.0.0.1:8000"


def _sent(number: int, address: str, *inputs: str, status: int | None = 200, method: str = "POST") -> Sent:
    return Sent(number, method, HALL + address, status, families(list(inputs)), len(inputs))


def test_of_forms_that_differ_in_their_numbers_one_is_sent():
    first, second = _sent(1, "/e/bills/3/"), _sent(2, "/e/bills/14/", status=None)
    assert first.shape == second.shape
    assert of_a_shape([first, second]) == [first]


def test_of_pages_that_differ_in_their_numbers_the_newest_are_crawled():
    pages = [_sent(number, f"/e/cases/{number}/", status=None, method="GET") for number in range(1, 40)]
    assert [one.number for one in of_a_shape(pages)] == list(range(24, 40))


def test_a_form_that_was_refused_stands_for_no_other():
    refused, waiting = _sent(1, "/e/bills/3/", status=404), _sent(2, "/e/bills/14/", status=None)
    assert of_a_shape([refused, waiting]) == [refused, waiting]
    assert of_a_shape([refused] * 4 + [waiting]) == [refused] * 4


def test_every_input_of_a_route_is_attacked_by_as_few_requests_as_have_them_all():
    few = _sent(1, "/e/declare/employee_enrolment/", "P name")
    many = _sent(2, "/e/declare/wage_declaration/", "P name", "P declared_wage")
    other = _sent(3, "/e/declare/employee_cessation/", "P reason")
    elsewhere = _sent(4, "/e/roster/", "P name")
    assert attacked([few, many, other, elsewhere], set()) == [many, elsewhere, other]


def test_the_same_address_is_two_routes_where_the_method_differs():
    asked, posted = _sent(1, "/e/roster/", method="GET"), _sent(2, "/e/roster/")
    assert attacked([asked, posted], set()) == [asked, posted]


def test_what_was_attacked_as_another_role_is_not_attacked_again():
    one, other = _sent(1, "/e/roster/", "P name"), _sent(2, "/e/roster/", "P name", "P since")
    assert attacked([one], one.inputs_of_route) == []
    assert attacked([other], one.inputs_of_route) == [other]


def test_inputs_that_are_read_alike_are_one():
    assert families(["P flag_name", "P flag_phone", "P flag_wage", "P flag_month", "P note"]) == {"P flag*", "P note"}
    assert families(["P version_29", "P version_31", "P first_month"]) == {"P version_0", "P first_month"}


def test_of_inputs_that_are_read_alike_two_are_attacked_and_of_one_name_the_last():
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE params (param_id INTEGER PRIMARY KEY, path_id, type, name)")
        names = ["chosen", "chosen", "flag_name", "flag_phone", "flag_wage", "flag_month", "note"]
        database.executemany(
            "INSERT INTO params (path_id, type, name) VALUES (1, 'POST', ?)", [(one,) for one in names]
        )
        take_repeated_out(database)
        stay = database.execute("SELECT param_id, name FROM params ORDER BY 1").fetchall()
    database.close()
    assert stay == [(2, "chosen"), (3, "flag_name"), (4, "flag_phone"), (7, "note")]
