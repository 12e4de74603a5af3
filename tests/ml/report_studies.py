"""Studies for the tests of reports."""

from functools import cache

import numpy as np
from scipy.special import expit

from ml.evaluation import evaluate
from ml.reports.study import Study
from ml.studies.problem import Input, Problem


def known(name, available="before", provenance="measurement"):
    return Input(name, label=name.capitalize(), available=available, provenance=provenance)


def problem(**changes):
    """A sound specification of a readmission study."""
    sound = {
        "task": "readmission",
        "title": "Readmission within 30 days",
        "population": "Adults discharged alive",
        "index_time": "admission",
        "outcome": "readmitted",
        "outcome_text": "Unplanned readmission",
        "kind": "binary",
        "inputs": (known("age", provenance="demographic"), known("hba1c", "admission")),
        "time_at_risk": "30 days",
        "model": "logistic",
        "published_score": "LACE",
    }
    return Problem(**sound | changes)


def sample(rows=1500, *, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.2, rows)
    return (rng.random(rows) < expit(z)).astype(int), expit(z + shift)


@cache
def judged(**changes):
    y, risk = sample(**changes)
    sex = np.where(np.arange(len(y)) % 2, "women", "men")
    return evaluate(
        y, risk, "binary", groups={"sex": sex}, thresholds=[0.2], random_state=1, rounds=20
    )


def study(found=None, **changes):
    found = found or {"cross_fitted": judged()}
    return Study(problem(**changes), {name: each.to_json() for name, each in found.items()})


def answer(answers, code):
    return next(found.answer for found in answers if found.code == code)
