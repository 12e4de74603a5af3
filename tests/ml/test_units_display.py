"""Values as clinicians of the US and of SI countries read them."""

import pytest

from ml import analytes, units


def test_every_analyte_can_be_shown_in_both_systems():
    for analyte in analytes.all():
        for system in ("US", "SI"):
            shown = units.display(analyte.code, 1.0, system)
            assert units.convert(analyte.code, shown.value, shown.unit) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("GLU", 99, "5.5 mmol/L"),
        ("CREAT", 1.0, "88 umol/L"),
        ("HBA1C", 7.0, "53 mmol/mol"),
        ("TC", 193.35, "5.00 mmol/L"),
        ("HGB", 13.4, "134 g/L"),
        ("HCT", 41.7, "0.417 L/L"),  # flagged low below 0.42, which two decimals would show
        ("UACR", 30, "3.4 mg/mmol"),
        ("PCO2", 40, "5.3 kPa"),
        ("SODIUM", 140, "140 mmol/L"),
        ("TEMP", 37.0, "37.0 Cel"),
    ],
)
def test_si_values_are_those_of_the_textbooks(code, value, shown):
    found = units.display(code, value, "SI")

    assert f"{found.value:.{found.decimals}f} {found.unit}" == shown


def test_the_us_system_is_the_stored_unit():
    assert units.display("GLU", 99, "US") == units.Shown(99, "mg/dL", 0)


def test_ranges_are_shown_in_the_unit_of_the_value():
    low, high = units.display_range("GLU_FAST", 70, 99, "SI")

    assert (round(low, 1), round(high, 1)) == (3.9, 5.5)


def test_a_missing_limit_stays_missing():
    assert units.display_range("CREAT", None, 0.87, "SI")[0] is None
    assert units.display_range("CREAT", None, None, "US") == (None, None)
