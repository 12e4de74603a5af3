"""The original transport files of a cycle, equal to the prepared table where both exist."""

import numpy as np
import pytest

from ml.datasets import NotThisDataset, get, load, nhanes_xpt
from tests.ml.people import nhanes_frame


@pytest.fixture(scope="module")
def both():
    prepared = nhanes_frame()
    if not get("nhanes_xpt").path().is_dir():
        pytest.skip("the transport files are not in the folder of data sets")
    prepared = prepared[prepared["cycle_start"] == 2011].set_index("SEQN")
    return prepared, load("nhanes_xpt").set_index("SEQN")


def test_original_and_prepared_table_hold_the_same_adults(both):
    prepared, original = both
    assert sorted(prepared.index) == sorted(original.index)


def test_every_value_equals_the_prepared_one_where_both_exist(both):
    prepared, original = both
    original = original.loc[prepared.index]
    for column in original:
        known = prepared[column].notna() & original[column].notna()
        assert known.any(), column
        np.testing.assert_allclose(
            original.loc[known, column], prepared.loc[known, column], rtol=1e-6, atol=1e-6,
            err_msg=column,
        )  # fmt: skip


def test_nothing_known_to_the_prepared_table_is_lost(both):
    prepared, original = both
    original = original.loc[prepared.index]
    lost = {c: int((original[c].isna() & prepared[c].notna()).sum()) for c in original}
    assert not {column: count for column, count in lost.items() if count}


def test_the_sources_own_labels_tell_the_units_of_the_schema(both):
    folder, units = get("nhanes_xpt").path(), get("nhanes_xpt").units
    told = nhanes_xpt.labels(folder / "BIOPRO_G.XPT.gz")
    for column, (file, names) in nhanes_xpt.variables().items():
        if file == "BIOPRO":
            assert told[names[0]].lower().endswith(f"({units[column].lower()})"), column


def test_a_folder_without_persons_is_refused_with_what_to_put_there(tmp_path):
    with pytest.raises(NotThisDataset, match=r"has no DEMO file. Put the transport files"):
        nhanes_xpt.load(tmp_path)
