"""Reads of this floor, shaped for the patient page and its endpoint."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    alternatives: tuple[str, ...] = ()  # names of items that give way to this one

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
    rows = list(Recommendation.objects.current().filter(patient=patient_id).order_by("rank"))
    better = _gives_way(rows)
    alternatives: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.item in better:
            alternatives[better[row.item]].append(row.content["name"])
    sorted_advice = Advice()
    for row in rows:
        if row.item not in better:
            line = Line(row, answers.get(row.item), tuple(alternatives[row.item]))
            _place(sorted_advice, line, today)
    return sorted_advice


def _gives_way(rows: list[Recommendation]) -> dict[str, str]:
    """Item -> the better item of the list, for what is blocked by that alone and is not unsafe."""
    offered = {row.item for row in rows if row.status != Recommendation.Status.BLOCKED}
    found = {}
    for row in rows:
        named = [block.get("better", "") for block in row.content.get("blocked_by", ())]
        if row.item not in offered and named and offered.issuperset(named):
            found[row.item] = named[0]
    return found


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
