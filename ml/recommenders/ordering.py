"""The list of one person as a whole: order, clinical orders, and what its betters forbid."""

import numba

NONE, RECOMMENDED, CHECK_FIRST, BLOCKED = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def bit(bits, row, person):
    """One of packed bits, shape (rows, bytes)."""
    return (bits[row, person >> 3] >> (7 - (person & 7))) & 1


@numba.njit(cache=True, nogil=True)
def sort(first, scores, status, order):
    """Places of the indicated items, best first; equal scores keep the order of the items."""
    count = 0
    for item in range(len(status)):
        if status[item] == NONE:
            continue
        place = count
        while place > 0 and _before(first, scores, item, order[place - 1]):
            order[place] = order[place - 1]
            place -= 1
        order[place] = item
        count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _before(first, scores, item, other):
    if first[item] != first[other]:
        return first[item] < first[other]
    return scores[item] > scores[other]


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
