"""Every data set that Carelens knows: `DATASETS` maps names to what is known about them.

The facts are text beside this file: `catalogue.toml` (title, files, terms, source, traps) and
`schemas/NAME.csv` (columns with type, unit, meaning, missing codes, permitted values).
"""

import csv
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ml.datasets import nhanes_files
from ml.datasets.dataset import Column, Dataset, Download, UnknownDataset

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
RANGE = re.compile(r"(-?[\d.]+?)\.\.(-?[\d.]+)$")


def get(name: str) -> Dataset:
    """The data set of a name. Raises UnknownDataset, which lists the names."""
    try:
        return DATASETS[name]
    except KeyError:
        raise UnknownDataset(name, tuple(DATASETS)) from None


def read_schema(path: Path) -> tuple[Column, ...]:
    """Columns of a schema file (name, type, unit, meaning, missing, values, analyte)."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_column(row) for row in csv.DictReader(file))


def _column(row: dict[str, str]) -> Column:
    bounds = RANGE.match(row["values"])
    return Column(
        name=row["name"],
        type=row["type"],  # type: ignore[arg-type]
        unit=row["unit"],
        meaning=row["meaning"],
        missing=tuple(row["missing"].split("|")) if row["missing"] else (),
        values=tuple(row["values"].split("|")) if row["values"] and not bounds else (),
        low=float(bounds[1]) if bounds else None,
        high=float(bounds[2]) if bounds else None,
        analyte=row["analyte"],
    )


def _dataset(name: str, entry: dict[str, Any]) -> Dataset:
    schema = SCHEMAS / f"{entry.get('schema', name)}.csv"
    downloads = [Download(**download) for download in entry.get("downloads", ())]
    return Dataset(
        name=name,
        title=entry["title"],
        files=tuple(entry["files"]),
        kind=entry.get("kind", "table"),
        columns=read_schema(schema) if schema.is_file() else (),
        person=entry.get("person"),
        time=entry.get("time"),
        licence=entry["licence"],
        source=entry["source"],
        provenance=entry["provenance"],
        obtain=entry["obtain"],
        traps=tuple(entry["traps"]),
        downloads=tuple(downloads) if name != "nhanes_xpt" else nhanes_files.DOWNLOADS,
    )


def _catalogue() -> Mapping[str, Dataset]:
    entries = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _dataset(name, entry) for name, entry in entries.items()})


DATASETS: Mapping[str, Dataset] = _catalogue()
