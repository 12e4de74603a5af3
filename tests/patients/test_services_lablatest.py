"""The newest value of each analyte is what a search would find, whatever has happened."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.models import Analyte, LatestResult, Result
from patients.services import labstore
from tests.factories import PatientFactory, ResultFactory
from tests.patients.labfiles import ADA, NOW, import_lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]
COLUMNS = ["patient", "analyte", "result", "collected_at", "recorded_at", "value", "comparator",
           "text", "flag"]  # fmt: skip


@pytest.fixture
def another_patient():
    return PatientFactory(mrn="CL-2")


def kept():
    return sorted(LatestResult.objects.values_list(*COLUMNS))


def searched():
    newest = (
        Result.objects.current()
        .order_by("patient", "analyte", "-collected_at", "-issued_at", "-pk")
        .distinct("patient", "analyte")
    )
    names = [name.replace("result", "pk") for name in COLUMNS]
    return sorted(newest.values_list(*names))


ROWS = st.builds(
    "{},{},{},{},2026-02-{:02}T{:02}:00Z,{},{},{}".format,
    st.sampled_from([ADA, "CL-2"]),
    st.just("HBA1C"),
    st.sampled_from(["5", "6", "<7", "neg"]),
    st.just("%"),
    st.integers(1, 3),
    st.integers(8, 9),
    st.sampled_from(["preliminary", "final", "corrected", "cancelled"]),
    st.sampled_from(["", "2026-02-27T10:00Z"]),
    st.sampled_from(["A1", "A2"]),
)


@pytest.mark.usefixtures("another_patient")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROWS, min_size=1, max_size=5), min_size=1, max_size=3))
def test_what_is_kept_is_what_a_search_finds(files):
    Result.objects.all().delete()
    for rows in files:
        import_lines(*rows)
        assert kept() == searched()


def test_a_refresh_finds_what_was_stored_without_telling(ada):
    old = ResultFactory(patient=ada, value=5)
    ResultFactory(patient=ada, code="CREAT", value=1, superseded_at=NOW, version=2)

    labstore.refresh_latest([ada.pk])
    assert kept() == searched()

    Result.objects.filter(pk=old.pk).update(superseded_at=NOW)
    labstore.refresh_latest([(ada.pk, Analyte.objects.get(code="HBA1C").pk)])
    assert kept() == []
