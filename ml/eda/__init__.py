"""Exploration of any table: types, gaps, distributions, outliers, groups, trends, structure.

>>> from ml.eda import explore, describe
>>> import pandas as pd
>>> found = explore(describe(pd.DataFrame({"hgb": [13.1, 14.2, 15.3]})))
>>> float(found.frames["columns"]["mean"].round(1).iloc[0])
14.2

`python -m ml.eda report DATA --out DIR` writes one self-contained page and every number as CSV.
"""

from ml.datasets.opening import describe, open_table
from ml.eda.exploration import CannotExplore, Exploration, Options, explore
from ml.eda.report import html, write

__all__ = [
    "CannotExplore",
    "Exploration",
    "Options",
    "describe",
    "explore",
    "html",
    "open_table",
    "write",
]
