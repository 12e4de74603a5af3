"""Values among people of the same sex and age."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import analytes
from ml.datasets import nhanes_peers
from ml.features import peers
from tests.ml.people import nhanes_frame, survey


def test_median_lies_at_the_fiftieth_percentile():
    middle = peers.percentile("SBP", "female", 61, 100)

    assert peers.percentile("SBP", "female", 61, middle.p50).percentile == pytest.approx(50, abs=3)


@given(st.floats(1, 400), st.floats(1, 400))
def test_larger_value_never_lies_lower(one, other):
    low, high = sorted([one, other])

    position = [peers.percentile("HDL", "male", 47, value).percentile for value in (low, high)]

    assert 1 <= position[0] <= position[1] <= 99


def test_children_and_rare_analytes_have_no_peers():
    assert peers.percentile("SBP", "male", 19.9, 120) is None
    assert peers.percentile("LITHIUM", "male", 40, 1) is None


def test_every_cell_hides_no_small_group():
    for code in peers.codes():
        found = peers.percentile(code, "female", 55, 1)
        assert analytes.get(code)
        assert found is None or found.count >= nhanes_peers.FEWEST


def test_cells_with_few_people_are_left_out():
    cells = nhanes_peers.build(survey(400))["cells"]

    assert all(cell["count"] >= nhanes_peers.FEWEST for cell in cells.values())
    assert "CREAT male 20" not in cells or cells["CREAT male 20"]["count"] >= 50


def test_committed_table_is_what_the_command_makes(tmp_path):
    made = tmp_path / "peers.json"

    nhanes_peers.write(nhanes_frame(), made)

    assert made.read_text() == peers.FILE.read_text()
