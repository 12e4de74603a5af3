"""Look for leaks in any table.

python -m ml.leakage FILE --outcome COL [--person COL] [--time COL] [--index-time admission]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from ml.leakage import Finding, blocked, lint
from ml.studies import draft
from ml.studies.command import sentence
from ml.studies.problem import AVAILABLE, KINDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; 1 when one of them blocks training, 2 when the question is wrong."""
    options = _parser().parse_args(arguments)
    try:
        frame = draft.read(options.file)
        study = draft.study(
            frame,
            outcome=options.outcome,
            event=options.event,
            outcome_text=options.outcome_text or options.outcome,
            inputs=options.inputs.split(",") if options.inputs else (),
            person=options.person,
            time=options.time,
            index_time=options.index_time,
            kind=options.kind,
            horizon=options.horizon,
            every=True,  # a date or a key may be what gives the outcome away
        )
        found = lint(study.problem, study.prepare(frame), fits=not options.quick)
    except (ValueError, KeyError, OSError) as problem:
        sys.stderr.write(f"{sentence(problem)}\n")
        return 2
    sys.stdout.write(_json(found) if options.json else text(found))
    return 1 if blocked(study.problem, found) else 0


def text(found: Sequence[Finding]) -> str:
    """One line a finding, or one that there is none."""
    lines = [f"{one.severity:<5} {one.key}: {one.sentence}\n" for one in found]
    return "".join(lines) or "No leak found. This is no proof that there is none.\n"


def _json(found: Sequence[Finding]) -> str:
    return json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.leakage", description=__doc__)
    parser.add_argument("file", help="name of a set, or a file (CSV, gzip, Parquet)")
    parser.add_argument("--outcome", required=True, help="column to predict")
    parser.add_argument("--outcome-text", help="the outcome in words, such as 'onset of diabetes'")
    parser.add_argument("--event", help="value of the outcome whose risk is wanted")
    parser.add_argument("--inputs", help="columns to judge, with commas; default: all others")
    parser.add_argument("--person", help="column that names the person")
    parser.add_argument("--time", help="column of time")
    parser.add_argument("--index-time", default="admission", choices=AVAILABLE)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--horizon", type=float, help="of survival, in the unit of its times")
    parser.add_argument("--quick", action="store_true", help="names and figures only, no fits")
    parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
