"""The loops behind the contributions: `contributions` by blocks of rows, `of_one` for a row.

Both take the trees as `shapley.Walk` has them, each tree down its forks, through its ends and up
again, and do the same additions in the same order, so a row has the same bits alone and in a
crowd.
"""

import numpy as np

from .jit import compiled

MOST_ROWS = 128  # of a block
MOST_NUMBERS = 2**18  # in the places of a tree, of all rows of a block: they stay in the cache


@compiled
def _load(X, first, n, columns):
    for r in range(n):
        for f in range(X.shape[1]):
            columns[f, r] = X[first + r, f]


@compiled
def _ways(values, n, cut, missing_right, state):
    if missing_right:
        for r in range(n):
            state[r] = np.int64((values[r] >= cut) | (values[r] != values[r]))
    else:
        for r in range(n):
            state[r] = np.int64(values[r] >= cut)


@compiled
def _rule_out(earlier, side, n, state):
    for r in range(n):
        state[r] = state[r] if earlier[r] == side else 2


@compiled
def _down(numbers, row, state, n, product, left, right):
    for_left, for_right, for_out = numbers[row[0]], numbers[row[0] + np.uint64(1)], numbers[row[1]]
    for q in range(numbers.shape[1]):
        a0, a1, a2 = for_left[q, 0], for_right[q, 0], for_out[q, 0]
        b0, b1, b2 = for_left[q, 1], for_right[q, 1], for_out[q, 1]
        for r in range(n):
            s, p = state[r], product[q, r]
            left[q, r] = p * (a1 if s == 1 else (a0 if s == 0 else a2))
            right[q, r] = p * (b1 if s == 1 else (b0 if s == 0 else b2))


@compiled
def _end(numbers, row, state, n, product, total):
    for_left, for_right, for_out = numbers[row[0]], numbers[row[0] + np.uint64(1)], numbers[row[1]]
    for q in range(numbers.shape[1]):
        a0, a1, a2 = for_left[q, 0], for_right[q, 0], for_out[q, 0]
        b0, b1 = for_left[q, 1], for_right[q, 1]
        for r in range(n):
            s, p = state[r], product[q, r]
            product[q, r] = p * (a1 if s == 1 else (a0 if s == 0 else a2))
            total[r] += p * (b1 if s == 1 else (b0 if s == 0 else 0.0))


@compiled
def _up(numbers, row, state, n, left, right, out, total):
    for_left, for_right = numbers[row[0]], numbers[row[0] + np.uint64(1)]
    for q in range(numbers.shape[1]):
        a0, a1, b0, b1 = for_left[q, 2], for_right[q, 2], for_left[q, 3], for_right[q, 3]
        for r in range(n):
            s, a, b = state[r], left[q, r], right[q, r]
            out[q, r] = a + b
            of_left = a * (a1 if s == 1 else (a0 if s == 0 else 0.0))
            total[r] += of_left + b * (b1 if s == 1 else (b0 if s == 0 else 0.0))


@compiled
def _states(columns, n, begin, end, feature, threshold, missing_right, again, state):
    """Left 0, right 1, ruled out 2."""
    for i in range(begin, end):
        _ways(columns[feature[i]], n, threshold[i], missing_right[i], state[i - begin])
    for j in range(len(again)):
        i, earlier, side = again[j, 0] - begin, again[j, 1] - begin, np.int64(again[j, 2])
        _rule_out(state[earlier], side, n, state[i])


@compiled
def contributions(
    X, begin, end, margins, first, first_fork, feature, threshold, missing_right, first_again,
    again, below, row, forks, ends, places, points, expected, out,
):  # fmt: skip
    """Of rows begin:end into out (rows, features + 1)."""
    rows = max(1, min(MOST_ROWS, MOST_NUMBERS // (places * len(points))))
    columns = np.empty((X.shape[1], rows), np.float32)
    state = np.empty((places, rows), np.int64)
    work = np.empty((places, len(points), rows))
    totals = np.empty((X.shape[1], rows))
    for start in range(begin, end, rows):
        n = min(rows, end - start)
        _load(X, start, n, columns)
        totals[:] = 0.0
        for t in range(len(first) - 1):
            asked, after, fork = first[t], first[t + 1], first_fork[t]
            forked = first_fork[t + 1] - fork
            repeated = again[first_again[t] : first_again[t + 1]]
            _states(
                columns, n, asked, after, feature, threshold, missing_right, repeated, state
            )  # fmt: skip
            work[0] = 1.0
            for k in range(forked):
                left, right = work[below[fork + k, 0]], work[below[fork + k, 1]]
                _down(forks, row[asked + k], state[k], n, work[k], left, right)
            for k in range(forked, after - asked):
                _end(ends, row[asked + k], state[k], n, work[k], totals[feature[asked + k]])
            for j in range(forked):
                k = forked - np.uint64(1) - j
                left, right = work[below[fork + k, 0]], work[below[fork + k, 1]]
                total = totals[feature[asked + k]]
                _up(forks, row[asked + k], state[k], n, left, right, work[k], total)
        for r in range(n):
            _finish(totals[:, r], expected, margins[start + r], out[start + r])


@compiled
def _rows_of_one(x, feature, threshold, missing_right, again, row):
    """Row of forks or ends for every question."""
    rows = np.empty(len(feature), np.uint64)
    for i in range(len(feature)):
        value = x[feature[i]]
        right = (value >= threshold[i]) | ((value != value) & missing_right[i])
        rows[i] = row[i, 0] + np.uint64(right)
    for j in range(len(again)):
        i, earlier, side = again[j, 0], again[j, 1], again[j, 2]
        if rows[earlier] != row[earlier, 0] + side:
            rows[i] = row[i, 1]
    return rows


@compiled
def of_one(
    x, margin, first, first_fork, feature, threshold, missing_right, first_again, again, below,
    row, forks, ends, places, points, expected, out,
):  # fmt: skip
    """One row."""
    rows = _rows_of_one(x, feature, threshold, missing_right, again, row)
    work = np.empty((places, len(points)))
    totals = np.zeros(len(x))
    for t in range(len(first) - 1):
        asked, fork = first[t], first_fork[t]
        forked = first_fork[t + 1] - fork
        work[0, :] = 1.0
        for k in range(forked):
            i, left, right = rows[asked + k], below[fork + k, 0], below[fork + k, 1]
            for q in range(len(points)):
                product = work[k, q]
                work[left, q] = product * forks[i, q, 0]
                work[right, q] = product * forks[i, q, 1]
        for k in range(forked, first[t + 1] - asked):
            i, f = rows[asked + k], feature[asked + k]
            total = totals[f]
            for q in range(len(points)):
                product = work[k, q]
                work[k, q] = product * ends[i, q, 0]
                total += product * ends[i, q, 1]
            totals[f] = total
        for j in range(forked):
            k = forked - np.uint64(1) - j
            i, f = rows[asked + k], feature[asked + k]
            left, right = below[fork + k, 0], below[fork + k, 1]
            total = totals[f]
            for q in range(len(points)):
                a, b = work[left, q], work[right, q]
                work[k, q] = a + b
                total += a * forks[i, q, 2] + b * forks[i, q, 3]
            totals[f] = total
    _finish(totals, expected, margin, out)


@compiled
def _finish(totals, expected, margin, out):
    """What rounding took from the margin is spread evenly over the contributions that are."""
    total, some = expected, 0
    for f in range(len(totals)):
        total += totals[f]
        some += totals[f] != 0.0
    gap = (margin - total) / max(some, 1)
    for f in range(len(totals)):
        out[f] = totals[f] + gap if totals[f] != 0.0 else 0.0
    out[len(totals)] = expected
