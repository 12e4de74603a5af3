"""The list of one person as a whole: order, ties, clinical orders, what betters forbid, variety.

The compiled twin of `ml.recommenders.ranking` and of what the one-person engine settles.
"""

import numba
import numpy as np

from ml.recommenders.ranking import CLEARLY, MOST_OF_A_THEME

NONE, RECOMMENDED, CHECK_FIRST, BLOCKED = 0, 1, 2, 3
DIGITS = 1e12  # scores that differ by less are equal, and keep the order of the items
ABOVE = 1e14  # more than any score times DIGITS, and still exact beside it


@numba.njit(cache=True, nogil=True)
def bit(bits, row, person):
    """One of packed bits, shape (rows, bytes)."""
    return (bits[row, person >> 3] >> (7 - (person & 7))) & 1


@numba.njit(cache=True, nogil=True)
def sort(first, scores, status, order, keys):
    """Places of the indicated items, best first; equal scores keep the order of the items.

    `keys` is room for the sums that sort by urgency and then score, whole numbers both.
    """
    count = 0
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        key, place = scores[item] - first[item] * ABOVE, count
        while place > 0 and key > keys[place - 1]:
            order[place], keys[place] = order[place - 1], keys[place - 1]
            place -= 1
        order[place], keys[place] = item, key
        count += 1
    return count


@numba.njit(cache=True, nogil=True)
def by_habit(first, scores, gains, habit, reach, order, listed):
    """Within runs of items that the best of the run hardly beats, habit settles the order."""
    start = 0
    while start < listed:
        leader = order[start]
        low = high = gains[leader]
        end = start + 1
        while end < listed:
            item = order[end]
            low, high = min(low, gains[item]), max(high, gains[item])
            is_far = scores[leader] - scores[item] > reach * DIGITS
            if first[item] != first[leader] or is_far or high - low >= CLEARLY:
                break
            end += 1
        _sort_run(scores, habit, reach, order, start, end)
        start = end


@numba.njit(cache=True, nogil=True)
def _sort_run(scores, habit, reach, order, start, end):
    for position in range(start + 1, end):
        item, place = order[position], position
        value = np.rint(scores[item] + reach * habit[item] * DIGITS)
        while place > start:
            other = order[place - 1]
            if np.rint(scores[other] + reach * habit[other] * DIGITS) >= value:
                break
            order[place] = other
            place -= 1
        order[place] = item


@numba.njit(cache=True, nogil=True)
def vary(first, scores, gains, kind, theme, status, reach, turned, limit, order, listed):
    """The first places go to items that are not too alike, where that costs little.

    `turned` is by how much score habit may have turned the order round.
    """
    shown, taken = np.empty(limit, np.int64), 0
    while taken < limit:
        best = _next(status, order, listed, shown, taken)
        if best < 0:
            return
        chosen = _chosen(first, scores, gains, kind, theme, status, reach, turned, order, listed,
                         best, shown, taken)  # fmt: skip
        item = order[chosen]
        for position in range(chosen, best, -1):
            order[position] = order[position - 1]
        order[best] = item
        shown[taken] = item
        taken += 1


@numba.njit(cache=True, nogil=True)
def _next(status, order, listed, shown, taken):
    for position in range(listed):
        item = order[position]
        if status[item] == RECOMMENDED and not _is_in(shown, taken, item):
            return position
    return -1


@numba.njit(cache=True, nogil=True)
def _chosen(
    first, scores, gains, kind, theme, status, reach, turned, order, listed, best, shown, taken
):  # fmt: skip
    """Place of the first item that may stand for the best and is not too alike, or the best."""
    leader = order[best]
    for position in range(best, listed):
        item = order[position]
        is_far = scores[leader] - scores[item] > (reach + turned) * DIGITS
        if is_far and first[item] == first[leader]:
            return best
        if status[item] != RECOMMENDED or _is_in(shown, taken, item):
            continue
        if _may_replace(first, scores, gains, leader, item, reach) and not _is_alike(
            kind, theme, item, shown, taken
        ):
            return position
    return best


@numba.njit(cache=True, nogil=True)
def _is_in(shown, taken, item):
    found = False
    for place in range(taken):
        found |= shown[place] == item
    return found


@numba.njit(cache=True, nogil=True)
def _may_replace(first, scores, gains, best, item, reach):
    is_near = scores[best] - scores[item] <= reach * DIGITS
    return first[item] == first[best] and is_near and gains[best] - gains[item] < CLEARLY


@numba.njit(cache=True, nogil=True)
def _is_alike(kind, theme, item, shown, taken):
    same = 0
    for place in range(taken):
        if kind[shown[place]] == kind[item]:
            return True
        same += theme[shown[place]] == theme[item]
    return same >= MOST_OF_A_THEME


@numba.njit(cache=True, nogil=True)
def keep_first(start, group, status):
    """Of a clinical order the first safe member stays."""
    for row in range(len(start) - 1):
        members = group[start[row] : start[row + 1]]
        keeper = -1
        for wanted in (RECOMMENDED, CHECK_FIRST):
            for member in members:
                if keeper < 0 and status[member] == wanted:
                    keeper = member
        if keeper >= 0:
            for member in members:
                if member != keeper and status[member] != NONE:
                    status[member] = BLOCKED


@numba.njit(cache=True, nogil=True)
def settle(concerned, same, clash, clashes, status, person, order, listed, kept):
    """What is the same thing as its better, or would clash with it, is not offered."""
    size = 0
    for wanted in (RECOMMENDED, CHECK_FIRST):
        for position in range(listed):
            item = order[position]
            if concerned[item] and status[item] == wanted:
                if _gives_way(same, clash, clashes, person, item, kept, size):
                    status[item] = BLOCKED
                else:
                    kept[size] = item
                    size += 1


@numba.njit(cache=True, nogil=True)
def _gives_way(same, clash, clashes, person, item, kept, size):
    for position in range(size):
        better = kept[position]
        if same[item, better]:
            return True
        one, other = clash[item, better], clash[better, item]
        if one >= 0 and bit(clashes, one, person):
            return True
        if other >= 0 and bit(clashes, other, person):
            return True
    return False
