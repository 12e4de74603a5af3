"""Our table of units beside a second reader of UCUM: they must agree wherever both speak."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ucumvert import PintUcumRegistry

from ml import analytes, ucum, units

# Molar masses in g/mol (PubChem; PTH, insulin and proteins: UniProt chain masses), and how
# many charges an ion carries. From these every mass-to-amount conversion must follow.
MOLAR_MASS = {
    "HGB": 16114, "BUN": 28.01, "CREAT": 113.12, "GLU": 180.16, "GLU_FAST": 180.16,
    "OGTT_2H": 180.16, "CA": 40.08, "CA_ION": 40.08, "MG": 24.305, "PHOS": 30.974,
    "URIC": 168.11, "LACT": 90.08, "NH3": 17.031, "TBIL": 584.66, "DBIL": 584.66,
    "TC": 386.65, "LDL": 386.65, "HDL": 386.65, "NONHDL": 386.65, "VLDL": 386.65, "TG": 885.4,
    "CPEP": 3020, "FT4": 776.87, "TT4": 776.87, "FT3": 650.97, "TT3": 650.97, "IRON": 55.845,
    "TIBC": 55.845, "FERR": 445_000, "B12": 1355.4, "FOLATE": 441.4, "VITD": 400.64,
    "HCY": 135.18, "NTPROBNP": 8457, "UACR": 113.12, "UPCR": 113.12, "UCREAT": 113.12,
    "PTH": 9425, "CORT_AM": 362.46, "TESTO": 288.42, "DIGOXIN": 780.94,
}  # fmt: skip
CHARGES = {"CA": 2, "MG": 2}
# Conventions, not physics: insulin 6 pmol a mIU (WHO 2012), IFCC to NGSP, osmoles as moles.
# Urea beside its nitrogen is 28.014 / 60.056, which no unit says.
CONVENTIONS = {("INS_FAST", "pmol/L"), ("HBA1C", "mmol/mol"), ("OSM", "mmol/kg"), ("HBA1C", "1"),
               ("BUN", "mg/dL{urea}"), ("BUN", "g/L{urea}")}  # fmt: skip
TABLE = sorted(
    (analyte.code, unit)
    for analyte in analytes.all()
    for unit in analyte.other_units
    if analyte.code != "TEMP" and (analyte.code, unit) not in CONVENTIONS
)
FAMILY_UNITS = [
    (unit, ratio, first)
    for family in units._families()
    for first in [next(iter(family))]
    for unit, ratio in family.items()
]


@pytest.fixture(scope="module")
def second_reader():
    return PintUcumRegistry()


def size(reader, unit):
    return reader.from_ucum(unit).to_base_units()


def expected(reader, code, unit):
    """What one `unit` is in the canonical unit, from molar mass and charge alone."""
    other, own = size(reader, unit), size(reader, analytes.get(code).unit)
    mass = MOLAR_MASS.get(code, 1) * size(reader, "g/mol")
    charge = CHARGES.get(code, 1) if "eq" in unit else 1
    for factor in (1, mass / charge, 1 / mass):
        ratio = (other * factor / own).to_base_units()
        if ratio.dimensionless:
            return ratio.magnitude
    raise AssertionError(f"{code}: {unit} and {analytes.get(code).unit} have nothing in common")


@pytest.mark.parametrize(("code", "unit"), TABLE, ids=lambda part: part)
def test_every_conversion_of_the_table_follows_from_dimension_and_molar_mass(
    second_reader, code, unit
):
    plain = {"L/L": "1"}.get(unit, unit)

    found = units.conversion_of(code, unit).factor

    assert found == pytest.approx(expected(second_reader, code, plain), rel=2e-3)


@pytest.mark.parametrize(("value", "unit"), [(98.6, "[degF]"), (310.15, "K")])
def test_temperatures_agree(second_reader, value, unit):
    theirs = second_reader.Quantity(value, {"[degF]": "degF", "K": "kelvin"}[unit]).to("degC")

    assert units.convert("TEMP", value, unit) == pytest.approx(theirs.magnitude, abs=1e-9)


@pytest.mark.parametrize(("unit", "ratio", "first"), FAMILY_UNITS, ids=lambda part: str(part))
def test_prefixes_are_worth_what_a_second_reader_says(second_reader, unit, ratio, first):
    ours = ratio / next(family[first] for family in units._families() if unit in family)

    def read(text):  # plain spelling writes u for both micro and unit: kU, mU
        return size(second_reader, text.replace("u/", "U/") if "u/" in text else text)

    assert (read(unit) / read(first)).to_base_units().magnitude == pytest.approx(ours, rel=1e-9)


@pytest.mark.parametrize("meant", units.SPELLINGS)
def test_spellings_that_are_ucum_mean_in_ucum_what_we_read(second_reader, meant):
    strict = {"lb_av": "[lb_av]", "stone_av": "[stone_av]", "in_i": "[in_i]", "ft_i": "[ft_i]"}
    own = strict.get(meant, meant)

    for spelling in units.SPELLINGS[meant]:
        ratio = ucum.ratio(spelling, own)
        assert ratio is None or ratio == pytest.approx(1.0), spelling


@pytest.mark.parametrize(
    ("code", "value", "unit", "value_of", "canonical"),
    [
        ("CREAT", 10, "mg/L", 1.0, "mg/dL"),
        ("CREAT", 0.1, "mg/cL", 1.0, "mg/dL"),
        ("CREAT", 88.4, "mmol/m3", 1.0, "mg/dL"),
        ("EGFR", 1.0, "mL/s/{1.73_m2}", 60, "mL/min/{1.73_m2}"),
        ("HCT", 42, "mL/dL", 42, "%"),
        ("PCO2", 54.4, "cm[H2O]", 40, "mm[Hg]"),
        ("UACR", 30, "mg/g{Creat}", 30, "mg/g"),
        ("WEIGHT", 2822, "[oz_av]", 80, "kg"),
        ("VO2MAX", 35, "mL/(min.kg)", 35, "mL/kg/min"),
        ("PLT", 250, "10*6/mL", 250, "10*3/uL"),
        ("HGB", 140, "g.L-1", 14, "g/dL"),
        ("PLT", 250, "10*9.L-1", 250, "10*3/uL"),
    ],
)
def test_strict_ucum_beyond_the_table_is_read(code, value, unit, value_of, canonical):
    assert analytes.get(code).unit == canonical
    assert units.convert(code, value, unit) == pytest.approx(value_of, rel=2e-3)


@pytest.mark.parametrize(
    ("code", "unit"),
    [
        ("CREAT", "K/uL"),  # kelvin per microlitre
        ("TEMP", "C/1"),  # coulomb
        ("SODIUM", "M/L"),  # mega or molar
        ("SODIUM", "mM"),
        ("HGB", "gr/dL"),  # grain or gram
        ("NEUT_PCT", "1"),  # 0.42 and 42 would both pass
        ("NEUT_PCT", "10*-2"),
        ("NEUT_PCT", "[ppth]"),
        ("HCT", "1/1"),
        ("TEMP", "mK"),
        ("EGFR", "mL/s"),  # not scaled to body surface
        ("EGFR", "mL/s{1.73_m2_corrected}"),
        ("DDIMER", "ng/cL{DDU}"),
        ("BUN", "mg/cL{protein}"),
        ("TSH", "U/cL"),  # catalysis is no international unit
        ("MG", "kg"),
        ("SLEEP", "mo"),
        ("GLU", "mg//dL"),
        ("HGB", "g/L-1"),
        ("GLU", "(mg/dL"),
        ("GLU", "mg/dL)"),
        ("GLU", "mg/dL" * 20),
        ("GLU", "__import__('os')"),
    ],
)
def test_traps_of_general_parsers_are_refused(code, unit):
    assert not units.is_accepted(code, unit)


def test_glucose_in_both_systems_agrees_within_a_tenth():
    assert abs(units.convert("GLU", 5.5, "mmol/L") - 99) < 0.1


@given(st.text(alphabet="gmolLUkat10*/.()[]{}IUHdinx-%µ ", max_size=14) | st.text(max_size=60))
def test_any_text_for_a_unit_is_refused_or_converts_to_a_number(unit):
    for code in ("GLU", "PLT", "TSH", "HCT"):
        if units.is_accepted(code, unit):
            assert 0 < units.conversion_of(code, unit).factor < math.inf


@pytest.mark.parametrize("unit", ["10*99.10*99.10*99.10*99/L", "10*-99.10*-99.10*-99.10*-99/L"])
def test_powers_beyond_what_a_number_holds_are_refused(unit):
    assert not units.is_accepted("PLT", unit)


@pytest.mark.parametrize("unit", ["", "mg/dL", "mmol/L", "K/uL", "(", "{x}", "10*99/L"])
def test_a_unit_is_measured_the_same_twice(unit):
    assert ucum.ratio(unit, "mg/dL") == ucum.ratio(unit, "mg/dL")
