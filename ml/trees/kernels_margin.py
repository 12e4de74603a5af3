"""The loops behind the margins.

Nothing is done in another order for one row than for many, so the bits are the same.
"""

import numpy as np

from .jit import compiled

BLOCK = 1024
PADDING = 16  # keeps the columns of a block out of one another's cache lines


@compiled
def _load(X, first, n, columns):
    for r in range(n):
        for f in range(X.shape[1]):
            columns[f, r] = X[first + r, f]


@compiled
def _count(values, n, threshold, first, last, counts):
    """How many thresholds first:last lie at or below each value; eight at a time."""
    for r in range(n):
        counts[r] = 0
    k = first
    while k + 8 <= last:
        a, b, c, d = threshold[k], threshold[k + 1], threshold[k + 2], threshold[k + 3]
        e, f, g, h = threshold[k + 4], threshold[k + 5], threshold[k + 6], threshold[k + 7]
        for r in range(n):
            v = values[r]
            low = np.int32(v >= a) + np.int32(v >= b) + np.int32(v >= c) + np.int32(v >= d)
            high = np.int32(v >= e) + np.int32(v >= f) + np.int32(v >= g) + np.int32(v >= h)
            counts[r] += low + high
        k += 8
    for rest in range(k, last):
        cut = threshold[rest]
        for r in range(n):
            counts[r] += np.int32(values[r] >= cut)


@compiled
def _rank(columns, n, feature, missing_right, first, threshold, counts, ranks):
    """Rank of each value among the thresholds; a missing value is below all, or above all."""
    word = ranks.dtype.type
    top = word(~word(0))
    for c in range(len(feature)):
        values = columns[feature[c]]
        _count(values, n, threshold, first[c], first[c + 1], counts)
        if missing_right[c]:
            for r in range(n):
                rank = word(counts[r])
                ranks[c, r] = rank if values[r] == values[r] else top
        else:
            for r in range(n):
                ranks[c, r] = word(counts[r])


@compiled
def _answer(kind, a, b, o, c, cut, ranks, n, answers):
    """The leaf that each row arrives at; both sides are loaded first, to choose without a jump."""
    leaf_a, leaf_b = answers.dtype.type(a), answers.dtype.type(b)
    if kind == 0:
        for r in range(n):
            answers[o, r] = leaf_b if ranks[c, r] > cut else leaf_a
    elif kind == 1:
        for r in range(n):
            right = answers[b, r]
            answers[o, r] = right if ranks[c, r] > cut else leaf_a
    elif kind == 2:
        for r in range(n):
            left = answers[a, r]
            answers[o, r] = leaf_b if ranks[c, r] > cut else left
    else:
        for r in range(n):
            left, right = answers[a, r], answers[b, r]
            answers[o, r] = right if ranks[c, r] > cut else left


@compiled
def by_blocks(
    X, begin, end, value, first_leaf, base, word, slots, feature, missing_right, first,
    threshold, first_step, kind, column, cut, left, right, out_slot, out,
):  # fmt: skip
    """Sums in the order of the trees and in the precision of `value`, as the library adds."""
    columns = np.empty((X.shape[1], BLOCK + PADDING), np.float32)
    counts = np.empty(BLOCK, np.int32)
    ranks = np.empty((len(feature), BLOCK + PADDING), word.dtype)
    answers = np.zeros((slots, BLOCK + PADDING), word.dtype)
    sums = np.empty(BLOCK, value.dtype)
    name = word.dtype.type
    for start in range(begin, end, BLOCK):
        n = min(BLOCK, end - start)
        _load(X, start, n, columns)
        _rank(columns, n, feature, missing_right, first, threshold, counts, ranks)
        for r in range(n):
            sums[r] = base
        for t in range(len(first_leaf) - 1):
            answers[0, :n] = name(0)  # a tree of one leaf asks nothing
            for i in range(first_step[t], first_step[t + 1]):
                _answer(
                    kind[i], left[i], right[i], out_slot[i], column[i], cut[i], ranks, n, answers
                )
            place = np.uint64(first_leaf[t])
            for r in range(n):
                sums[r] += value[place + np.uint64(answers[0, r])]
        for r in range(n):
            out[start + r] = sums[r]


@compiled
def by_walks(X, begin, end, value, base, root, feature, threshold, missing_right, child, out):
    """Row by row from root to leaf: for a few rows, and for trees of very many leaves."""
    for start in range(begin, end, BLOCK):
        last = min(start + BLOCK, end)
        out[start:last] = base
        for t in range(len(root)):
            for r in range(start, last):
                node = root[t]
                while node >= 0:
                    question = np.uint64(node)
                    x = X[r, np.uint64(feature[question])]
                    # No jump: half of all guesses which way it goes would be wrong.
                    right = (x >= threshold[question]) | ((x != x) & missing_right[question])
                    node = child[question, np.uint64(right)]
                out[r] += value[~node]
