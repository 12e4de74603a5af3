"""What a laboratory's own codes may mean, for a person to choose from."""

import csv
import gzip
import os
from pathlib import Path

import pytest

from ml import analytes, suggest

DEFAULT = Path(__file__).parents[3] / "shared" / "datasets"
DICTIONARY = (
    Path(os.environ.get("CARELENS_DATASETS", DEFAULT)) / "mimic4_demo/hosp/d_labitems.csv.gz"
)
# Names of that dictionary; None: no analyte of ours.
MEANT = {
    "Cholesterol, LDL, Calculated": "LDL", "Cholesterol, LDL, Measured": "LDL",
    "Cholesterol, HDL": "HDL", "Cholesterol, Total": "TC", "Troponin T": "HSTNT",
    "Troponin I": "TNI", "Bilirubin, Direct": "DBIL", "Bilirubin, Indirect": None,
    "Bilirubin, Total": "TBIL", "Calcium, Total": "CA", "Alkaline Phosphatase": "ALP",
    "Acid Phosphatase": None, "Lactate Dehydrogenase (LD)": "LDH", "Lactate": "LACT",
    "Vitamin B12": "B12", "25-OH Vitamin D": "VITD", "Thyroxine (T4), Free": "FT4",
    "Transferrin Saturation": "TSAT", "Transferrin": "TRANSF", "Creatinine": "CREAT",
    "Iron Binding Capacity, Total": "TIBC", "Iron": "IRON", "% Hemoglobin A1c": "HBA1C",
    "Hemoglobin  A2": None, "Hemoglobin  F": None, "Hemoglobin": "HGB", "INR(PT)": "INR",
    "PT": "PT", "pO2": "PO2", "pCO2": "PCO2", "C-Reactive Protein": "CRP",
    "Creatine Kinase (CK)": "CK", "Creatine Kinase, Isoenzyme BB": None,
    "Asparate Aminotransferase (AST)": "AST", "Alanine Aminotransferase (ALT)": "ALT",
}  # fmt: skip


def first(*asked):
    return suggest.suggest(*asked)[0]


@pytest.mark.parametrize(
    ("code", "name", "unit", "meant"),
    [
        ("GLUC-S", "Glucose serum", "mmol/L", "GLU"),
        ("GLUC", "", "", "GLU"),
        ("L0123", "Fasting glucose", "mg/dL", "GLU_FAST"),
        ("K", "Kalium", "mmol/L", "POTASSIUM"),
        ("KREA", "Kreatinin im Serum", "umol/L", "CREAT"),
        ("4711", "HbA1c", "%", "HBA1C"),
        ("U-ALB", "Albumin, urine", "mg/L", "UALB"),
        ("ALB", "Albumin", "g/L", "ALB"),
        ("HB", "Haemoglobin", "g/L", "HGB"),
        ("CHOL", "Cholesterol", "mmol/L", "TC"),
        ("LDLC", "LDL-Cholesterol calc", "mg/dL", "LDL"),
        ("THRO", "Thrombozyten", "10*9/L", "PLT"),
        ("2345-7", "", "", "GLU"),
    ],
)
def test_local_codes_find_what_they_mean(code, name, unit, meant):
    assert first(code, name, unit).analyte.code == meant


@pytest.mark.parametrize(
    ("code", "name", "unit", "another"),
    [
        ("GLU", "Glucose CSF", "mg/dL", "GLU"),
        ("GLUU", "Glucose urine", "mg/dL", "GLU"),
        ("PROT", "Protein, pleural fluid", "g/L", "TP"),
        ("CA", "Calcium ionized", "mmol/L", "CA"),
        ("TESTF", "Free testosterone", "pg/mL", "TESTO"),
    ],
)
def test_another_sample_or_part_is_never_proposed_as_the_test(code, name, unit, another):
    found = suggest.suggest(code, name, unit)

    assert another not in [suggestion.analyte.code for suggestion in found]


@pytest.mark.parametrize(
    ("name", "meant", "others"),
    [
        ("Cholesterol, LDL, Calculated", "LDL", {"TC", "HDL", "VLDL", "NONHDL"}),
        ("Cholesterol, HDL", "HDL", {"TC", "LDL", "VLDL"}),
        ("Cholesterol, Total", "TC", {"LDL", "HDL"}),
        ("Troponin T", "HSTNT", {"TNI", "HSTNI"}),
        ("Troponin I", "TNI", {"HSTNT"}),
        ("Bilirubin, Direct", "DBIL", {"TBIL"}),
        ("Alkaline Phosphatase", "ALP", {"PHOS", "CK"}),
        ("Lactate Dehydrogenase (LD)", "LDH", {"CK"}),
        ("Vitamin B12", "B12", {"VITD"}),
        ("Iron Binding Capacity, Total", "TIBC", {"IRON"}),
        ("Transferrin Saturation", "TSAT", {"TRANSF", "FERR"}),
        ("Thyroxine (T4), Free", "FT4", {"FT3", "TT4"}),
        ("Hemoglobin A2", None, {"HGB", "HBA1C"}),
        ("Creatine Kinase, Isoenzyme BB", None, {"CK", "CREAT"}),
    ],
)
def test_a_word_that_tells_kin_apart_is_heeded(name, meant, others):
    found = [suggestion.analyte.code for suggestion in suggest.suggest("50905", name)]

    assert found[:1] == ([meant] if meant else [])
    assert not others & set(found)


@pytest.mark.skipif(not DICTIONARY.exists(), reason=f"No MIMIC-IV demo: {DICTIONARY} is not there")
def test_the_names_of_a_real_dictionary_are_never_taken_for_kin():
    with gzip.open(DICTIONARY, "rt") as file:
        names = {row["label"] for row in csv.DictReader(file) if row["fluid"] == "Blood"}
    first_of = {name: found[0].analyte.code for name in names
                if (found := suggest.suggest("", name))}  # fmt: skip

    assert {name: first_of.get(name) for name in MEANT if name in names} == {
        name: code for name, code in MEANT.items() if name in names
    }
    assert len(names & MEANT.keys()) > 20


@pytest.mark.parametrize(
    ("code", "name", "unit", "meant"),
    [
        ("CA", "Calcium ionised", "mmol/L", "CA_ION"),
        ("T4F", "Freies T4", "pmol/L", "FT4"),
        ("AST", "AST (U/L)", "U/L", "AST"),
    ],
)
def test_a_part_that_is_measured_here_and_a_unit_of_enzymes_are_understood(code, name, unit, meant):
    assert first(code, name, unit).analyte.code == meant


@pytest.mark.parametrize("text", ["", "1", "4711", "Foo bar", "---", "comment"])
def test_what_looks_like_nothing_finds_nothing(text):
    assert suggest.suggest(text) == []


def test_candidates_are_few_and_the_likeliest_comes_first():
    found = suggest.suggest("GLU", "Glucose", "mg/dL")

    scores = [suggestion.score for suggestion in found]
    assert scores == sorted(scores, reverse=True)
    assert len(found) <= 5


def test_a_unit_that_does_not_fit_speaks_against_a_candidate():
    fits, misfits = first("TSH", "TSH", "mU/L"), first("TSH", "TSH", "mm[Hg]")

    assert fits.score > misfits.score
    assert "mU/L fits" in fits.why
    assert "does not fit" in misfits.why


def test_urine_is_never_taken_for_blood():
    found = {
        suggestion.analyte.group for suggestion in suggest.suggest("CREA-U", "Creatinine urine")
    }

    assert found == {"urine"}


def test_urea_is_no_urea_nitrogen_until_somebody_has_looked():
    assert analytes.resolve("urea") is None
    assert "mg/dL{urea}" in first("UREA", "Urea", "mg/dL").caution


def test_every_loinc_code_of_the_table_has_its_check_digit():
    codes = [code for analyte in analytes.all() for code in (analyte.loinc, *analyte.loinc_alt)]

    assert [code for code in codes if code and suggest.loinc_problem(code)] == []


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("2160-1", "2160 ends in -0"),
        ("2160\u20130", "en dash (U+2013)"),
        ("2160\u22120", "minus sign (U+2212)"),
        ("2160\u00ad0", "soft hyphen (U+00AD)"),
    ],
)
def test_what_is_wrong_with_a_loinc_code_is_named(code, part):
    assert part in suggest.loinc_problem(code)


@pytest.mark.parametrize("code", ["2160-0", " 98979-8 ", "GLUC-S", "", "12-3-4"])
def test_nothing_is_wrong_with_a_good_code_or_one_of_another_system(code):
    assert suggest.loinc_problem(code) == ""
