"""One compiled pass a person: needs, score, benefit, order, and what gives way to what.

The order of work is that of the one-person engine. Only items that are indicated are scored, and
each over its own few features, so that a person costs microseconds. Truths come as packed bits,
shape (rows, ceil(people / 8)), numbers as columns, shape (rows, people).
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from ml.recommenders.ordering import (
    BLOCKED,
    CHECK_FIRST,
    DIGITS,
    NONE,
    RECOMMENDED,
    bit,
    by_habit,
    keep_first,
    settle,
    sort,
    vary,
)

# How an effect of an item reads its relative risk.
CONSTANT, BY_VALUE, GIVEN = 0, 1, 2

Ints, Floats, Bits, Bools = NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8], NDArray


class Items(NamedTuple):
    """Everything of a catalogue that does not depend on the person.

    Ragged rows are an array of starts (one more than rows) and the parts one after the other.
    """

    constant: Floats  # share of the score that all people have alike
    first: Ints
    feature_start: Ints
    feature: Ints
    feature_weight: Floats  # each item's vector has length 1
    in_space: Bools  # features that count in the length of a person's needs
    target_start: Ints
    target: Ints
    target_feature: Ints  # of each target, the feature that says how high its risk stands
    strength: Floats
    slope_start: Ints
    slope_feature: Ints
    slope: Floats
    settles: Ints  # target that a test settles, or -1
    effect_start: Ints
    effect_outcome: Ints
    effect_kind: Ints
    effect_number: Floats  # relative risk, or its log by unit of the value; a factor of a given
    effect_gravity: Floats  # of the outcome, less where it only counts without a known risk
    effect_is_counted: Bools  # whether it gives a benefit in numbers
    effect_height: Ints  # feature that says how high the outcome stands; -1: all of the item's
    evidence: Floats
    effect_column: Ints  # row of `values`, or -1
    effect_when: Ints  # row of `when`, or -1
    need_start: Ints
    need_feature: Ints
    need_weight: Floats
    goal_feature: Ints
    goal_above: Floats  # NaN: none
    goal_below: Floats
    goal_spread: Floats
    settling: float  # expected of such a test
    same: Bools
    is_concerned: Bools
    group_start: Ints
    group: Ints
    clash: Ints  # (items, items): row of `clashes`, or -1
    kind: Ints  # of the item, for variety
    theme: Ints
    weights: Floats  # benefit, risk, content, caution, expected, preference, habit, variety
    full_benefit: float


class Columns(NamedTuple):
    """What differs between people."""

    indicated: Bits
    blocked: Bits
    unknown: Bits
    warned: Bits
    met: Bits  # the rules of needs
    when: Bits  # whom effects hold for
    clashes: Bits
    level: Floats  # of each target, -inf where no risk is known
    is_open: Bools
    goals: Floats
    risks: Floats  # ten-year risk of each outcome, NaN unknown; outcomes beyond them are unknown
    values: Floats
    preference: Floats  # (people, items), or of no size
    habit: Floats  # (people, items), or of no size


class Answers(NamedTuple):
    """Filled by `weigh`, shape (people, items) each."""

    status: NDArray[np.int8]
    rank: NDArray[np.int16]
    score: NDArray[np.float32]
    benefit: NDArray[np.float32]


@numba.njit(cache=True, nogil=True)
def weigh(items, columns, answers, limit):
    """Fill `answers` for everybody; the first `limit` are shown together.

    The helpers take single arrays: reading one out of a tuple counts a reference each time, which
    inside these loops costs more than the work.
    """
    count, (people, _) = len(items.constant), answers.status.shape
    needs, scores, gains = np.zeros(len(items.in_space)), np.empty(count), np.empty(count)
    expected, keys = np.empty(count), np.empty(count)
    order, kept = np.empty(count, np.int64), np.empty(count, np.int64)
    status, rank, score, benefit = answers.status, answers.rank, answers.score, answers.benefit
    indicated, blocked, unknown = columns.indicated, columns.blocked, columns.unknown
    warned, constant, weights = columns.warned, items.constant, items.weights
    preference, habit = columns.preference, columns.habit
    for person in range(people):
        needs[:] = 0.0
        _predicted_needs(items.target_feature, columns.level, person, needs)
        _met_needs(
            items.need_start, items.need_feature, items.need_weight, columns.met, person, needs
        )
        _deviations(items.goal_feature, items.goal_above, items.goal_below, items.goal_spread,
                    columns.goals, person, needs)  # fmt: skip
        length = _length(items.in_space, needs)
        for item in range(count):
            if bit(indicated, item, person):
                status[person, item] = _status(
                    bit(blocked, item, person), bit(unknown, item, person)
                )
        _gains(
            items.effect_start, items.effect_outcome, items.effect_kind, items.effect_number,
            items.effect_column, items.effect_when, items.effect_gravity, items.effect_is_counted,
            items.effect_height, items.target_start, items.target, items.target_feature,
            items.evidence, columns.risks, columns.when, columns.values, status[person], person,
            needs, items.full_benefit, gains, expected,
        )  # fmt: skip
        _risks(
            items.target_start, items.target, items.target_feature, items.strength,
            items.slope_start, items.slope_feature, items.slope, items.settles, columns.is_open,
            items.settling, status[person], person, needs, gains, expected, scores,
        )  # fmt: skip
        _totals(constant, weights, warned, preference, status[person], person, gains, expected,
                scores, benefit[person])  # fmt: skip
        _contents(items.feature_start, items.feature, items.feature_weight, status[person], needs,
                  length, weights[2], scores, score[person])  # fmt: skip
        listed = sort(items.first, scores, status[person], order, keys)
        if habit.size:
            by_habit(items.first, scores, gains, habit[person], weights[6], order, listed)
        keep_first(items.group_start, items.group, status[person])
        settle(items.is_concerned, items.same, items.clash, columns.clashes, status[person],
                person, order, listed, kept)  # fmt: skip
        vary(items.first, scores, gains, items.kind, items.theme, status[person], weights[7],
             weights[6] * (habit.size > 0), limit, order, listed)  # fmt: skip
        for position in range(listed):
            rank[person, order[position]] = position + 1


@numba.njit(cache=True, nogil=True)
def _totals(
    constant, weights, warned, preference, status, person, gains, expected, scores, benefit
):  # fmt: skip
    """Everything but the likeness; from here on gains hold the benefit that is not in numbers."""
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        benefit[item] = gains[item]
        total = constant[item] + weights[0] * gains[item] + weights[4] * expected[item]
        total += weights[1] * scores[item] + weights[3] * bit(warned, item, person)
        if preference.size:
            total += weights[5] * preference[person, item]
        scores[item] = total
        gains[item] += expected[item]


@numba.njit(cache=True, nogil=True)
def _status(is_blocked, is_unknown):
    if is_blocked:
        return BLOCKED
    return CHECK_FIRST if is_unknown else RECOMMENDED


@numba.njit(cache=True, nogil=True)
def _predicted_needs(target_feature, level, person, needs):
    for target in range(len(target_feature)):
        if level[target, person] > 0:
            needs[target_feature[target]] = level[target, person]


@numba.njit(cache=True, nogil=True)
def _met_needs(start, feature, weight, met, person, needs):
    for row in range(len(start) - 1):
        if bit(met, row, person):
            for part in range(start[row], start[row + 1]):
                _add(needs, feature[part], weight[part])


@numba.njit(cache=True, nogil=True)
def _deviations(feature, above, below, spread, goals, person, needs):
    """Wanted direction of each analyte beyond its goal, 1 at two spreads."""
    for goal in range(len(feature)):
        value, full = goals[goal, person], 2 * spread[goal]
        if value > above[goal]:
            _add(needs, feature[goal], -min((value - above[goal]) / full, 1.0))
        elif value < below[goal]:
            _add(needs, feature[goal], min((below[goal] - value) / full, 1.0))


@numba.njit(cache=True, nogil=True)
def _add(needs, feature, weight):
    """Of several sources of a need the one furthest from zero."""
    if abs(weight) > abs(needs[feature]):
        needs[feature] = weight


@numba.njit(cache=True, nogil=True)
def _length(in_space, needs):
    total = 0.0
    for feature in range(len(needs)):
        if in_space[feature]:
            total += needs[feature] * needs[feature]
    return np.sqrt(total)


@numba.njit(cache=True, nogil=True)
def _contents(start, feature, weight, status, needs, length, share, scores, score):
    """Add the likeness of needs and item; keep the score, and its order without last digits."""
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        cosine = 0.0
        for part in range(start[item], start[item + 1]):
            cosine += needs[feature[part]] * weight[part]
        if length > 0 and cosine > 0:
            scores[item] += share * cosine / length
        score[item] = scores[item]
        scores[item] = np.rint(scores[item] * DIGITS)


@numba.njit(cache=True, nogil=True)
def _risks(
    start, target, target_feature, strength, slope_start, slope_feature, slope, settles, is_open,
    settling, status, person, needs, gains, expected, scores,
):  # fmt: skip
    """Height of the risks each item acts on; at least half counts for being aimed at."""
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        height = -np.inf
        for part in range(start[item], start[item + 1]):
            height = max(height, needs[target_feature[target[part]]])
        strong = strength[item]
        for part in range(slope_start[item], slope_start[item + 1]):
            strong = max(strong, slope[part] * needs[slope_feature[part]])
        if settles[item] >= 0 and is_open[settles[item], person]:
            strong = 1.0
            expected[item] = max(expected[item], settling - gains[item])
        scores[item] = height * (0.5 + 0.5 * min(max(strong, 0.0), 1.0))


@numba.njit(cache=True, nogil=True)
def _gains(
    start, outcomes, kinds, numbers, columns, whens, gravity, is_counted, heights, target_start,
    target, target_feature, evidence, risks, when, values, status, person, needs, full,
    benefit, expected,
):  # fmt: skip
    """Benefit: the largest ten-year reduction; of one outcome the first effect that holds counts.

    Where the risk is not known: the largest relative effect, by the height of the need.
    """
    for item in range(len(status)):
        best, unknown, counted = 0.0, 0.0, -1
        if status[item] == NONE:
            continue
        for part in range(start[item], start[item + 1]):
            outcome, holds = outcomes[part], whens[part] < 0 or bit(when, whens[part], person)
            if not holds or outcome == counted:
                continue
            off = 1 - _ratio(kinds[part], numbers[part], columns[part], values, person)
            if np.isnan(off):
                continue
            if outcome < len(risks) and not np.isnan(risks[outcome, person]):
                if is_counted[part]:
                    gain = gravity[part] * risks[outcome, person] * off
                    counted, best = outcome, max(best, gain)
                continue
            height = _height(
                heights[part], target_start, target, target_feature, item, needs
            )  # fmt: skip
            unknown = max(unknown, height * min(2 * off, 1.0) * gravity[part])
        benefit[item] = min(best / full, 1.0)
        expected[item] = max(unknown * evidence[item] - benefit[item], 0.0)


@numba.njit(cache=True, nogil=True)
def _height(feature, start, target, target_feature, item, needs):
    """How high an outcome stands: its own feature, or the highest of what the item aims at."""
    if feature >= 0:
        return needs[feature]
    height = 0.0
    for part in range(start[item], start[item + 1]):
        height = max(height, needs[target_feature[target[part]]])
    return height


@numba.njit(cache=True, nogil=True)
def _ratio(kind, number, column, values, person):
    """Relative risk, NaN where the value it needs is unknown."""
    value = 0.0 if column < 0 else values[column, person]
    if kind == BY_VALUE:
        return np.exp(number * value)
    if kind == GIVEN:
        return number * value
    return value if np.isnan(value) else number
