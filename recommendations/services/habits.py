"""What clinicians here take for whom, learned from their answers: a tie-breaker and never more.

The ranking asks `shares`; without a fitted habit nothing moves.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from ml.facts import Facts
from ml.recommenders import habit
from patients import queries as patient_queries
from patients.models import Patient
from recommendations.models import Feedback, HabitModel

log = logging.getLogger(__name__)
LEAST_ANSWERS = 200
STEP = 0.1
MEASURED = ("SBP", "LDL", "HBA1C", "EGFR", "BMI")
FEATURES = ("age", "female", "smoker", "conditions", "medications", *MEASURED)
ARRAYS = ("intercept", "weights", "mean", "scale")


class NotEnoughAnswers(Exception):
    """Too few answers to learn from; the message says how many there are."""


class Tampered(Exception):
    """The stored weights are not those that were fitted."""


@dataclass(frozen=True, slots=True)
class _Person:
    """What one patient was answered: items taken before their last day of answers, and on it."""

    last_day: date
    before: frozenset[str]
    then: frozenset[str]


def fit(*, now: datetime) -> HabitModel | None:
    """Learn and store, or None with too few answers. Features are of before the answers."""
    try:
        fitted, answers = learn(list(answered()))
    except NotEnoughAnswers:
        return None
    weights = _packed(fitted)
    digest = hashlib.sha256(weights).hexdigest()
    last = HabitModel.objects.order_by("-fitted_at").first()
    if last is not None and (last.digest, last.answers) == (digest, answers):
        return last
    return HabitModel.objects.create(
        fitted_at=now,
        answers=answers,
        people=fitted.answers,
        items=list(fitted.items),
        features=list(FEATURES),
        weights=weights,
        digest=digest,
    )


def learn(answers: Sequence[Feedback]) -> tuple[habit.Habit, int]:
    """From standing answers that took or declined an item.

    Raises NotEnoughAnswers below 200 of them.
    """
    if len(answers) < LEAST_ANSWERS:
        raise NotEnoughAnswers(
            f"Not enough answers: {len(answers)} of at least {LEAST_ANSWERS}. Nothing is learned."
        )
    people = _people(answers)
    items = tuple(sorted({answer.recommendation.item for answer in answers}))
    known = facts_before({pk: each.last_day for pk, each in people.items()})
    ids = sorted(known)
    fitted = habit.fit(
        items,
        features([known[pk] for pk in ids]),
        _matrix([people[pk].before for pk in ids], items),
        _matrix([people[pk].then for pk in ids], items),
    )
    return fitted, len(answers)


def features(people: Sequence[Facts]) -> NDArray[np.float64]:
    """Shape (people, FEATURES); NaN where a fact is not known, zero where nobody's is."""
    table = _table(people)
    table[:, np.isnan(table).all(axis=0)] = 0.0
    return table


def shares(people: Sequence[Facts]) -> list[dict[str, float]]:
    """Of each person and item, -1 to 1: trust in the habit times how much more likely than the
    other items it is taken. Empty where nothing was learned, or what was learned cannot be read.

    In steps, so that a night's new answers do not make every stored recommendation a new one.
    """
    try:
        learned = newest()
    except Tampered:
        log.exception("Habits are left out of the ranking")
        learned = None
    if learned is None:
        return [{} for _ in people]
    chances = learned.probabilities(_table(people))  # a value nobody knows counts as the mean
    nudges = learned.trust * (chances - chances.mean(axis=1, keepdims=True))
    nudges = np.round(nudges / STEP) * STEP + 0.0  # no minus zero
    return [dict(zip(learned.items, row.tolist(), strict=True)) for row in nudges]


def newest() -> habit.Habit | None:
    """The last fitted habit, or None. Raises Tampered when its digest does not fit."""
    row = HabitModel.objects.order_by("-fitted_at").first()
    if row is None or row.features != list(FEATURES):
        return None
    weights = bytes(row.weights)
    if hashlib.sha256(weights).hexdigest() != row.digest:
        raise Tampered(f"The weights of habit model {row} were changed. Fit it again.")
    with np.load(io.BytesIO(weights), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in ARRAYS}
    return habit.Habit(items=tuple(row.items), answers=row.people, **arrays)


def _table(people: Sequence[Facts]) -> NDArray[np.float64]:
    return np.array([_features(facts) for facts in people], float).reshape(-1, len(FEATURES))


def answered() -> QuerySet[Feedback]:
    """Standing answers that took or declined an item."""
    taken = [*Feedback.FOLLOWED, Feedback.Answer.DECLINE]
    rows = Feedback.objects.newest().select_related("recommendation")
    return rows.filter(answer__in=taken).defer("recommendation__content")


def _people(answers: Sequence[Feedback]) -> dict[int, _Person]:
    by_patient = defaultdict(list)
    for answer in answers:
        day = timezone.localdate(answer.at)
        taken = answer.answer in Feedback.FOLLOWED
        by_patient[answer.recommendation.patient_id].append(
            (day, answer.recommendation.item, taken)
        )
    return {patient: _person(rows) for patient, rows in by_patient.items()}


def _person(rows: list[tuple[date, str, bool]]) -> _Person:
    last = max(day for day, _, _ in rows)
    return _Person(
        last,
        frozenset(item for day, item, taken in rows if taken and day < last),
        frozenset(item for day, item, taken in rows if taken and day == last),
    )


def facts_before(days: Mapping[int, date]) -> dict[int, Facts]:
    """What was known of patients at the start of the week of a day: one set of queries a week.

    A value measured after an item was taken would tell that it was.
    """
    weeks = defaultdict(list)
    for pk, day in days.items():
        weeks[day - timedelta(days=day.weekday())].append(pk)
    known: dict[int, Facts] = {}
    for monday, ids in sorted(weeks.items()):
        moment = patient_queries.start_of_day(monday)
        known |= patient_queries.facts_known_at(moment, Patient.objects.filter(pk__in=ids))
    return known


def _features(facts: Facts) -> list[float]:
    def number(value: float | None) -> float:
        return np.nan if value is None else float(value)

    smoking = facts.lifestyle.smoking
    measured = [facts.measurements.get(code) for code in MEASURED]
    values = [None if each is None else each.value for each in measured]
    return [
        number(facts.age),
        number(None if facts.sex is None else facts.sex == "female"),
        number(None if smoking is None else smoking == "current"),
        number(None if facts.conditions is None else len(facts.conditions)),
        number(None if facts.medications is None else len(facts.medications)),
        *map(number, values),
    ]


def _matrix(taken: Sequence[frozenset[str]], items: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([[item in mine for item in items] for mine in taken], float)


def _packed(fitted: habit.Habit) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **{name: getattr(fitted, name) for name in ARRAYS})
    return out.getvalue()
