"""What no living person can have is refused: other units, contradictions, children."""

import numpy as np
import pytest

from ml.scores import compute

MAN = {"age": 60, "sex": "male", "smoker": 0}
EUROPEAN = MAN | {"sbp": 120, "tc_mmol": 5.2, "hdl_mmol": 1.3, "region": "low"}
TREATED = MAN | {"sbp": 120, "bp_treated": 0, "diabetes": 0}
AMERICAN = TREATED | {"tc_mg_dl": 200, "hdl_mg_dl": 50}
LIVER = {"sex": "male", "bilirubin_mg_dl": 2, "inr": 1.2, "creatinine_mg_dl": 1.2, "sodium": 135,
         "albumin_g_dl": 3.5}  # fmt: skip
FATTY = {"age": 50, "bmi": 30, "ifg_or_diabetes": 0, "ast": 30, "alt": 30,
         "platelets_10e9_l": 250, "albumin_g_dl": 4.2}  # fmt: skip
VITALS = {"resp_rate": 16, "spo2": 98, "spo2_scale": 1, "on_oxygen": False, "sbp": 120,
          "pulse": 70, "consciousness": "A", "temp_c": 36.8}  # fmt: skip
PNEUMONIA = {"age": 70, "confusion": 0, "resp_rate": 20, "sbp": 120, "dbp": 80}
LIPIDS = {"tc_mg_dl": 200, "hdl_mg_dl": 50, "tg_mg_dl": 150}


@pytest.mark.parametrize(
    ("score", "fine", "change", "words"),
    [
        ("SCORE2", EUROPEAN, {"tc_mmol": 200}, "total cholesterol above 0 to at most 30"),
        ("SCORE2", EUROPEAN, {"tc_mmol": 25, "hdl_mmol": 50}, "HDL cholesterol above 0"),
        ("SCORE2", EUROPEAN, {"sbp": 16}, "systolic blood pressure 50 to 350"),
        ("FRAMINGHAM_CVD_2008", AMERICAN, {"tc_mg_dl": 5.2, "hdl_mg_dl": 1.3}, "cholesterol 20"),
        ("FRAMINGHAM_CVD_2008", AMERICAN, {"sbp": 16}, "systolic blood pressure 50 to 350"),
        ("FRAMINGHAM_CVD_2008_BMI", TREATED | {"bmi": 27}, {"bmi": 270}, "to at most 150"),
        ("LDL_FRIEDEWALD", LIPIDS, {"tc_mg_dl": 5.2, "hdl_mg_dl": 1, "tg_mg_dl": 1}, "20 or more"),
        ("LDL_SAMPSON_NIH", LIPIDS, {"tc_mg_dl": 15, "hdl_mg_dl": 1, "tg_mg_dl": 1}, "20 or more"),
        ("AIP", {"tg_mmol_l": 2, "hdl_mmol_l": 1}, {"hdl_mmol_l": 40}, "to at most 10"),
        ("HOMA_IR", {"glucose_mg_dl": 99, "insulin_uiu_ml": 10}, {"glucose_mg_dl": 5.5}, "20"),
        ("CORRECTED_CALCIUM", {"calcium_mg_dl": 9, "albumin_g_dl": 3}, {"calcium_mg_dl": 2.4}, "3"),
        ("EAG", {"hba1c_pct": 6}, {"hba1c_pct": 1.5}, "HbA1c 3 to 20"),
        ("NAFLD_FS", FATTY, {"albumin_g_dl": 42}, "albumin above 0 to at most 10"),
        ("MELD_3_0", LIVER, {"albumin_g_dl": 35}, "albumin above 0 to at most 10"),
        ("MELD_3_0", LIVER, {"creatinine_mg_dl": 106}, "creatinine above 0 to at most 60"),
    ],
)
def test_a_value_that_only_another_unit_can_have_is_out_of_range(score, fine, change, words):
    refused = compute(score, fine | change)

    assert compute(score, fine).error is None
    assert (refused.error, refused.values) == ("out_of_range", {})
    assert words in refused.reason


@pytest.mark.parametrize(
    ("score", "inputs", "words"),
    [
        (
            "LDL_FRIEDEWALD",
            {"tc_mg_dl": 100, "hdl_mg_dl": 90, "tg_mg_dl": 200},
            "lipids that leave an LDL of zero or more",
        ),
        (
            "LDL_SAMPSON_NIH",
            {"tc_mg_dl": 100, "hdl_mg_dl": 90, "tg_mg_dl": 200},
            "lipids that leave an LDL of zero or more",
        ),
        ("NON_HDL", {"tc": 40, "hdl": 70}, "total cholesterol of at least HDL cholesterol"),
        (
            "SCORE2",
            EUROPEAN | {"tc_mmol": 1, "hdl_mmol": 2},
            "total cholesterol of at least HDL cholesterol",
        ),
        (
            "FRAMINGHAM_CVD_2008",
            AMERICAN | {"hdl_mg_dl": 210},
            "total cholesterol of at least HDL cholesterol",
        ),
        ("MAP", {"sbp": 80, "dbp": 120}, "diastolic below systolic blood pressure"),
        ("MAP", {"sbp": 80, "dbp": 80}, "diastolic below systolic blood pressure"),
        (
            "CURB65",
            PNEUMONIA | {"urea_mmol_l": 5, "dbp": 130},
            "diastolic below systolic blood pressure",
        ),
        (
            "CURB65",
            PNEUMONIA | {"urea_mmol_l": 5, "bun_mg_dl": 40},
            "urea_mmol_l and bun_mg_dl that agree",
        ),
        (
            "KDIGO_STAGE",
            {"egfr": 50, "acr_mg_g": 10, "acr_mg_mmol": 100},
            "acr_mg_g and acr_mg_mmol that agree",
        ),
        (
            "AIP",
            {"tg_mg_dl": 100, "tg_mmol_l": 5, "hdl_mmol_l": 1},
            "tg_mg_dl and tg_mmol_l that agree",
        ),
    ],
)
def test_inputs_that_contradict_each_other_are_out_of_range(score, inputs, words):
    result = compute(score, inputs)

    assert (result.error, result.reason) == ("out_of_range", f"{score} needs {words}")


def test_one_quantity_in_two_units_may_agree():
    both = {"egfr": 50, "acr_mg_g": 44.2, "acr_mg_mmol": 5}
    mixed = {"egfr": 50, "acr_mg_g": [44.2, None], "acr_mg_mmol": [None, 5]}

    assert compute("KDIGO_STAGE", both).values["a_stage"] == "A2"
    assert compute("KDIGO_STAGE", mixed).values["a_stage"].tolist() == ["A2", "A2"]


def test_a_contradiction_refuses_its_row_only():
    result = compute("MAP", {"sbp": [120, 80, np.inf, None], "dbp": [80, 120, np.inf, 80]})

    assert result.error.tolist() == [None, "out_of_range", "invalid_input", "missing_input"]
    assert result.values["map"][0] == pytest.approx(93.33, abs=0.01)


@pytest.mark.parametrize(
    ("score", "inputs", "youngest"), [("NEWS2", VITALS, 16), ("MELD_3_0", LIVER, 18)]
)
def test_scores_of_adults_refuse_children_whose_age_is_told(score, inputs, youngest):
    untold = compute(score, inputs)

    child = compute(score, inputs | {"age": youngest - 1})
    assert (child.error, child.reason) == (
        "out_of_range",
        f"{score} needs age {youngest} to 120",
    )
    assert compute(score, inputs | {"age": youngest}).values == untold.values
    assert compute(score, inputs | {"age": None}).values == untold.values != {}


def test_comorbidity_says_that_what_is_left_out_counts_as_absent():
    nothing = compute("CHARLSON", {})

    assert nothing.values == {"points": 0}
    assert nothing.notes == ("A condition that is not on the list counts as absent",)
