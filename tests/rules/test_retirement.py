"""Retirement: rows of the published tables, and every birth since 1930 against tables built line by line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.months import Month
from shebao.rules.region_model import NoValue
from shebao.rules.retirement import (
    TRACKS,
    fewest_months,
    missing_months,
    retirement,
    retirement_alerts,
    tracks_of,
)
from tests.rules.published import published


def one(born: str, track: str):
    return retirement(np.array([Month.parse(born).index]), np.array([track]))


def month_of(column) -> str:
    return str(Month.from_index(int(column[0])))


@published("retirement")
def test_a_row_of_the_published_tables_comes_out(case):
    got = one(case["born"], case["track"])
    assert (int(got.delay[0]), month_of(got.statutory)) == (int(case["delay"]), case["statutory"])
    assert int(got.age[0]) == TRACKS[case["track"]].old_age * 12 + int(case["delay"])


@published("retirement", "spans")
def test_the_flexible_span_keeps_within_three_years_and_the_old_age(case):
    got = one(case["born"], case["track"])
    assert (month_of(got.earliest), month_of(got.latest)) == (case["earliest"], case["latest"])


@published("retirement", "fewest_months")
def test_the_fewest_months_of_contributions_rise_from_2030(case):
    assert fewest_months(np.array([int(case["year"])])).tolist() == [int(case["months"])]


def slow_table(old_age: int, births: int, last_age: int) -> dict[tuple[int, int], tuple[int, int]]:
    """办法第一条 line by line: (year, month) of birth → (years, months) of age, written down from 1930 to 2010.

    Each `births` months of birth share an age; the next group's is one month higher, up to the last age.
    """
    ages, years, months, shared = {}, old_age, 0, births
    for year in range(1930, 2011):
        for month in range(1, 13):
            if (year, month) >= (2025 - old_age, 1):
                if shared == births:
                    shared = 0
                    if years < last_age:
                        years, months = (years, months + 1) if months < 11 else (years + 1, 0)
                shared += 1
            ages[year, month] = (years, months)
    return ages


@pytest.mark.parametrize(
    ("track", "old_age", "births", "last_age"), [("man", 60, 4, 63), ("woman_55", 55, 4, 58), ("woman_50", 50, 2, 55)]
)
def test_every_birth_agrees_with_a_table_written_line_by_line(track, old_age, births, last_age):
    table = slow_table(old_age, births, last_age)
    born = np.array([year * 12 + month - 1 for year, month in table], dtype=np.int64)
    got = retirement(born, np.full(len(born), track))
    for row, ((year, month), (years, months)) in enumerate(table.items()):
        later, over = divmod(month - 1 + months, 12)
        assert Month.from_index(int(got.statutory[row])) == Month(year + years + later, over + 1), (year, month)


BIRTHS = st.lists(
    st.tuples(st.integers(Month(1930, 1).index, Month(2010, 12).index), st.sampled_from(sorted(TRACKS))), min_size=1
)


@given(BIRTHS)
def test_in_a_mixed_roster_everybody_keeps_their_own_row(roster):
    born, tracks = np.array([b for b, _ in roster]), np.array([t for _, t in roster])
    got = retirement(born, tracks)
    for row, (birth, track) in enumerate(roster):
        alone = retirement(np.array([birth]), np.array([track]))
        for name in ("delay", "age", "statutory", "earliest", "latest"):
            assert getattr(got, name)[row] == getattr(alone, name)[0]
    assert (got.earliest <= got.statutory).all() and (got.statutory <= got.latest).all()
    assert (got.statutory - got.earliest <= got.delay).all() and (got.latest - got.statutory <= 36).all()


@given(st.integers(Month(1950, 1).index, Month(2010, 11).index), st.sampled_from(sorted(TRACKS)))
def test_who_is_born_later_never_retires_earlier(birth, track):
    got = retirement(np.array([birth, birth + 1]), np.array([track, track]))
    assert got.statutory[0] < got.statutory[1] and 0 <= got.delay[1] - got.delay[0] <= 1


def test_the_track_comes_from_sex_and_post():
    women, managerial = np.array([False, False, True, True]), np.array([False, True, True, False])
    assert tracks_of(women, managerial).tolist() == ["man", "man", "woman_55", "woman_50"]


def test_early_needs_the_chosen_year_and_late_the_statutory_year():
    statutory = np.array([Month(2032, 5).index] * 3)
    chosen = np.array([Month(2029, 12).index, Month(2032, 5).index, Month(2035, 5).index])
    assert missing_months(np.array([180, 180, 180]), statutory, chosen).tolist() == [0, 18, 18]
    assert missing_months(np.array([300, 300, 300]), statutory, chosen).tolist() == [0, 0, 0]


def test_reminders_name_the_nearest_span():
    now = Month(2026, 11)
    ahead = np.array([now.index + n for n in (-1, 0, 1, 3, 4, 6, 7)])
    told = ["overdue", "this_month", "within_3", "within_3", "within_6", "within_6", ""]
    assert retirement_alerts(ahead, now).tolist() == told


def test_an_unknown_track_is_refused():
    with pytest.raises(NoValue, match="没有退休类别“woman”"):
        one("1980-01", "woman")
