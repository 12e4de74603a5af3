"""Every night: what has run out, achieved changes, how values come back, what interrupts, habit,
and how it all fares."""

from datetime import datetime

from recommendations.services import budget, evaluation, followups, habits, recommend


def run(*, now: datetime) -> None:
    recommend.request_expired(now=now)
    followups.fill_in(now=now)
    followups.learn_repeatability(now=now)
    budget.decide(now=now)
    habits.fit(now=now)
    evaluation.renew(now=now)
