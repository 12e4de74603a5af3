"""The list as a whole, for many people: rank, alternatives, and what its betters forbid.

One compiled pass a person. The order of work is that of the one-person engine: sort, keep the
first of each clinical order, then let every drug give way to what ranks higher and is the same
thing or would clash with it.
"""

import numba
import numpy as np

NONE, RECOMMENDED, CHECK_FIRST, BLOCKED = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def place(score, first, status, same, concerned, clash_place, clash, groups, group_ends, rank):
    """Change `status` (people, items) in place and fill `rank` (1 is best, 0 not indicated).

    `clash_place[one, other]` is a row of `clash` (pairs, people), or -1; `groups` lists the
    members of the clinical orders one after the other, which end at `group_ends`.
    """
    people, items = status.shape
    order = np.empty(items, np.int64)
    kept = np.empty(items, np.int64)
    for person in range(people):
        count = _sort(score[person], first, status[person], order)
        for position in range(count):
            rank[person, order[position]] = position + 1
        _keep_first(status[person], groups, group_ends)
        size = 0
        for wanted in (RECOMMENDED, CHECK_FIRST):
            for position in range(count):
                item = order[position]
                if not concerned[item] or status[person, item] != wanted:
                    continue
                if _gives_way(item, kept, size, same, clash_place, clash, person):
                    status[person, item] = BLOCKED
                else:
                    kept[size] = item
                    size += 1


@numba.njit(cache=True, nogil=True)
def _sort(score, first, status, order):
    """Places of the indicated items, best first; equal scores keep the order of the items."""
    count = 0
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        position = count
        while position > 0 and _before(item, order[position - 1], score, first):
            order[position] = order[position - 1]
            position -= 1
        order[position] = item
        count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _before(item, other, score, first):
    if first[item] != first[other]:
        return first[item] < first[other]
    return score[item] > score[other]


@numba.njit(cache=True, nogil=True)
def _keep_first(status, groups, group_ends):
    start = 0
    for end in group_ends:
        keeper = -1
        for wanted in (RECOMMENDED, CHECK_FIRST):
            for place in range(start, end):
                if keeper < 0 and status[groups[place]] == wanted:
                    keeper = groups[place]
        if keeper >= 0:
            for place in range(start, end):
                member = groups[place]
                if member != keeper and status[member] != NONE:
                    status[member] = BLOCKED
        start = end


@numba.njit(cache=True, nogil=True)
def _gives_way(item, kept, size, same, clash_place, clash, person):
    for position in range(size):
        better = kept[position]
        if same[item, better]:
            return True
        one, other = clash_place[item, better], clash_place[better, item]
        if one >= 0 and clash[one, person]:
            return True
        if other >= 0 and clash[other, person]:
            return True
    return False
