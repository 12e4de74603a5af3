"""The loops behind the contributions: `contributions` by blocks of rows, `of_one` for a row.

Both walk the same program (`shapley.Walk`) and do the same additions in the same order, so a row
has the same bits alone and in a crowd. Steps of the program are numbered as in `shapley`.
"""

import numpy as np

from .jit import compiled

NOTHING = np.uint64(2**62)  # below a leaf
BLOCK = 128  # products and sums of a block stay in the first cache


@compiled
def _load(X, first, n, columns):
    """Two copies of each feature: a missing value is below everything, or above everything."""
    features = X.shape[1]
    for r in range(n):
        for f in range(features):
            value = X[first + r, f]
            known = value == value
            columns[f, r] = value if known else -np.inf
            columns[features + f, r] = value if known else np.inf


@compiled
def _states(columns, n, c, cut, d, repeated, earlier, side, state):
    if repeated:
        for r in range(n):
            way = 1.0 if columns[c, r] >= cut else 0.0
            state[d, r] = way if state[earlier, r] == side else 2.0
    else:
        for r in range(n):
            state[d, r] = 1.0 if columns[c, r] >= cut else 0.0


@compiled
def _go_down(product, state, d, n, factors, side):
    below = d + np.uint64(1)
    for q in range(factors.shape[1]):
        left, right, out = factors[0, q, side], factors[1, q, side], factors[2, q, side]
        for r in range(n):
            s = state[d, r]
            product[below, q, r] = product[d, q, r] * (
                right if s == 1.0 else (left if s == 0.0 else out)
            )


@compiled
def _two_leaves(product, state, d, n, factors, o, f, sums, totals):
    for q in range(factors.shape[1]):
        g0, g1, g2 = factors[0, q, 2], factors[1, q, 2], factors[2, q, 2]
        t0, t1 = factors[0, q, 4], factors[1, q, 4]
        for r in range(n):
            p, s = product[d, q, r], state[d, r]
            sums[o, q, r] = p * (g1 if s == 1.0 else (g0 if s == 0.0 else g2))
            totals[f, r] += p * (t1 if s == 1.0 else (t0 if s == 0.0 else 0.0))


@compiled
def _two_sides(left, right, state, d, n, factors, o, f, sums, totals):
    """`left` and `right`: sums over the leaves of a side, or the product above a lone leaf."""
    for q in range(factors.shape[1]):
        g0, g1, g2 = factors[0, q, 2], factors[1, q, 2], factors[2, q, 2]
        h0, h1, h2 = factors[0, q, 3], factors[1, q, 3], factors[2, q, 3]
        t0, t1, u0, u1 = factors[0, q, 4], factors[1, q, 4], factors[0, q, 5], factors[1, q, 5]
        for r in range(n):
            a, b, s = left[q, r], right[q, r], state[d, r]
            ga = g1 if s == 1.0 else (g0 if s == 0.0 else g2)
            gb = h1 if s == 1.0 else (h0 if s == 0.0 else h2)
            sums[o, q, r] = a * ga + b * gb
            ta = t1 if s == 1.0 else (t0 if s == 0.0 else 0.0)
            tb = u1 if s == 1.0 else (u0 if s == 0.0 else 0.0)
            totals[f, r] += a * ta + b * tb


@compiled
def contributions(
    X, begin, end, margins, program, depth, column, threshold, feature, earlier, earlier_side,
    repeated, out_slot, first, below_node, earlier_node, factors, deepest, expected, out,
):  # fmt: skip
    """Of rows begin:end into out (rows, features + 1)."""
    features, points = X.shape[1], factors.shape[2]
    columns = np.empty((2 * features, BLOCK), np.float32)
    state = np.zeros((deepest + 1, BLOCK))
    product = np.ones((deepest + 2, points, BLOCK))
    sums = np.zeros((2 * deepest + 4, points, BLOCK))
    totals = np.empty((features, BLOCK))
    for start in range(begin, end, BLOCK):
        n = min(BLOCK, end - start)
        _load(X, start, n, columns)
        totals[:] = 0.0
        for i in range(len(program)):
            step, node = program[i, 0], program[i, 1]
            d, f, o = depth[node], feature[node], out_slot[node]
            below = np.uint64(2) * (d + np.uint64(1))
            if step == 0:
                _states(
                    columns, n, column[node], threshold[node], d, repeated[node], earlier[node],
                    earlier_side[node], state,
                )  # fmt: skip
            elif step <= 2:
                _go_down(product, state, d, n, factors[node], step - np.uint64(1))
            elif step == 3:
                _two_leaves(product, state, d, n, factors[node], o, f, sums, totals)
            else:
                left = product[d] if step == 5 else sums[below]
                right = product[d] if step == 6 else sums[below + np.uint64(1)]
                _two_sides(left, right, state, d, n, factors[node], o, f, sums, totals)
        for r in range(n):
            _finish(totals[:, r], expected, margins[start + r], out[start + r])


@compiled
def _states_of_one(x, begin, end, column, threshold, feature, earlier_node, side, repeated, state):
    features = np.uint64(len(x))
    for i in range(begin, end):
        value = x[feature[i]]
        missing_right = (value != value) & (column[i] >= features)
        way = np.uint64((value >= threshold[i]) | missing_right)
        ruled_out = repeated[i] & (state[earlier_node[i] - begin] != side[i])
        state[i - begin] = np.uint64(2) if ruled_out else way


@compiled
def of_one(
    x, margin, program, depth, column, threshold, feature, earlier, earlier_side, repeated,
    out_slot, first, below, earlier_node, factors, deepest, expected, out,
):  # fmt: skip
    """One row, tree by tree: all the way down, then all the way up, without a branch.

    `work` holds the products of a tree's n questions, then their sums, then a place for what
    leads to no question.
    """
    points, most = factors.shape[2], np.uint64(0)
    for t in range(len(first) - 1):
        most = max(most, first[t + 1] - first[t])
    state = np.zeros(most, np.uint64)
    work = np.ones((np.uint64(2) * most + np.uint64(1), points))
    totals = np.zeros(len(x))
    for t in range(len(first) - 1):
        begin, end = first[t], first[t + 1]
        _states_of_one(
            x, begin, end, column, threshold, feature, earlier_node, earlier_side, repeated, state
        )
        for q in range(points):
            work[0, q] = 1.0
        for i in range(begin, end):
            k, s = i - begin, state[i - begin]
            left, right = (
                min(below[i, 0] - begin, most + most),
                min(below[i, 1] - begin, most + most),
            )
            for q in range(points):
                product = work[k, q]
                work[left, q] = product * factors[i, s, q, 0]
                work[right, q] = product * factors[i, s, q, 1]
        for j in range(begin, end):
            i = begin + end - np.uint64(1) - j
            k, s, f = i - begin, state[i - begin], feature[i]
            left = below[i, 0] - begin + most if below[i, 0] != NOTHING else k
            right = below[i, 1] - begin + most if below[i, 1] != NOTHING else k
            for q in range(points):
                a, b = work[left, q], work[right, q]
                work[most + k, q] = a * factors[i, s, q, 2] + b * factors[i, s, q, 3]
                totals[f] += a * factors[i, s, q, 4] + b * factors[i, s, q, 5]
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
