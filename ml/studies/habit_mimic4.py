"""Does a learned order of drug classes foretell what a hospital prescribed better than popularity?

    python -m ml.studies.habit_mimic4 run [--data FOLDER] [--out DIR]

Real prescriptions of the MIMIC-IV demo: 100 patients, 250 stays with drugs. Dates are shifted by
person, so the only clock that people share is their group of years: training on the patients of
2011 to 2013, testing on those of 2014 to 2016, each stay with what the same person was given in
earlier stays. Items are the drug classes that the rules know; fluids, flushes and vehicles are
none of them. There are no rules for a whole ward, so the hybrid here is habit where there are
answers to learn from and popularity where there are not (`Habit.trust`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import codes, codings, datasets
from ml.recommenders import collaborative, comparison, content
from ml.recommenders.comparison import Comparison
from ml.studies import habits

K = 5
TRAIN_GROUP = "2011 - 2013"
LEAST_PEOPLE = 5  # given to fewer training patients, a class is no item
SERVICES = ("MED", "CMED", "SURG", "OMED", "CSURG", "NSURG")
TABLES = ("patients", "admissions", "services", "prescriptions")


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Features (stays, features), classes given before and now (stays, items)."""

    items: tuple[str, ...]
    people: NDArray[np.int64]
    features: NDArray[np.float64]
    past: NDArray[np.float64]
    taken: NDArray[np.float64]
    is_train: NDArray[np.bool_]


def load(path: str | None) -> dict[str, pd.DataFrame]:
    """The four tables by name."""
    return {name: datasets.load(f"mimic4_demo/hosp/{name}", path) for name in TABLES}


def stays(tables: dict[str, pd.DataFrame]) -> Stays:
    """Stays in the order of each person's own time."""
    frame = tables["admissions"].merge(tables["patients"], on="subject_id", validate="m:1")
    frame = frame.sort_values(["subject_id", "admittime"], kind="stable").reset_index(drop=True)
    given = _given(tables["prescriptions"])
    frame = frame[frame["hadm_id"].isin(given["hadm_id"])].reset_index(drop=True)
    is_train = frame["anchor_year_group"].eq(TRAIN_GROUP).to_numpy()
    items = _items(given, set(frame.loc[is_train, "subject_id"]))
    wide = pd.crosstab(given["hadm_id"], given["item"]).reindex(
        index=frame["hadm_id"], columns=list(items), fill_value=0
    )
    taken = wide.gt(0).to_numpy(float)
    return Stays(
        items=items,
        people=frame["subject_id"].to_numpy(np.int64),
        features=_features(frame, tables["services"]),
        past=before(taken, frame["subject_id"]),
        taken=taken,
        is_train=is_train,
    )


def before(taken: NDArray[np.float64], people: pd.Series) -> NDArray[np.float64]:
    """Whether each item was taken in any earlier session of the same person."""
    earlier = pd.DataFrame(taken).groupby(people.to_numpy()).cummax()
    return earlier.groupby(people.to_numpy()).shift(fill_value=0.0).to_numpy()


def _given(prescriptions: pd.DataFrame) -> pd.DataFrame:
    """One row a stay and drug class."""
    main = prescriptions[prescriptions["drug_type"].eq("MAIN")]
    classes = {name: codings.medications((), name)[:1] for name in main["drug"].dropna().unique()}
    rows = main.assign(item=main["drug"].map(classes))[["subject_id", "hadm_id", "item"]]
    return rows.explode("item").dropna().drop_duplicates()


def _items(given: pd.DataFrame, people: set[int]) -> tuple[str, ...]:
    rows = given[given["subject_id"].isin(people)]
    counts = rows.groupby("item")["subject_id"].nunique()
    return tuple(sorted(counts.index[counts >= LEAST_PEOPLE]))


def _features(frame: pd.DataFrame, services: pd.DataFrame) -> NDArray[np.float64]:
    """Known on admission: age, sex, how they came, the first service, earlier stays."""
    year = pd.to_datetime(frame["admittime"]).dt.year
    first = services.sort_values("transfertime").drop_duplicates("hadm_id")
    service = frame["hadm_id"].map(first.set_index("hadm_id")["curr_service"])
    columns = [
        frame["anchor_age"] + year - frame["anchor_year"],
        frame["gender"].eq("F"),
        frame["admission_type"].isin(["EW EMER.", "URGENT", "DIRECT EMER."]),
        frame["admission_type"].isin(["ELECTIVE", "SURGICAL SAME DAY ADMISSION"]),
        frame["admission_location"].eq("EMERGENCY ROOM"),
        frame["admission_location"].eq("TRANSFER FROM HOSPITAL"),
        frame.groupby("subject_id").cumcount(),
        *(service.eq(name) for name in SERVICES),
    ]
    return np.column_stack([column.to_numpy(float) for column in columns])


def space(items: tuple[str, ...]) -> content.ItemSpace:
    """Drug classes by the wider classes that they belong to."""
    return content.item_space(
        {item: dict.fromkeys([item, *codes.expand_medications([item])], 1.0) for item in items}
    )


def evaluate(data: Stays, *, random_state: int = comparison.SEED) -> tuple[Comparison, Comparison]:
    """All later patients' stays, and those of them with nothing given before."""
    train, test = data.is_train, ~data.is_train
    features = space(data.items)
    scores, learned = habits.learned_ways(
        (data.features[train], data.past[train], data.taken[train]),
        (data.features[test], data.past[test]),
        space=features,
        people=data.people[train],
        random_state=random_state,
    )
    trust = learned.trust
    scores["hybrid"] = trust * scores["habit"] + (1 - trust) * scores["popularity"]
    return habits.compare(
        {name: comparison.ranked(values, data.items) for name, values in scores.items()},
        data.past[test],
        data.taken[test],
        collaborative.baskets(data.people[train], data.taken[train]),
        space=features,
        people=data.people[test],
        k=K,
        random_state=random_state,
    )


def run(path: str | None) -> dict[str, Any]:
    """The report."""
    everybody, newcomers = evaluate(stays(load(path)))
    return {
        "title": "Which drug classes were prescribed in hospital",
        "about": "Training on the patients of 2011 to 2013, testing on those of 2014 to 2016.",
        "said": [
            everybody.verdict(),
            everybody.verdict(habits.BY_SESSION),
            everybody.verdict("neighbours"),
            f"Nothing given before: {newcomers.verdict()}",
        ],
        "comparisons": {
            "Later patients": habits.figures(everybody),
            "Nothing given before": habits.figures(newcomers),
        },
    }


if __name__ == "__main__":
    habits.main("habit_mimic4", run)
