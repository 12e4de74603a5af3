"""Directions and groups in the numbers: principal components and K-means clusters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_ROWS = 20_000
SHOWN_POINTS = 1_500
MOST_COLUMNS = 100
COMPONENTS = 10
CLUSTERS = range(2, 9)
CLEAR = 0.25  # silhouette from which clusters are more than cuts of a cloud (Kaufman 1990)
FEWEST_ROWS = 30
KNOWN = 0.5  # share known from which a column takes part


@dataclass(frozen=True, slots=True)
class Structure:
    """Principal components and clusters of the rows that took part.

    `note` says why there is nothing; otherwise `variance` has one row a component, `loadings`
    one a column, `points` a random sample of rows on the first two components, `choice` the
    silhouette of each number of clusters and `clusters` the mean of each column in each cluster
    in standard deviations from the whole.
    """

    note: str
    variance: pd.DataFrame
    loadings: pd.DataFrame
    points: pd.DataFrame
    choice: pd.DataFrame
    clusters: pd.DataFrame

    @property
    def best(self) -> int:
        """The number of clusters with the highest silhouette; 0 without one."""
        if self.choice.empty:
            return 0
        return int(self.choice.loc[self.choice["silhouette"].idxmax(), "clusters"])

    @property
    def sentence(self) -> str:
        """What the silhouette says of the clusters."""
        if self.choice.empty:
            return self.note
        top = float(self.choice["silhouette"].max())
        if top < CLEAR:
            return (
                f"No clear clusters: the best silhouette is {top:.2f} ({self.best} clusters), "
                f"below {CLEAR}. The groups below are cuts of one cloud."
            )
        return f"{self.best} clusters fit best (silhouette {top:.2f})."


def structure(measured: pd.DataFrame, *, random_state: int = 0) -> Structure:
    """PCA and K-means of standardised numbers (gaps filled with the median, tails clipped at 5 SD).

    Columns with less than half known are left out, and rows beyond `MOST_ROWS` drawn at random.
    """
    scaled = _scaled(measured, random_state)
    if scaled.shape[1] < 2 or len(scaled) < FEWEST_ROWS:
        return _nothing(f"Components need two numbers that vary and {FEWEST_ROWS} rows.")
    variance, loadings, scores = _components(scaled)
    choice, labels = _clusters(scaled.to_numpy(), random_state)
    points = pd.DataFrame({"pc1": scores[:, 0], "pc2": scores[:, 1], "cluster": labels})
    points = points.sample(min(SHOWN_POINTS, len(points)), random_state=random_state)
    sizes = pd.Series(labels).value_counts().sort_index()
    numbers = pd.DataFrame({"cluster": sizes.index + 1, "rows": sizes}, index=sizes.index)
    profile = pd.concat([numbers, scaled.groupby(labels).mean()], axis=1)
    points["cluster"] += 1
    return Structure("", variance, loadings, points.round(3), choice, profile)


def _nothing(note: str) -> Structure:
    return Structure(note, *[pd.DataFrame()] * 5)


def _scaled(numbers: pd.DataFrame, random_state: int) -> pd.DataFrame:
    usable = numbers.loc[:, (numbers.notna().mean() >= KNOWN) & (numbers.std() > 0)]
    usable = usable.iloc[:, :MOST_COLUMNS].dropna(how="all")
    if len(usable) > MOST_ROWS:
        usable = usable.sample(MOST_ROWS, random_state=random_state)
    filled = usable.fillna(usable.median())
    filled = filled.loc[:, filled.std() > 0]
    scaled = ((filled - filled.mean()) / filled.std()).clip(-5, 5)
    return scaled.reset_index(drop=True)


def _components(scaled: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    values = scaled.to_numpy() - scaled.to_numpy().mean(axis=0)
    spread, vectors = np.linalg.eigh(values.T @ values / (len(values) - 1))
    spread, vectors = np.clip(spread[::-1], 0, None), vectors[:, ::-1]
    vectors = vectors * np.where(vectors.sum(axis=0) < 0, -1, 1)  # a stable sign
    count = min(COMPONENTS, len(spread))
    share = spread / spread.sum()
    names = [f"pc{number}" for number in range(1, count + 1)]
    variance = pd.DataFrame(
        {"component": names, "variance": spread[:count], "share": share[:count],
         "cumulative": np.cumsum(share)[:count]}
    )  # fmt: skip
    loadings = pd.DataFrame(vectors[:, :count] * np.sqrt(spread[:count]), columns=names)
    loadings = pd.concat([pd.Series(list(scaled), name="column"), loadings], axis=1)
    return variance, loadings, values @ vectors[:, :2]


def _clusters(values: np.ndarray, random_state: int) -> tuple[pd.DataFrame, np.ndarray]:
    from ml.models import clusters

    found = clusters.kmeans(values, CLUSTERS, random_state=random_state)
    choice = pd.DataFrame(found.criterion.items(), columns=["clusters", "silhouette"])
    return choice, found.labels
