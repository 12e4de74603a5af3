"""Problems as data."""

import dataclasses

import pytest

from ml.studies.problem import BadProblem, Input, Problem, Search, Split
from ml.studies.spec import Tier
from tests.ml.wards import INPUTS, problem

FULL = {
    "tiers": (Tier("T0", 0.0, "Nothing", "own"), Tier("T1", 0.1, "See a doctor", "own")),
    "parameters": {"max_depth": 2, "learning_rate": 0.05},
    "search": Search("random", 5, space={"C": (0.1, 1.0)}),
    "overrides": {"FUTURE:ward": 'said "known" by the hospital'},
    "split": Split("time", 4),
    "quantiles": (),
    "notes": ("One ward only",),
}


@pytest.mark.parametrize("form", ["toml", "json"])
def test_problem_survives_its_file(form):
    stated = problem(**FULL)

    text = getattr(stated, f"to_{form}")()
    again = getattr(Problem, f"from_{form}")(text)

    assert again.digest() == stated.digest()
    assert again.tiers == stated.tiers
    assert again.inputs == stated.inputs


@pytest.mark.parametrize(
    "change", [{"seed": 8}, {"inputs": INPUTS[:3]}, {"model": "ridge"}, {"washout": "a year"}]
)
def test_any_change_changes_the_digest(change):
    assert problem(**change).digest() != problem().digest()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "maybe"}, "binary, number"),
        ({"inputs": ()}, "at least one input"),
        ({"inputs": (INPUTS[0], INPUTS[0])}, "named twice: age"),
        ({"outcome": "age"}, "among the inputs"),
        ({"kind": "classes"}, "name the classes"),
        ({"kind": "survival"}, "needs a horizon"),
        ({"quantiles": (0.5,)}, "a number"),
        ({"index_time": "tomorrow"}, "before, admission"),
    ],
)
def test_contradictions_are_refused_in_words(change, said):
    with pytest.raises(BadProblem, match=said):
        problem(**change)


def test_input_of_unknown_provenance_is_refused():
    with pytest.raises(BadProblem, match="measurement, history"):
        Input("age", provenance="guess")


def test_unknown_field_is_refused_by_name():
    with pytest.raises(BadProblem, match="colour"):
        Problem.from_dict({**problem().to_dict(), "colour": "red"})


def test_tier_is_the_highest_that_the_risk_reaches():
    tiered = dataclasses.replace(problem(), tiers=FULL["tiers"])

    assert [tiered.tier_of(risk).code for risk in (0.05, 0.1, 0.9)] == ["T0", "T1", "T1"]
