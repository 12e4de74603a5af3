"""Pairs of people in the right order, in n log n by a Fenwick tree over the ranks of risk."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _add(tree, position, amount):
    while position < len(tree):
        tree[position] += amount
        position += position & -position


@njit(cache=True, nogil=True)
def _sum_to(tree, position):
    total = 0.0
    while position > 0:
        total += tree[position]
        position -= position & -position
    return total


@njit(cache=True, nogil=True)
def _end_of_tie(order, time, start):
    end = start
    while end < len(order) and time[order[end]] == time[order[start]]:
        end += 1
    return end


@njit(cache=True, nogil=True)
def pairs(order, time, event, rank, weight, case_weight):
    """Weight of concordant, tied and comparable pairs.

    `order` goes by falling time, at one time those without the event first; `rank` numbers the
    distinct risks from 1. A pair is an event and somebody known to be free of it at that time. It
    weighs `case_weight` of the one times `weight` of the other.
    """
    tree = np.zeros(rank.max() + 1)
    free, concordant, tied, comparable = 0.0, 0.0, 0.0, 0.0
    start = 0
    while start < len(order):
        end = _end_of_tie(order, time, start)
        for i in range(start, end):  # the censored of this time outlive its events
            at = order[i]
            if not event[at]:
                _add(tree, rank[at], weight[at])
                free += weight[at]
        for i in range(start, end):
            at = order[i]
            if event[at] and case_weight[at] > 0:
                below = _sum_to(tree, rank[at] - 1)
                concordant += case_weight[at] * below
                tied += case_weight[at] * (_sum_to(tree, rank[at]) - below)
                comparable += case_weight[at] * free
        for i in range(start, end):
            at = order[i]
            if event[at]:
                _add(tree, rank[at], weight[at])
                free += weight[at]
        start = end
    return concordant, tied, comparable
