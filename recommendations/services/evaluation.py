"""How this site's advice fares against simpler orders, measured on its own answers and kept.

Ranking on people first answered for after the cut, off-policy estimates on measured follow-ups,
and the gap between habit and benefit. Where there are too few, it says so and gives no figure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, QuerySet

from healthcare.accounts.models import User
from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from ml.recommenders import comparison, sessions
from ml.recommenders import decisions as followed
from ml.recommenders.comparison import Comparison
from ml.recommenders.decisions import TooFewDecisions
from ml.recommenders.metrics import Lists
from ml.recommenders.sessions import Gap, Split, TooFewSessions
from recommendations import need
from recommendations.models import AdviceEvaluation, Recommendation
from recommendations.services import catalogue, choices, quality

JOB = "recommendations.evaluate"
KEPT_EVERY = timedelta(days=30)  # of the nightly ones the first in so many days, and the newest
# Up to so many rows, of some 5,000 patients, the numbers are counted while a person waits.
FEW = 50_000
NO_GAP = "Not enough data: too few people took an item and had a benefit in numbers."


@dataclass(frozen=True)
class Ranking:
    """How the orders compare; `problem` says why there is nothing, and the rest is None."""

    problem: str = ""
    cut: datetime | None = None
    learned_from: int | None = None
    verdicts: tuple[str, ...] = ()
    comparison: Comparison | None = None
    gap: Gap | None = None
    gap_problem: str = ""


@dataclass(frozen=True)
class Followed:
    """What other first choices would have brought; `problem` says why nothing can be said."""

    problem: str = ""
    answer: followed.Answer | None = None


@dataclass(frozen=True)
class Evaluated:
    """Everything of one run. `report` are the numbers of the quality page at that time."""

    made_at: datetime
    since: datetime
    catalogue_digest: str
    ranking: Ranking
    followed: Followed
    report: quality.Report

    @property
    def verdict(self) -> str:
        return self.ranking.problem or self.ranking.verdicts[0]

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return json.loads(json.dumps(asdict(self), cls=DjangoJSONEncoder))


def evaluate(*, now: datetime, since: datetime | None = None) -> Evaluated:
    """On the answers since a moment, a year ago where none is given."""
    report = quality.report(now=now, since=since)
    return Evaluated(
        made_at=now,
        since=report.since,
        catalogue_digest=catalogue.current().digest,
        ranking=_ranking(report.since),
        followed=_followed(report.since),
        report=report,
    )


def store(found: Evaluated) -> AdviceEvaluation:
    compared = found.ranking.comparison
    return AdviceEvaluation.objects.create(
        made_at=found.made_at,
        since=found.since,
        people=None if compared is None else compared.people,
        verdict=found.verdict,
        catalogue_digest=found.catalogue_digest,
        content=found.plain,
    )


def renew(*, now: datetime) -> AdviceEvaluation:
    """Measure the last year again; what was the newest gives way, unless it is a month's first."""
    found = store(evaluate(now=now))
    before = list(_yearly().exclude(pk=found.pk)[:2])
    if len(before) == 2 and before[0].made_at - before[1].made_at < KEPT_EVERY:
        before[0].delete()
    return found


def request(*, by: User | None = None) -> Job:
    """Queue a measurement; one that waits already is not queued twice."""
    return jobs.enqueue(JOB, key="now", queue="training", by=by)


def is_requested() -> bool:
    return Job.objects.open().filter(kind=JOB).exists()


def report(*, now: datetime) -> quality.Report | None:
    """The numbers of the quality page: fresh where few patients were weighed, else those of the
    newest evaluation of a year; None before the first."""
    if not Recommendation.objects.order_by("pk")[FEW : FEW + 1].exists():
        return quality.report(now=now)
    kept = _yearly().first()
    return quality.from_plain(kept.content["report"]) if kept else None


def _yearly() -> QuerySet[AdviceEvaluation]:
    """Evaluations of a whole year, as by night, the newest first."""
    return AdviceEvaluation.objects.filter(since=F("made_at") - quality.PERIOD)


def newest(count: int) -> QuerySet[AdviceEvaluation]:
    """The newest evaluations first; counts of groups, nothing of a person."""
    return AdviceEvaluation.objects.order_by("-made_at")[:count]


def _ranking(since: datetime) -> Ranking:
    try:
        divided = sessions.split(choices.sessions(since=since))
    except TooFewSessions as problem:
        return Ranking(problem=str(problem))
    habit = choices.habit_of(divided.test, since=since, cut=divided.cut)
    lists = sessions.orders(divided, habit=habit)
    compared = _compare(divided, lists)
    gap = sessions.gap(divided, lists)
    return Ranking(
        cut=divided.cut,
        learned_from=len(divided.train),
        verdicts=tuple(map(compared.verdict, compared.hybrid_over)),
        comparison=compared,
        gap=gap,
        gap_problem="" if gap else NO_GAP,
    )


def _compare(divided: Split, lists: dict[str, Lists]) -> Comparison:
    whole = catalogue.current()
    return sessions.compare(
        divided,
        lists,
        items=[item.id for item in whole.interventions],
        features=need.item_space(whole).vectors,
        random_state=comparison.SEED,
    )


def _followed(since: datetime) -> Followed:
    try:
        return Followed(answer=followed.evaluate(choices.decisions(since=since)))
    except TooFewDecisions as problem:
        return Followed(problem=str(problem))
