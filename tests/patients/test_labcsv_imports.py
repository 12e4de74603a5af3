"""Files of every kind, from their bytes to results in the database."""

import datetime as dt
import io

import openpyxl
import pytest

from healthcare.jobs.models import Job
from patients.labcsv.guess import guess
from patients.models import Result
from tests.factories import PatientFactory
from tests.patients.corpus.samples import SAMPLES
from tests.patients.labfiles import counts, import_file, problem_codes

UPLOADED = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def patients(analytes):
    return [PatientFactory(mrn=f"CL-00000{n}") for n in range(1, 6)]


@pytest.fixture
def imported(patients, tmp_path):
    """Import a file as its guess says, with what a person settled."""

    def run(content, **settled):
        path = tmp_path / "sent"
        path.write_bytes(content)
        found = guess(path)
        profile = {**found.profile.to_json(), **settled}
        lab_import = import_file(
            content, format=found.format, profile=profile, uploaded_at=UPLOADED
        )
        assert lab_import.job.status == Job.Status.DONE, lab_import.job.failure
        return lab_import

    return run


def workbook(*rows):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_german_file_is_imported_but_for_a_test_that_nobody_has_explained(imported):
    lab_import = imported(SAMPLES["lab_german_cp1252.csv"]())

    assert counts(lab_import) == (5, 0, 0, 1)
    assert problem_codes(lab_import) == [(9, "Untersuchung", "unknown_code")]


def test_a_wide_table_is_imported_and_its_problems_name_line_and_test(imported):
    lab_import = imported(SAMPLES["lab_wide.csv"]())

    assert counts(lab_import) == (16, 0, 0, 2)
    assert problem_codes(lab_import) == [
        (7, "HGB", "not_a_number"), (8, "HGB", "spreadsheet_error")]  # fmt: skip


def test_what_concerns_a_whole_line_of_a_wide_table_is_told_for_each_test(imported):
    lab_import = imported(b"MRN,Collected,HGB (g/dL),CRP (mg/L)\nCL-000001,soon,13,2\nCL-000001\n")

    assert counts(lab_import) == (0, 0, 0, 3)
    assert sorted(problem_codes(lab_import)) == [
        (2, "CRP (mg/L)", "bad_time"),
        (2, "HGB (g/dL)", "bad_time"),
        (3, "", "ragged_row"),
    ]


def test_a_workbook_is_imported(imported):
    lab_import = imported(workbook(
        ["MRN", "Test", "Result", "Units", "Collected"],
        ["CL-000001", "CRP", 2.5, "mg/L", "2026-03-01 08:00"],
        ["CL-000002", "CRP", "#N/A", "mg/L", "2026-03-01 08:00"],
    ))  # fmt: skip

    assert Result.objects.get().value == 2.5
    assert problem_codes(lab_import) == [(3, "Result", "spreadsheet_error")]


def test_a_doubtful_file_is_imported_when_a_person_has_settled_it(imported):
    lab_import = imported(SAMPLES["lab_doubtful.csv"](), date_order="dmy", thousands=",")

    assert counts(lab_import) == (3, 0, 0, 0)
    assert set(Result.objects.values_list("value", flat=True)) == {1234, 6.2, 221}


def test_a_file_in_doubt_gives_nothing_that_is_not_sure(imported):
    lab_import = imported(SAMPLES["lab_doubtful.csv"]())

    assert counts(lab_import) == (0, 0, 0, 3)
    assert not Result.objects.exists()
