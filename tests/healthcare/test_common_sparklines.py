"""Small trends: what is joined, where the newest value lies, what the band covers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.common.sparklines import HEIGHT, WIDTH, Band, Point, spark


def on(day, value):
    return (dt.date(2025, 1, 1) + dt.timedelta(days=day), value)


def test_nothing_measured_gives_no_trend():
    assert spark([]) is None


def test_readings_are_joined_from_left_to_right_with_high_values_on_top():
    drawn = spark([on(0, 1.0), on(50, 3.0), on(100, 2.0)])

    assert drawn.lines == ("3.0,21.0 50.0,3.0 97.0,12.0",)
    assert drawn.last == Point(97.0, 12.0)


def test_a_gap_in_time_is_not_joined():
    drawn = spark([on(0, 1.0), on(10, 1.0), on(500, 2.0), on(510, 2.0)], gap_days=400)

    assert len(drawn.lines) == 2


def test_a_reading_alone_between_gaps_is_a_dot():
    drawn = spark([on(0, 1.0), on(500, 2.0)], gap_days=400)

    assert drawn.lines == ()
    assert drawn.dots == (Point(3.0, 21.0), Point(97.0, 3.0))


@pytest.mark.parametrize(
    ("reference", "band"),
    [
        ((None, None), None),
        ((1.0, 2.0), Band(12.0, 9.0)),
        ((None, 2.0), Band(12.0, 12.0)),
        ((2.0, None), Band(0.0, 12.0)),
    ],
)
def test_the_band_covers_the_reference_range_and_is_open_where_it_is(reference, band):
    assert spark([on(0, 1.0), on(9, 3.0)], reference=reference).band == band


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    reference=st.tuples(st.none() | st.floats(-10, 0), st.none() | st.floats(0, 10)),
)
def test_every_mark_stays_inside_the_box(values, reference):
    drawn = spark([on(30 * at, value) for at, value in enumerate(values)], reference=reference)

    numbers = [place.split(",") for line in drawn.lines for place in line.split(" ")]
    for x, y in [*numbers, *drawn.dots, drawn.last]:
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
