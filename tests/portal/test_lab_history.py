import datetime as dt

import pytest
from django.urls import reverse

from patients.models import ResultMove, ResultReview
from tests.factories import ResultFactory
from tests.portal.reading import text

pytestmark = pytest.mark.django_db
DAY = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


@pytest.fixture
def one_test(signed_in, patient):
    """Open the page of one test of `patient`."""

    def opened(code):
        return signed_in.get(reverse("lab-test", args=[patient.public_id, code]))

    return opened


def test_a_test_shows_every_version_with_why_it_ended(one_test, patient, clinician):
    old = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    new = ResultFactory(
        patient=patient, code="CREAT", value=1.1, status="corrected", accession=old.accession,
        recorded_at=DAY,
    )  # fmt: skip
    ResultReview.objects.create(patient=patient, result=new, by=clinician, at=DAY)

    rows = one_test("CREAT").context["test"]["rows"]

    assert [row["value"] for row in rows] == ["1.1", "1.9"]
    assert [row["state"] for row in rows] == ["corrected", "final"]
    assert rows[1]["ended"] == "Until 01-Mar-2026 08:00: corrected by the laboratory"
    assert rows[0]["reviewed"] == [f"{clinician.username}, 01-Mar-2026 08:00"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_test_costs_the_same_queries_however_often_it_was_measured(
    one_test, patient, count, django_assert_num_queries
):
    for number in range(count):
        ResultFactory(patient=patient, code="CREAT", collected_at=DAY - dt.timedelta(days=number))

    with django_assert_num_queries(8):
        response = one_test("CREAT")

    assert len(response.context["test"]["chart"]["spec"]["points"]) == count


def test_a_result_that_counts_leads_to_the_page_that_moves_it_to_its_patient(one_test, patient):
    ended = ResultFactory(patient=patient, code="CREAT", value=1.9, superseded_at=DAY)
    result = ResultFactory(patient=patient, code="CREAT", value=1.1, accession=ended.accession)

    page = one_test("CREAT").content.decode()

    assert reverse("patients:result-move", args=[result.pk]) in page
    assert reverse("patients:result-move", args=[ended.pk]) not in page


def test_a_withdrawn_result_says_that_its_file_was_withdrawn(one_test, patient):
    ResultFactory(patient=patient, code="CREAT", superseded_at=DAY, withdrawn_at=DAY)

    (row,) = one_test("CREAT").context["test"]["rows"]

    assert row["ended"] == "Until 01-Mar-2026 08:00: its file was withdrawn"


def test_a_test_that_was_never_measured_is_not_there(one_test, patient):
    assert one_test("CREAT").status_code == 404


def test_a_result_that_was_moved_says_so_and_until_when(one_test, patient, clinician):
    result = ResultFactory(patient=patient, code="CREAT", superseded_at=DAY, withdrawn_at=DAY)
    copy = ResultFactory(code="CREAT")
    ResultMove.objects.create(
        from_patient=patient, to_patient=copy.patient, results=[[result.pk, copy.pk]],
        reason="x", by=clinician, at=DAY,
    )  # fmt: skip

    (row,) = one_test("CREAT").context["test"]["rows"]

    assert row["ended"] == "Until 01-Mar-2026 08:00: moved to the patient it belongs to"


@pytest.mark.parametrize(
    ("units", "value", "unit", "usual"),
    [("US", "99", "mg/dL", "70–99"), ("SI", "5.5", "mmol/L", "3.89–5.5")],
)
def test_values_ranges_and_chart_are_in_the_units_of_the_reader(
    one_test, patient, clinician, units, value, unit, usual
):
    clinician.units = units
    clinician.save()
    ResultFactory(patient=patient, code="GLU", value=99, reference_low=70, reference_high=99)

    test = one_test("GLU").context["test"]

    (row,) = test["rows"]
    assert (row["value"], row["unit"], row["usual"]) == (value, unit, usual)
    assert test["chart"]["spec"]["unit"] == unit
    assert round(test["chart"]["spec"]["points"][0]["value"], 1) == float(value)


def test_what_the_laboratory_wrote_is_told_where_it_is_not_what_is_shown(one_test, patient):
    ResultFactory(patient=patient, code="GLU", value=99, value_as_sent="5.5", unit_as_sent="mmol/L")

    (row,) = one_test("GLU").context["test"]["rows"]

    assert (row["value"], row["as_sent"]) == ("99", "5.5 mmol/L")


@pytest.mark.parametrize("name", ["labs", "lab-test"])
@pytest.mark.parametrize(("born", "is_told"), [("2008-03-04", True), ("2008-03-03", False)])
def test_the_values_of_a_child_come_with_the_word_that_no_mark_is_not_normal(
    signed_in, patient, name, born, is_told
):
    patient.birth_date = dt.date.fromisoformat(born)
    patient.save()
    ResultFactory(patient=patient, code="CREAT")
    arguments = [patient.public_id, *(["CREAT"] if name == "lab-test" else [])]

    response = signed_in.get(reverse(name, args=arguments))

    assert ("no mark does not mean normal" in text(response)) is is_told
