"""What a laboratory's own codes may mean, for a person to choose from."""

import pytest

from ml import analytes, suggest


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
