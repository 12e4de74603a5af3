"""Groups of like rows: k-means with a choice of k, hierarchies, mixtures; maps by PCA and UMAP.

All take an encoded matrix without gaps, such as `encoding.for_linear(columns).fit_transform(X)`.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

STARTS = 10
IN_ONE_BATCH = 5000  # beyond it k-means learns from batches
BATCH = 2048
CLEAR = 0.25  # silhouette up to which there is no structure to speak of (Kaufman, Rousseeuw 1990)
SILHOUETTE_ROWS = 3000
HIERARCHY_ROWS = 5000
REFERENCES = 10  # uniform data sets of the gap statistic


class TooManyRows(ValueError):
    """A hierarchy compares all pairs of rows."""


@dataclass(frozen=True)
class Clustering:
    """Labels of the rows, and how the number of groups was chosen.

    `criterion` holds a figure for each number tried. `note` says when the data have no groups.
    """

    method: str
    labels: NDArray[np.int64]
    k: int
    criterion: dict[int, float]
    note: str = ""


def kmeans(
    X: ArrayLike, ks: Sequence[int] = range(2, 9), *, choose: str = "silhouette", random_state: int
) -> Clustering:
    """k by the largest silhouette (Rousseeuw 1987) or by the gap (Tibshirani et al. 2001).

    Numbers of groups that the distinct rows cannot fill are not tried. Groups are numbered from 0
    by falling size.
    """
    X = np.asarray(X, float)
    distinct = len(np.unique(X[:IN_ONE_BATCH], axis=0))
    ks = [k for k in ks if 1 < k < distinct]
    if not ks:
        note = "No clear groups: too few rows differ."
        return Clustering("kmeans", np.zeros(len(X), int), 1, {}, note)
    if choose == "gap":
        return _by_gap(X, ks, random_state)
    fits = {k: _kmeans(X, k, random_state) for k in ks}
    criterion = {k: _silhouette(X, fit.labels_, random_state) for k, fit in fits.items()}
    best = max(criterion, key=lambda k: criterion[k])
    note = "" if criterion[best] > CLEAR else "No clear groups: the silhouette stays under 0.25."
    return Clustering("kmeans", _by_size(fits[best].labels_), best, criterion, note)


def mixture(X: ArrayLike, ks: Sequence[int] = range(1, 9), *, random_state: int) -> Clustering:
    """Normal densities; k by the smallest Bayesian information criterion."""
    X = np.asarray(X, float)
    fits = {
        k: GaussianMixture(k, random_state=random_state, n_init=3, reg_covar=1e-4).fit(X)
        for k in ks
    }
    criterion = {k: float(fit.bic(X)) for k, fit in fits.items()}
    best = min(criterion, key=lambda k: criterion[k])
    note = "" if best > 1 else "One group describes the rows best."
    return Clustering("mixture", fits[best].predict(X), best, criterion, note)


def hierarchy(X: ArrayLike, ks: Sequence[int] = range(2, 9)) -> Clustering:
    """Ward's method; k by the silhouette. Raises TooManyRows beyond 5,000."""
    X = np.asarray(X, float)
    if len(X) > HIERARCHY_ROWS:
        raise TooManyRows(f"{len(X)} rows are too many for a hierarchy: sample {HIERARCHY_ROWS}")
    found = {k: AgglomerativeClustering(k).fit_predict(X) for k in ks}
    criterion = {k: _silhouette(X, labels, 0) for k, labels in found.items()}
    best = max(criterion, key=lambda k: criterion[k])
    return Clustering("hierarchy", found[best], best, criterion)


def components(X: ArrayLike, count: int = 2) -> tuple[NDArray[np.float64], PCA]:
    """Places on the first principal components, and the fitted PCA with explained shares."""
    fitted = PCA(count, svd_solver="full").fit(np.asarray(X, float))
    return fitted.transform(np.asarray(X, float)), fitted


def umap(X: ArrayLike, *, random_state: int, **more: Any) -> NDArray[np.float64]:
    """A map in which neighbours stay neighbours, shape (rows, 2); distances mean little."""
    with warnings.catch_warnings():
        # It tells of an extra on Tensorflow that nobody asks for.
        warnings.simplefilter("ignore", ImportWarning)
        import umap as learner

    # One thread is what a seed costs in this library; it would warn of it.
    made = learner.UMAP(random_state=random_state, n_jobs=1, **more)
    return np.asarray(made.fit_transform(np.asarray(X, np.float32)), float)


def _kmeans(X: NDArray, k: int, random_state: int) -> KMeans | MiniBatchKMeans:
    if len(X) <= IN_ONE_BATCH:
        return KMeans(k, n_init=STARTS, random_state=random_state).fit(X)
    batches = MiniBatchKMeans(k, n_init=STARTS, random_state=random_state, batch_size=BATCH)
    return batches.fit(X)


def _by_size(labels: NDArray) -> NDArray[np.int64]:
    """Labels renumbered by falling size, so that equal data give equal numbers."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(counts), dtype=np.int64)
    rank[order] = np.arange(len(counts))
    return rank[inverse]


def _silhouette(X: NDArray, labels: NDArray, random_state: int) -> float:
    """Of a sample of rows; -1 when they all lie in one group."""
    rows = np.random.default_rng(random_state).permutation(len(X))[:SILHOUETTE_ROWS]
    if len(np.unique(labels[rows])) < 2:
        return -1.0
    return float(silhouette_score(X[rows], labels[rows]))


def _by_gap(X: NDArray, ks: Sequence[int], random_state: int) -> Clustering:
    """The smallest k whose gap is within a standard error of the next one's."""
    rng = np.random.default_rng(random_state)
    low, high = X.min(axis=0), X.max(axis=0)
    flat = [rng.uniform(low, high, X.shape) for _ in range(REFERENCES)]
    tried = [1, *ks]
    fits = {k: _kmeans(X, k, random_state) for k in tried}
    gap, error = {}, {}
    for k, fit in fits.items():
        logs = [np.log(_kmeans(reference, k, random_state).inertia_) for reference in flat]
        gap[k] = float(np.mean(logs) - np.log(fit.inertia_))
        error[k] = float(np.std(logs) * np.sqrt(1 + 1 / REFERENCES))
    enough = (k for k, after in pairwise(tried) if gap[k] >= gap[after] - error[after])
    best = next(enough, tried[-1])
    note = "" if best > 1 else "No clear groups: one group has the best gap."
    return Clustering("kmeans", _by_size(fits[best].labels_), best, gap, note)
