"""Did it help? Schedule a measure for what was accepted, and fill in what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ml import analytes, rules
from ml.facts import Measurement
from ml.recommenders import achieved
from patients import queries as patient_queries
from patients.models import Medication, Result
from recommendations.catalogue.entries import Change
from recommendations.models import Feedback, FollowUp, Repeatability
from recommendations.services import catalogue

DAYS_PER_MONTH = 30.4375
MOVES_A_VALUE = ("abs", "pct", "set")  # a relative risk cannot be measured again in one person
# Two values of one person count as a repeat when they lie so far apart (own choice).
APART = (timedelta(days=28), timedelta(days=400))
MOST_PEOPLE = 5_000  # pairs of so many are enough to learn a mean and a correlation
Values = dict[tuple[int, str], list[tuple[date, float]]]  # oldest first
KNOWN = frozenset(analyte.code for analyte in analytes.all())


def schedule(feedback: Feedback) -> FollowUp | None:
    """Plan the measure of an accepted item; None where no value of the patient will tell.

    One accepted again replaces its earlier plan that has no value yet.
    """
    recommendation = feedback.recommendation
    entry = catalogue.current().by_id.get(recommendation.item)
    if entry is None:
        return None
    patient = recommendation.patient
    facts = patient_queries.facts_known_at(feedback.at, [patient])[patient.pk]
    env = rules.FactsEnvironment(facts)
    for change in entry.changes:
        before = facts.measurements.get(change.feature)
        applies = change.when is None or rules.evaluate(change.when, env) is True
        if change.op in MOVES_A_VALUE and before and change.feature in KNOWN and applies:
            return _plan(feedback, change, before)
    return None


def _plan(feedback: Feedback, change: Change, before: Measurement) -> FollowUp:
    recommendation = feedback.recommendation
    mine = {"patient_id": recommendation.patient_id, "item": recommendation.item}
    cancel_earlier(feedback)
    low, high = predicted(change, before.value)
    day = timezone.localdate(feedback.at)
    plan, _ = FollowUp.objects.get_or_create(
        feedback=feedback,
        defaults={
            **mine,
            "analyte": change.feature,
            "value_before": before.value,
            "before_on": before.collected,
            "predicted_low": low,
            "predicted_high": high,
            "scheduled_on": day,
            "due_on": day + timedelta(days=round(change.months * DAYS_PER_MONTH)),
        },
    )
    return plan


def cancel_earlier(feedback: Feedback) -> None:
    """What was accepted and is now put off or declined is not measured any more."""
    _earlier(feedback).filter(cancelled_at=None).update(cancelled_at=feedback.at)


def restore_earlier(feedback: Feedback) -> None:
    """Plans that this answer ended stand again."""
    _earlier(feedback).filter(cancelled_at=feedback.at).update(cancelled_at=None)


def _earlier(feedback: Feedback) -> QuerySet[FollowUp]:
    recommendation = feedback.recommendation
    mine = FollowUp.objects.filter(
        patient=recommendation.patient_id, item=recommendation.item, value_after=None
    )
    return mine.exclude(feedback=feedback)


def predicted(change: Change, before: float) -> tuple[float, float]:
    """Lowest and highest change of a value to expect, in its unit.

    >>> predicted(Change("LDL", "pct", -49, -30, "%", 3), 4.0)
    (-1.96, -1.2)
    >>> predicted(Change("BMI", "set", 25, 27, "kg/m2", 6), 30.0)
    (-5.0, -3.0)
    """
    ends = {
        "abs": (change.low, change.high),
        "pct": (change.low * before / 100, change.high * before / 100),
        "set": (change.low - before, change.high - before),
    }[change.op]
    low, high = sorted(round(end, 6) for end in ends)
    return low, high


def fill_in(patient_ids: Iterable[int] | None = None, *, now: datetime) -> int:
    """Give each open follow-up the first value of its window; return how many got one."""
    waiting = FollowUp.objects.waiting(now)
    if patient_ids is not None:
        waiting = waiting.filter(patient__in=list(patient_ids))
    plans = list(waiting.order_by("pk"))
    values = _values(plans)
    filled = [plan for plan in plans if _fill(plan, values[plan.patient_id, plan.analyte])]
    FollowUp.objects.bulk_update(filled, ["value_after", "after_on"], batch_size=1000)
    return len(filled)


def _values(plans: list[FollowUp]) -> Values:
    """(patient, analyte) -> [(day, value)] of everything that could fill these, oldest first."""
    found: Values = defaultdict(list)
    if not plans:
        return found
    first = patient_queries.start_of_day(min(plan.window[0] for plan in plans))
    rows = (
        Result.objects.current()
        .filter(
            patient__in={plan.patient_id for plan in plans},
            analyte__code__in={plan.analyte for plan in plans},
            value__isnull=False,
            comparator="",
            collected_at__gte=first,
        )
        .order_by("collected_at", "pk")
        .values_list("patient", "analyte__code", "collected_at", "value")
    )
    for patient, analyte, at, value in rows:
        found[patient, analyte].append((timezone.localdate(at), value))
    return found


def _fill(plan: FollowUp, values: list) -> bool:
    first, last = plan.window
    for day, value in values:
        if first <= day <= last:
            plan.after_on, plan.value_after = day, value
            return True
    return False


def learn_repeatability(*, now: datetime) -> list[str]:
    """Learn how awaited analytes come back untreated; return those known well enough."""
    wanted = FollowUp.objects.standing().order_by("analyte")
    return [
        analyte
        for analyte in wanted.values_list("analyte", flat=True).distinct()
        if _learn(analyte, now)
    ]


def _learn(analyte: str, now: datetime) -> bool:
    pairs = list(untreated_pairs(analyte))
    try:
        again = achieved.learn_again([a for a, _ in pairs], [b for _, b in pairs])
    except ValueError:  # too few people or values: nothing is said, see `achieved.learn_again`
        return False
    Repeatability.objects.update_or_create(
        analyte=analyte, defaults={**asdict(again), "learned_at": now}
    )
    return True


def untreated_pairs(analyte: str) -> Iterator[tuple[float, float]]:
    """Two successive values of each person, with no drug begun or stopped and no item that
    moves this value accepted before the second: one pair a person, the first that fits."""
    followed = FollowUp.objects.standing().filter(patient=OuterRef("patient"), analyte=analyte)
    treated_before = followed.filter(scheduled_on__lte=OuterRef("collected_at__date"))
    rows = (
        Result.objects.current()
        .filter(analyte__code=analyte, value__isnull=False, comparator="")
        .exclude(Exists(treated_before))
        .order_by("patient", "collected_at", "pk")
        .values_list("patient", "collected_at", "value")
    )
    drug_days = _drug_days(analyte)
    last, done = None, set()
    for patient, at, value in rows.iterator(chunk_size=5000):
        if patient in done:
            continue
        if last and last[0] == patient and _untouched(last[1], at, drug_days.get(patient, ())):
            done.add(patient)
            yield last[2], value
            if len(done) >= MOST_PEOPLE:
                return
        last = (patient, at, value)


def _untouched(first: datetime, second: datetime, drug_days: Iterable) -> bool:
    low, high = APART
    days = timezone.localdate(first), timezone.localdate(second)
    is_apart = low <= second - first <= high
    return is_apart and not any(days[0] <= day <= days[1] for day in drug_days)


def _drug_days(analyte: str) -> dict[int, list[date]]:
    """Days on which a drug was begun or stopped, of patients with this value."""
    having = Result.objects.filter(patient=OuterRef("patient"), analyte__code=analyte)
    dated = Q(started_on__isnull=False) | Q(stopped_on__isnull=False)
    rows = Medication.objects.current().filter(dated, Exists(having))
    found: dict[int, list[date]] = defaultdict(list)
    for patient, *days in rows.values_list("patient", "started_on", "stopped_on"):
        found[patient] += [day for day in days if day]
    return found
