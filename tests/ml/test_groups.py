"""Clusters and strange rows."""

import numpy as np
import pytest

from ml.models import anomalies, clusters


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal(centre, 0.5, (60, 3)) for centre in (0, 4, 8)])


@pytest.mark.parametrize(
    "method",
    [
        lambda X: clusters.kmeans(X, range(2, 6), random_state=1),
        lambda X: clusters.kmeans(X, range(2, 6), choose="gap", random_state=1),
        lambda X: clusters.mixture(X, range(1, 5), random_state=1),
        lambda X: clusters.hierarchy(X, range(2, 6)),
    ],
    ids=["silhouette", "gap", "mixture", "hierarchy"],
)
def test_three_groups_are_found(three, method):
    found = method(three)

    assert found.k == 3
    assert sorted(np.bincount(found.labels)) == [60, 60, 60]
    assert found.note == ""


def test_data_without_groups_are_said_to_have_none():
    cloud = np.random.default_rng(0).normal(size=(200, 6))

    assert "No clear groups" in clusters.kmeans(cloud, range(2, 5), random_state=1).note
    assert clusters.mixture(cloud, range(1, 4), random_state=1).k == 1


def test_hierarchy_of_too_many_rows_is_refused():
    with pytest.raises(clusters.TooManyRows, match="sample 5000"):
        clusters.hierarchy(np.zeros((5001, 2)))


def test_first_component_follows_the_groups(three):
    places, fitted = clusters.components(three)

    assert places.shape == (180, 2)
    assert fitted.explained_variance_ratio_[0] > 0.9


@pytest.mark.parametrize(
    "method",
    [lambda X: anomalies.isolation(X, random_state=1), anomalies.local_outliers],
    ids=["isolation", "local"],
)
def test_the_row_that_stands_apart_is_the_strangest(three, method):
    rows = np.vstack([three, [[40.0, -40.0, 40.0]]])

    assert method(rows).strangest(1).tolist() == [180]
