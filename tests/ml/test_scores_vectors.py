"""Every published test vector, within its own tolerance."""

import csv
import json
from pathlib import Path

import pytest

from ml.scores import SCORES, compute

with (Path(__file__).parent / "data" / "scores_testvectors.csv").open(newline="") as file:
    VECTORS = list(csv.DictReader(file))


def test_every_vector_has_a_score_and_every_score_a_vector():
    assert {vector["score_id"] for vector in VECTORS} == set(SCORES)
    assert len(VECTORS) == 361
    assert len(SCORES) == 38


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["vector_id"])
def test_score_gives_the_published_value(vector):
    expected = json.loads(vector["expected_json"])
    tolerance = float(vector["abs_tolerance"] or 0)

    result = compute(vector["score_id"], json.loads(vector["inputs_json"]))

    assert result.error == expected.pop("error", None)
    for name, value in expected.items():
        near = pytest.approx(value, abs=tolerance) if tolerance else value
        assert result.values[name] == near
