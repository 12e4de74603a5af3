"""A kept evaluation of the advice in sentences and tables, for the page and the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from healthcare.common import figures
from healthcare.common.tables import numeric, table
from ml.recommenders.offpolicy import Overlap
from recommendations.models import AdviceEvaluation

WAYS = {
    "hybrid": "Order in use",
    "popularity": "Most taken first",
    "random": "By chance",
    "rules": "By rules alone: urgency, then evidence",
    "benefit": "Largest benefit first",
    "habit": "Habit learned here",
}
MEASURES = {"precision": "Precision", "recall": "Recall", "map": "MAP", "ndcg": "nDCG",
            "diversity": "Diversity", "novelty": "Novelty, bits"}  # fmt: skip
ORDERS = ["Order", *MEASURES.values(), "Coverage", "First item's benefit, in 100"]
POLICIES = ["First choice", "Inverse propensity", "Self-normalised", "Doubly robust",
            "Worth of decisions", "Largest weight", "Never done"]  # fmt: skip
ESTIMATORS = ("inverse propensity", "self-normalised", "doubly robust")
FAVOURED = (
    "The hybrid is the order in use, and it is favoured: what it puts first is seen first. Every "
    "order has the same offered items; only their places differ."
)
ASSUMED = (
    "Below, the share had another item been chosen first. It holds only if, among people offered "
    "the same items, nothing unknown decided who took which."
)


def page(rows: Iterable[AdviceEvaluation]) -> dict[str, Any] | None:
    """Context of `recommendations/_evaluations.html`: the newest whole, the others in a list."""
    kept = list(rows)
    if not kept:
        return None
    newest = words(kept[0].content)
    earlier = [
        [
            figures.day(row.made_at),
            numeric("–" if row.people is None else row.people),
            _minus(row.verdict),
        ]
        for row in kept[1:]
    ]
    heads = ["Measured", numeric("People tested"), "Finding"]
    return newest | {"earlier": table(heads, earlier) if earlier else None}


def words(content: Mapping[str, Any]) -> dict[str, Any]:
    """What an evaluation says, from its plain values."""
    ranking, followed = content["ranking"], content["followed"]
    return {
        "made": figures.day(datetime.fromisoformat(content["made_at"])),
        "since": figures.day(datetime.fromisoformat(content["since"])),
        "about": _about(ranking),
        "verdicts": [_minus(said) for said in ranking["verdicts"] or [ranking["problem"]]],
        "gap": _gap(ranking),
        "orders": _orders(ranking),
        "followed": _followed(followed),
        "policies": _policies(followed),
    }


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """The same for a terminal."""
    said = words(content)
    yield f"Answers from {said['since']} to {said['made']}."
    yield from filter(None, [said["about"], *said["verdicts"], said["gap"]])
    yield from _text(said["orders"])
    yield said["followed"]
    yield from _text(said["policies"])


def counts(page: Mapping[str, Any]) -> Iterator[str]:
    """The numbers of the quality page (`qualitywords.page`) for a terminal."""
    yield f"Since {page['since']}. A number from 1 to 9, or one that gives it away, is hidden."
    for name in ("items", "rare", "groups", "budgets"):
        yield from _text(page[name])
    yield from page["flags"]


def _about(ranking: Mapping[str, Any]) -> str:
    compared = ranking["comparison"]
    if compared is None:
        return ""
    cut = figures.day(datetime.fromisoformat(ranking["cut"]))
    return (
        f"Learned from {ranking['learned_from']} people answered for before {cut}, tested on "
        f"{compared['people']} new ones since, first {compared['k']} of each list. {FAVOURED}"
    )


def _orders(ranking: Mapping[str, Any]) -> dict | None:
    compared, gap = ranking["comparison"], ranking["gap"]
    if compared is None:
        return None
    first = gap["first_by"] if gap else {}
    rows = [
        [
            WAYS[way],
            *(numeric(_span(found[name])) for name in MEASURES),
            numeric(f"{found['coverage']:.2f}"),
            numeric(_in_100(first[way]) if way in first else "–"),
        ]
        for way, found in _in_order(compared["ways"])
    ]
    return table([ORDERS[0], *map(numeric, ORDERS[1:])], rows)


def _gap(ranking: Mapping[str, Any]) -> str:
    """The gap between habit and benefit in one sentence."""
    gap = ranking["gap"]
    if gap is None:
        return ranking["gap_problem"]
    return (
        f"Between habit and benefit, {gap['people']} people: the best that was taken lowers a risk "
        f"by {_in_100(gap['taken'])} in 100, the best on offer by {_in_100(gap['best'])}: "
        f"{_in_100(gap['missed'])} are left."
    )


def _followed(followed: Mapping[str, Any]) -> str:
    answer = followed["answer"]
    if answer is None:
        return f"Had another item been chosen first: {followed['problem']}"
    return (
        f"Of {answer['decisions']} measured follow-ups {100 * answer['as_it_was']:.0f} % reached "
        f"what was predicted. {ASSUMED}"
    )


def _policies(followed: Mapping[str, Any]) -> dict | None:
    answer = followed["answer"]
    if answer is None:
        return None
    rows = [_policy(name, found) for name, found in _in_order(answer["policies"])]
    return table([POLICIES[0], *map(numeric, POLICIES[1:])], rows)


def _policy(name: str, found: Mapping[str, Any]) -> list[Any]:
    """Where nothing can be estimated the reason stands once."""
    overlap = Overlap(**found["doubly robust"]["overlap"])
    if overlap.problem:
        shown = ["–", "–", overlap.problem]
    else:
        shown = [_share(found[kind]) for kind in ESTIMATORS]
    return [
        WAYS[name],
        *map(numeric, shown),
        numeric(f"{overlap.effective_size:.0f}"),
        numeric(f"{overlap.largest_weight:.1f}"),
        numeric(f"{100 * overlap.unsupported:.0f} %"),
    ]


def _share(found: Mapping[str, float]) -> str:
    """A share has no part below 0 or above 1, whatever an estimate says."""
    value, low, high = (min(max(found[name], 0.0), 1.0) for name in ("value", "low", "high"))
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def _in_order(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """By the order of WAYS: the database keeps none."""
    return [(name, found[name]) for name in WAYS if name in found]


def _minus(text: str) -> str:
    return text.replace(" -", " −").replace("(-", "(−")


def _span(found: Mapping[str, float] | None) -> str:
    if found is None:
        return "–"
    return f"{found['value']:.2f} ({found['low']:.2f}–{found['high']:.2f})"


def _in_100(found: Mapping[str, float]) -> str:
    low, high = 100 * found["low"], 100 * found["high"]
    return f"{100 * found['value']:.1f} ({low:.1f}–{high:.1f})"


def _text(shown: dict | None) -> Iterator[str]:
    if shown is not None:
        for row in (shown["headers"], *shown["rows"]):
            yield "  " + " | ".join(str(cell["text"]) for cell in row)
