"""Arithmetic that point scores share."""

import numpy as np


def steps(value, edges, points, *, side="right"):
    """Points by interval: `points[i]` from `edges[i-1]` up to `edges[i]`.

    With side "right" an edge belongs to the interval above it, with "left" to that below.
    """
    return np.asarray(points)[np.searchsorted(edges, value, side=side)]


def total(*parts):
    """Whole points of several parts; a part may be boolean."""
    return np.sum([np.asarray(part, dtype=float) for part in parts], axis=0)


def bands(points, edges, names):
    """Name of the band, whose lower edge is included."""
    return np.asarray(names)[np.searchsorted(edges, points, side="right")]
