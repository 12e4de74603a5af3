"""Does a learned order of treatments foretell what doctors chose better than popularity does?

    python -m ml.studies.habit_diabetes130 --out DIR [--data FILE]

Real choices: the diabetes drugs of each hospital stay (UCI diabetes-130, US hospitals 1999-2008).
The order of the encounter numbers stands for time. Training: stays before the cut; testing: stays
after it of people who had none before, so that neither person nor future is shared. Compared are
random order, popularity, the treatment algorithm of those years (Nathan et al., Diabetes Care
2009;32:193), habit (`ml.recommenders.habit`) and the hybrid of rules and habit. What is foretold
is habit: nothing here says that the choice was good.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import datasets
from ml.recommenders import habit, metrics

CUT = 0.7
K = 5
SEED = 20260101
AGES = {f"[{low}-{low + 10})": low + 5 for low in range(0, 100, 10)}
DRUGS = (
    "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "glipizide",
    "glyburide", "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol",
    "tolazamide", "insulin", "glyburide-metformin", "glipizide-metformin",
)  # fmt: skip
# Metformin, then sulfonylurea or basal insulin, then pioglitazone; the rest after them.
STEPS = ("metformin", "insulin", "glipizide", "glimepiride", "glyburide", "pioglitazone")
KIDNEY = ("403", "404", "584", "585", "586", "V45", "V56")  # ICD-9: no metformin


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Features (stays, features), drugs of earlier stays and of this one (stays, drugs)."""

    people: NDArray[np.int64]
    features: NDArray[np.float64]
    past: NDArray[np.float64]
    taken: NDArray[np.float64]
    has_kidney_disease: NDArray[np.bool_]
    is_test: NDArray[np.bool_]

    def part(self, rows: NDArray[np.bool_]) -> "Stays":
        return Stays(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def stays(frame: pd.DataFrame, *, cut: float = CUT) -> Stays:
    """Rows of the table in the order of the encounters, with the split."""
    frame = frame.sort_values("encounter_id", kind="stable").reset_index(drop=True)
    place = np.arange(len(frame))
    first = pd.Series(place).groupby(frame["patient_nbr"]).transform("min").to_numpy()
    taken = np.column_stack([frame[drug].ne("No").to_numpy(float) for drug in DRUGS])
    return Stays(
        people=frame["patient_nbr"].to_numpy(np.int64),
        features=_features(frame),
        past=_past(taken, frame["patient_nbr"]),
        taken=taken,
        has_kidney_disease=_kidney(frame),
        is_test=first >= cut * len(frame),
    )


def _features(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Known before a drug is chosen: the person, earlier visits, HbA1c if measured."""
    columns = [
        frame["age"].map(AGES),
        frame["gender"].eq("Female"),
        *(frame["race"].eq(race) for race in ("AfricanAmerican", "Hispanic", "Asian")),
        *(frame[f"number_{kind}"] for kind in ("outpatient", "emergency", "inpatient")),
        *(frame["A1Cresult"].eq(result) for result in (">8", ">7", "Norm")),
        frame["admission_type_id"].eq(1),
        frame["admission_source_id"].eq(7),
    ]
    return np.column_stack([column.to_numpy(float) for column in columns])


def _past(taken: NDArray[np.float64], people: pd.Series) -> NDArray[np.float64]:
    """Whether each drug was taken in any earlier stay of the same person."""
    earlier = pd.DataFrame(taken).groupby(people.to_numpy()).cummax()
    return earlier.groupby(people.to_numpy()).shift(fill_value=0.0).to_numpy()


def _kidney(frame: pd.DataFrame) -> NDArray[np.bool_]:
    found = np.zeros(len(frame), bool)
    for column in ("diag_1", "diag_2", "diag_3"):
        found |= frame[column].astype("string").str.startswith(KIDNEY).fillna(False).to_numpy(bool)
    return found


def orders(train: Stays, test: Stays, *, random_state: int) -> dict[str, list[list[str]]]:
    """The ranked drugs of each test stay, by way of ranking."""
    rng = np.random.default_rng(random_state)
    learned = habit.fit(DRUGS, train.features, train.past, train.taken)
    probability = learned.probabilities(test.features, test.past)
    popularity = np.tile(train.taken.mean(axis=0), (len(test.taken), 1))
    rules = _rules(test)
    scores = {
        "random": rng.random(popularity.shape),
        "popularity": popularity,
        "rules": rules,
        "habit": probability,
        "hybrid": learned.trust * probability + (1 - learned.trust) * rules,
    }
    return {name: _ranked(values) for name, values in scores.items()}


def _rules(test: Stays) -> NDArray[np.float64]:
    """A falling score along the steps; metformin last of all with kidney disease."""
    score = np.array([1 - STEPS.index(d) / 10 if d in STEPS else 0.0 for d in DRUGS])
    scores = np.tile(score, (len(test.taken), 1))
    metformin = [n for n, drug in enumerate(DRUGS) if "metformin" in drug]
    scores[np.ix_(test.has_kidney_disease, metformin)] = -1.0
    return scores


def _ranked(scores: NDArray[np.float64]) -> list[list[str]]:
    names = np.array(DRUGS)
    return names[np.argsort(-scores, axis=1, kind="stable")].tolist()


def evaluate(data: Stays, *, random_state: int = SEED) -> dict[str, Any]:
    """Every measure of every way, and the gain of the hybrid over each other way."""
    train, test = data.part(~data.is_test), data.part(data.is_test)
    lists = orders(train, test, random_state=random_state)
    taken = [frozenset(np.array(DRUGS)[row > 0]) for row in test.taken]
    popularity = dict(zip(DRUGS, train.taken.mean(axis=0).tolist(), strict=True))
    return {
        "trained_on": len(train.taken),
        "tested_on": len(test.taken),
        "with_a_choice": sum(bool(items) for items in taken),
        "k": K,
        "ways": {
            name: _way(ranked, taken, popularity, test.people, random_state)
            for name, ranked in lists.items()
        },
        "hybrid_over": {
            name: asdict(
                metrics.gain(
                    "ndcg",
                    K,
                    lists["hybrid"],
                    ranked,
                    taken,
                    random_state=random_state,
                    people=test.people,
                )
            )
            for name, ranked in lists.items()
            if name != "hybrid"
        },
        "metformin_in_kidney_disease": _forbidden(lists, test),
    }


def _way(
    ranked: Sequence[Sequence[str]],
    taken: Sequence[frozenset[str]],
    popularity: Mapping[str, float],
    people: NDArray[np.int64],
    random_state: int,
) -> dict[str, Any]:
    found = metrics.table(K, ranked, taken, random_state=random_state, people=people)
    return {name: asdict(each) for name, each in found.items()} | {
        "coverage": metrics.coverage(K, ranked, DRUGS),
        "novelty_bits": metrics.novelty(K, ranked, popularity),
    }


def _forbidden(lists: Mapping[str, Sequence[Sequence[str]]], test: Stays) -> dict[str, float]:
    """The gap between habit and safety: how often a way puts metformin first where kidneys fail."""
    rows = np.flatnonzero(test.has_kidney_disease)
    if not len(rows):
        return {}
    return {
        name: float(np.mean(["metformin" in ranked[row][0] for row in rows]))
        for name, ranked in lists.items()
    }


def verdict(found: Mapping[str, Any]) -> str:
    """One sentence on whether the hybrid beats popularity."""
    gain = found["hybrid_over"]["popularity"]
    span = f"{gain['value']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"
    if gain["low"] > 0:
        return f"The hybrid beats popularity on nDCG@{K} by {span}."
    return f"The hybrid does not beat popularity on nDCG@{K}: the difference is {span}."


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.studies.habit_diabetes130")
    parser.add_argument("--data", help="the table; default: where the data sets are")
    parser.add_argument("--out", required=True, help="folder for the figures")
    options = parser.parse_args(arguments)
    found = evaluate(stays(datasets.load("diabetes130", options.data)))
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    said = found | {"verdict": verdict(found)}
    (folder / "habit_diabetes130.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    print(said["verdict"])  # noqa: T201


if __name__ == "__main__":
    main()
