"""The parts of the ranking in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from healthcare.common import figures
from healthcare.common.tables import numeric, table
from ml.recommenders.ranking import Weights
from recommendations.models import RankingWeights
from recommendations.models.rankingweights import DEFAULTS, made

LEAST = 0.005  # of a score; less is written as nothing
# Name of a part -> what it is called, and what it says of an item.
PARTS = {
    "benefit": ("Benefit in numbers", ("How much it takes off this person's own risks, as trials "
                "measured it.")),
    "expected": ("Benefit without numbers", ("Benefit that trials proved where this person's risk "
                 "is not known in numbers.")),
    "urgent": ("Urgency", ("How soon it has to happen. What is urgent comes first, whatever the "
               "weights are.")),
    "risk": ("Height of the risk", ("How high the risk is that it acts on, and how strongly it "
             "acts.")),
    "content": ("Fit to the person's needs", ("How well its aims and features match what is known "
                "of the person.")),
    "evidence": ("Strength of evidence", ("How strong the recommendation behind it is; less where "
                 "nobody has read the source again.")),
    "burden": ("Lightness", "How little effort and money it asks for, and how welcome it is."),
    "preference": ("The patient's preferences", ("More where the patient prefers such items, less "
                   "where they would rather not have them.")),
    "habit": ("What is taken up here", ("Breaks ties only: what people like this one took up "
              "before.")),
    "variety": ("Variety", "Breaks ties only: items of another kind than those above it."),
    "caution": ("Caution", "Taken off where a major interaction speaks against it."),
}  # fmt: skip


def label(name: str) -> str:
    return PARTS[name][0] if name in PARTS else name.replace("_", " ").capitalize()


def help_text(name: str) -> str:
    return PARTS[name][1] if name in PARTS else ""


def shares(added: Mapping[str, float]) -> list[str]:
    """What each part added to an item's score, the largest first; none of those that say nothing.

    >>> shares({"benefit": 0.214, "habit": 0.0, "caution": -0.15})
    ['Benefit in numbers +0.21', 'Caution −0.15']
    """
    told = [part for part in added.items() if abs(part[1]) >= LEAST]
    told.sort(key=lambda part: -abs(part[1]))
    return [f"{label(name)} {share:+.2f}".replace("-", "−") for name, share in told]


def page(current: Weights, rows: Iterable[RankingWeights]) -> dict[str, Any]:
    """Context of `recommendations/order.html`."""
    now, usual = asdict(current), asdict(DEFAULTS)
    names = [*(name for name in PARTS if name in now), *(name for name in now if name not in PARTS)]
    parts = [
        [label(name), help_text(name), numeric(_number(now[name])), numeric(_number(usual[name]))]
        for name in names
    ]
    headers = ["Part", "What it says of an item", numeric("Weight here"), numeric("Default")]
    return {
        "parts": table(headers, parts),
        "is_default": current == DEFAULTS,
        "history": [_row(row, before) for row, before in _with_before(list(rows))],
    }


def _with_before(rows: list[RankingWeights]) -> list[tuple[RankingWeights, dict[str, float]]]:
    older: list[dict[str, float]] = [*(row.weights for row in rows[1:]), {}]
    return list(zip(rows, older, strict=False))  # before the first row the defaults held


def _row(row: RankingWeights, before: dict[str, float]) -> dict[str, Any]:
    new, old = _full(row.weights), _full(before)
    changed = [
        f"{label(name)} {_number(old[name])} → {_number(new[name])}"
        for name in new
        if new[name] != old[name]
    ]
    return {
        "when": figures.clock(row.at),
        "by": row.by.display_name,
        "reason": row.reason,
        "changed": changed,
        "is_default": new == asdict(DEFAULTS),
    }


def _full(stored: dict[str, float]) -> dict[str, float]:
    try:
        return asdict(made(stored))
    except ValueError:  # stored by a version that allowed more
        return asdict(DEFAULTS) | stored


def _number(weight: float) -> str:
    return f"{weight:g}".replace("-", "−")
