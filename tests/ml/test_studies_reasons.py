"""Every model of the zoo gives its reasons, and they add up to what it says."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from ml.explanation.facade import WrongMethod, explain
from ml.models import zoo
from ml.studies import draft, table
from ml.studies.problem import Split
from tests.ml.wards import stays

ROWS = 3
LIGHT = {
    "additive": {"max_rounds": 50, "outer_bags": 2},
    "forest": {"n_estimators": 20},
    "extra_trees": {"n_estimators": 20},
    "histogram": {"max_iter": 20},
    "lightgbm": {"n_estimators": 20},
    "survival_forest": {"n_estimators": 5},
    "survival_boosting": {"n_estimators": 10},
    "xgboost": {"n_estimators": 20},
}
OUTCOMES = {"binary": "died", "number": "days", "survival": "followed"}
WHOLE_ZOO = [
    (kind, entry.name)
    for kind in OUTCOMES
    for entry in zoo.of_kind(kind)
    if entry.name != "published"  # its inputs are named by hand, not drafted
]


def of_csv():
    """Stays with the time followed, negative where the person was last seen alive."""
    frame = stays(240)
    return frame.assign(followed=frame["days"].where(frame["died"] == 1, -frame["days"]))


def fitted(kind, model, **more):
    outcome = OUTCOMES[kind]
    frame = of_csv().drop(columns=[name for name in OUTCOMES.values() if name != outcome])
    horizon = 6.0 if kind == "survival" else None
    parameters = LIGHT.get(model, {})
    asked = {"kind": kind, "horizon": horizon, "parameters": parameters, "split": Split(folds=2)}
    study = draft.study(frame, outcome=outcome, person="person", model=model, **asked, **more)
    return table.fit(study, frame), frame


@pytest.mark.filterwarnings("ignore")  # small fits: what they warn of is tested with the models
@pytest.mark.parametrize(("kind", "model"), WHOLE_ZOO)
def test_reasons_add_up_to_the_prediction(kind, model):
    study, frame = fitted(kind, model)

    split = study.explain(frame.head(ROWS))

    told = study.predict(frame.head(ROWS)).iloc[:, 0].to_numpy(float)
    summed = expit(split.predictions) if split.scale == "logit" else split.predictions
    np.testing.assert_allclose(summed, told, rtol=1e-5, atol=1e-5)
    assert split.to_frame().shape == split.contributions.shape


def loaded(kind, model, folder):
    study, frame = fitted(kind, model)
    return table.FittedTable.load(study.save(folder), study.prepare), study, frame


def test_a_stored_model_keeps_no_rows_and_asks_for_some(tmp_path):
    opened, study, frame = loaded("binary", "logistic", tmp_path)

    with pytest.raises(WrongMethod, match="patients' data: pass some 100 rows"):
        opened.explain(frame.head(ROWS))
    split = opened.explain(frame.head(ROWS), background=frame)

    np.testing.assert_allclose(split.predictions, study.explain(frame.head(ROWS)).predictions)


def test_stored_trees_need_no_other_rows(tmp_path):
    opened, study, frame = loaded("binary", "xgboost", tmp_path)

    found = opened.explain(frame.head(ROWS))

    expected = study.explain(frame.head(ROWS)).contributions
    np.testing.assert_array_equal(found.contributions, expected)


def test_training_rows_stay_out_of_what_is_printed():
    study, _ = fitted("binary", "logistic")

    assert len(study.background) == 100
    assert "albumin" in study.background
    assert "background" not in repr(study)


def test_repaired_risks_are_explained_as_they_are_served():
    study, frame = fitted("binary", "xgboost")
    repair = {"method": "logistic", "shift": -1.0, "stretch": 0.5, "knots": ()}
    repaired = dataclasses.replace(study, serving={**study.serving, "recalibration": repair})

    split = repaired.explain(frame.head(ROWS))

    told = repaired.predict(frame.head(ROWS))["risk"]
    np.testing.assert_allclose(expit(split.predictions), told, atol=1e-6)
    assert not np.allclose(told, study.predict(frame.head(ROWS))["risk"])


def test_several_classes_are_not_split():
    frame = stays(240)[["person", "age", "creatinine", "ward"]]
    study = table.fit(draft.study(frame, outcome="ward", person="person", model="tree"), frame)

    with pytest.raises(WrongMethod, match="one against all"):
        study.explain(frame)


class ByWard:
    """Says 1 of the ward it knows; a mean of codes would be no ward at all."""

    def predict(self, rows):
        assert set(rows["ward"]) <= {"a", "b", "c"}
        return (rows["ward"] == "c").astype(float) + rows["age"]


def test_kernel_shap_moves_words_whole():
    others = pd.DataFrame({"age": [1.0, 2.0, 3.0], "ward": ["a", "b", "c"]})
    asked = pd.DataFrame({"age": [2.0, 5.0], "ward": ["c", "a"]})

    split = explain(ByWard(), asked, background=others)

    np.testing.assert_allclose(split.contributions, [[0, 2 / 3], [3, -1 / 3]], atol=1e-9)


def test_gaps_among_words_and_numbers_are_moved_too():
    class Gaps:
        def predict(self, rows):
            return rows["ward"].isna() + 10.0 * rows["age"].isna()

    others = pd.DataFrame({"age": [1.0, 2.0], "ward": ["a", "b"]})
    asked = pd.DataFrame({"age": [np.nan], "ward": [None]})

    split = explain(Gaps(), asked, background=others)

    np.testing.assert_allclose(split.contributions, [[10, 1]], atol=1e-9)
