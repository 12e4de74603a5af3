"""Which columns tell the outcome: permutation importance of boosted trees on unseen persons."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.eda.variables import MOST_LEVELS, Variables, grouped

MOST_ROWS = 12_000
REPEATS = 5
FEWEST_ROWS, FEWEST_CASES = 100, 20
MOST_CLASSES = 10
TEST_SHARE = 0.3
SUSPECT = 0.95  # AUROC of one column alone from which a leak is likely


class NoOutcome(ValueError):
    """The outcome cannot be modelled, with the reason."""


@dataclass(frozen=True, slots=True)
class Importance:
    """Importance of each column and how well the model did on persons it had not seen."""

    table: pd.DataFrame  # column, importance, sd, share of the score lost, suspicious
    metric: str
    score: float
    rows: int
    persons: int

    @property
    def sentence(self) -> str:
        """What the figures are worth."""
        text = (
            f"{self.metric} {self.score:.3f} on {self.rows:,} rows of persons not used in the "
            "fit. Importance is what that figure loses when a column is shuffled; correlated "
            "columns share it, and it is no cause."
        )
        suspects = self.table.loc[self.table["suspicious"], "column"].tolist()
        if suspects:
            text += (
                f" Suspiciously good alone: {', '.join(suspects)}. Is that known before the "
                "outcome?"
            )
        return text


def importance(
    explored: Variables,
    outcome: pd.Series,
    person: pd.Series | None = None,
    *,
    leave_out: tuple[str, ...] = (),
    random_state: int = 0,
) -> Importance:
    """Fit on 70 % of persons, shuffle each column of the rest `REPEATS` times.

    Two levels of the outcome: AUROC; more than ten distinct numbers: R²; else accuracy above
    the commonest class is meaningless, so macro AUROC one against the rest. Raises NoOutcome.
    """
    from sklearn.inspection import permutation_importance

    kind = kind_of(outcome)
    known = outcome.notna()
    features = _features(explored, {str(outcome.name), *leave_out})[known]
    target = outcome[known]
    if len(target) > MOST_ROWS:
        chosen = target.sample(MOST_ROWS, random_state=random_state).sort_index().index
        features, target = features.loc[chosen], target.loc[chosen]
    groups = target.index.to_series() if person is None else person.loc[target.index]
    is_test = _held_out(groups, random_state)
    _check(target, is_test, features, kind)
    y = target.astype(float) if kind == "number" else pd.Series(
        pd.factorize(target, sort=True)[0], index=target.index)  # fmt: skip
    model = _model(kind, features, random_state).fit(features[~is_test], y[~is_test])
    metric, scoring = METRICS[kind]
    test, truth = features[is_test], y[is_test]
    found = permutation_importance(
        model, test, truth, scoring=scoring, n_repeats=REPEATS, random_state=random_state
    )
    from sklearn.metrics import get_scorer

    score = float(get_scorer(scoring)(model, test, truth))
    table = pd.DataFrame(
        {"column": list(features), "importance": found.importances_mean,
         "sd": found.importances_std, "suspicious": _suspicious(test, truth, kind)}
    ).sort_values("importance", ascending=False, kind="stable", ignore_index=True)  # fmt: skip
    return Importance(table, metric, score, int(is_test.sum()), int(groups[is_test].nunique()))


METRICS = {
    "binary": ("AUROC", "roc_auc"),
    "classes": ("Macro AUROC (one against the rest)", "roc_auc_ovr"),
    "number": ("R²", "r2"),
}


def kind_of(outcome: pd.Series) -> str:
    """ "binary", "classes" or "number". Raises NoOutcome for one that is neither."""
    distinct = outcome.nunique()
    if distinct < 2:
        raise NoOutcome(f"{outcome.name} does not vary: there is nothing to explain.")
    if distinct == 2:
        return "binary"
    if pd.api.types.is_numeric_dtype(outcome.dtype) and distinct > MOST_CLASSES:
        return "number"
    if distinct <= MOST_CLASSES:
        return "classes"
    raise NoOutcome(
        f"{outcome.name} has {distinct:,} levels; at most {MOST_CLASSES} can be modelled. "
        "Join some."
    )


def _features(explored: Variables, left_out: set[str]) -> pd.DataFrame:
    """Numbers as they are; levels as whole numbers by falling count, missing kept missing."""
    columns = {name: explored.numbers[name] for name in explored.numbers if name not in left_out}
    for name in explored.categories:
        if name not in left_out:
            values = grouped(explored.categories[name], MOST_LEVELS)
            codes = {level: place for place, level in enumerate(values.value_counts().index)}
            columns[name] = values.map(codes).astype("float64")
    return pd.DataFrame(columns, index=explored.numbers.index)


def _held_out(groups: pd.Series, random_state: int) -> pd.Series:
    """Persons held out, by chance of a seed; every row of a person is on one side."""
    persons = pd.factorize(groups)[0]
    drawn = np.random.default_rng(random_state).random(persons.max(initial=0) + 2)
    return pd.Series(drawn[persons] < TEST_SHARE, index=groups.index)


def _check(target: pd.Series, is_test: pd.Series, features: pd.DataFrame, kind: str) -> None:
    if len(target) < FEWEST_ROWS or features.shape[1] == 0:
        raise NoOutcome(
            f"Importance needs {FEWEST_ROWS} rows with a known outcome and a column to explain it; "
            f"there are {len(target):,} and {features.shape[1]}."
        )
    if kind != "number":
        fewest = min(part.value_counts().min() for part in (target[is_test], target[~is_test]))
        complete = target[is_test].nunique() == target[~is_test].nunique() == target.nunique()
        if fewest < FEWEST_CASES / 4 or not complete:
            raise NoOutcome(
                f"The rarest level of {target.name} is too rare to hold some back: not enough data."
            )


def _model(kind: str, features: pd.DataFrame, random_state: int):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    settings = {"max_iter": 80, "max_leaf_nodes": 8, "learning_rate": 0.1,
                "early_stopping": False, "random_state": random_state}  # fmt: skip
    if kind == "number":
        return HistGradientBoostingRegressor(**settings)
    return HistGradientBoostingClassifier(**settings)


def _suspicious(test: pd.DataFrame, truth: pd.Series, kind: str) -> list[bool]:
    """Columns that alone, by value or by being missing, nearly tell a two-level outcome."""
    if kind != "binary":
        return [False] * test.shape[1]
    return [
        max(_area(truth, test[name].fillna(-np.inf)), _area(truth, test[name].isna())) >= SUSPECT
        for name in test
    ]


def _area(truth: pd.Series, values: pd.Series) -> float:
    """AUROC of one column alone, whichever way it points."""
    ranks = values.astype(float).rank()
    cases = int((truth == 1).sum())
    others = len(truth) - cases
    area = (ranks[truth == 1].sum() - cases * (cases + 1) / 2) / (cases * others)
    return float(max(area, 1 - area))
