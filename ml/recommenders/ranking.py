"""The hybrid rank: a weighted sum of components, each kept visible, then what only breaks ties.

Three things set the order. `first` comes before any score: urgency. The score is the weighted sum,
led by benefit. Habit and variety come last: they move an item only past one that is just as
urgent, whose score is within reach, and whose benefit is not clearly larger.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import isfinite

Subject = tuple[str, str]  # kind of item and its theme, such as ("medication", "tobacco")
MOST_OF_A_THEME = 2  # of the shown
CLEARLY = 0.1  # difference of benefit (0.5 % absolute over ten years) that no tie-breaker overrules


@dataclass(frozen=True, slots=True)
class Components:
    """What an item scores on each component, 0 to 1 where nothing else is said."""

    urgent: float  # how soon it has to happen
    benefit: float  # expected absolute benefit; 0 where no trial or no baseline gives a number
    risk: float  # height of the predicted risk it acts on, times how strongly it acts
    content: float  # similarity of its features to the person's needs
    evidence: float  # strength of the recommendation behind it
    burden: float  # 1 costs the person nothing, 0 is hard, dear and unwelcome
    caution: float = 0.0  # 1 when a major interaction speaks against it
    expected: float = 0.0  # benefit beyond the above that trials proved, not in numbers here
    preference: float = 0.0  # 1 preferred by the person, -1 declined
    habit: float = 0.0  # -1 to 1: taken more often by people like this one than other items

    @property
    def gain(self) -> float:
        """Benefit, whether or not this person's risk is known in numbers."""
        return self.benefit + self.expected


PARTS = tuple(part.name for part in fields(Components))


@dataclass(frozen=True, slots=True)
class Weights:
    """The one table of weights (own judgement, to be set per site).

    `habit` and `variety` are reaches: by how much score an item may be moved, and no more.
    """

    urgent: float = 0.30
    benefit: float = 0.30
    risk: float = 0.14
    content: float = 0.12
    evidence: float = 0.08
    burden: float = 0.06
    caution: float = -0.15
    expected: float = 0.30
    preference: float = 0.05
    habit: float = 0.03
    variety: float = 0.06

    @classmethod
    def of_site(cls, stored: Mapping[str, float]) -> "Weights":
        """A site's own weights; those it does not name are the defaults.

        Raises ValueError with a sentence where a weight cannot be one.

        >>> Weights.of_site({"benefit": 0.4}).benefit
        0.4
        """
        names = {each.name for each in fields(cls)}
        for name, weight in stored.items():
            if name not in names:
                raise ValueError(
                    f"There is no weight {name!r}. Use one of {', '.join(sorted(names))}."
                )
            _refuse(name, weight)
        weights = cls(**stored)
        if weights.benefit <= 0:
            raise ValueError("The weight of benefit must be above 0: it leads the order.")
        return weights


def _refuse(name: str, weight: object) -> None:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not isfinite(weight):
        raise ValueError(f"The weight of {name} must be a number, not {weight!r}.")
    low, high = (-1, 0) if name == "caution" else (0, 1)
    if not low <= weight <= high:
        raise ValueError(f"The weight of {name} must lie between {low} and {high}, not {weight}.")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person prefers or declines, as "category:X", "tag:X", "cost:1" and so on."""

    prefers: frozenset[str] = frozenset()
    declines: frozenset[str] = frozenset()

    def of(self, features: frozenset[str]) -> float:
        """-1 with a declined feature, else 1 with a preferred one, else 0.

        >>> Preferences(frozenset({"tag:diet"})).of(frozenset({"tag:diet", "delivery:self"}))
        1.0
        """
        if features & self.declines:
            return -1.0
        return float(bool(features & self.prefers))


NO_PREFERENCES = Preferences()


@dataclass(frozen=True, slots=True)
class Ranked:
    id: str
    first: int  # 0 before 1, whatever the score: urgent items come first
    score: float
    components: Components


def parts(components: Components) -> dict[str, float]:
    """The components by name, to be shown."""
    return {part: getattr(components, part) for part in PARTS}


def shares(components: Components, weights: Weights) -> dict[str, float]:
    """What each component adds to the score; that of habit only breaks ties and is not added."""
    return {part: getattr(weights, part) * getattr(components, part) for part in PARTS}


def score(components: Components, weights: Weights) -> float:
    """Weighted sum of the components, without habit.

    >>> score(Components(1, 0.5, 0.5, 0, 1, 0), Weights(0.3, 0.2, 0.1, 0.2, 0.15, 0.05))
    0.6
    """
    total = sum(
        getattr(weights, part) * getattr(components, part) for part in PARTS if part != "habit"
    )
    return round(total, 12)


def order(items: Sequence[Ranked], reach: float = 0.0) -> list[Ranked]:
    """Best first; equal scores by id, so that the same facts always give the same list.

    Within `reach`, the weight of habit, that component settles what is nearly equal.
    """
    ranked = sorted(items, key=lambda item: (item.first, -item.score, item.id))
    if not any(item.components.habit for item in items):
        return ranked
    return [row for tied in _tied(ranked, reach) for row in _by_habit(tied, reach)]


def _tied(ranked: Sequence[Ranked], reach: float) -> list[list[Ranked]]:
    """Runs of items that the best of each run hardly beats."""
    runs: list[list[Ranked]] = []
    for row in ranked:
        if runs and _is_near(runs[-1], row, reach):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _is_near(run: Sequence[Ranked], row: Ranked, reach: float) -> bool:
    gains = [each.components.gain for each in (*run, row)]
    return (
        run[0].first == row.first
        and round(run[0].score - row.score, 12) <= reach
        and max(gains) - min(gains) < CLEARLY
    )


def _by_habit(tied: Sequence[Ranked], reach: float) -> list[Ranked]:
    return sorted(tied, key=lambda row: -round(row.score + reach * row.components.habit, 12))


def varied(
    ranked: Sequence[Ranked],
    offered: Callable[[str], bool],
    subject: Callable[[str], Subject],
    limit: int,
    reach: float,
) -> list[Ranked]:
    """The same list, its first `limit` offered items not too alike where that costs little.

    For each place the best that is left stands back for one of another subject within `reach` of
    its score, just as urgent and with no clearly smaller benefit. The rest keeps its order.
    """
    rows, shown = list(ranked), list[Ranked]()
    for _ in range(limit):
        left = [row for row in rows if offered(row.id) and row not in shown]
        if not left:
            break
        subjects = [subject(row.id) for row in shown]
        chosen = next(
            (
                row
                for row in left
                if _may_replace(left[0], row, reach) and not is_alike(subject(row.id), subjects)
            ),
            left[0],
        )
        if chosen is not left[0]:
            rows.remove(chosen)
            rows.insert(rows.index(left[0]), chosen)
        shown.append(chosen)
    return rows


def is_alike(one: Subject, shown: Sequence[Subject]) -> bool:
    """The same kind of item on a theme already shown, or a third item on one theme.

    >>> is_alike(("drug", "tobacco"), [("lifestyle", "tobacco")])
    False
    """
    return one in shown or sum(theme == one[1] for _, theme in shown) >= MOST_OF_A_THEME


def _may_replace(best: Ranked, row: Ranked, reach: float) -> bool:
    return (
        row.first == best.first
        and round(best.score - row.score, 12) <= reach
        and best.components.gain - row.components.gain < CLEARLY
    )


def with_caution(row: Ranked, weights: Weights) -> Ranked:
    """The same row, lower because of a major interaction."""
    components = replace(row.components, caution=1.0)
    return replace(row, components=components, score=score(components, weights))
