"""A small invented table of stays, for tests of studies, leaks and models."""

import numpy as np
import pandas as pd
from scipy.special import expit

from ml.studies.problem import Input, Problem
from ml.studies.table import TableStudy


def stays(rows=400, *, seed=0):
    """Stays of people, some with two, with gaps; age and creatinine make death likelier."""
    rng = np.random.default_rng(seed)
    age, albumin = rng.normal(65, 12, rows).round(), rng.normal(38, 5, rows).round(1)
    creatinine = rng.lognormal(0, 0.4, rows).round(2)
    ward = rng.choice(["medical", "surgical", "cardiac"], rows)
    z = (age - 65) / 10 + 2 * np.log(creatinine) - (albumin - 38) / 5 + (ward == "cardiac") - 1
    days = np.maximum(1, np.round(4 + z + rng.normal(0, 1, rows)))
    frame = pd.DataFrame(
        {
            "person": rng.integers(0, rows // 2, rows),
            "year": rng.integers(2010, 2020, rows),
            "age": age,
            "albumin": albumin,
            "creatinine": creatinine,
            "diabetic": rng.integers(0, 2, rows),
            "ward": ward,
            "died": (rng.random(rows) < expit(z)).astype(float),
            "days": days,
        }
    )
    frame.loc[rng.random(rows) < 0.15, "albumin"] = np.nan
    return frame


INPUTS = (
    Input("age", monotone=1, monotone_reason="the old die more often"),
    Input("albumin", unit="g/L"),
    Input("creatinine", unit="mg/dL"),
    Input("diabetic", "flag"),
    Input("ward", "category", provenance="administrative"),
)


def problem(**more):
    """Death in hospital by the inputs of `stays`."""
    settings = {
        "task": "hospital_death",
        "title": "Death in hospital",
        "population": "Adults with a stay",
        "index_time": "admission",
        "outcome": "died",
        "outcome_text": "died in hospital",
        "kind": "binary",
        "inputs": INPUTS,
        "person": "person",
        "model": "logistic",
        "seed": 7,
    }
    return Problem(**{**settings, **more})


def days(**more):
    """Length of the stay."""
    told = {"outcome": "days", "outcome_text": "days in hospital", "kind": "number"}
    return problem(**{**told, "task": "stay", "model": "linear", **more})


def prepare(frame):
    """Adults only, with the reason beside those who are not."""
    return frame.assign(excluded=np.where(frame["age"] < 18, "Under 18 years", None))


def study(**more):
    return TableStudy(problem(**more), prepare)
