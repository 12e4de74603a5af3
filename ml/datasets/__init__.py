"""Data sets: what is known about them, loading, cleaning, fetching, and synthetic people.

>>> from ml.datasets import get
>>> get("diabetes130").person
'patient_nbr'

`load(name)` reads a set from the folder of data sets, `load(name, path)` from a file of the
same form, such as a part that was kept back.
"""

from pathlib import Path

import pandas as pd

from ml.datasets import nhanes, nhanes_xpt, tables
from ml.datasets.catalogue import DATASETS, get
from ml.datasets.dataset import (
    Column,
    Dataset,
    DatasetAbsent,
    NotThisDataset,
    UnknownDataset,
    folder,
)

__all__ = [
    "DATASETS",
    "Column",
    "Dataset",
    "DatasetAbsent",
    "NotThisDataset",
    "UnknownDataset",
    "folder",
    "get",
    "load",
]


def load(name: str, path: str | Path | None = None) -> pd.DataFrame:
    """The table of a data set: rows in file order, missing codes resolved, types of the schema.

    `name` is one of `DATASETS`, or NAME/FILE for one table of a folder of tables
    (`mimic4_demo/hosp/admissions`). `path` is a file of the same form or a folder that holds it;
    without it the folder of data sets is used.

    Raises UnknownDataset, DatasetAbsent or NotThisDataset, each with a sentence.
    """
    name, _, member = name.partition("/")
    dataset = get(name)
    if name == "nhanes":
        return nhanes.load(dataset.path(path))
    if name == "nhanes_xpt":
        return nhanes_xpt.load(dataset.path(path))
    if dataset.kind == "folder":
        return _member(dataset, dataset.path(path), member)
    if dataset.kind != "table":
        raise NotThisDataset(f"{dataset.title} is not a table; its files are at {dataset.path()}.")
    return tables.read(dataset, dataset.path(path))


def _member(dataset: Dataset, place: Path, member: str) -> pd.DataFrame:
    members = {
        str(file.relative_to(place)).split(".")[0]: file
        for file in sorted(place.rglob("*"))
        if file.name.endswith((".csv.gz", ".csv", ".parquet"))
    }
    if member not in members:
        raise NotThisDataset(
            f"{dataset.title} has several tables. Say which: "
            + ", ".join(f"{dataset.name}/{name}" for name in members)
        )
    file = members[member]
    return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
