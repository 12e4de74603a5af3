"""How long a reviewed entry holds.

Guidelines change. An intervention whose review is older than the catalogue allows is not
recommended to anybody until somebody has read its sources again. An interaction never expires:
an old warning is still a warning, so it is only listed.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from recommendations.catalogue import overlay
from recommendations.catalogue.entries import Catalogue, Interaction, Intervention

Entry = Intervention | Interaction


def last_day(entry: Entry, catalogue: Catalogue) -> date:
    """The last day on which the review of an entry still holds.

    >>> from types import SimpleNamespace as Made
    >>> last_day(Made(review_date=date(2024, 2, 29)), Made(valid_years=2))
    datetime.date(2026, 2, 28)
    """
    year = entry.review_date.year + catalogue.valid_years
    try:
        return entry.review_date.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)


def oldest_review(catalogue: Catalogue, today: date) -> date:
    """The earliest day of a review that still holds today.

    >>> from types import SimpleNamespace as Made
    >>> oldest_review(Made(valid_years=2), date(2024, 2, 29))
    datetime.date(2022, 3, 1)
    """
    try:
        return today.replace(year=today.year - catalogue.valid_years)
    except ValueError:  # 29 February
        return date(today.year - catalogue.valid_years, 3, 1)


def expired(catalogue: Catalogue, today: date) -> tuple[Entry, ...]:
    """Entries that need a new review, the oldest review first."""
    entries: Iterable[Entry] = (*catalogue.interventions, *catalogue.interactions)
    oldest = oldest_review(catalogue, today)
    old = (entry for entry in entries if entry.review_date < oldest)
    return tuple(sorted(old, key=lambda entry: (entry.review_date, entry.id)))


def active(catalogue: Catalogue, today: date) -> Catalogue:
    """The catalogue without the interventions whose review no longer holds.

    The same object where all of them hold, and one object for as long as the same ones do:
    what is computed from a catalogue is kept by object.
    """
    items, oldest = catalogue.interventions, oldest_review(catalogue, today)
    gone = frozenset(item.id for item in items if item.review_date < oldest)
    return _without(catalogue, gone) if gone else catalogue


@lru_cache(maxsize=8)
def _without(catalogue: Catalogue, gone: frozenset[str]) -> Catalogue:
    return overlay.without(catalogue, gone)
