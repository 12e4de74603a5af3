"""Which drug helped people with this complaint? Reviews, ranked by text, by habit and by both.

    python -m ml.studies.habit_druglib run [--data FILE] [--out DIR]

3,347 reviews of drugs by patients (Druglib.com): complaint in their words, drug, rating 1 to 10.
A review has no person and no date, so that every review counts as a person, and the folds go by
its number: there is no temporal split here, and no past. A drug helped where rated 8 or more.

- popularity: the drug reviewed most; content: likeness of the complaint to those the drug was
  reviewed for; factors: latent factors of complaints and drugs; habit: the drug taken most for
  like complaints, drawn towards popularity where few are alike; hybrid: habit times how often the
  drug helped in like complaints.
- The gap between habit and benefit: had everybody with a complaint taken the drug that was rated
  best for like complaints, instead of the usual one. Off-policy, propensities estimated. Reviewers
  chose themselves and their drugs: a comparison of reviews, not an effect.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import datasets, splits
from ml.recommenders import collaborative, comparison, offpolicy
from ml.studies import habits

K = 5
FOLDS = 5
HELPED = 8
LEAST_REVIEWS = 5  # of a drug in training, or it is no candidate
# Chosen by the likelihood of the drug taken, never by whether it helped: how steeply likeness
# counts (near complaints much, distant ones hardly), and how many reviews popularity is worth.
SHARPNESS = 2
PRIOR = 1.0
LIKING_PRIOR = 5.0  # reviews that a drug's mean over all complaints is worth (own choice)
Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reviews:
    """One row a review: its number, the complaint, the drug, whether it helped."""

    number: NDArray[np.int64]
    complaint: NDArray[np.str_]
    drug: NDArray[np.str_]
    helped: NDArray[np.bool_]

    def part(self, rows: NDArray[np.bool_]) -> "Reviews":
        return Reviews(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Of the reviews of one fold (rows) and the drugs of training (columns)."""

    scores: Mapping[str, Table]
    share: Table  # of like complaints, who took each drug: habit
    liking: Table  # of those who took it, whom it helped: benefit


def reviews(frame: pd.DataFrame) -> Reviews:
    """Reviews with a complaint, copies left out; texts of experiences are not read."""
    frame = frame.drop_duplicates(frame.columns[1:].tolist()).dropna(subset=["condition", "rating"])
    return Reviews(
        number=frame.iloc[:, 0].to_numpy(np.int64),
        complaint=frame["condition"].str.casefold().str.strip().to_numpy(str),
        drug=frame["urlDrugName"].to_numpy(str),
        helped=frame["rating"].ge(HELPED).to_numpy(),
    )


def weigh(train: Reviews, test: Reviews, drugs: NDArray[np.str_], *, random_state: int) -> Weighed:
    """Every way's scores for the complaints of `test`."""
    took = (train.drug[:, None] == drugs).astype(float)
    like, profile = _likeness(train, test, took)
    popularity = took.mean(axis=0)
    taken, helped = like @ took, like @ (took * train.helped[:, None])
    share = (taken + PRIOR * popularity) / (like.sum(axis=1, keepdims=True) + PRIOR)
    general = (took.T @ train.helped + LIKING_PRIOR * train.helped.mean()) / (
        took.sum(axis=0) + LIKING_PRIOR
    )
    liking = (helped + LIKING_PRIOR * general) / (taken + LIKING_PRIOR)
    rng = np.random.default_rng(random_state)
    everybody = np.tile(popularity, (len(test.drug), 1))
    return Weighed(
        scores={
            "random": rng.random(everybody.shape),
            "popularity": everybody,
            "content": profile,
            "factors": _factors(train, test, took, random_state),
            "habit": share,
            "hybrid": share * liking,
        },
        share=share,
        liking=liking,
    )


def _likeness(train: Reviews, test: Reviews, took: Table) -> tuple[Table, Table]:
    """Of each test complaint with each training one (to a power), and with each drug's."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    known = words.fit_transform(train.complaint)
    asked = words.transform(test.complaint)
    profiles = took.T @ known
    length = np.linalg.norm(profiles, axis=1, keepdims=True)
    near = np.asarray((asked @ known.T).todense())
    return near**SHARPNESS, asked @ (profiles / length).T


def _factors(train: Reviews, test: Reviews, took: Table, random_state: int) -> Table:
    """Complaints in the place of people: what their reviewers took, and what goes with it."""
    baskets = collaborative.baskets(train.complaint, took)
    alike = collaborative.factors(baskets, random_state=random_state, rank=20)
    past = dict(zip(np.unique(train.complaint), baskets, strict=True))
    nothing = np.zeros(took.shape[1])
    return alike.scores(np.array([past.get(each, nothing) for each in test.complaint]))


def candidates(train: Reviews) -> NDArray[np.str_]:
    drugs, counts = np.unique(train.drug, return_counts=True)
    return drugs[counts >= LEAST_REVIEWS]


def evaluate(
    data: Reviews, *, random_state: int = comparison.SEED
) -> tuple[comparison.Comparison, dict[str, Any]]:
    """Each fold ranked by what the others taught; all folds measured together."""
    fold = splits.fold_of(data.number, FOLDS)
    lists: dict[str, list[list[str]]] = {}
    tests, decisions = [], []
    for number in range(FOLDS):
        train, test = data.part(fold != number), data.part(fold == number)
        drugs = candidates(train)
        weighed = weigh(train, test, drugs, random_state=random_state + number)
        for way, scores in weighed.scores.items():
            lists.setdefault(way, []).extend(comparison.ranked(scores, drugs))
        tests.append(test)
        decisions.append(_decisions(test, drugs, weighed))
    drug, helped, people = (
        np.concatenate([getattr(each, name) for each in tests])
        for name in ("drug", "helped", "number")
    )
    names, counts = np.unique(data.drug, return_counts=True)
    found = comparison.compare(
        lists,
        [
            frozenset([name]) if good else frozenset()
            for name, good in zip(drug, helped, strict=True)
        ],
        k=K,
        items=candidates(data).tolist(),
        popularity=dict(zip(names.tolist(), (counts / len(data.drug)).tolist(), strict=True)),
        people=people,
        random_state=random_state,
    )
    return found, _gap(decisions)


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Of one fold: what the log holds, and which drug each policy would have taken."""

    log: offpolicy.Log
    expected: Table
    policies: Mapping[str, Table]


def _decisions(test: Reviews, drugs: NDArray[np.str_], weighed: Weighed) -> Decisions:
    """The reviews whose drug is a candidate; propensities are the shares of like complaints."""
    rows = np.flatnonzero(np.isin(test.drug, drugs))
    share, liking = weighed.share[rows], weighed.liking[rows]
    propensity = share / share.sum(axis=1, keepdims=True)
    often = share >= share.max(axis=1, keepdims=True) / 4  # only what is often taken may be best
    best = np.where(often, liking, -1.0)
    return Decisions(
        offpolicy.Log(
            np.searchsorted(drugs, test.drug[rows]), test.helped[rows].astype(float), propensity
        ),
        liking,
        {"usual": _first(share), "best": _first(best)},
    )


def _first(scores: Table) -> Table:
    return np.eye(scores.shape[1])[scores.argmax(axis=1)]


def _gap(decisions: list[Decisions]) -> dict[str, Any]:
    """Share helped as it was, under the usual drug and under the one rated best; with estimates."""
    width = max(each.expected.shape[1] for each in decisions)

    def together(tables: list[Table]) -> Table:
        return np.vstack([np.pad(t, ((0, 0), (0, width - t.shape[1]))) for t in tables])

    log = offpolicy.Log(
        np.concatenate([each.log.action for each in decisions]),
        np.concatenate([each.log.reward for each in decisions]),
        together([each.log.propensity for each in decisions]),
    )
    expected = together([each.expected for each in decisions])
    found: dict[str, Any] = {"as it was": float(log.reward.mean()), "reviews": len(log.reward)}
    for name in ("usual", "best"):
        policy = together([each.policies[name] for each in decisions])
        found[name] = {
            kind: asdict(each) | {"said": each.said}
            for kind, each in offpolicy.estimates(log, policy, expected).items()
        }
    return found


def run(path: str | None) -> dict[str, Any]:
    """The report."""
    found, gap = evaluate(reviews(datasets.load("druglib", path)))
    said = [
        f"Had everybody taken the {name} drug for like complaints, it would have helped: "
        f"{gap[name]['doubly robust']['said']} (as it was: {gap['as it was']:.2f})."
        for name in ("usual", "best")
    ]
    return {
        "title": "Which drug helped people with this complaint",
        "about": "Reviews have neither person nor date: folds by review, no temporal split.",
        "said": [found.verdict(), found.verdict("habit"), *said],
        "comparisons": {"Reviews of drugs that helped": habits.figures(found)},
        "off_policy": gap,
    }


if __name__ == "__main__":
    habits.main("habit_druglib", run)
