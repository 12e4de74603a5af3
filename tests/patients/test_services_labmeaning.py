import datetime as dt

import pytest

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients import queries
from patients.models import Analyte, Result
from patients.services import labs
from tests.factories import LabImportFactory, PatientFactory
from tests.patients.labfiles import (
    ADA,
    AT,
    NOW,
    counts,
    dump,
    import_file,
    import_lines,
    line,
    problem_codes,
    text,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker", "ada")]


def test_a_row_becomes_a_result_with_range_and_flag(ada):
    lab_import = import_lines(line("7.2"))

    result = Result.objects.get()
    assert counts(lab_import) == (1, 0, 0, 0)
    assert (result.patient, result.analyte.code, result.value) == (ada, "HBA1C", 7.2)
    assert (result.flag, result.import_row) == ("H", 2)
    assert result.recorded_at == lab_import.uploaded_at
    assert lab_import.job.status == Job.Status.DONE
    assert lab_import.percent == 100


def test_units_are_converted_and_the_cell_is_kept():
    import_lines(f"{ADA},GLU_FAST,5.5,mmol/L,{AT},,,", f"{ADA},GLU_FAST,99,mg/dL,{AT},,,X")

    values = Result.objects.order_by("import_row").values_list("value", "value_as_sent")
    assert abs(values[0][0] - values[1][0]) < 0.1
    assert [sent for _value, sent in values] == ["5.5", "99"]


def test_each_fault_is_named_with_its_row_and_column():
    lab_import = import_lines(
        f"CL-999999,HBA1C,7.2,%,{AT},,,",
        f"{ADA},NO SUCH TEST,7.2,%,{AT},,,",
        f"{ADA},HBA1C,high,%,{AT},,,",
        f"{ADA},HBA1C,7.2,parsec,{AT},,,",
        f"{ADA},POTASSIUM,55,mmol/L,{AT},,,",
        f"{ADA},HBA1C,7.2,%,2026-03-09T08:00Z,,,",
        f"{ADA},HBA1C,7.2,%,1950-01-01,,,",
        f"{ADA},HBA1C,7.2,,{AT},,,",
        f"{ADA},HBA1C,7.2,%,{AT},,2026-04-01T08:00Z,",
        line("7.2"),
    )

    assert counts(lab_import) == (1, 0, 0, 8)
    assert lab_import.unmatched_count == 1
    assert problem_codes(lab_import) == [
        (2, "mrn", "unknown_patient"),
        (3, "code", "unknown_code"),
        (4, "value", "not_a_number"),
        (5, "unit", "unknown_unit"),
        (6, "value", "implausible_value"),
        (7, "collected_at", "collected_in_future"),
        (8, "collected_at", "collected_before_birth"),
        (9, "unit", "missing_unit"),
        (10, "issued_at", "issued_in_future"),
    ]


def test_a_problem_shows_only_the_end_of_an_identifier():
    lab_import = import_lines(f"CL-999942,HBA1C,7.2,%,{AT},,,")

    assert lab_import.problems.get().seen == "•••••••42"


def test_an_unknown_test_comes_with_a_suggestion():
    lab_import = import_lines(f"{ADA},POTASSIUMM,4,mmol/L,{AT},,,")

    assert "POTASSIUM" in lab_import.problems.get().repair


def test_identifiers_of_another_namespace_are_not_confused(ada):
    ada.identifiers.create(system="urn:lab", value="77")
    header = "identifier_system,mrn,code,value,unit,collected_at"

    lab_import = import_file(
        text(f"urn:lab,77,HBA1C,7,%,{AT}", f",77,HBA1C,7,%,{AT}", header=header)
    )

    assert counts(lab_import) == (1, 0, 0, 0)
    assert lab_import.unmatched_count == 1


@pytest.mark.parametrize(
    ("sex", "value", "flag"),
    [("female", "12.5", "N"), ("male", "12.5", "L"), ("male", "6.1", "LL")],
)
def test_the_flag_follows_the_range_of_the_persons_sex(team, sex, value, flag):
    PatientFactory(mrn="CL-2", sex=sex, care_team=team)

    import_lines(f"CL-2,HGB,{value},g/dL,{AT},,,")

    assert Result.objects.get().flag == flag


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("<5", "N"), ("<9", ""), (">9", "H"), (">7", ""), (">=8", ""), (">8", "H"), ("8", "N")],
)
def test_what_is_known_as_a_limit_only_is_flagged_when_it_is_sure(cell, flag):
    import_lines(f"{ADA},CRP,{cell},mg/L,{AT},,,")

    assert Result.objects.get().flag == flag


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("5.9 HH", "HH"), ("4 HH", "HH"), ("3 HH", "L"), ("7 L", "HH"), ("3 LL", "LL")],
)
def test_the_laboratorys_own_alarm_is_never_lost(cell, kept):
    import_lines(f"{ADA},POTASSIUM,{cell},mmol/L,{AT},,,")

    assert Result.objects.get().flag == kept


@pytest.mark.parametrize(("value", "flag"), [("8", "HH"), ("4", ""), ("2", "LL")])
def test_potassium_of_a_child_is_critical_beyond_the_limits(ada, value, flag):
    ada.birth_date = dt.date(2020, 1, 1)
    ada.save()

    import_lines(f"{ADA},POTASSIUM,{value},mmol/L,{AT},,,")

    assert Result.objects.get().flag == flag


def test_the_range_that_the_laboratory_sent_is_stored_in_our_unit():
    header = "mrn,code,value,unit,collected_at,reference_low,reference_high"

    import_file(text(f"{ADA},GLU_FAST,5.9,mmol/L,{AT},3.9,5.6", header=header))

    result = Result.objects.get()
    assert result.flag == "H"
    assert result.reference_low == pytest.approx(70.26, abs=0.1)


def test_a_reversed_range_is_refused():
    header = "mrn,code,value,unit,collected_at,reference_low,reference_high"

    lab_import = import_file(text(f"{ADA},HBA1C,5.9,%,{AT},6,4", header=header))

    assert problem_codes(lab_import) == [(2, "reference_low", "reference_range_reversed")]


def test_a_stored_range_does_not_change_with_the_catalogue():
    import_lines(f"{ADA},HGB,12.5,g/dL,{AT},,,")
    before = dump()

    Analyte.objects.get(code="HGB").ranges.update(low=1, high=2)

    assert dump() == before


def test_a_pregnant_womans_range_is_hers(ada):
    ada.pregnant_since = dt.date(2026, 1, 1)
    ada.save()

    import_lines(f"{ADA},HGB,11.5,g/dL,{AT},,,")

    assert Result.objects.get().flag == "N"


def test_a_day_alone_that_is_today_is_taken():
    import_lines(f"{ADA},HBA1C,7,%,2026-03-02,,,")

    patient = Result.objects.get().patient
    facts = queries.facts_known_at(NOW + dt.timedelta(minutes=1), [patient])[patient.pk]
    assert facts.measurements["HBA1C"].value == 7


def test_an_import_without_the_analyte_table_says_what_to_do():
    Analyte.objects.all().delete()

    lab_import = import_lines(line("7.2"))

    assert lab_import.job.status == Job.Status.FAILED
    assert "load_reference" in lab_import.job.failure


def test_a_file_that_is_gone_or_unreadable_fails_with_a_sentence():
    unreadable = import_file("name,result\n")
    gone = LabImportFactory()
    gone.file.storage.delete(gone.file.name)

    with pytest.raises(jobs.PermanentFailure, match="no longer on the disk"):
        labs.import_results(gone.pk, job=gone.job)

    assert unreadable.job.status == Job.Status.FAILED
    assert unreadable.job.failure == "The file has a header and no rows under it."
