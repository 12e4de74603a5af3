"""The hybrid rank: a weighted sum of components between 0 and 1, each kept visible."""

from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Components:
    """What an item scores on each component, 0 to 1."""

    urgent: float  # how soon it has to happen
    benefit: float  # expected absolute benefit; 0 where no trial or no baseline gives a number
    risk: float  # height of the predicted risk it acts on, times how strongly it acts
    content: float  # similarity of its features to the person's needs
    evidence: float  # strength of the recommendation behind it
    burden: float  # 1 costs the person nothing, 0 is hard, dear and unwelcome
    caution: float = 0.0  # 1 when a major interaction speaks against it


PARTS = tuple(part.name for part in fields(Components))


@dataclass(frozen=True, slots=True)
class Weights:
    """The one table of weights (own judgement, to be set per site)."""

    urgent: float = 0.30
    benefit: float = 0.24
    risk: float = 0.20
    content: float = 0.12
    evidence: float = 0.08
    burden: float = 0.06
    caution: float = -0.15


@dataclass(frozen=True, slots=True)
class Ranked:
    id: str
    first: int  # 0 before 1, whatever the score: urgent items come first
    score: float
    components: Components


def parts(components: Components) -> dict[str, float]:
    """The components by name, to be shown."""
    return {part: getattr(components, part) for part in PARTS}


def score(components: Components, weights: Weights) -> float:
    """Weighted sum of the components.

    >>> score(Components(1, 0.5, 0.5, 0, 1, 0), Weights(0.3, 0.2, 0.1, 0.2, 0.15, 0.05))
    0.6
    """
    total = sum(getattr(weights, part) * getattr(components, part) for part in PARTS)
    return round(total, 12)


def order(items: Sequence[Ranked]) -> list[Ranked]:
    """Best first; equal scores by id, so that the same facts always give the same list."""
    return sorted(items, key=lambda item: (item.first, -item.score, item.id))
