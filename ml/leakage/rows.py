"""Rows on both sides of a split: copies, and people seen twice."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from ml.leakage.findings import BLOCK, WARN, Finding
from ml.leakage.names import plain
from ml.studies.problem import Problem

TELLING = 20  # distinct values from which equal rows are no coincidence
TELLING_COLUMNS = 3
MANY, SOME = 0.2, 0.01
COINCIDENCE = 0.25  # of the copies, from which few and coarse inputs explain them
NEARER = 0.2  # than the next but one; by chance in k columns that is so in about 0.2 ** k
NEAR_SHARE = 0.1
NEAR_COLUMNS, NEAR_ROWS, NEAR_ASKED = 12, 20_000, 2_000
PERSON_NAMES = ("patientnbr", "patientid", "subjectid", "personid", "randid", "mrn", "patient")


def findings(
    problem: Problem, prepared: pd.DataFrame, identifiers: Sequence[str] = ()
) -> list[Finding]:
    """Copies of rows; people who would train and test; a person column that nobody named.

    Rows that differ in `identifiers` only are copies.
    """
    names = [name for name in problem.names if name not in identifiers]
    apart = problem.person is not None and problem.split.kind == "person"
    one_each = prepared[~prepared[problem.person].duplicated()] if problem.person else prepared
    return [
        *_copies(prepared[names], apart),
        *_near_copies(one_each[names]),
        *_people(problem, prepared),
    ]


def _copies(inputs: pd.DataFrame, apart: bool) -> list[Finding]:
    """Copies block, unless the split keeps named people `apart`: then they are different people."""
    if (inputs.nunique() > TELLING).sum() < TELLING_COLUMNS:
        return []
    distinct, rows = len(inputs.drop_duplicates()), len(inputs)
    share = 1 - distinct / rows
    if share < SOME or _by_chance(inputs) > COINCIDENCE * share:
        return []
    sentence = (
        f"Only {distinct:,} distinct rows in {rows:,}: {share:.0%} are copies, "
        "which a split by rows puts on both sides. Drop the copies, or split by person."
    )
    evidence = {"rows": rows, "distinct": distinct}
    severity = BLOCK if share > MANY and not apart else WARN
    return [Finding(severity, "COPIED_ROWS", "", sentence, evidence)]


def _near_copies(inputs: pd.DataFrame) -> list[Finding]:
    """Rows that another row resembles far more than any third: the same person, changed a little.

    Of people by chance the nearest is hardly nearer than the next; that holds for any units and
    however the columns hang together, as places in the order are compared.
    """
    numbers = inputs.select_dtypes("number").drop_duplicates()
    telling = numbers.nunique().nlargest(NEAR_COLUMNS)
    telling = telling[telling > TELLING]
    if len(telling) < TELLING_COLUMNS:
        return []
    some = numbers[telling.index].sample(min(len(numbers), NEAR_ROWS), random_state=0)
    places = some.rank(pct=True).fillna(-1.0).to_numpy()
    nearest = cKDTree(places).query(places[:NEAR_ASKED], k=3)[0]
    share = float((nearest[:, 1] < NEARER * nearest[:, 2]).mean())
    if share < NEAR_SHARE:
        return []
    sentence = (
        f"{share:.0%} of the rows nearly equal another one ({', '.join(telling.index[:3])} and "
        "others by a hair): the same person under another number would train and test. Compare "
        "them, and give each person one number."
    )
    return [Finding(WARN, "NEAR_COPIES", "", sentence, {"share": round(share, 4)})]


def _by_chance(inputs: pd.DataFrame) -> float:
    """Share of equal rows when each column is dealt anew: what few and coarse inputs give."""
    rng = np.random.default_rng(0)
    dealt = {name: rng.permutation(column.to_numpy()) for name, column in inputs.items()}
    return float(pd.DataFrame(dealt).duplicated().mean())


def _people(problem: Problem, prepared: pd.DataFrame) -> list[Finding]:
    if problem.person is None:
        return [_unnamed(name) for name in prepared if _repeats(prepared, str(name))]
    repeated = int(prepared[problem.person].duplicated().sum())
    if problem.split.kind == "person" or not repeated:
        return []
    people = prepared[problem.person].nunique()
    sentence = (
        f"{repeated:,} rows belong to people seen before, and the split is by "
        f"{problem.split.kind}: the same person trains and tests. Split by person."
    )
    evidence = {"rows": len(prepared), "people": people}
    severity = BLOCK if problem.split.kind == "row" else WARN
    return [Finding(severity, "PERSON_OVERLAP", problem.person, sentence, evidence)]


def _repeats(prepared: pd.DataFrame, name: str) -> bool:
    return plain(name) in PERSON_NAMES and bool(prepared[name].duplicated().any())


def _unnamed(name: str) -> Finding:
    sentence = f"{name} names people, some in several rows, but the problem names no person column"
    return Finding(BLOCK, "PERSON_OVERLAP", name, sentence)


def shared_rows(train: pd.DataFrame, test: pd.DataFrame) -> int:
    """Test rows of which a copy is among the training rows."""
    seen = pd.util.hash_pandas_object(train, index=False).to_numpy()
    asked = pd.util.hash_pandas_object(test, index=False).to_numpy()
    return int(np.isin(asked, seen).sum())
