"""Of which ages and sexes the people of a table are, for its model card (attribute 4.iii)."""

import pandas as pd

from ml.evaluation.subgroups import HIDDEN, SMALLEST_CELL
from ml.studies.problem import Input, Problem
from ml.studies.tablecohort import TableCohort

NAMES = ("age", "sex", "gender")  # a flag of sex is often told as history


def of(problem: Problem, found: TableCohort) -> list[dict[str, str]]:
    """Label and words of each demographic input that is no part of the population already."""
    return [
        {"label": known.label or known.name, "told": told}
        for known in problem.inputs
        if _is_demographic(known) and known.name not in problem.groups
        if (told := _in_words(found.X[known.name].dropna()))
    ]


def _is_demographic(known: Input) -> bool:
    return known.provenance == "demographic" or known.name.lower() in NAMES


def _in_words(values: pd.Series) -> str:
    if values.empty:
        return ""
    if not pd.api.types.is_numeric_dtype(values):
        return ", ".join(f"{name} {_shown(int(n))}" for name, n in values.value_counts().items())
    if set(values.unique()) <= {0.0, 1.0}:
        yes = int(values.sum())
        hidden = min(yes, len(values) - yes) < SMALLEST_CELL
        return f"{HIDDEN if hidden else f'{yes:,}'} of {len(values):,}"
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return f"median {middle:.3g}, middle half {low:.3g} to {high:.3g}"


def _shown(count: int) -> str:
    return f"{count:,}" if count >= SMALLEST_CELL else HIDDEN
