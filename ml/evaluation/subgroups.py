"""Quality in parts of the population, with small cells kept out of sight.

The largest part of a grouping is the reference of the others. A ratio to it outside 0.8 to 1.25
(the four-fifths rule and its inverse) is flagged, and so is a part whose O:E leaves that band or
whose calibration slope leaves 0.8 to 1.2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.evaluation import bootstrap, calibration, discrimination
from ml.evaluation.bootstrap import Interval
from ml.evaluation.sample import Sample

SMALLEST_CELL = 10
BAND = (0.8, 1.25)
SLOPE_BAND = (0.8, 1.2)
BANDS = {"calibration_slope": SLOPE_BAND}  # of what has another one than the ratios
WITH_PREVALENCE = ("alerts_per_100", "specificity", "ppv")
HIDDEN = f"n<{SMALLEST_CELL}"
# For some rows: the figures that they have when they carry these weights.
Measure = Callable[[NDArray[np.int64]], bootstrap.Figures]


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """Figures of one part; None where fewer than ten people or events would show through."""

    group: str
    part: str
    count: int | None
    events: int | None
    auroc: float | None
    observed_expected: float | None
    slope: float | None


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of one grouping.

    `count` and `events` are text, "n<10" where a number would point at people. `ratios` compare
    with the reference part; `flagged` names what lies outside the band.
    """

    group: str
    part: str
    count: str
    events: str
    reference: bool
    metrics: Mapping[str, Interval | None]
    ratios: Mapping[str, Interval | None]
    flagged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured in each part, and what of it is compared with the reference.

    `events` counts the outcome in some rows (None for a number that has no events); figures named
    in `banded` must lie in the band by themselves.
    """

    measure: Measure
    compared: Sequence[str]
    banded: Sequence[str]
    events: Callable[[NDArray[np.int64]], int] | None


def rows(sample: Sample, rule: Rule, *, random_state: int, rounds: int) -> list[PartRow]:
    """Every part of every grouping with intervals from bootstraps of people."""
    return [
        row
        for name, parts in sample.groups.items()
        for row in _grouping(sample, name, parts, rule, random_state, rounds)
    ]


def flags(found: Sequence[PartRow]) -> list[str]:
    """One sentence for each part in which risks are off or events are missed more or less often.

    Rates of alerts, specificity and PPV move with prevalence alone, so they stay in the table.
    """
    reference = {row.group: row.part for row in found if row.reference}
    sentences = []
    for row in found:
        names = [name for name in row.flagged if not name.startswith(WITH_PREVALENCE)]
        told = [_in_words(name, row, reference[row.group]) for name in names]
        if told:
            sentences.append(f"{row.group.replace('_', ' ')} {row.part}: {'; '.join(told)}.")
    return sentences


def _in_words(name: str, row: PartRow, reference: str) -> str:
    """What lies outside its band, how far, and what that means for these people."""
    if name == "observed_expected":
        return off_in_sum(row.metrics[name])
    if name == "calibration_slope":
        return off_in_spread(row.metrics[name])
    found = row.ratios[name]
    words, at, threshold = name.partition("@")
    told = words.replace("_", " ") + (f" at {float(threshold):.3g}" if at else "")
    much = f"{told} is {found.value:.2f} times ({_limits(found)}) that of {reference}"
    if words != "sensitivity":
        return much
    return f"{much}: {'more' if found.value < 1 else 'fewer'} of those with the outcome are missed"


def off_in_sum(ratio: Interval) -> str:
    """How many were foretold for those found.

    >>> off_in_sum(Interval(0.8, 0.7, 0.9))
    'it foretold 125 for each 100 found (O:E 0.80, 0.70 to 0.90)'
    """
    if not ratio.value:
        return "nothing of what it foretold was found"
    told = f"it foretold {100 / ratio.value:,.0f} for each 100 found"
    return f"{told} (O:E {ratio.value:.2f}, {_limits(ratio)})"


def off_in_spread(slope: Interval) -> str:
    """Whether people are told too far apart, or too near together.

    >>> off_in_spread(Interval(0.65, 0.5, 0.8)).partition(":")[0]
    'differences are told too large (slope 0.65, 0.50 to 0.80)'
    """
    size, level = ("large", "high") if slope.value < 1 else ("small", "low")
    return (
        f"differences are told too {size} (slope {slope.value:.2f}, {_limits(slope)}): the highest "
        f"risks are too {level} beside the lowest"
    )


def _limits(found: Interval) -> str:
    return f"{found.low:.2f} to {found.high:.2f}"


def out_of_band(value: float, band: tuple[float, float] = BAND) -> bool:
    """Whether a ratio breaks the four-fifths rule or its inverse, or a slope its own band.

    >>> [out_of_band(ratio) for ratio in (0.79, 0.8, 1.25, 1.26)]
    [True, False, False, True]
    """
    low, high = band
    return not low <= value <= high


def _grouping(
    sample: Sample, name: str, parts: NDArray, rule: Rule, random_state: int, rounds: int
) -> list[PartRow]:
    members = {str(part): np.flatnonzero(parts == part) for part in np.unique(parts)}
    shown = {part: where for part, where in members.items() if _large_enough(where, rule)}
    reference = max(shown, key=lambda part: len(shown[part]), default="")

    measures = {part: rule.measure(where) for part, where in shown.items()}

    def figures(weight: NDArray[np.float64]) -> dict[tuple[str, str, str], float]:
        found = {part: measures[part](weight[where]) for part, where in shown.items()}
        plain = {("is", p, n): value for p, got in found.items() for n, value in got.items()}
        return plain | {
            ("ratio", part, n): _ratio(found[part][n], found[reference][n])
            for part in shown
            for n in rule.compared
            if part != reference
        }

    measured = bootstrap.intervals(
        figures, sample.person, random_state=random_state, rounds=rounds if shown else 0
    )
    return [
        _part_row(name, part, where, rule, part == reference, measured)
        for part, where in members.items()
    ]


def _part_row(
    group: str, part: str, where: NDArray, rule: Rule, reference: bool, measured: Mapping
) -> PartRow:
    metrics, ratios = (
        {key[2]: found for key, found in measured.items() if key[:2] == (what, part)}
        for what in ("is", "ratio")
    )
    banded = {name: metrics.get(name) for name in rule.banded} | ratios
    flagged = [
        name
        for name, found in banded.items()
        if found and out_of_band(found.value, BANDS.get(name, BAND))
    ]
    return PartRow(
        group,
        part,
        _shown(len(where)),
        _shown_events(where, rule),
        reference,
        metrics,
        ratios,
        tuple(flagged),
    )


def _large_enough(where: NDArray, rule: Rule) -> bool:
    if rule.events is None:
        return len(where) >= SMALLEST_CELL
    events = rule.events(where)
    return min(events, len(where) - events) >= SMALLEST_CELL


def _shown(count: int) -> str:
    return str(count) if count >= SMALLEST_CELL else HIDDEN


def _shown_events(where: NDArray, rule: Rule) -> str:
    """Neither few events nor few people without one may be read off."""
    if rule.events is None:
        return ""
    events = rule.events(where)
    return _shown(events) if len(where) - events >= SMALLEST_CELL else HIDDEN


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference else float("nan")


def table(
    y: ArrayLike, risk: ArrayLike, groups: Mapping[str, NDArray[np.str_]]
) -> list[SubgroupRow]:
    """One row for each part of each grouping, in the order of the part names."""
    y, risk = np.asarray(y), np.asarray(risk)
    return [
        _row(name, str(part), y[parts == part], risk[parts == part])
        for name, parts in groups.items()
        for part in np.unique(parts)
    ]


def _row(group: str, part: str, y: NDArray, risk: NDArray) -> SubgroupRow:
    count, events = len(y), int(y.sum())
    if min(events, count - events) < SMALLEST_CELL:
        shown = count if count >= SMALLEST_CELL else None
        return SubgroupRow(group, part, shown, None, None, None, None)
    return SubgroupRow(
        group,
        part,
        count,
        events,
        discrimination.auroc(y, risk),
        calibration.observed_expected(y, risk),
        calibration.slope(y, risk),
    )
