"""Rows that repeat, persons with several rows, columns that say the same."""

import pandas as pd

from ml.datasets.opening import Table
from ml.eda.variables import Variables


def duplicates(table: Table, explored: Variables, person: str | None) -> pd.DataFrame:
    """What was counted and how many: `measure`, `count`, `percent` of rows (NaN for columns)."""
    frame = table.frame
    content = [name for name in frame if explored.left_out.get(name) != "a key"]
    rows = [
        ("rows equal in every column", int(frame.duplicated().sum())),
        ("rows equal in all but keys", int(frame.duplicated(content).sum()) if content else 0),
    ]
    if person is not None:
        counts = frame[person].value_counts()
        rows += [
            ("rows without a person", int(frame[person].isna().sum())),
            ("persons with several rows", int((counts > 1).sum())),
            ("rows beyond the first of a person", int((counts - 1).sum())),
        ]
    found = pd.DataFrame(rows, columns=["measure", "count"])
    found["percent"] = 100 * found["count"] / max(len(frame), 1)
    return found


def twins(explored: Variables) -> pd.DataFrame:
    """Columns whose known values are the same in every row: a, b."""
    everything = pd.concat([explored.numbers, explored.categories], axis=1)
    seen: dict[int, str] = {}
    pairs = []
    for name in everything:
        values = everything[name]
        key = hash(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
        if key in seen:
            pairs.append((seen[key], name))
        else:
            seen[key] = name
    return pd.DataFrame(pairs, columns=["a", "b"])
