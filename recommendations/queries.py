"""Reads of this floor, shaped for the patient page and its endpoint."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from recommendations.models import (
    AlertBudget,
    Feedback,
    FollowUp,
    Interruption,
    Recommendation,
    Repeatability,
)

SHOWN = 3
ANSWER_HOLDS = timedelta(days=365)  # own choice: then the question is asked again


@dataclass(frozen=True)
class Line:
    """A recommendation with the newest standing answer that was ever given to its item."""

    recommendation: Recommendation
    answer: Feedback | None
    alternatives: tuple[str, ...] = ()  # names of items that give way to this one
    follow_up: FollowUp | None = None
    again: Repeatability | None = None  # how that value comes back untreated, where it is known
    waits: bool = False  # for the urgent that stands open above it

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
    next_test: Line | None = None  # the test that would settle most, where it is not shown above
    folded: list[Line] = field(default_factory=list)
    check_first: list[Line] = field(default_factory=list)
    blocked: list[Line] = field(default_factory=list)
    answered: list[Line] = field(default_factory=list)

    @property
    def answers(self) -> list[Feedback]:
        """The newest answer to each item that has one."""
        test = [self.next_test] if self.next_test else []
        lines = [*self.shown, *test, *self.folded, *self.check_first, *self.blocked, *self.answered]
        return [line.answer for line in lines if line.answer]

    @property
    def has_room(self) -> bool:
        """Whether one more item that is not urgent may be shown."""
        return len(self.shown) < SHOWN and not self.is_urgent

    @property
    def is_urgent(self) -> bool:
        return any(line.recommendation.is_urgent for line in self.shown)

    @property
    def open_count(self) -> int:
        return len(self.shown) + len(self.folded) + (self.next_test is not None)


def advice(patient_id: int, *, today: date) -> Advice:
    """Three queries: the items, the newest answer to each, and how their values come back; the
    last only where a follow-up waits or was measured."""
    answers = {answer.recommendation.item: answer for answer in _newest_answers(patient_id)}
    rows = list(Recommendation.objects.in_force(today).filter(patient=patient_id).order_by("rank"))
    better = _gives_way(rows)
    alternatives: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.item in better:
            alternatives[better[row.item]].append(row.content["name"])
    known = _repeatabilities(answers.values())
    sorted_advice = Advice()
    for row in rows:
        if row.item not in better:
            given = answers.get(row.item)
            plan = follow_up(given)
            again = known.get(plan.analyte) if plan else None
            line = Line(row, given, tuple(alternatives[row.item]), plan, again)
            _place(sorted_advice, line, today)
    return sorted_advice


def newest_answer(recommendation: Recommendation) -> Feedback | None:
    """The standing answer to this item of this patient."""
    rows = _newest_answers(recommendation.patient_id)
    return rows.filter(recommendation__item=recommendation.item).first()


def follow_up(answer: Feedback | None) -> FollowUp | None:
    plan = getattr(answer, "follow_up", None)
    return None if plan is None or plan.cancelled_at else plan


def _repeatabilities(answers: Iterable[Feedback]) -> dict[str, Repeatability]:
    plans = [plan for answer in answers if (plan := follow_up(answer))]
    if not plans:
        return {}
    rows = Repeatability.objects.filter(analyte__in={plan.analyte for plan in plans})
    return {row.analyte: row for row in rows}


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
    holding = resting(patient_ids, today=today)
    recommended = Recommendation.objects.in_force(today).filter(
        patient__in=patient_ids, status=Recommendation.Status.RECOMMENDED
    )
    rows = recommended.values_list("patient", "item", "is_urgent")
    return Counter(patient for patient, item, urgent in rows
                   if not holding.holds(patient, item, urgent))  # fmt: skip


@dataclass(frozen=True)
class Resting:
    """Items with an answer that holds: (patient, item) -> whether it was given to an urgent one."""

    answered: dict[tuple[int, str], bool]

    def holds(self, patient: int, item: str, is_urgent: bool) -> bool:
        """Whether the answer still covers the item as it is now."""
        was_urgent = self.answered.get((patient, item))
        return was_urgent is not None and (was_urgent or not is_urgent)


def resting(patient_ids: Collection[int] | None, *, today: date) -> Resting:
    """One query for any number of patients; None means all. The same rule as `Line.rests`."""
    newest = Feedback.objects.newest()
    if patient_ids is not None:
        newest = newest.filter(recommendation__patient__in=patient_ids)
    oldest = today - ANSWER_HOLDS
    rows = newest.values_list(
        "recommendation__patient", "recommendation__item", "recommendation__is_urgent",
        "snooze_until", "at",
    )  # fmt: skip
    return Resting(
        {
            (patient, item): is_urgent
            for patient, item, is_urgent, until, at in rows
            if (until > today if until else timezone.localdate(at) > oldest)
        }
    )


@dataclass(frozen=True)
class Flag:
    """A card that stands on the worklist: advice to look at, today where it is urgent."""

    item: str
    name: str
    is_urgent: bool


def interrupting(patient_ids: Collection[int], *, role: str, today: date) -> dict[int, list[Flag]]:
    """Cards on the worklist of a role: sent within the window, and not answered since.

    Two queries, one more where cards stand.
    """
    window = AlertBudget.of(role).window
    since = timezone.make_aware(datetime.combine(today, time())) - window
    still = Recommendation.objects.in_force(today).filter(
        patient=OuterRef("patient"), item=OuterRef("item"),
        status=Recommendation.Status.RECOMMENDED,
    )  # fmt: skip
    sent = (
        Interruption.objects.sent()
        .since(since)
        .filter(Exists(still), role=role, patient__in=patient_ids)
        .order_by("patient", "-is_urgent", "-worth")
        .values_list("patient", "item", "is_urgent", "recommendation__content__name")
    )
    cards = list(sent)
    holding = resting(patient_ids, today=today) if cards else Resting({})
    found: dict[int, dict[str, Flag]] = defaultdict(dict)
    for patient, item, is_urgent, name in cards:
        if not holding.holds(patient, item, is_urgent):
            found[patient].setdefault(item, Flag(item, name or item, is_urgent))
    return {patient: list(flags.values()) for patient, flags in found.items()}


def _newest_answers(patient_id: int):
    return (
        Feedback.objects.filter(recommendation__patient=patient_id)
        .newest()
        .select_related("recommendation", "by", "follow_up")
    )


def _settles(line: Line) -> bool:
    """It is the next best test of this person."""
    return bool(line.recommendation.content.get("decides"))


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
    elif _settles(line) and not advice.is_urgent and len(advice.shown) >= SHOWN:
        advice.next_test = line
    elif line.recommendation.is_urgent or advice.has_room:
        advice.shown.append(line)
    else:
        waits = advice.is_urgent and bool(line.recommendation.content.get("waits_for"))
        advice.folded.append(replace(line, waits=waits))
