"""The table of analytes: names, LOINC codes, ranges and flags."""

import math

import pytest

from ml import analytes


def test_every_analyte_is_complete():
    assert len(analytes.all()) == 138
    for analyte in analytes.all():
        assert analyte.display
        assert analyte.unit
        assert analyte.plausible[0] < analyte.plausible[1]


def test_sodium_is_no_missing_value():
    assert analytes.get("SODIUM").display == "Sodium"
    assert analytes.resolve("NA") is analytes.get("SODIUM")


def test_each_loinc_code_belongs_to_one_analyte():
    codes = [loinc for a in analytes.all() for loinc in (a.loinc, *a.loinc_alt)]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2160-0", "CREAT"),
        ("14682-9", "CREAT"),
        (" 2160-0 ", "CREAT"),
        ("creat", "CREAT"),
        ("Creatinine", "CREAT"),
        ("eGFR", "EGFR"),
        ("HbA1c", "HBA1C"),
        ("Haemoglobin A1c", "HBA1C"),
        ("systolic", "SBP"),
        ("Systolic blood pressure", "SBP"),
        ("Non-HDL", "NONHDL"),
        ("Albumin/creatinine ratio, urine", "UACR"),
    ],
)
def test_analytes_are_found_by_code_and_by_name(text, code):
    assert analytes.resolve(text).code == code


@pytest.mark.parametrize("text", ["", "troponin", "99999-9", "protein"])
def test_ambiguous_and_unknown_names_find_nothing(text):
    assert analytes.resolve(text) is None


def test_unknown_code_is_named():
    with pytest.raises(analytes.UnknownAnalyte, match="FOO"):
        analytes.get("FOO")


def test_synonyms_never_hide_another_analyte():
    for analyte in analytes.all():
        assert analytes.resolve(analyte.code) is analyte
        assert analytes.resolve(analyte.display) is analyte


@pytest.mark.parametrize(
    ("sex", "age", "pregnant", "expected"),
    [
        ("male", 40, None, (13.5, 17.5)),
        ("female", 40, False, (12.0, 16.0)),
        ("female", 30, True, (11.0, 16.0)),
        (None, 40, None, (None, None)),
        ("male", 17, None, (None, None)),
    ],
)
def test_haemoglobin_range_follows_sex_age_and_pregnancy(sex, age, pregnant, expected):
    assert analytes.reference_range("HGB", sex, age, pregnant) == expected


def test_ages_between_two_spans_fall_into_the_lower_one():
    assert analytes.reference_range("NTPROBNP", "male", 74.9) == (None, 125)
    assert analytes.reference_range("NTPROBNP", "male", 75) == (None, 450)


def test_ranges_that_do_not_hold_in_pregnancy_are_empty():
    assert analytes.reference_range("ALP", "female", 30, pregnant=True) == (None, None)
    assert analytes.reference_range("SODIUM", "female", 30, pregnant=True) == (136, 145)


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (2.7, "LL"),
        (2.8, "L"),
        (3.4, "L"),
        (3.5, "N"),
        (5.0, "N"),
        (5.1, "H"),
        (6.2, "H"),
        (6.3, "HH"),
    ],
)
def test_potassium_flags_change_beyond_the_limits(value, flag):
    assert analytes.flag("POTASSIUM", value, "male", 60) == flag


@pytest.mark.parametrize(("code", "value", "flag"), [
    ("RR", 8, "LL"), ("RR", 25, "HH"), ("HR", 40, "LL"), ("HR", 131, "HH"), ("SPO2", 91, "LL"),
    ("PHQ9", 20, "HH"),
])  # fmt: skip
def test_red_limits_of_the_ward_are_critical(code, value, flag):
    assert analytes.flag(code, value, "male", 60) == flag


def test_nothing_is_said_without_a_range():
    assert analytes.flag("CREAT", 9.0, "male", 10) == ""
    assert analytes.flag("WEIGHT", 90, "male", 60) == ""
    assert analytes.flag("HGB", math.nan, "male", 60) == ""


def test_impossible_values_are_recognised():
    assert analytes.is_plausible("CREAT", 60)
    assert not analytes.is_plausible("CREAT", 88.4)
    assert not analytes.is_plausible("GLU", 5.5)


@pytest.mark.parametrize(("sex", "flag"), [("female", "N"), ("male", "L")])
def test_haemoglobin_of_12_5_is_normal_for_a_woman_and_low_for_a_man(sex, flag):
    assert analytes.flag("HGB", 12.5, sex, 40) == flag


@pytest.mark.parametrize(
    "code", [one.code for one in analytes.all() if one.code not in analytes.CRITICAL_FROM_AGE]
)
@pytest.mark.parametrize("end", [0, 1])
def test_nobody_under_18_is_flagged_by_the_limits_of_adults(code, end):
    extreme = analytes.get(code).plausible[end]

    assert analytes.flag(code, extreme, "male", 17.99) == ""
    assert analytes.reference_range(code, "female", 17.99) == (None, None)


@pytest.mark.parametrize(("age", "flag"), [(0.9, ""), (1, "HH"), (10, "HH")])
def test_a_child_with_a_potassium_of_8_is_in_danger_from_the_first_birthday(age, flag):
    assert analytes.flag("POTASSIUM", 8, "male", age) == flag
    assert analytes.flag("POTASSIUM", 4, "male", age) == ""


@pytest.mark.parametrize(("value", "flag"), [(59, "L"), (60, "N"), (75, "N"), (110, "N")])
def test_an_egfr_of_60_to_89_is_no_disease_by_itself(value, flag):
    assert analytes.flag("EGFR", value, "female", 60) == flag


def test_every_limit_of_change_is_sourced_and_of_a_known_analyte():
    for check in analytes.delta_checks():
        assert check in analytes.delta_checks(check.code)
        assert check.change > 0
        assert check.days > 0
        assert check.source


@pytest.mark.parametrize(
    ("code", "earlier", "later", "is_exceeded"),
    [
        ("SODIUM", 128, 142, True),
        ("SODIUM", 129, 142, False),
        ("CREAT", 1.0, 1.6, True),
        ("CREAT", 1.0, 1.3, True),
        ("CREAT", 0.9, 1.2, True),
        ("CREAT", 1.0, 1.29, False),
        ("CREAT", 1.6, 1.0, False),
        ("CREAT", 2.1, 1.0, True),
        ("MCV", 90, 84, True),
        ("MCV", 90, 86, False),
    ],
)
def test_changes_are_unlikely_beyond_their_limit(code, earlier, later, is_exceeded):
    checks = analytes.delta_checks(code)
    assert any(check.is_exceeded(earlier, later) for check in checks) == is_exceeded


def test_no_change_is_unlikely_where_nothing_is_known_of_it():
    assert analytes.delta_checks("CRP") == ()
