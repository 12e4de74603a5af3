"""Tables of MIMIC-IV through the intake: its own list of tests, and results as it writes them."""

import csv
import gzip
import os
from pathlib import Path

import pytest
from django.conf import settings

from healthcare.jobs.models import Job
from ml import suggest
from patients.labcsv.guess import guess
from patients.models import Analyte, HeldResult, Result
from patients.services import sources
from tests.factories import LabSourceFactory, PatientFactory
from tests.patients.labfiles import NOW, import_file
from tests.patients.labreading import read_guessed

DEFAULT = Path(settings.BASE_DIR).parent / "shared" / "datasets"
FOLDER = Path(os.environ.get("CARELENS_DATASETS", DEFAULT)) / "mimic4_demo" / "hosp"
needed = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"No MIMIC-IV demo in {FOLDER}: set CARELENS_DATASETS to the folder of data sets",
)
# Labels of d_labitems with what they are, as a chemist would say.
MEANT = {
    "Sodium": "SODIUM", "Potassium": "POTASSIUM", "Chloride": "CL", "Bicarbonate": "CO2",
    "Anion Gap": "ANION_GAP", "Urea Nitrogen": "BUN", "Creatinine": "CREAT", "Glucose": "GLU",
    "Calcium, Total": "CA", "Magnesium": "MG", "Phosphate": "PHOS", "Albumin": "ALB",
    "Bilirubin, Total": "TBIL", "Bilirubin, Direct": "DBIL", "Alkaline Phosphatase": "ALP",
    "Alanine Aminotransferase (ALT)": "ALT", "Asparate Aminotransferase (AST)": "AST",
    "Lactate Dehydrogenase (LD)": "LDH", "Lactate": "LACT", "Hemoglobin": "HGB",
    "Hematocrit": "HCT", "Platelet Count": "PLT", "White Blood Cells": "WBC",
    "Red Blood Cells": "RBC", "MCV": "MCV", "MCH": "MCH", "MCHC": "MCHC", "RDW": "RDW",
    "INR(PT)": "INR", "PT": "PT", "PTT": "APTT", "% Hemoglobin A1c": "HBA1C",
    "Cholesterol, Total": "TC", "Cholesterol, HDL": "HDL", "Triglycerides": "TG",
    "Thyroid Stimulating Hormone": "TSH", "NTproBNP": "NTPROBNP", "C-Reactive Protein": "CRP",
    "Ferritin": "FERR", "Iron": "IRON", "Vitamin B12": "B12", "Uric Acid": "URIC", "Lipase": "LIP",
}  # fmt: skip
HEADER = (
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,label,charttime,storetime,value,valuenum,"
    "valueuom,ref_range_lower,ref_range_upper,flag,priority,comments"
)


def table(name):
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt") as file:
        return list(csv.DictReader(file))


def likely(item, name=""):
    return suggest.suggest(item["itemid"], name=name or item["label"])


def event(number, item, label, value, valuenum, unit, *more):
    place = f"{number},10000032,,{45421181 + number},{item},{label}"
    return f"{place},2020-03-23 11:51:00,2020-03-23 15:56:00,{value},{valuenum},{unit}," + ",".join(
        more or ("", "", "", "ROUTINE", "")
    )


EVENTS = [
    event(1, 50912, "Creatinine", "1.1", "1.1", "mg/dL", "0.4", "1.1", "", "ROUTINE", "___"),
    event(2, 50931, "Glucose", "___", "95", "mg/dL", "70", "100", "", "ROUTINE",
          '"IF FASTING, 70-100 NORMAL, >125 PROVISIONAL DIABETES."'),
    event(3, 50971, "Potassium", "GREATER THAN 9.0", "", "mEq/L", "3.3", "5.1", "abnormal", "STAT",
          ""),
    event(4, 50983, "Sodium", "___", "", "mEq/L", "133", "145", "", "STAT", "___"),
    event(5, 51003, "Troponin T", "<0.01", "", "ng/mL", "0", "0.01", "", "STAT", ""),
    event(6, 51222, "Hemoglobin", "HOLD.  DISCARD GREATER THAN 4 HOURS OLD.", "", "g/dL"),
    event(7, 50960, "Magnesium", "HEMOLYZED", "", "mg/dL"),
    event(8, 50868, "Anion Gap", "14", "14", "mEq/L", "8", "20", "delta", "STAT", ""),
]  # fmt: skip


@needed
def test_the_usual_tests_of_blood_are_suggested_first():
    items = [row for row in table("d_labitems") if row["fluid"] == "Blood"]

    suggested = {
        (item["label"], *(one.analyte.code for one in likely(item)[:1]))
        for item in items
        if item["label"] in MEANT
    }

    assert suggested == set(MEANT.items())


@needed
def test_no_test_of_another_fluid_is_taken_for_one_of_blood():
    others = [row for row in table("d_labitems") if row["fluid"] not in {"Blood", "Urine"}]
    named = [row for row in others if len(row["fluid"]) > 1]  # I and Q are no fluids

    suggested = {
        (item["fluid"], item["label"], one.analyte.code)
        for item in named
        for one in likely(item, name=f"{item['label']} ({item['fluid']})")
    }

    assert len(named) > 400
    assert suggested == set()


@needed
def test_every_row_of_a_real_table_is_read_or_refused_by_name():
    """Heights, weights, body mass and blood pressures of 100 people, as the hospital kept them."""
    rows, problems = read_guessed(FOLDER / "omr.csv.gz")

    sent = table("omr")
    assert len(rows) + len({problem.row for problem in problems}) == len(sent) == 2964
    pressures = {place for place, row in enumerate(sent, start=2) if "/" in row["result_value"]}
    assert {problem.row for problem in problems} == pressures
    assert {problem.code for problem in problems} == {"not_a_number"}
    said = [row for row in sent if "/" not in row["result_value"]]
    assert [float(row["result_value"]) for row in said] == [row.value for row in rows]
    assert [row["subject_id"] for row in said] == [row.identifier for row in rows]


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "labevents.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEADER, *EVENTS, ""]).encode()))
    return path


def test_results_as_mimic_writes_them_are_read(events):
    """The number beside a value that was taken out counts; what says something is not overruled."""
    rows, problems = read_guessed(events)

    assert [(row.row, row.comparator, row.value, row.status) for row in rows] == [
        (2, "", 1.1, "final"), (3, "", 95.0, "final"), (4, ">", 9.0, "final"),
        (6, "<", 0.01, "final"), (8, "", None, "cancelled"), (9, "", 14.0, "final"),
    ]  # fmt: skip
    assert (rows[1].reference_low, rows[1].reference_high) == (70, 100)
    assert {problem.row: problem.code for problem in problems} == {
        5: "missing_value", 7: "not_a_number",
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("analytes", "broker")
def test_local_codes_that_a_person_has_said_are_stored_and_the_others_wait(events, lab_staff, team):
    """Each row of the file is in the record, on the work list, or refused by name."""
    somebody = PatientFactory(mrn="10000032", care_team=team)
    hospital = LabSourceFactory(name="MIMIC", confirmed_by=lab_staff)
    said = {"50912": "CREAT", "50931": "GLU", "50971": "POTASSIUM", "50983": "SODIUM"}
    for item, code in said.items():
        sources.say_code(hospital, item, Analyte.objects.get(code=code), by=lab_staff, now=NOW)

    lab_import = import_file(
        events.read_bytes(), lab_source=hospital, profile=guess(events).profile.to_json()
    )

    assert lab_import.job.status == Job.Status.DONE
    stored = Result.objects.filter(patient=somebody).values_list("analyte__code", "value")
    assert set(stored) == {("CREAT", 1.1), ("GLU", 95.0), ("POTASSIUM", 9.0)}
    waiting = {held.cells["code"] for held in HeldResult.objects.waiting()}
    assert waiting == {"51003", "50960", "50868"}
    refused = set(lab_import.problems.values_list("row", "code"))
    assert {(5, "missing_value"), (7, "not_a_number")} < refused
    assert lab_import.row_count == len(EVENTS)
