"""Reads of this floor, shaped for pages and endpoints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from healthcare.accounts.models import User
from predictions.models import Prediction

# The order in which a clinician reads them: what can be acted on soonest first.
TASK_ORDER = ["cvd_death_10y", "undiagnosed_diabetes", "ckd", "death_10y"]


@dataclass(frozen=True)
class RiskPoint:
    """One earlier prediction of a task, for the line that shows where a risk goes."""

    as_of: datetime
    risk: float
    tier: str


@dataclass(frozen=True)
class Risk:
    """The current prediction of one task with those before it, oldest first."""

    prediction: Prediction
    history: list[RiskPoint]

    @property
    def before(self) -> RiskPoint | None:
        return self.history[-1] if self.history else None


def risks(patient_id: int) -> list[Risk]:
    """Every task's current prediction and its history, in two queries."""
    history: dict[str, list[RiskPoint]] = defaultdict(list)
    earlier = Prediction.objects.filter(
        patient=patient_id, superseded_at__isnull=False, risk__isnull=False
    ).order_by("as_of")
    for task, as_of, risk, tier in earlier.values_list("task", "as_of", "risk", "tier"):
        history[task].append(RiskPoint(as_of, risk or 0.0, tier))
    current = Prediction.objects.current().filter(patient=patient_id).select_related("version")
    return sorted(
        (Risk(row, history[row.task]) for row in current.defer("version__manifest")),
        key=lambda risk: _order(risk.prediction.task),
    )


def worklist(user: User, *, task: str) -> QuerySet[Prediction]:
    """Current predictions of one task for the patients a user may see, riskiest first."""
    return (
        Prediction.objects.visible_to(user)
        .current()
        .filter(task=task)
        .select_related("patient")
        .defer("inputs", "warnings")
        .order_by(F("risk").desc(nulls_last=True), "patient")
    )


def before(predictions: Iterable[Prediction]) -> dict[int, RiskPoint]:
    """The prediction before each of these, by patient, in one query. All are of one task."""
    rows = list(predictions)
    earlier = (
        Prediction.objects.filter(
            patient__in=[row.patient_id for row in rows],
            task__in={row.task for row in rows},
            superseded_at__isnull=False,
            risk__isnull=False,
        )
        .order_by("patient", "task", "-as_of")
        .distinct("patient", "task")
    )
    columns = earlier.values_list("patient_id", "as_of", "risk", "tier")
    return {pk: RiskPoint(as_of, risk or 0.0, tier) for pk, as_of, risk, tier in columns}


def _order(task: str) -> int:
    return TASK_ORDER.index(task) if task in TASK_ORDER else len(TASK_ORDER)
