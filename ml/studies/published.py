"""Published scores on the same people, beside the model."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.evaluation import discrimination
from ml.scores import ada_risk_test, framingham_cvd, prevent
from ml.studies import beside as others
from ml.studies.ckd import egfr
from ml.studies.spec import Study


def beside(study: Study, frame: pd.DataFrame, risk: NDArray[np.float64]) -> dict[str, Any] | None:
    """AUROC of the published score and of the model, among the people whom the score accepts.

    `risk` is the cross-fitted risk of the cohort, in the order of the frame; NaN where the model
    gave none. None when no
    published score stands beside the study, or it accepts only people of one outcome.
    """
    found = pair(study, frame, risk)
    if found is None:
        return None
    y, values, ours = found
    return {
        "score": SCORES[study.task][0],
        "people": len(y),
        "events": int(y.sum()),
        "auroc": discrimination.auroc(y, values),
        "model_auroc": discrimination.auroc(y, ours),
    }


def compared(study: Study, frame: pd.DataFrame, risk: NDArray[np.float64]) -> dict[str, Any]:
    """How score and model rank the same people, by the name of the score; see `beside`."""
    found = pair(study, frame, risk)
    if found is None:
        return {}
    y, points, ours = found
    title, score = SCORES[study.task]
    told = others.compared(
        others.Beside(title, score), y, ours, points, "binary", random_state=study.seed
    )
    return {title: told}


def pair(
    study: Study, frame: pd.DataFrame, risk: NDArray[np.float64]
) -> tuple[NDArray, NDArray, NDArray] | None:
    """Outcome, published score and risk of the people whom both accept; see `beside`."""
    if study.task not in SCORES:
        return None
    _, score = SCORES[study.task]
    outcome = study.outcome(frame)
    in_cohort = (outcome.notna() & (frame["age"] >= study.age_min)).to_numpy()
    values, y = score(frame)[in_cohort], outcome.to_numpy(float)[in_cohort]
    accepted = np.isfinite(values) & np.isfinite(risk)
    if len(np.unique(y[accepted])) < 2:
        return None
    return y[accepted], values[accepted], risk[accepted]


def ada_points(frame: pd.DataFrame) -> NDArray[np.float64]:
    """ADA points without the activity question, which the survey asked in changing ways."""
    asked = {
        "age": frame["age"],
        "sex": _sex(frame),
        "bmi": frame["bmi"].clip(upper=150),
        "family_history": frame["family_history_diabetes"] == 1,
        "hypertension": frame["bpq020_hypertension"] == 1,
        "physically_active": np.ones(len(frame), bool),
    }
    return _value(ada_risk_test, asked)


def prevent_total_cvd(frame: pd.DataFrame) -> NDArray[np.float64]:
    """PREVENT ten-year risk of cardiovascular disease, base model, people without known disease."""
    known = (frame[["mcq160c_chd", "mcq160e_mi", "mcq160f_stroke", "mcq160b_chf"]] == 1).any(axis=1)
    asked = {
        "age": frame["age"],
        "sex": _sex(frame),
        "sbp": frame["sbp_mmhg"],
        "bp_treated": frame["bpq050a_now_rx"] == 1,
        "tc_mg_dl": frame["cholesterol_total_mg_dl"],
        "hdl_mg_dl": frame["hdl_mg_dl"],
        "statin": frame["bpq100d_now_lipid_rx"] == 1,
        "diabetes": frame["diq010_diabetes"] == 1,
        "smoker": frame["smq040_now"].isin([1, 2]),
        "egfr": egfr(frame),
        "bmi": frame["bmi"],
        "model": "base",
    }
    return np.where(known, np.nan, _value(prevent, asked))


def framingham_cvd_2008(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Framingham ten-year risk of all cardiovascular disease, of people with and without it."""
    asked = {
        "age": frame["age"],
        "sex": _sex(frame),
        "tc_mg_dl": frame["cholesterol_total_mg_dl"],
        "hdl_mg_dl": frame["hdl_mg_dl"],
        "sbp": frame["sbp_mmhg"],
        "bp_treated": frame["bpq050a_now_rx"] == 1,
        "smoker": frame["smq040_now"].isin([1, 2]),
        "diabetes": frame["diq010_diabetes"] == 1,
    }
    return _value(framingham_cvd, asked)


def scored_points(frame: pd.DataFrame) -> NDArray[np.float64]:
    """SCORED, whom to screen for hidden kidney disease, without leg arteries and dipstick.

    Bang et al., Arch Intern Med 2007;167:374: age 50, 60, 70 gives 2, 3, 4 points; female sex,
    anaemia, hypertension, diabetes, cardiovascular disease and heart failure one each.
    """
    age = pd.cut(frame["age"], [0, 50, 60, 70, 200], right=False, labels=False)
    low = frame["hemoglobin_g_dl"] < np.where(frame["sex"] == 1, 13.0, 12.0)
    told = [
        frame["sex"] == 2,
        low,
        frame["bpq020_hypertension"] == 1,
        frame["diq010_diabetes"] == 1,
        (frame[["mcq160c_chd", "mcq160e_mi", "mcq160f_stroke"]] == 1).any(axis=1),
        frame["mcq160b_chf"] == 1,
    ]
    return age.map({0: 0, 1: 2, 2: 3, 3: 4}).to_numpy(float) + np.sum(told, axis=0)


def charlson_points(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Charlson index with age, as far as the survey asked.

    Charlson et al., J Clin Epidemiol 1994;47:1245: heart attack, heart failure, stroke and
    diabetes one point each, creatinine over 3 mg/dL two, and one a decade from 50 years.
    """
    columns = ["mcq160e_mi", "mcq160b_chf", "mcq160f_stroke", "diq010_diabetes"]
    decades = ((frame["age"] - 40) // 10).clip(0, 4)
    kidney = 2 * (frame["creatinine_mg_dl"] > 3)
    return (decades + (frame[columns] == 1).sum(axis=1) + kidney).to_numpy(float)


def _sex(frame: pd.DataFrame) -> NDArray[np.str_]:
    return np.where(frame["sex"] == 1, "male", "female")


def _value(score: Any, asked: Mapping[str, Any]) -> NDArray[np.float64]:
    columns = {k: v if isinstance(v, str) else np.asarray(v) for k, v in asked.items()}
    return np.asarray(score.compute(columns).value, float)


SCORES: Mapping[str, tuple[str, Callable[[pd.DataFrame], NDArray[np.float64]]]] = {
    "ckd": ("SCORED (leg arteries and dipstick not asked)", scored_points),
    "death_10y": ("Charlson index with age (conditions that the survey asked)", charlson_points),
    "undiagnosed_diabetes": ("ADA diabetes risk test (activity not asked)", ada_points),
    "cvd_death_10y": ("PREVENT 10-year total cardiovascular disease", prevent_total_cvd),
}
