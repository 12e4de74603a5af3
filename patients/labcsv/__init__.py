"""A file of laboratory results: bytes → rows and problems. Knows no database and no clock.

- `guess.guess(path)` says what a file is, how it seems to be meant, and what a person must
  settle (`Doubt`); what is settled is a `Profile`;
- `canonical.write` makes a plain copy of what is not plain text with one result a line;
- `rows.batches(file, layout, …)` reads whole records from any record's end onwards, so an
  import goes on exactly where the one before it stopped;
- `cells` reads one cell: every row ends as a `Row` whose cells mean what they say, or as a
  `Problem`.
"""

from .guess import inspect
from .layout import Layout, UnreadableFile
from .lines import Malformed, records
from .rows import Batch, Problem, Row, batches, problems_of_lines

__all__ = [
    "Batch",
    "Layout",
    "Malformed",
    "Problem",
    "Row",
    "UnreadableFile",
    "batches",
    "inspect",
    "problems_of_lines",
    "records",
]
