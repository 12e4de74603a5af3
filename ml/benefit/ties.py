"""Which benefits cannot be told apart."""

from collections.abc import Sequence


def ties(intervals: Sequence[tuple[float, float, float]]) -> list[int]:
    """Place of each (estimate, low, high): 1 for the best; those that overlap it share its place.

    The largest estimate opens a place; whoever's interval reaches into that leader's interval
    shares it. The next opens the place after all of these, as in sport.

    >>> ties([(0.05, 0.04, 0.06), (0.01, 0.0, 0.02), (0.045, 0.03, 0.055)])
    [1, 3, 1]
    """
    order = sorted(range(len(intervals)), key=lambda n: -intervals[n][0])
    places = [0] * len(intervals)
    leader, place = None, 0
    for rank, number in enumerate(order, start=1):
        _, low, high = intervals[number]
        if leader is None or high < leader[0] or low > leader[1]:
            leader, place = (low, high), rank
        places[number] = place
    return places
