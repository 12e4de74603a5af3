"""Rows by whatever way they come: stored, held for a person, or refused with a reason."""

import datetime as dt

import pytest

from patients.models import (
    Analyte,
    HeldResult,
    LabSource,
    LocalCode,
    ReferenceRange,
    Result,
)
from patients.services import intake
from tests.factories import PatientFactory
from tests.patients.labfiles import (
    ADA,
    AT,
    DAY,
    HEADER,
    NOW,
    counts,
    import_file,
    import_lines,
    line,
    problem_codes,
    text,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]
ORIGIN = intake.Origin(received_at=NOW, source="bedside")
QUERIES = 17


@pytest.fixture
def laboratory():
    return LabSource.objects.create(name="City laboratory")


def person(years, **fields):
    """The number of a new patient of this age."""
    number = f"CL-{years:06}-AGE"
    PatientFactory(mrn=number, birth_date=dt.date(NOW.year - years, 1, 1), **fields)
    return number


def row(**cells):
    return {"mrn": ADA, "code": "HBA1C", "value": "7.2", "unit": "%", "collected_at": AT} | cells


def test_rows_are_stored_and_counted(ada):
    taken = intake.take([row(), row(value="6"), row(), row(value="x")], ORIGIN)

    assert (taken.accepted, taken.corrected, taken.duplicate, taken.refused) == (1, 1, 1, 1)
    assert taken.patient_ids == {ada.pk}
    assert [(found.row, found.column, found.code) for found in taken.problems] == [
        (4, "value", "not_a_number")
    ]


def test_taking_rows_twice_is_taking_them_once():
    intake.take([row()], ORIGIN)

    taken = intake.take([row()], ORIGIN)

    assert (taken.accepted, taken.duplicate, taken.patient_ids) == (0, 1, set())
    assert Result.objects.count() == 1


def test_a_row_means_the_same_by_every_way():
    import_lines(line("7.2", accession=""))

    taken = intake.take([row()], ORIGIN)

    assert taken.duplicate == 1


def test_nothing_is_taken_from_no_rows():
    assert intake.take([], ORIGIN) == intake.Taken()


def test_a_row_without_its_patient_is_held_with_all_it_says():
    lab_import = import_lines(line("7.2").replace(ADA, "CL-999999"))

    held = HeldResult.objects.get()
    assert (lab_import.unmatched_count, counts(lab_import)) == (1, (0, 0, 0, 0))
    assert (held.reason, held.key, held.row) == ("unknown_patient", "mrn|CL-999999", 2)
    assert held.cells["value"] == "7.2"
    assert problem_codes(lab_import) == [(2, "mrn", "unknown_patient")]


def test_rows_without_their_patient_are_refused_where_the_source_says_so(laboratory):
    laboratory.unknown_patients = LabSource.UnknownPatients.REFUSE
    laboratory.save()

    lab_import = import_lines(line("7").replace(ADA, "CL-999999"), lab_source=laboratory)

    assert (lab_import.unmatched_count, lab_import.refused_count) == (0, 1)
    assert not HeldResult.objects.exists()


@pytest.mark.parametrize(
    ("cells", "reason", "key"),
    [({"code": "GLUC-S"}, "unknown_code", "|GLUC-S"),
     ({"unit": "parsec"}, "unknown_unit", "HBA1C|parsec")],
)  # fmt: skip
def test_a_test_or_unit_that_is_not_known_is_refused_and_held(cells, reason, key):
    taken = intake.take([row(**cells)], ORIGIN)

    held = HeldResult.objects.get()
    assert (taken.refused, held.reason, held.key) == (1, reason, key)


def test_a_row_that_is_wrong_as_well_as_unknown_is_not_held():
    intake.take([row(mrn="CL-999999", value="x")], ORIGIN)

    assert not HeldResult.objects.exists()


def test_a_held_row_is_read_again_as_its_file_was():
    header = HEADER.replace(",", ";")
    content = f"CL-9;HBA1C;7,2;%;{AT};;;A1".replace("CL-9", "CL-999999")
    lab_import = import_file(text(content, header=header))
    lab_import.profile = {"decimal": ",", "delimiter": ";"}
    cells = HeldResult.objects.get().cells | {"mrn": ADA, "source_row": "2"}

    taken = intake.take([cells], intake.Origin(received_at=NOW + DAY, lab_import=lab_import))

    result = Result.objects.get()
    assert (taken.accepted, result.value, result.import_row) == (1, 7.2, 2)
    assert result.recorded_at == NOW + DAY


@pytest.mark.parametrize(
    ("birth_date", "accepted"), [("1960-05-17", 1), ("1960-05-18", 0), ("", 1)]
)
def test_a_birth_date_must_be_that_of_the_record(birth_date, accepted):
    taken = intake.take([row(birth_date=birth_date)], ORIGIN)

    assert (taken.accepted, taken.unmatched) == (accepted, 1 - accepted)


@pytest.mark.parametrize("code", ["GLUC-S", "gluc-s"])
def test_what_somebody_has_said_of_a_source_s_code_counts(laboratory, code):
    LocalCode.objects.create(
        lab_source=laboratory, code="GLUC-S", analyte=Analyte.objects.get(code="GLU_FAST"),
        unit="mmol/L", confirmed_at=NOW,
    )  # fmt: skip
    origin = intake.Origin(received_at=NOW, lab_source=laboratory)

    intake.take([row(code=code, value="5.5", unit="")], origin)

    result = Result.objects.get()
    assert (result.analyte.code, result.unit_as_sent) == ("GLU_FAST", "mmol/L")


def test_the_source_s_own_reference_range_comes_before_the_site_s(laboratory):
    ReferenceRange.objects.create(
        lab_source=laboratory, analyte=Analyte.objects.get(code="HBA1C"), low=4, high=8
    )

    intake.take([row()], intake.Origin(received_at=NOW, lab_source=laboratory))

    assert Result.objects.values_list("reference_high", "flag").get() == (8, "N")


def test_a_unit_in_the_cell_must_not_contradict_its_column():
    rows = [row(value="5.5 mmol/L", unit="mg/dL"), row(value="5.5 mmol/l", unit="mmol/L")]

    taken = intake.take([one | {"code": "GLU_FAST"} for one in rows], ORIGIN)

    assert (taken.accepted, taken.problems[0].code) == (1, "unit_contradiction")


def test_a_result_in_words_is_kept_in_words():
    intake.take([row(value="NEG")], ORIGIN)

    result = Result.objects.get()
    assert (result.value, result.text, result.value_as_sent) == (None, "negative", "NEG")


def test_a_cell_that_says_why_there_is_no_result_cancels_it():
    intake.take([row(value="hemolyzed")], ORIGIN)

    result = Result.objects.get()
    assert (result.status, result.note) == ("cancelled", "hemolyzed")


def test_a_flag_of_the_laboratory_counts_where_no_limit_is_known():
    of_a_child = row(mrn=person(4), code="CRP", value="3", unit="mg/L", flag="H")

    intake.take([of_a_child], ORIGIN)

    assert Result.objects.get().flag == "H"


def test_a_merged_record_s_number_leads_to_the_record_that_is_left(ada):
    intake.take([row(mrn=person(60, merged_into=ada))], ORIGIN)

    assert Result.objects.get().patient == ada


@pytest.mark.parametrize("rows", [1, 3])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    rows, django_assert_num_queries
):
    intake.take([row(accession="first")], ORIGIN)  # the staging tables are made once
    with django_assert_num_queries(QUERIES):
        intake.take([row(accession=f"A{n}") for n in range(rows)], ORIGIN)
