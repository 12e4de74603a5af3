"""The small course beside each test of the lab grid: its figures and how they are drawn."""

import datetime as dt

import pytest
from django.urls import reverse

from tests.factories import PatientFactory, ResultFactory

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def results(patient, *values, step=1, **members):
    """Sodium values, the last of them today and the others `step` days apart before it."""
    for age, value in enumerate(reversed(values)):
        at = DAY - dt.timedelta(days=age * step)
        ResultFactory(patient=patient, code="SODIUM", value=value, collected_at=at, **members)


@pytest.fixture
def row(signed_in, patient):
    """The row of sodium in the grid, and the page."""

    def opened(query=""):
        page = signed_in.get(reverse("labs", args=[patient.public_id]) + query)
        (group,) = page.context["grid"]["groups"]
        (test,) = group["tests"]
        return test, page.content.decode()

    return opened


def test_the_line_runs_through_the_values_with_the_newest_marked(patient, row):
    """150 is the highest and lies 3 below the top, 130 the lowest, 3 above the bottom of 24."""
    results(patient, 130, 140, 150, reference_low=135, reference_high=145)

    test, page = row()

    assert test["spark"].lines == ("3.0,21.0 50.0,12.0 97.0,3.0",)
    assert test["spark"].last == (97.0, 3.0)
    assert 'points="3.0,21.0 50.0,12.0 97.0,3.0"' in page
    assert 'class="spark-last" d="M97.0 3.0h0"' in page


def test_the_band_is_the_range_that_is_stored_with_the_newest_result(patient, row):
    """On the scale of 130 to 150 the range from 135 to 145 is half of the 18 between."""
    results(patient, 130, 140, reference_low=120, reference_high=180)
    results(patient, 150, reference_low=135, reference_high=145)
    patient.results.filter(value=140).delete()

    test, page = row()

    assert test["spark"].band == (7.5, 9.0)
    assert '<rect class="spark-band" x="0" y="7.5" width="100" height="9.0"/>' in page


def test_a_range_that_is_open_reaches_the_edge(patient, row):
    results(patient, 130, 150, reference_low=None, reference_high=140)

    band = row()[0]["spark"].band

    assert (band.y, band.y + band.height) == (12.0, 24.0)


def test_a_test_without_a_range_has_no_band(patient, row):
    results(patient, 130, 150, reference_low=None, reference_high=None)

    test, page = row()

    assert test["spark"].band is None
    assert "spark-band" not in page


def test_the_newest_twenty_four_values_are_drawn(patient, row):
    """An outlier that is older than those does not flatten the line."""
    results(patient, 100, *[140] * 23, 141, reference_low=135, reference_high=145)

    test, _page = row()

    (line,) = test["spark"].lines
    assert len(line.split()) == 24
    assert test["summary"].startswith("Sodium: 24 values, newest shown 141 mmol/L")


def test_a_gap_of_years_is_a_gap_in_the_line(patient, row):
    results(patient, 130, 150, step=1500)

    spark = row()[0]["spark"]

    assert spark.lines == ()
    assert [dot.x for dot in spark.dots] == [3.0, 97.0]


def test_what_was_not_known_on_a_day_is_not_drawn_for_it(patient, row):
    results(patient, 130, 140)
    ResultFactory(
        patient=patient, code="SODIUM", value=150, collected_at=DAY,
        recorded_at=DAY + dt.timedelta(days=1, hours=12),
    )  # fmt: skip

    drawn = row("?known=2026-03-01")[0]["spark"]

    assert drawn.lines == ("3.0,21.0 97.0,3.0",)


def test_another_patient_s_values_are_not_in_the_line(patient, row, team):
    results(patient, 130, 140)
    results(PatientFactory(care_team=team), 100, 180)

    assert row()[0]["spark"].lines == ("3.0,21.0 97.0,3.0",)
