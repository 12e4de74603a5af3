"""All checks of one problem on one prepared table."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ml import splits
from ml.leakage import figures, filled, gaps, names, rows
from ml.leakage.findings import Finding
from ml.models.encoding import NotANumber
from ml.studies.problem import Problem
from ml.studies.tablecohort import TableCohort, cohort, inside

SUSPICIOUS = ("IDENTIFIER", "LABEL_DEFINING", "FUTURE", "DISCHARGE_ERA", "TOO_GOOD", "ARITHMETIC")
NUMBERING = ("IDENTIFIER", "LIKE_AN_IDENTIFIER")
SUSPICIOUS += ("TELLTALE_GAP",)


def lint(
    problem: Problem, prepared: pd.DataFrame, *, fits: bool = True, random_state: int = 0
) -> list[Finding]:
    """Findings, gravest first. `prepared` holds inputs and outcome as `prepare` leaves them.

    `fits` also fits quick models to say how much the suspicious inputs, copies of people and
    earlier years are worth. Without an outcome only names, times and rows are judged.
    """
    told = prepared[inside(prepared)]
    found = names.findings(problem)
    named = {one.input for one in found}
    found += figures.identifiers(told, tuple(name for name in problem.names if name not in named))
    identifiers = [one.input for one in found if one.code in NUMBERING]
    found += rows.findings(problem, told, identifiers)
    if problem.outcome in told:
        found += _with_outcome(problem, told, found, fits, random_state)
    return sorted(found, key=lambda one: one.severity != "block")


def _with_outcome(
    problem: Problem, told: pd.DataFrame, found: list[Finding], fits: bool, random_state: int
) -> list[Finding]:
    kept = told[told[problem.outcome].notna()]
    more: list[Finding] = []
    if problem.kind == "number":
        y = pd.to_numeric(kept[problem.outcome]).to_numpy(float)
        more += figures.arithmetic(kept, problem.names, y)
    identifiers = [one.input for one in found if one.code in NUMBERING]
    learnable = _learnable(problem, kept, identifiers)
    if learnable is None:
        return more
    y = np.abs(learnable.y) if problem.kind == "survival" else learnable.y
    if problem.kind in ("binary", "classes"):
        more += filled.findings(learnable.X, learnable.y)
    more += figures.single(learnable.X, y, problem.kind)
    if fits:
        suspects = _suspects([*found, *more])
        more += gaps.findings(problem, learnable, suspects, random_state=random_state)
    return more


def _learnable(
    problem: Problem, kept: pd.DataFrame, identifiers: Sequence[str]
) -> TableCohort | None:
    """The cohort, unless a suspicious column of text was named a number.

    Without a column of persons, rows that differ in identifiers only are one person.
    """
    try:
        found = cohort(problem, kept)
    except NotANumber:
        return None
    if problem.person is None:
        told = [name for name in problem.names if name not in identifiers]
        found = replace(found, person=splits.people_of(kept, None, told))
    return found


def _suspects(found: list[Finding]) -> list[str]:
    named = [one.input for one in found if one.code in SUSPICIOUS and one.input]
    return list(dict.fromkeys(named))
