"""Files that say only what is new: the same table as when everything is asked for first."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.models import LatestResult, Result
from patients.services import labnews, labstore
from tests.factories import PatientFactory
from tests.patients.labfiles import ADA, counts, dump, import_file, import_lines, line, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]


@pytest.fixture
def another_patient():
    return PatientFactory(mrn="CL-2")


@pytest.fixture
def asked(monkeypatch):
    """How many rows were stored after the database had been asked for them."""
    rows = []
    real = labstore.store

    def store(results, origin):
        rows.append(results.height)
        return real(results, origin)

    monkeypatch.setattr(labstore, "store", store)
    return rows


@pytest.fixture
def stretches(monkeypatch):
    """Stretches of a few rows."""
    monkeypatch.setattr("patients.labcsv.lines.BLOCK", 400)
    monkeypatch.setattr("patients.labcsv.columns.STRETCH", 400)


def newest():
    return sorted(LatestResult.objects.values_list("patient", "analyte__code", "value", "text"))


def test_a_file_of_news_is_stored_without_asking(asked):
    imported = import_lines(line("5"), line("6", accession="A2"))

    assert counts(imported) == (2, 0, 0, 0)
    assert asked == []


@pytest.mark.usefixtures("stretches")
def test_once_something_was_known_the_rest_of_the_file_is_asked_for(asked):
    rows = [line("5", accession=f"A{n}") for n in range(40)]
    import_lines(rows[12])
    imported = import_lines(*rows)

    assert counts(imported) == (39, 0, 1, 0)
    assert 0 < sum(asked) < 40


ROWS = st.builds(
    "{},HBA1C,{},%,2026-02-{:02}T08:00Z,{},{},{}".format,
    st.sampled_from([ADA, "CL-2", "CL-unknown"]),
    st.sampled_from(["5", "6", "<7", "neg", "bad"]),
    st.integers(1, 3),
    st.sampled_from(["preliminary", "final", "corrected", "cancelled"]),
    st.sampled_from(["", "2026-02-27T10:00Z"]),
    st.sampled_from(["A1", "A2", 'A"3\\']),
)


@pytest.mark.usefixtures("another_patient", "stretches")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROWS, min_size=1, max_size=25), min_size=1, max_size=3))
def test_the_table_is_that_of_asking_first(files):
    def stored(*, asking):
        Result.objects.all().delete()
        with pytest.MonkeyPatch.context() as patch:
            if asking:
                patch.setattr(labnews.News, "write", lambda news, rows: None)
            told = [counts(import_file(text(*rows))) for rows in files]
        return told, dump(), newest()

    assert stored(asking=False) == stored(asking=True)
