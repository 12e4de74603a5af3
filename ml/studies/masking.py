"""Hiding inputs, so that a model stays calibrated when a record knows less than the survey did.

The survey asked nearly everybody nearly everything; records do not. Training therefore sees each
person several times: as surveyed, and with groups of inputs hidden at random. The copies of one
person share a total weight of 1 and never part over a split.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.studies.spec import Study

ANSWERS = frozenset({"ethnicity", "conditions", "medications", "family", "smoking", "health"})
EXAMINATION = frozenset({"body", "waist", "pressure"})
HIDDEN_COPIES = 3
UNLISTED_SHARE = 0.5  # of people, for conditions that lists leave out

Groups = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a record lacks: the hidden groups, by a title for the model card."""

    name: str
    title: str
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class Augmented:
    """Rows of training: inputs, outcome, weight, and the number of the person behind each."""

    X: NDArray[np.float32]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    person: NDArray[np.int64]


def scenarios(groups: Groups) -> list[Scenario]:
    """Ways in which records are incomplete, from nothing hidden to age and sex alone."""
    every = frozenset(groups)
    laboratory = every - ANSWERS - EXAMINATION
    return [
        Scenario("complete", "Everything the survey knows", frozenset()),
        Scenario("no_lists", "No condition and no medication list", _both(every)),
        Scenario("no_answers", "No answers at all", every & ANSWERS),
        Scenario("no_laboratory", "No laboratory", laboratory),
        Scenario(
            "no_chemistry",
            "Laboratory: blood count and lipids only",
            laboratory - {"blood_count", "lipids"},
        ),
        Scenario("no_examination", "No body size and no blood pressure", every & EXAMINATION),
        Scenario("blood_count_only", "Blood count only", every - {"blood_count"}),
        Scenario(
            "pressure_only", "Blood pressure and body mass only", every - {"pressure", "body"}
        ),
        Scenario("lists_only", "Condition and medication lists only", every - _both(every)),
        Scenario("age_and_sex", "Age and sex alone", every),
    ]


def hide(X: NDArray[np.float32], groups: Groups, hidden: frozenset[str]) -> NDArray[np.float32]:
    """A copy of X in which the columns of the hidden groups are unknown."""
    columns = [column for group in sorted(hidden) for column in groups[group]]
    masked = X.copy()
    masked[:, columns] = np.nan
    return masked


def augment(
    study: Study, X: NDArray[np.float32], y: NDArray[np.float64], *, random_state: int
) -> Augmented:
    """Rows to train on: each person as surveyed and with groups hidden at random."""
    rng = np.random.default_rng(random_state)
    copies = [X, *(_randomly_hidden(study.groups, X, rng) for _ in range(HIDDEN_COPIES))]
    weights = [study.as_surveyed, *[(1 - study.as_surveyed) / HIDDEN_COPIES] * HIDDEN_COPIES]
    return Augmented(
        X=np.concatenate([_some_unlisted(study, rows, rng) for rows in copies]),
        y=np.tile(y, len(copies)),
        weight=np.repeat(weights, len(y)),
        person=np.tile(np.arange(len(y)), len(copies)),
    )


def _both(every: frozenset[str]) -> frozenset[str]:
    return every & {"conditions", "medications"}


def _some_unlisted(
    study: Study, X: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Some people whose list is there but lacks the conditions that lists often leave out."""
    shortened = X.copy()
    for name in study.often_unlisted:
        forgotten = rng.random(len(X)) < UNLISTED_SHARE
        shortened[forgotten, study.features.index(name)] *= 0  # unknown stays unknown
    return shortened


def _randomly_hidden(
    groups: Groups, X: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Each person by one recipe: scattered gaps, or one of the scenarios of the model card."""
    recipes = scenarios(groups)
    scattered = rng.random((len(X), len(groups))) < rng.choice([0.25, 0.6], size=(len(X), 1))
    recipe = np.where(rng.random(len(X)) < 0.5, rng.integers(1, len(recipes), len(X)), 0)
    masked = X.copy()
    for number, (group, columns) in enumerate(groups.items()):
        listed = np.array([group in scenario.hidden for scenario in recipes])
        gone = np.where(recipe > 0, listed[recipe], scattered[:, number])
        masked[np.ix_(gone, list(columns))] = np.nan
    return masked
