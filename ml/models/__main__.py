"""Compare the models of the zoo on a table.

python -m ml.models compare DATA --outcome COL [--person COL] [--models a,b] [--search optuna]
python -m ml.models list
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml import leakage
from ml.models import zoo
from ml.models.comparison import BASELINE, Compared, compare
from ml.studies import draft
from ml.studies.command import headline, sentence
from ml.studies.problem import KINDS, SEARCHES, Search, Split

RANKING = ("auroc", "macro_auroc", "c_index", "calibration_slope")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a model; 2 when the question is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ValueError, KeyError, OSError) as problem:
        sys.stderr.write(f"{sentence(problem)}\n")
        return 2


def _compare(options: argparse.Namespace) -> int:
    frame = draft.read(options.data)
    study = draft.study(
        frame,
        outcome=options.outcome,
        event=options.event,
        inputs=options.inputs.split(",") if options.inputs else (),
        person=options.person,
        kind=options.kind,
        split=Split(folds=options.folds),
        horizon=options.horizon,
        overrides={"*": options.override} if options.override else {},
    )
    prepared = study.prepare(frame)
    if not options.override:
        leakage.refuse_blocked(study.problem, leakage.lint(study.problem, prepared, fits=False))
    compared = compare(
        study.problem,
        study.cohort(frame),
        options.models.split(",") if options.models else (),
        search=Search(options.search, options.trials),
        random_state=options.seed,
        progress=lambda title: sys.stderr.write(f"{title} …\n"),
    )
    sys.stdout.write("".join(line(found) for found in compared))
    if options.json:
        text = json.dumps([found.to_json() for found in compared], indent=1)
        Path(options.json).parent.mkdir(parents=True, exist_ok=True)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    return 0


def line(found: Compared) -> str:
    """Name, figures with intervals, cost; `no skill` beside what does not beat the baseline."""
    mark = "" if found.skilled else "  no skill"
    metrics = found.metrics
    if found.name == BASELINE:  # its risks differ by fold only: a ranking of them is an artefact
        metrics = {name: one for name, one in metrics.items() if name not in RANKING}
    told = headline({"metrics": metrics})
    return f"{found.name:<18} {told}  {found.cpu_seconds:.1f} CPU-s{mark}\n"


def _list(options: argparse.Namespace) -> int:
    for entry in zoo.ENTRIES:
        able = [
            *entry.kinds,
            *(["takes gaps"] if entry.missing else []),
            *(["interpretable"] if entry.interpretable else []),
            entry.artefact or "not stored: it keeps patients' rows",
        ]
        sys.stdout.write(f"{entry.name:<18} {entry.title:<34} {', '.join(able)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.models", description=__doc__)
    commands = parser.add_subparsers(required=True)
    listed = commands.add_parser("list", help="the models and what they can do")
    listed.set_defaults(command=_list)
    compared = commands.add_parser("compare", help="cross-fit all of them on a table")
    compared.set_defaults(command=_compare)
    compared.add_argument("data", help="name of a set, or a file (CSV, gzip, Parquet)")
    compared.add_argument("--outcome", required=True)
    compared.add_argument("--event", help="value of the outcome whose risk is wanted")
    compared.add_argument("--inputs", help="columns with commas; default: all others")
    compared.add_argument("--person")
    compared.add_argument("--models", help="names with commas; default: all that fit")
    compared.add_argument("--kind", choices=KINDS)
    compared.add_argument("--horizon", type=float, help="of a survival outcome")
    compared.add_argument("--search", choices=SEARCHES, default="none")
    compared.add_argument("--trials", type=int, default=10)
    compared.add_argument("--folds", type=int, default=5)
    compared.add_argument("--seed", type=int, default=1)
    compared.add_argument("--json", help="file for all figures")
    compared.add_argument("--override", help="reason to go on although an input leaks")
    return parser


if __name__ == "__main__":
    sys.exit(main())
