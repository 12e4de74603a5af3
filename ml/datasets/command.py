"""`python -m ml.datasets list | show | fetch | clean | deidentify | readme | synthetic`."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ml.datasets import cleaning, dictionary, privacy, readme
from ml.datasets.catalogue import DATASETS, get
from ml.datasets.dataset import NotThisDataset, UnknownDataset
from ml.datasets.fetch import CannotFetch, fetch
from ml.datasets.opening import open_table

REFUSALS = (CannotFetch, NotThisDataset, UnknownDataset, privacy.UnknownColumn, OSError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; a refusal is one sentence on standard error and exit status 2."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except REFUSALS as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _list(options) -> None:
    for dataset in DATASETS.values():
        _say(f"{dataset.name:26} {dataset.title}  [{dataset.licence}]")


def _show(options) -> None:
    dataset = get(options.name)
    _say(f"{dataset.title}\nTerms: {dataset.licence}\nSource: {dataset.source}")
    _say(f"Provenance: {dataset.provenance}\nGet it: {dataset.obtain}")
    for trap in dataset.traps:
        _say(f"Beware: {trap}")
    for column in dataset.columns:
        _say(f"  {column.name:28} {column.type:10} {column.unit:12} {column.meaning}")


def _fetch(options) -> None:
    for path in fetch(get(options.name), options.to):
        _say(str(path))


def _clean(options) -> None:
    cleaned = cleaning.clean(open_table(options.data))
    options.out.mkdir(parents=True, exist_ok=True)
    name = cleaned.table.name
    entries = dictionary.dictionary(cleaned)
    cleaned.frame.to_csv(options.out / f"{name}.cleaned.csv", index=False)
    cleaned.log.to_csv(options.out / f"{name}.log.csv", index=False)
    entries.to_csv(options.out / f"{name}.dictionary.csv", index=False)
    page = dictionary.html(cleaned, entries)
    (options.out / f"{name}.dictionary.html").write_text(page, encoding="utf-8")
    _say(cleaned.summary)


def _deidentify(options) -> None:
    copy = privacy.deidentify(open_table(options.data), options.quasi.split(","), options.k)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    copy.frame.to_csv(options.out, index=False)
    _say(copy.summary)


def _readme(options) -> None:
    sys.stdout.write(readme.text())


def _synthetic(options) -> None:
    from ml.datasets.synthetic import cohort

    options.out.mkdir(parents=True, exist_ok=True)
    written = cohort.write(
        options.people, options.out, seed=options.seed, as_of=options.as_of, screen=sys.stderr
    )
    _say(f"{options.people:,} people written to {', '.join(map(str, written))}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.datasets", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser
    command = add("list", help="every data set with its terms")
    command.set_defaults(run=_list)
    command = add("show", help="terms, traps and columns of a set")
    command.add_argument("name")
    command.set_defaults(run=_show)
    command = add("fetch", help="download a set from its public source")
    command.add_argument("name")
    command.add_argument("--to", type=Path, required=True, metavar="DIR")
    command.set_defaults(run=_fetch)
    command = add("clean", help="clean a table; writes it with a log and a data dictionary")
    command.add_argument("data", help="name of a set, or a file (CSV, gzip, Parquet)")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.set_defaults(run=_clean)
    command = add("deidentify", help="a k-anonymous copy without keys, text and dates")
    command.add_argument("data")
    command.add_argument("--quasi", required=True, help="quasi-identifiers, parted by commas")
    command.add_argument("--k", type=int, default=privacy.SMALLEST_GROUP)
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command.set_defaults(run=_deidentify)
    command = add("readme", help="the text of data/README.md")
    command.set_defaults(run=_readme)
    command = add("synthetic", help="people who never lived, with labs, trends and outcomes")
    command.add_argument("--people", type=int, required=True)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 1, 1))
    command.set_defaults(run=_synthetic)
    return parser
