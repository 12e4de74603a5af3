"""Every night: achieved changes, how values come back, what interrupts, habit."""

from datetime import datetime

from recommendations.services import budget, followups, habits


def run(*, now: datetime) -> None:
    followups.fill_in(now=now)
    followups.learn_repeatability(now=now)
    budget.decide(now=now)
    habits.fit(now=now)
