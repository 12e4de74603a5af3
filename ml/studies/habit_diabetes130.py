"""Does a learned order of treatments foretell what doctors chose better than popularity does?

    python -m ml.studies.habit_diabetes130 run [--data FILE] [--out DIR]

Real choices: the diabetes drugs of each hospital stay (UCI diabetes-130, US hospitals 1999-2008).
The order of the encounter numbers stands for time. Training: stays before the cut; testing: stays
after it of people who had none before, so that neither person nor future is shared. Compared are
random order, popularity, likeness of drugs (content), neighbours and latent factors (collaborative
filtering alone), the treatment algorithm of those years (Nathan et al., Diabetes Care 2009;32:193),
habit (`ml.recommenders.habit`) and the hybrid of rules and habit. What is foretold is habit:
nothing here says that the choice was good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import datasets
from ml.recommenders import collaborative, comparison, content
from ml.recommenders.comparison import Comparison
from ml.studies import habits

CUT = 0.7
K = 5
AGES = {f"[{low}-{low + 10})": low + 5 for low in range(0, 100, 10)}
DRUGS = (
    "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "glipizide",
    "glyburide", "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol",
    "tolazamide", "insulin", "glyburide-metformin", "glipizide-metformin",
)  # fmt: skip
# Metformin, then sulfonylurea or basal insulin, then pioglitazone; the rest after them.
STEPS = ("metformin", "insulin", "glipizide", "glimepiride", "glyburide", "pioglitazone")
CLASSES = {
    "metformin": "biguanide",
    "repaglinide": "glinide",
    "nateglinide": "glinide",
    "pioglitazone": "glitazone",
    "rosiglitazone": "glitazone",
    "insulin": "insulin",
    "acarbose": "glucosidase inhibitor",
    "miglitol": "glucosidase inhibitor",
}  # the rest are sulfonylureas
KIDNEY = ("403", "404", "584", "585", "586", "V45", "V56")  # ICD-9: no metformin


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Features (stays, features), drugs of earlier stays and of this one (stays, drugs)."""

    people: NDArray[np.int64]
    features: NDArray[np.float64]
    past: NDArray[np.float64]
    taken: NDArray[np.float64]
    has_kidney_disease: NDArray[np.bool_]
    is_train: NDArray[np.bool_]
    is_test: NDArray[np.bool_]  # a later stay of somebody in training is neither

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
        is_train=place < cut * len(frame),
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


def space() -> content.ItemSpace:
    """The drugs by their classes; a combination has two."""
    return content.item_space(
        {drug: {CLASSES.get(part, "sulfonylurea"): 1.0 for part in drug.split("-")}
         for drug in DRUGS}
    )  # fmt: skip


def orders(train: Stays, test: Stays, *, random_state: int) -> dict[str, list[list[str]]]:
    """The ranked drugs of each test stay, by way of ranking."""
    scores, learned = habits.learned_ways(
        (train.features, train.past, train.taken),
        (test.features, test.past),
        space=space(),
        people=train.people,
        random_state=random_state,
    )
    rules = _rules(test)
    scores |= {
        "rules": rules,
        "hybrid": learned.trust * scores["habit"] + (1 - learned.trust) * rules,
    }
    return {name: comparison.ranked(values, DRUGS) for name, values in scores.items()}


def _rules(test: Stays) -> NDArray[np.float64]:
    """A falling score along the steps; metformin last of all with kidney disease."""
    score = np.array([1 - STEPS.index(d) / 10 if d in STEPS else 0.0 for d in DRUGS])
    scores = np.tile(score, (len(test.taken), 1))
    metformin = [n for n, drug in enumerate(DRUGS) if "metformin" in drug]
    scores[np.ix_(test.has_kidney_disease, metformin)] = -1.0
    return scores


def evaluate(
    data: Stays, *, random_state: int = comparison.SEED
) -> tuple[Comparison, Comparison, dict[str, float]]:
    """Everybody tested, their stays with nothing taken before, and the gap to safety: how often
    each way puts metformin first where kidneys fail."""
    train, test = data.part(data.is_train), data.part(data.is_test)
    lists = orders(train, test, random_state=random_state)
    everybody, newcomers = habits.compare(
        lists,
        test.past,
        test.taken,
        collaborative.baskets(train.people, train.taken),
        space=space(),
        people=test.people,
        k=K,
        random_state=random_state,
    )
    return everybody, newcomers, _forbidden(lists, test)


def _forbidden(lists: Mapping[str, Sequence[Sequence[str]]], test: Stays) -> dict[str, float]:
    """The gap between habit and safety: how often a way puts metformin first where kidneys fail."""
    rows = np.flatnonzero(test.has_kidney_disease)
    if not len(rows):
        return {}
    return {
        name: float(np.mean(["metformin" in ranked[row][0] for row in rows]))
        for name, ranked in lists.items()
    }


def run(path: str | None) -> dict[str, Any]:
    """The report."""
    everybody, newcomers, forbidden = evaluate(stays(datasets.load("diabetes130", path)))
    return {
        "title": "Which diabetes drugs were chosen in hospital",
        "about": "Training on earlier stays, testing on later stays of people not seen before.",
        "said": [
            everybody.verdict(),
            everybody.verdict(habits.BY_SESSION),
            everybody.verdict("neighbours"),
            f"Nothing taken before: {newcomers.verdict()}",
        ],
        "comparisons": {
            "New people after the cut": habits.figures(everybody),
            "Nothing taken before": habits.figures(newcomers),
        },
        "metformin_first_in_kidney_disease": forbidden,
    }


if __name__ == "__main__":
    habits.main("habit_diabetes130", run)
