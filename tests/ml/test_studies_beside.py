"""Scores of others beside the models of tables: their mapping by hand, and the comparison."""

import numpy as np
import pandas as pd
import pytest

from ml.reports import card
from ml.reports.study import Study
from ml.studies import (
    beside,
    command,
    cvd_prevalence,
    diabetes130_lace,
    heart_failure,
    nhanes1_survival,
    published,
    table,
)
from ml.studies.beside import Beside
from tests.ml.people import survey
from tests.ml.wards import prepare, problem, stays


def stay(**columns):
    """A planned stay of a day for diabetes, with no visit before."""
    common = {
        "time_in_hospital": 1.0, "admission_type_id": 3.0, "number_emergency": 0.0,
        "diag_1": "250", "diag_2": None, "diag_3": None, "number_diagnoses": 1,
    }  # fmt: skip
    return pd.DataFrame([common | columns])


@pytest.mark.parametrize(
    ("columns", "points"),
    [
        # a day 1, diabetes 1
        ({}, 2),
        # four days 4, urgent 3, diabetes 1, two visits 2
        ({"time_in_hospital": 4.0, "admission_type_id": 2.0, "number_emergency": 2.0}, 10),
        # fourteen days 7, emergency 3, heart failure 2 + lung 2 + diabetes 1 = 5 counts 5, visits 4
        (
            {"time_in_hospital": 14.0, "admission_type_id": 1.0, "number_emergency": 9.0,
             "diag_1": "428", "diag_2": "496", "diag_3": "250.02", "number_diagnoses": 9},
            19,
        ),
        # two days 2, infarction 1 and the diabetes that everybody has 1: two points
        ({"time_in_hospital": 2.0, "diag_1": "410", "diag_2": "V57", "number_diagnoses": 2}, 4),
        # diabetes of the kidney 2 in place of 1, stroke 1: three points
        ({"diag_1": "250.4", "diag_2": "434", "number_diagnoses": 2}, 4),
        # seven days 5, trauma 3, metastasis 6 counts as 5
        ({"time_in_hospital": 7.0, "admission_type_id": 7.0, "diag_1": "197"}, 13),
    ],
)  # fmt: skip
def test_lace_of_a_stay_is_that_by_hand(columns, points):
    assert diabetes130_lace.points(stay(**columns)) == [points]


@pytest.mark.parametrize(
    "columns",
    [
        {"admission_type_id": 6.0},
        {"diag_1": None},
        {"number_diagnoses": 3, "diag_2": "401"},
        {"time_in_hospital": np.nan},
        {"number_emergency": np.nan},
    ],
)
def test_lace_of_a_stay_with_an_unknown_part_is_refused(columns):
    assert np.isnan(diabetes130_lace.points(stay(**columns))).all()


@pytest.mark.parametrize(
    ("codes", "points"),
    [
        (["571", "572"], 1 + 4),  # the graver liver disease alone
        (["174", "197"], 1 + 6),  # the spread alone
        (["404"], 1 + 2 + 4),  # heart and kidney
        (["42"], 1 + 4),  # AIDS, printed without its zero
        (["250.6", "250"], 2),
        (["E812", "401", "V27"], 1),
    ],
)
def test_conditions_of_lace_have_its_own_weights(codes, points):
    assert diabetes130_lace.comorbidity(codes) == points


def test_acef_is_age_over_ejection_fraction_and_one_for_creatinine():
    rows = pd.DataFrame(
        {
            "age": [60.0, 60, 75, 60],
            "ejection_fraction": [30.0, 30, 25, 30],
            "serum_creatinine": [2.0, 2.1, 1.0, np.nan],
        }
    )

    found = heart_failure.acef(rows)

    assert found[:3] == pytest.approx([2.0, 3.0, 3.0])
    assert np.isnan(found[3])


def test_framingham_refuses_ages_and_lipids_that_it_does_not_know():
    frame = survey(4).assign(
        age=[50, 29, 75, 50], sex=2, sbp_mmhg=120.0, hdl_mg_dl=60.0, bpq050a_now_rx=2,
        cholesterol_total_mg_dl=[180.0, 180, 180, np.nan], diq010_diabetes=2, smq040_now=3,
    )  # fmt: skip

    found = published.framingham_cvd_2008(cvd_prevalence.prepare(frame))

    # 2.32888 ln 50 + 1.20904 ln 180 - 0.70833 ln 60 + 2.76157 ln 120 - 26.1931 = -0.4816...
    logs = [np.log(value) for value in (50, 180, 60, 120)]
    total = logs @ np.array([2.32888, 1.20904, -0.70833, 2.76157])
    assert found[0] == pytest.approx(1 - 0.95012 ** np.exp(total - 26.1931), abs=1e-6)
    assert np.isnan(found[1:]).all()


def test_age_stands_beside_survival():
    score = nhanes1_survival.STUDY.beside["age"]

    assert list(score.of(pd.DataFrame({"Age": [40.0, 70.0]}))) == [40.0, 70.0]


def test_points_of_any_scale_are_compared_by_rank_on_the_people_whom_both_accept():
    rng = np.random.default_rng(2)
    risk = rng.random(600)
    y = (rng.random(600) < risk).astype(int)
    points = np.where(np.arange(600) % 3 == 0, np.nan, np.round(20 * risk + rng.normal(0, 9, 600)))

    found = beside.judged(Beside("Points", lambda rows: points, "Half asked."), y, risk, points,
                          "binary", random_state=1)  # fmt: skip

    gain = found["difference"]
    assert (found["rows"], found["withheld"]) == (400, 200)
    assert set(found["metrics"]) == {"auroc", "average_precision"}
    assert found["metrics"]["auroc"] == gain["theirs"]["auroc"]
    both = [gain[which]["auroc"]["value"] for which in ("ours", "theirs")]
    assert gain["differences"]["auroc"]["value"] == pytest.approx(both[0] - both[1])
    assert gain["differences"]["auroc"]["low"] > 0
    assert found["notes"][1:] == ["Half asked.", beside.RANKS_ONLY]


def test_one_event_compares_nothing_and_says_so():
    found = beside.judged(Beside("Points", len), [1, *[0] * 20], np.linspace(0, 1, 21),
                          np.arange(21.0), "binary", random_state=1)  # fmt: skip

    assert found["metrics"]["auroc"]["value"] is None
    assert found["difference"]["differences"] == {}


@pytest.fixture(scope="module")
def fitted():
    score = Beside("Age in years (Nobody 1999)", lambda rows: rows["age"].to_numpy(), "Age only.")
    study = table.TableStudy(problem(model="ridge"), prepare, beside={"age": score})
    return study, table.fit(study, stays(800))


def test_card_sets_the_score_beside_the_model(fitted):
    study, model = fitted
    figures = model.manifest["figures"]
    told = Study(
        study.problem, figures, {"age": figures["age"]["difference"]}, record=model.manifest
    )

    validity = next(one.text for one in card.card(told) if one.code == "7.i")

    assert "Age in years (Nobody 1999) on the same" in validity
    assert "difference" in validity
    assert validity.endswith("Age only.")


def test_validation_of_fresh_rows_has_the_score_beside(fitted):
    study, model = fitted

    found = command.validation(study, model, stays(300, seed=8))["beside"]["age"]

    assert found["rows"] == 300
    assert {"ours", "theirs", "differences"} <= set(found)


def test_a_survival_score_ranks_by_concordance():
    rng = np.random.default_rng(5)
    score = rng.normal(size=300)
    time = rng.exponential(np.exp(-score))
    y = np.column_stack([time, np.ones(300)])

    found = beside.judged(Beside("Score", len), y, np.zeros(300), score, "survival", random_state=1)

    assert found["difference"]["differences"]["c_index"]["high"] < 0
    assert found["events"] == 300
