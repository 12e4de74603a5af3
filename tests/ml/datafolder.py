"""Loud skips for tests that read a set from the folder of data sets."""

import pytest

from ml.datasets import DatasetAbsent, folder, get


def needs(name: str) -> None:
    """Skip the test unless the set is there."""
    try:
        get(name).path()
    except DatasetAbsent:
        pytest.skip(f"{name} is not in {folder()}; set CARELENS_DATASETS to the data folder")
