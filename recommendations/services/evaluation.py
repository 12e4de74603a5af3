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
from django.db.models import QuerySet

from ml.recommenders import comparison, sessions
from ml.recommenders import decisions as followed
from ml.recommenders.comparison import Comparison
from ml.recommenders.decisions import TooFewDecisions
from ml.recommenders.metrics import Lists
from ml.recommenders.sessions import Gap, Split, TooFewSessions
from recommendations import need
from recommendations.models import AdviceEvaluation
from recommendations.services import catalogue, choices, quality

KEPT_FOR = timedelta(days=30)  # a figure older than this is measured again by night
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


def store_when_old(*, now: datetime) -> AdviceEvaluation | None:
    """Measure again once a month."""
    if AdviceEvaluation.objects.filter(made_at__gt=now - KEPT_FOR).exists():
        return None
    return store(evaluate(now=now))


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
