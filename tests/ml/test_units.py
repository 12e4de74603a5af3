"""Units of laboratories: what is read, what is refused, and that nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import analytes, units

TABLE = [
    (analyte.code, unit)
    for analyte in analytes.all()
    for unit in (analyte.unit, *analyte.other_units)
]


@pytest.mark.parametrize(("code", "unit"), TABLE, ids=lambda part: part)
def test_every_unit_of_the_table_round_trips(code, unit):
    values = np.array([0.5, 1.0, 42.0, 1234.5])

    there = units.express(code, values, unit)

    np.testing.assert_allclose(units.convert(code, there, unit), values, rtol=1e-12)


@given(st.sampled_from(TABLE), st.floats(1e-3, 1e5))
def test_conversion_keeps_the_order_of_values(pair, value):
    code, unit = pair

    assert units.convert(code, value, unit) < units.convert(code, value * 1.01, unit)


@given(st.sampled_from(TABLE))
def test_letter_case_and_spaces_do_not_matter(pair):
    code, unit = pair

    for written in (unit.upper(), unit.lower(), f" {unit} "):
        assert units.convert(code, 1.0, written) == units.convert(code, 1.0, unit)


@pytest.mark.parametrize(
    ("code", "value", "unit", "expected"),
    [
        ("CREAT", 88.4, "µmol/L", 1.0),
        ("CREAT", 88.4, "μmol/L", 1.0),
        ("CREAT", 88.4, "umol/l", 1.0),
        ("GLU_FAST", 7.0, "mmol/L", 126.1),
        ("TC", 5.0, "mmol/l", 193.35),
        ("TG", 1.7, "mmol/L", 150.6),
        ("HBA1C", 53, "mmol/mol", 7.0),
        ("HBA1C", 7.0, "% NGSP", 7.0),
        ("UACR", 3.394, "mg/mmol", 30.0),
        ("UACR", 30, "ug/mg creat", 30.0),
        ("PLT", 250, "K/uL", 250),
        ("PLT", 250, "x10E3/uL", 250),
        ("PLT", 250, "10^3/µL", 250),
        ("PLT", 250, "G/L", 250),
        ("PLT", 250_000, "/mm3", 250),
        ("RBC", 4.5, "T/L", 4.5),
        ("ALT", 40, "IU/L", 40),
        ("ALT", 0.5, "ukat/L", 30),
        ("TSH", 2, "µIU/mL", 2),
        ("SODIUM", 140, "mEq/L", 140),
        ("HGB", 130, "g/L", 13),
        ("SBP", 120, "mmHg", 120),
        ("SBP", 120, "mm Hg", 120),
        ("TEMP", 98.6, "°F", 37.0),
        ("TEMP", 37.0, "degC", 37.0),
        ("WEIGHT", 150, "lbs", 68.04),
        ("HEIGHT", 70, "inches", 177.8),
        ("BMI", 25, "kg/m²", 25),
        ("EGFR", 60, "mL/min/1.73 m2", 60),
        ("HR", 70, "bpm", 70),
        ("INR", 1.1, "", 1.1),
        ("HCT", 0.42, "L/L", 42),
        ("DDIMER", 0.5, "mg/L FEU", 500),
        ("HSTNI", 12, "pg/mL", 12),
        ("MCH", 30, "pg/{cell}", 30),
        ("PLT", 250, "giga.l-1", 250),
        ("BUN", 40, "mg/dL{urea}", 18.66),
    ],
)
def test_spellings_of_real_files_are_read(code, value, unit, expected):
    assert units.convert(code, value, unit) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("CREAT", ""),
        ("CREAT", "mmHg"),
        ("HCT", ""),  # 0.42 and 42 would both pass
        ("EGFR", "mL/min"),  # not scaled to body surface
        ("DDIMER", "ng/mL DDU"),
        ("DDIMER", "ng/mL{DDU}"),
        ("BUN", "mg/dL{protein}"),
        ("LPA_NMOL", "mg/dL"),
        ("MG", "kg"),
    ],
)
def test_units_that_mean_something_else_are_refused(code, unit):
    assert not units.is_accepted(code, unit)
    with pytest.raises(units.UnknownUnit):
        units.convert(code, 1.0, unit)


def test_refusal_names_the_units_that_are_read():
    with pytest.raises(
        units.UnknownUnit, match=r"Creatinine cannot be read in 'foo'.*mg/dL, umol/L"
    ):
        units.convert("CREAT", 1.0, "foo")


def test_columns_are_converted_whole():
    np.testing.assert_allclose(
        units.convert("SODIUM", np.array([1.0, np.nan]), "meq/L"), [1, np.nan]
    )


def test_unknown_analyte_is_an_error():
    with pytest.raises(analytes.UnknownAnalyte, match="FOO"):
        units.convert("FOO", 1.0, "mg/dL")
