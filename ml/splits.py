"""Who trains and who tests: by a hash of the person, by group, by time. Nobody is on both sides."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]


class TooFewGroups(ValueError):
    """There are fewer people or moments than parts to be made."""


def share_of(person: object, salt: str = "") -> float:
    """A number in [0, 1) that depends on the person alone, the same on every machine.

    >>> share_of("P-1") == share_of("P-1")
    True
    """
    digest = hashlib.sha256(f"{salt}:{person}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def shares(people: ArrayLike, salt: str = "") -> NDArray[np.float64]:
    """`share_of` for a column of people, shape (rows,)."""
    codes, names = pd.factorize(np.asarray(people), use_na_sentinel=False)
    return np.array([share_of(name, salt) for name in names])[codes]


def fold_of(people: ArrayLike, folds: int, salt: str = "") -> NDArray[np.int64]:
    """Fold 0 to folds - 1 of each row, the same for all rows of a person, shape (rows,)."""
    return (shares(people, salt) * folds).astype(np.int64)


def person_holdout(people: ArrayLike, test_share: float, salt: str = "") -> tuple[Rows, Rows]:
    """Rows of the training people and of about `test_share` of the people."""
    tested = shares(people, salt) < test_share
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def group_folds(people: ArrayLike, folds: int, salt: str = "") -> Iterator[tuple[Rows, Rows]]:
    """Training and test rows of each fold; people are dealt by hash, sizes differ by chance.

    Raises TooFewGroups when a fold would be empty.
    """
    fold = fold_of(people, folds, salt)
    if len(np.unique(fold)) < folds:
        told = len(np.unique(np.asarray(people)))
        raise TooFewGroups(
            f"{told} different people are too few for {folds} folds: name another column of persons"
        )
    for number in range(folds):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def time_holdout(moments: ArrayLike, test_share: float) -> tuple[Rows, Rows]:
    """Rows before, and rows from, the moment after which about `test_share` of rows lie."""
    moments = pd.Series(np.asarray(moments))
    cut = moments.sort_values().iloc[int(np.ceil(len(moments) * (1 - test_share))) - 1]
    late = (moments > cut).to_numpy()
    if not late.any():
        raise TooFewGroups("All rows carry nearly one moment: no later part can be kept for a test")
    return np.flatnonzero(~late), np.flatnonzero(late)


def time_folds(moments: ArrayLike, folds: int) -> Iterator[tuple[Rows, Rows]]:
    """Train on all that came before, test on the next stretch, `folds` times."""
    ranks = pd.Series(np.asarray(moments)).rank(method="dense", pct=True).to_numpy()
    edges = np.linspace(0, 1, folds + 2)
    for low, high in pairwise(edges[1:]):
        train, test = np.flatnonzero(ranks <= low), np.flatnonzero((ranks > low) & (ranks <= high))
        if not len(train) or not len(test):
            raise TooFewGroups(f"The moments cannot be cut into {folds} later stretches")
        yield train, test


def later_without_earlier_people(
    people: ArrayLike, moments: ArrayLike, test_share: float
) -> tuple[Rows, Rows]:
    """The time hold-out, less the test rows of people whom training has seen."""
    people = np.asarray(people)
    train, test = time_holdout(moments, test_share)
    return train, test[~np.isin(people[test], people[train])]


def people_of(frame: pd.DataFrame, person: str | None, inputs: Sequence[str]) -> NDArray:
    """The person of each row; without a person column, rows with equal inputs count as one.

    Copies of a row on both sides of a split would let a model remember instead of predict.
    """
    if person is not None:
        return frame[person].to_numpy()
    return pd.util.hash_pandas_object(frame[list(inputs)].astype(str), index=False).to_numpy()
