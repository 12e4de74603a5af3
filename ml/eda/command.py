"""`python -m ml.eda report DATA --out DIR`: explore any table."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.datasets.dataset import NotThisDataset
from ml.datasets.opening import open_table
from ml.eda import report
from ml.eda.exploration import CannotExplore, Options, explore
from ml.eda.flow import UnreadableCondition

REFUSALS = (CannotExplore, UnreadableCondition, NotThisDataset, OSError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; a refusal is one sentence on standard error and exit status 2."""
    options = _parser().parse_args(arguments)
    try:
        exploration = explore(
            open_table(options.data),
            Options(
                options.outcome, options.person, options.time, options.group, tuple(options.keep)
            ),
        )
        path = report.write(exploration, options.out)
    except REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    sys.stdout.write(f"{report.summary_line(exploration, path)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.eda", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("report", help="one page and every number as CSV")
    command.add_argument("data", help="name of a set, or a file (CSV, gzip, Parquet)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--outcome", metavar="COL", help="what is to be explained")
    command.add_argument("--person", metavar="COL", help="tells persons apart")
    command.add_argument("--time", metavar="COL", help="a date or number that orders rows")
    command.add_argument("--group", metavar="COL", help="groups to compare")
    command.add_argument(
        "--keep", action="append", default=[], metavar="CONDITION",
        help="condition of entry such as 'age >= 18' (may be repeated)",
    )  # fmt: skip
    return parser
