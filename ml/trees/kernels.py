"""The loops, compiled by numba. They release the GIL and start no threads of their own.

Rows are taken in blocks, by columns: the answers of all rows of a block to one question are one
vector operation. A row alone goes through the same loops in the same order, so its result has
the same bits.
"""

import numpy as np
from numba import njit

BLOCK = 256


@njit(cache=True, nogil=True)
def _load(X, first, n, columns):
    """Two copies of each feature: a missing value is below everything, or above everything."""
    features = X.shape[1]
    for r in range(n):
        for f in range(features):
            value = X[first + r, f]
            known = value == value
            columns[f, r] = value if known else -np.inf
            columns[features + f, r] = value if known else np.inf


@njit(cache=True, nogil=True)
def _answer(column, threshold, columns, n, answers):
    """Bit i of a row's word: it goes right at question i."""
    word = answers.dtype.type
    none = word(0)
    for r in range(n):
        answers[r] = none
    for i in range(len(column)):
        c = column[i]
        if c >= 0:
            cut, bit = threshold[i], word(word(1) << word(i))
            for r in range(n):
                answers[r] |= bit if columns[c, r] >= cut else none


@njit(cache=True, nogil=True)
def margins(X, first, last, word, column, threshold, leaf, depth, base, out):
    """float32 sums in the order of the trees, as XGBoost adds them."""
    columns = np.empty((2 * X.shape[1], BLOCK), np.float32)
    answers = np.empty(BLOCK, word.dtype)
    sums = np.empty(BLOCK, np.float32)
    unit = word.dtype.type(1)
    inner = word.dtype.type(2**depth - 1)
    for start in range(first, last, BLOCK):
        n = min(BLOCK, last - start)
        _load(X, start, n, columns)
        for r in range(n):
            sums[r] = base
        for t in range(len(leaf)):
            _answer(column[t], threshold[t], columns, n, answers)
            values = leaf[t]
            for r in range(n):
                place = word.dtype.type(0)
                for _ in range(depth):
                    right = word.dtype.type(answers[r] >> place) & unit
                    place = word.dtype.type(place + place + unit + right)
                sums[r] += values[place - inner]
        for r in range(n):
            out[start + r] = sums[r]


@njit(cache=True, nogil=True)
def _patterns(answers, n, asked, wanted, players, pattern):
    """Bit j of a row's pattern: it meets condition j of the leaf."""
    none = answers.dtype.type(0)
    for r in range(n):
        pattern[r] = 0
    for j in range(players):
        mask, met = asked[j], wanted[j]
        for r in range(n):
            pattern[r] |= (1 << j) if ((answers[r] ^ met) & mask) == none else 0


@njit(cache=True, nogil=True)
def _add_leaf(table, start, players, feature, pattern, n, totals):
    for j in range(players):
        f, at = feature[j], start + j
        for r in range(n):
            totals[f, r] += table[at + pattern[r] * players]


@njit(cache=True, nogil=True)
def contributions(
    X, first, last, word, column, threshold, first_leaf, conditions, feature, asked, wanted,
    start_of, table, expected, out,
):  # fmt: skip
    """Path-dependent TreeSHAP of rows first:last into out (rows, features + 1)."""
    features = X.shape[1]
    columns = np.empty((2 * features, BLOCK), np.float32)
    answers = np.empty(BLOCK, word.dtype)
    pattern = np.empty(BLOCK, np.int64)
    totals = np.empty((features, BLOCK))
    for start in range(first, last, BLOCK):
        n = min(BLOCK, last - start)
        _load(X, start, n, columns)
        totals[:] = 0
        for t in range(len(column)):
            _answer(column[t], threshold[t], columns, n, answers)
            for q in range(first_leaf[t], first_leaf[t + 1]):
                _patterns(answers, n, asked[q], wanted[q], conditions[q], pattern)
                _add_leaf(table, start_of[q], conditions[q], feature[q], pattern, n, totals)
        for r in range(n):
            out[start + r, :features] = totals[:, r]
            out[start + r, features] = expected


@njit(cache=True, nogil=True)
def _answers_of_one(x, word, column, threshold):
    kind = word.dtype.type
    answers, features = kind(0), len(x)
    for i in range(len(column)):
        c = column[i]
        if c >= 0:
            value = x[c % features]
            if value >= threshold[i] or (value != value and c >= features):
                answers = kind(answers | kind(kind(1) << kind(i)))
    return answers


@njit(cache=True, nogil=True)
def contributions_of_one(
    x, word, column, threshold, first_leaf, conditions, feature, asked, wanted, start_of, table,
    expected, out,
):  # fmt: skip
    """One row without the blocks: the same additions in the same order."""
    out[:] = 0
    for t in range(len(column)):
        answers = _answers_of_one(x, word, column[t], threshold[t])
        for q in range(first_leaf[t], first_leaf[t + 1]):
            pattern, players = 0, conditions[q]
            for j in range(players):
                if ((answers ^ wanted[q, j]) & asked[q, j]) == word.dtype.type(0):
                    pattern |= 1 << j
            at = start_of[q] + pattern * players
            for j in range(players):
                out[feature[q, j]] += table[at + j]
    out[len(x)] = expected
