"""What was on offer when people were answered for, and what was taken: rows for `evaluation`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import FloatField
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from ml.recommenders.decisions import Decision
from ml.recommenders.sessions import Offered, Session
from recommendations.models import Feedback, FollowUp, Recommendation
from recommendations.services import catalogue, habits
from recommendations.services.followups import KNOWN, MOVES_A_VALUE


class _Row(NamedTuple):
    """One recommendation as a plain row."""

    patient: int
    item: str
    rank: int
    offered_at: datetime | None
    superseded_at: datetime | None
    components: dict | None
    reduction: float | None

    def stood(self, moment: datetime) -> bool:
        """Whether it was on the list then; of the oldest rows the beginning is not known."""
        begun = self.offered_at is None or self.offered_at <= moment
        return begun and (self.superseded_at is None or self.superseded_at > moment)

    @property
    def offered(self) -> Offered:
        said = self.components or {}
        return Offered(
            item=self.item,
            rank=self.rank,
            urgent=said.get("urgent", 0.0),
            evidence=said.get("evidence", 0.0),
            benefit=said.get("benefit", 0.0) + said.get("expected", 0.0),
            reduction=self.reduction,
        )


def sessions(*, since: datetime) -> list[Session]:
    """One a patient who was answered for: the list at the first answer, and all that was taken."""
    answers = defaultdict(list)
    rows = Feedback.objects.newest().filter(at__gte=since)
    for patient, item, answer, at in rows.values_list(
        "recommendation__patient", "recommendation__item", "answer", "at"
    ):
        answers[patient].append((item, answer, at))
    offers = _offers(answers)
    return [_session(patient, given, offers[patient]) for patient, given in answers.items()]


def decisions(*, since: datetime) -> list[Decision]:
    """The first measured follow-up of each patient, and what else could have been measured."""
    plans = FollowUp.objects.standing().filter(
        scheduled_on__gte=since.date(), value_after__isnull=False
    )
    first = plans.select_related("feedback").order_by("patient", "scheduled_on", "pk")
    chosen = list(first.distinct("patient"))
    offers = _offers([plan.patient_id for plan in chosen])
    measurable = _measurable()
    return [
        decision
        for plan in chosen
        if (decision := _decision(plan, offers[plan.patient_id], measurable))
    ]


def habit_of(
    test: Iterable[Session], *, since: datetime, cut: datetime
) -> dict[int, dict[str, float]] | None:
    """Chances learned from the answers before the cut, for people as known before theirs.

    None with too few answers.
    """
    answers = [answer for answer in habits.answered() if since <= answer.at < cut]
    try:
        learned, _ = habits.learn(answers)
    except habits.NotEnoughAnswers:
        return None
    known = habits.facts_before(
        {session.person: timezone.localdate(session.at) for session in test}
    )
    ids = sorted(known)
    chances = learned.probabilities(habits.features([known[pk] for pk in ids]))
    return {
        pk: dict(zip(learned.items, row.tolist(), strict=True))
        for pk, row in zip(ids, chances, strict=True)
    }


def _offers(patients: Collection[int]) -> Mapping[int, list[_Row]]:
    """Everything ever recommended to these patients, the oldest row first."""
    first = KeyTransform("0", KeyTransform("benefits", "content"))
    rows = Recommendation.objects.filter(
        patient__in=list(patients), status=Recommendation.Status.RECOMMENDED
    ).annotate(
        components=KeyTransform("components", "content"),
        reduction=Cast(KeyTextTransform("arr", first), FloatField()),
    )
    found: dict[int, list[_Row]] = defaultdict(list)
    for values in rows.order_by("pk").values_list(*_Row._fields).iterator(chunk_size=5000):
        found[values[0]].append(_Row(*values))
    return found


def _at(rows: Iterable[_Row], moment: datetime) -> tuple[Offered, ...]:
    """The list of that moment; of an item with several rows the oldest that still stood."""
    standing: dict[str, _Row] = {}
    for row in rows:
        if row.stood(moment):
            standing.setdefault(row.item, row)
    return tuple(row.offered for row in standing.values())


def _session(patient: int, given: list[tuple[str, str, datetime]], rows: list[_Row]) -> Session:
    moment = min(at for _, _, at in given)
    taken = {item: at for item, answer, at in given if answer in Feedback.FOLLOWED}
    return Session(patient, moment, _at(rows, moment), taken)


def _decision(plan: FollowUp, rows: list[_Row], measurable: frozenset[str]) -> Decision | None:
    """None where the item that was taken is not on the list of that moment."""
    offered = _at(rows, plan.feedback.at)
    choices = tuple(each for each in offered if each.item in measurable or each.item == plan.item)
    if plan.item not in {each.item for each in choices}:
        return None
    return Decision(plan.patient_id, choices, plan.item, plan.reached)


def _measurable() -> frozenset[str]:
    """Items that move a value which can be measured again."""
    return frozenset(
        entry.id
        for entry in catalogue.current().interventions
        if any(each.op in MOVES_A_VALUE and each.feature in KNOWN for each in entry.changes)
    )
