"""What the habit studies share: the ways of ranking by what was taken, the command, the report."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.recommenders import collaborative, comparison, habit
from ml.recommenders.comparison import Comparison, Way
from ml.recommenders.content import ItemSpace
from ml.recommenders.metrics import Measured

BY_SESSION = "popularity by session"  # who comes often counts often; `popularity` counts people
HEADINGS = ["way", "precision", "recall", "MAP", "nDCG", "novelty, bits", "diversity", "coverage"]


def learned_ways(
    train: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    test: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    space: ItemSpace,
    people: NDArray,
    random_state: int,
) -> tuple[dict[str, NDArray[np.float64]], habit.Habit]:
    """Scores (sessions, items) of each way that needs no rules, and the fitted habit.

    `train` are features, past and taken of the sessions to learn from, whose persons are
    `people`; `test` are features and past of those to rank for.
    """
    features, past, taken = train
    rng = np.random.default_rng(random_state)
    all_taken = collaborative.baskets(people, taken)
    learned = habit.fit(space.ids, features, past, taken)
    popularity = np.tile(all_taken.mean(axis=0), (len(test[0]), 1))
    neighbours = collaborative.neighbours(all_taken)
    factors = collaborative.factors(all_taken, random_state=random_state)
    like = space.like_those(test[1]) + collaborative.BY_POPULARITY * popularity
    ways = {
        "random": rng.random(popularity.shape),
        "popularity": popularity,
        BY_SESSION: np.tile(taken.mean(axis=0), (len(test[0]), 1)),
        "content": like,
        "neighbours": neighbours.scores(test[1]),
        "factors": factors.scores(test[1]),
        "habit": learned.probabilities(*test),
    }
    return ways, learned


def compare(
    lists: Mapping[str, Sequence[Sequence[str]]],
    past: NDArray[np.float64],
    taken: NDArray[np.float64],
    train: NDArray[np.float64],
    *,
    space: ItemSpace,
    people: NDArray,
    k: int,
    random_state: int,
) -> tuple[Comparison, Comparison]:
    """All sessions, and those of newcomers alone: nothing taken before, the cold start.

    `past` and `taken` are of the sessions that `lists` rank for, `train` (people, items) what each
    person of the others ever took.
    """
    names = np.array(space.ids)
    newcomers = past.sum(axis=1) == 0

    def of(rows: NDArray[np.bool_]) -> Comparison:
        return comparison.compare(
            {way: [ranked[row] for row in np.flatnonzero(rows)] for way, ranked in lists.items()},
            [frozenset(names[row > 0].tolist()) for row in taken[rows]],
            k=k,
            items=space.ids,
            popularity=dict(zip(space.ids, train.mean(axis=0).tolist(), strict=True)),
            people=people[rows],
            features=space.vectors,
            random_state=random_state,
        )

    return of(np.ones(len(past), bool)), of(newcomers)


def main(
    name: str,
    study: Callable[[str | None], dict[str, Any]],
    arguments: Sequence[str] | None = None,
) -> None:
    """`python -m ml.studies.NAME run [--data PATH] [--out DIR]`; `study` makes the report."""
    parser = argparse.ArgumentParser(prog=f"python -m ml.studies.{name}")
    run = parser.add_subparsers(required=True, metavar="run").add_parser("run")
    run.add_argument("--data", help="the table or folder; default: where the data sets are")
    run.add_argument("--out", help="folder for report.json and report.md")
    options = parser.parse_args(arguments)
    found = study(options.data)
    if options.out:
        folder = Path(options.out)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (folder / "report.json").write_text(text, encoding="utf-8")
        (folder / "report.md").write_text(page(found), encoding="utf-8")
    print("\n".join(found["said"]))  # noqa: T201


def figures(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON, with its verdicts."""
    return asdict(comparison) | {
        "verdicts": [comparison.verdict(other) for other in comparison.hybrid_over]
    }


def page(found: Mapping[str, Any]) -> str:
    """The report as text: title, what was said, one table a comparison."""
    parts = [f"# {found['title']}", found["about"], *found["said"]]
    for name, each in found["comparisons"].items():
        head = f"## {name}\n\nFirst {each['k']} of {each['lists']} lists, {each['people']} people."
        parts += [head, _table(each["ways"]), *each["verdicts"]]
    return "\n\n".join(parts) + "\n"


def _table(ways: Mapping[str, Mapping[str, Any]]) -> str:
    names = [name for name in Way.__dataclass_fields__ if name != "coverage"]
    rows = [HEADINGS, ["---"] * len(HEADINGS)]
    rows += [
        [way, *(_span(each[name]) for name in names), f"{each['coverage']:.2f}"]
        for way, each in ways.items()
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _span(found: Mapping[str, float] | None) -> str:
    return "–" if found is None else span(Measured(**found))


def span(found: Measured) -> str:
    """A figure with its interval.

    >>> span(Measured(0.5, 0.41, 0.6))
    '0.500 (0.410–0.600)'
    """
    return f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})"
