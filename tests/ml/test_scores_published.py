"""Worked examples and boundaries that the published papers and their traps print."""

import pytest

from ml.scores import charlson_items, compute, news2

HEALTHY_VITALS = {
    "resp_rate": 16,
    "spo2": 98,
    "spo2_scale": 1,
    "on_oxygen": False,
    "sbp": 120,
    "pulse": 70,
    "consciousness": "A",
    "temp_c": 36.8,
}
GUIDELINE_EXAMPLE = {
    "age": 55,
    "tc_mg_dl": 213,
    "hdl_mg_dl": 50,
    "sbp": 120,
    "bp_treated": 0,
    "smoker": 0,
    "diabetes": 0,
}


@pytest.mark.parametrize(
    ("sex", "race", "percent"),
    [
        ("female", "white", 2.1),
        ("female", "black", 3.0),
        ("male", "white", 5.3),
        ("male", "black", 6.1),
    ],
)
def test_pooled_cohort_gives_the_examples_of_the_guideline(sex, race, percent):
    risk = compute("ASCVD_PCE", GUIDELINE_EXAMPLE | {"sex": sex, "race": race}).value

    assert 100 * risk == pytest.approx(percent, abs=0.1)


def test_pooled_cohort_without_race_uses_the_white_column():
    assert (
        compute("ASCVD_PCE", GUIDELINE_EXAMPLE | {"sex": "male"}).value
        == compute("ASCVD_PCE", GUIDELINE_EXAMPLE | {"sex": "male", "race": "white"}).value
    )


@pytest.mark.parametrize(("acr", "stage"), [(29.9, "A1"), (30, "A2"), (300, "A2"), (300.1, "A3")])
def test_kdigo_keeps_30_and_300_in_a2(acr, stage):
    assert compute("KDIGO_STAGE", {"egfr": 65, "acr_mg_g": acr}).values["a_stage"] == stage


@pytest.mark.parametrize(
    ("egfr", "stage"),
    [(90, "G1"), (89.9, "G2"), (60, "G2"), (45, "G3a"), (30, "G3b"), (15, "G4"), (14.9, "G5")],
)
def test_kdigo_stages_start_at_their_lower_limit(egfr, stage):
    assert compute("KDIGO_STAGE", {"egfr": egfr, "acr_mg_g": 1}).values["g_stage"] == stage


def test_kfre_needs_stage_three_or_worse():
    inputs = {"age": 60, "sex": "male", "egfr": 60, "acr_mg_g": 30, "region": "north_america"}

    assert compute("KFRE_4VAR", inputs).error == "out_of_range"


def test_severe_comorbidity_replaces_the_mild_one():
    both = compute("CHARLSON", {"liver_mild": True, "liver_mod_severe": True})

    assert both.values == {"points": 3}


def test_icd10_codes_name_charlson_items():
    assert charlson_items(["I21.4", "e11.9", "C78.0", "Z00.0"]) == {
        "mi",
        "dm_uncomplicated",
        "tumor_metastatic",
    }


@pytest.mark.parametrize(
    ("change", "points", "band"),
    [
        ({"temp_c": 35.0}, 3, "low_medium"),
        ({"temp_c": 35.1}, 1, "low"),
        ({"temp_c": 39.1}, 2, "low"),
        ({"spo2": 95, "spo2_scale": 2}, 0, "low"),
        ({"spo2": 95, "spo2_scale": 2, "on_oxygen": True}, 4, "low"),
        ({"spo2": 83, "spo2_scale": 2}, 3, "low_medium"),
        ({"pulse": 131, "sbp": 90, "consciousness": "V"}, 9, "high"),
    ],
)
def test_news2_follows_its_chart(change, points, band):
    assert news2(**HEALTHY_VITALS | change) == {"points": points, "band": band}


def test_friedewald_and_sampson_refuse_high_triglycerides():
    lipids = {"tc_mg_dl": 250, "hdl_mg_dl": 45}

    assert compute("LDL_FRIEDEWALD", lipids | {"tg_mg_dl": 400}).error == "out_of_range"
    assert compute("LDL_SAMPSON_NIH", lipids | {"tg_mg_dl": 800}).error is None
    assert compute("LDL_SAMPSON_NIH", lipids | {"tg_mg_dl": 801}).error == "out_of_range"


def test_atherogenic_index_is_molar():
    milligrams = compute("AIP", {"tg_mg_dl": 150, "hdl_mg_dl": 50}).value
    raw = compute("TG_HDL_LOG10_MGDL", {"tg": 150, "hdl": 50}).value

    assert raw - milligrams == pytest.approx(0.360, abs=0.001)


def test_anion_gap_is_corrected_only_with_albumin():
    gap = {"na": 140, "cl": 104, "hco3": 24}

    assert compute("ANION_GAP", gap).values == {"anion_gap": 12}
    assert compute("ANION_GAP", gap | {"albumin_g_dl": 2}).values["corrected"] == 17


def test_prevent_takes_the_model_of_the_inputs_given(prevent_person):
    base = compute("PREVENT", prevent_person).value
    with_acr = compute("PREVENT", prevent_person | {"acr_mg_g": 300}).value
    with_hba1c = compute("PREVENT", prevent_person | {"hba1c": 9}).value
    both = compute("PREVENT", prevent_person | {"acr_mg_g": 300, "hba1c": 9}).value
    asked = compute("PREVENT", prevent_person | {"acr_mg_g": 300, "model": "base"}).value

    assert len({base, with_acr, with_hba1c}) == 3
    assert (both, asked) == (with_acr, base)


@pytest.fixture
def prevent_person():
    return GUIDELINE_EXAMPLE | {"sex": "female", "statin": 0, "egfr": 90, "bmi": 25}
