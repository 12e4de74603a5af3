"""Values calculated from measurements: when, from what, with which date."""

from dataclasses import replace
from datetime import date

import pytest

from ml.facts import Facts, Measurement
from ml.scores.derived import derived

OLD, NEW = date(2014, 1, 1), date(2015, 6, 1)


def facts(*measurements, **more):
    by_code = {m.code: m for m in measurements}
    return Facts(**{"as_of": NEW, "sex": "female", "age": 60, "measurements": by_code} | more)


def on(day, code, value, comparator=""):
    return Measurement(code, value, "", day, comparator)


@pytest.mark.parametrize(
    ("inputs", "code", "value"),
    [
        ({"WEIGHT": 80, "HEIGHT": 165}, "BMI", 29.38),
        ({"CREAT": 1.0}, "EGFR", 64.50),
        ({"TC": 200, "HDL": 50}, "NONHDL", 150),
        ({"TC": 200, "HDL": 50}, "CHOL_HDL", 4),
        ({"TC": 200, "HDL": 50, "TG": 150}, "LDL", 123.40),
        ({"SBP": 120, "DBP": 80}, "MAP", 93.33),
        ({"SODIUM": 140, "CL": 104, "CO2": 24}, "ANION_GAP", 12),
        ({"TP": 7, "ALB": 4}, "GLOB", 3),
        ({"IRON": 80, "TIBC": 320}, "TSAT", 25),
        ({"UALB": 30, "UCREAT": 100}, "UACR", 30),
        ({"AST": 40, "ALT": 36, "PLT": 200}, "FIB4", 2.0),
    ],
)
def test_what_was_not_measured_is_calculated(inputs, code, value):
    found = derived(facts(*(on(NEW, name, number) for name, number in inputs.items())))

    assert found.facts.value(code) == pytest.approx(value, abs=0.01)
    assert found.calculated[code].inputs == tuple(inputs)
    assert found.facts.measurements[code].collected == NEW


def test_a_calculated_value_names_its_formula_as_source():
    known = facts(on(NEW, "CREAT", 1.0), sources={"number:CREAT": "lab file"})

    assert derived(known).facts.sources == {
        "number:CREAT": "lab file", "number:EGFR": "calculated (CKD-EPI 2021)",
    }  # fmt: skip


def test_a_measured_value_keeps_its_source_until_a_newer_calculation_takes_its_place():
    said = {"number:EGFR": "lab file"}
    stays = facts(on(NEW, "CREAT", 1.0), on(NEW, "EGFR", 50), sources=said)
    goes = facts(on(NEW, "CREAT", 3.0), on(OLD, "EGFR", 90), sources=said)

    assert derived(stays).facts.sources == said
    assert derived(goes).facts.sources["number:EGFR"] == "calculated (CKD-EPI 2021)"


def test_a_measured_value_stays():
    found = derived(facts(on(NEW, "CREAT", 1.0), on(NEW, "EGFR", 50)))

    assert found.facts.value("EGFR") == 50
    assert found.calculated == {}


def test_a_measured_value_older_than_the_inputs_gives_way():
    found = derived(facts(on(NEW, "CREAT", 3.0), on(OLD, "EGFR", 90)))

    assert found.facts.value("EGFR") < 20
    assert found.calculated["EGFR"].method == "CKD-EPI 2021"


def test_a_reported_limit_gives_way_to_the_exact_value():
    found = derived(facts(on(NEW, "CREAT", 1.0), on(NEW, "EGFR", 60, ">")))

    assert found.facts.value("EGFR") == pytest.approx(64.5, abs=0.01)


def test_undated_values_are_not_replaced():
    found = derived(facts(on(NEW, "CREAT", 3.0), on(None, "EGFR", 90)))

    assert found.facts.value("EGFR") == 90


def test_body_mass_index_has_the_date_of_the_weight():
    found = derived(facts(on(OLD, "HEIGHT", 165), on(NEW, "WEIGHT", 80)))

    assert found.facts.measurements["BMI"].collected == NEW


def test_samples_of_different_days_are_not_mixed():
    assert not derived(facts(on(OLD, "TC", 200), on(NEW, "HDL", 50))).calculated
    assert not derived(facts(on(None, "TC", 200), on(NEW, "HDL", 50))).calculated


def test_liver_tests_of_one_half_year_belong_together():
    liver = [on(NEW, "AST", 40), on(date(2015, 2, 1), "ALT", 36), on(NEW, "PLT", 200)]
    apart = [on(NEW, "AST", 40), on(OLD, "ALT", 36), on(NEW, "PLT", 200)]

    assert derived(facts(*liver)).facts.measurements["FIB4"].collected == date(2015, 2, 1)
    assert "FIB4" not in derived(facts(*apart)).calculated


@pytest.mark.parametrize(
    ("change", "code"),
    [({"pregnant": True}, "EGFR"), ({"age": 12}, "EGFR"), ({"sex": None}, "EGFR")],
)
def test_nothing_is_calculated_where_the_equation_does_not_hold(change, code):
    assert code not in derived(replace(facts(on(NEW, "CREAT", 1.0)), **change)).calculated


def test_impossible_inputs_give_no_value():
    assert not derived(facts(on(NEW, "IRON", 80), on(NEW, "TIBC", 0))).calculated
    assert "NONHDL" not in derived(facts(on(NEW, "TC", 40), on(NEW, "HDL", 70))).calculated
    assert not derived(facts(on(NEW, "SBP", 80), on(NEW, "DBP", 120))).calculated
    assert (
        "LDL"
        not in derived(facts(on(NEW, "TC", 200), on(NEW, "HDL", 50), on(NEW, "TG", 900))).calculated
    )
