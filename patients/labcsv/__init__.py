"""A file of laboratory results: bytes → rows and problems. Knows no database and no clock.

Long layout, one result a line, as text with `,` `;` tab or `|` between the cells:

- `layout.inspect(file)` finds encoding, delimiter and columns, or raises UnreadableFile;
- `rows.batches(file, layout, …)` reads whole records from any record's end onwards, so an
  import goes on exactly where the one before it stopped;
- every line ends as a `Row` whose cells mean what they say, or as a `Problem`.
"""

from .layout import Layout, UnreadableFile, inspect
from .lines import Malformed, records
from .rows import Batch, Problem, Row, batches

__all__ = [
    "Batch",
    "Layout",
    "Malformed",
    "Problem",
    "Row",
    "UnreadableFile",
    "batches",
    "inspect",
    "records",
]
