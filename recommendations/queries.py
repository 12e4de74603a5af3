"""Reads of this floor, shaped for the patient page and its endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from recommendations.models import Feedback, Recommendation

SHOWN = 3
ANSWER_HOLDS = timedelta(days=365)  # own choice: then the question is asked again


@dataclass(frozen=True)
class Line:
    """A recommendation with the newest answer that was ever given to its item."""

    recommendation: Recommendation
    answer: Feedback | None

    def rests(self, today: date) -> bool:
        """Answered, and the answer still holds: not for ever, and not once it is urgent."""
        if self.answer is None:
            return False
        if self.recommendation.is_urgent and not self.answer.recommendation.is_urgent:
            return False
        if self.answer.snooze_until is not None:
            return self.answer.snooze_until > today
        return today - timezone.localdate(self.answer.at) < ANSWER_HOLDS


@dataclass
class Advice:
    """All current recommendations of one patient, sorted by what to do with them."""

    shown: list[Line] = field(default_factory=list)
    folded: list[Line] = field(default_factory=list)
    check_first: list[Line] = field(default_factory=list)
    blocked: list[Line] = field(default_factory=list)
    answered: list[Line] = field(default_factory=list)

    @property
    def has_room(self) -> bool:
        """Whether one more item that is not urgent may be shown."""
        something_is_urgent = any(line.recommendation.is_urgent for line in self.shown)
        return len(self.shown) < SHOWN and not something_is_urgent

    @property
    def open_count(self) -> int:
        return len(self.shown) + len(self.folded)


def advice(patient_id: int, *, today: date) -> Advice:
    """Two queries: the current items, and the newest answer to each item."""
    answers = {answer.recommendation.item: answer for answer in _newest_answers(patient_id)}
    sorted_advice = Advice()
    for row in Recommendation.objects.current().filter(patient=patient_id).order_by("rank"):
        _place(sorted_advice, Line(row, answers.get(row.item)), today)
    return sorted_advice


def open_counts(patient_ids: Collection[int], *, today: date) -> Counter[int]:
    """How many recommendations wait for an answer, by patient: two queries for any number."""
    holding = Q(snooze_until=None) | Q(snooze_until__gt=today)
    newest = (
        Feedback.objects.filter(recommendation__patient__in=patient_ids)
        .order_by("recommendation__patient", "recommendation__item", "-at", "-pk")
        .distinct("recommendation__patient", "recommendation__item")
    )
    answered = set(
        Feedback.objects.filter(holding, pk__in=newest.values("pk")).values_list(
            "recommendation__patient", "recommendation__item"
        )
    )
    recommended = Recommendation.objects.current().filter(
        patient__in=patient_ids, status=Recommendation.Status.RECOMMENDED
    )
    rows = recommended.values_list("patient", "item")
    return Counter(patient for patient, item in rows if (patient, item) not in answered)


def _newest_answers(patient_id: int):
    return (
        Feedback.objects.filter(recommendation__patient=patient_id)
        .select_related("recommendation", "by")
        .order_by("recommendation__item", "-at", "-pk")
        .distinct("recommendation__item")
    )


def _place(advice: Advice, line: Line, today: date) -> None:
    """Not more than three are shown, and while something is urgent only that.

    The rows come by rank, the urgent first.
    """
    status = line.recommendation.status
    if status == Recommendation.Status.BLOCKED:
        advice.blocked.append(line)
    elif line.rests(today):
        advice.answered.append(line)
    elif status == Recommendation.Status.CHECK_FIRST:
        advice.check_first.append(line)
    elif line.recommendation.is_urgent or advice.has_room:
        advice.shown.append(line)
    else:
        advice.folded.append(line)
