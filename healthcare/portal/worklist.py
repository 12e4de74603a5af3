"""The worklist: filters shared by its chips and fields, and the rows of one page.

The number of queries does not depend on the rows: counts, page, earlier predictions, open
recommendations (two), cards that interrupt (two, three where there are some), newest results and
open result tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery

from healthcare.accounts.models import User
from healthcare.portal import labs
from healthcare.portal.presenters.tiers import TASKS, look, word
from ml.types import UNDECIDED
from patients.models import Patient, PatientIdentifier, Result
from patients.who import record_number, with_record_number
from predictions import queries as prediction_queries
from predictions.models import Prediction
from predictions.queries import RiskPoint
from recommendations import queries as recommendation_queries

PAGE = 25
CRITICAL_WINDOW = timedelta(days=30)
NOT_SCORED = "none"
TIERS = ["T3", "T2", "T1", UNDECIDED, "T0", NOT_SCORED]
TASK_CHOICES = [(name, f"{words.title}, {words.horizon}") for name, words in TASKS.items()]
FIRST_TASK = TASK_CHOICES[0][0]
CRITICAL = Q(superseded_at=None, flag__in=["LL", "HH"])  # as the index result_critical has it


class WorklistFilter(django_filters.FilterSet):
    """`task` is chosen before: a worklist is always of one task."""

    task = django_filters.ChoiceFilter(
        choices=TASK_CHOICES, label="Risk", empty_label=None, method="unchanged"
    )
    q = django_filters.CharFilter(
        method="by_text",
        label="Name or MRN",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    critical = django_filters.BooleanFilter(method="with_critical", widget=forms.HiddenInput)
    tasks = django_filters.BooleanFilter(method="with_tasks", widget=forms.HiddenInput)
    tier = django_filters.ChoiceFilter(
        choices=[(tier, tier) for tier in TIERS], method="of_tier", widget=forms.HiddenInput
    )

    class Meta:
        model = Prediction
        fields: list[str] = []

    def unchanged(self, rows: QuerySet, name: str, value: Any) -> QuerySet:
        return rows

    def by_text(self, rows: QuerySet, name: str, text: str) -> QuerySet:
        return rows.filter(patient__in=named(Patient.objects.all(), text))

    def with_critical(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows.filter(patient__in=self.critical_patients) if value else rows

    def with_tasks(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows.filter(labs.waiting()) if value else rows

    def of_tier(self, rows: QuerySet, name: str, tier: str) -> QuerySet:
        return rows  # counted for every tier first; see Worklist

    @property
    def critical_patients(self) -> QuerySet:
        since = self.request.now - CRITICAL_WINDOW
        recent = Result.objects.filter(CRITICAL, collected_at__gte=since)
        return recent.exclude(status__in=Result.VOID).values("patient")


@dataclass(frozen=True)
class Moment:
    """What the filter needs besides the query: when it is asked."""

    now: datetime


@dataclass(frozen=True)
class Row:
    """One patient of a page with everything the table shows."""

    prediction: Prediction
    mrn: str
    before: RiskPoint | None
    open_count: int
    newest_result: datetime | None
    critical_count: int
    task_count: int
    interrupts: tuple[str, ...] = ()  # names of advice that asks to be looked at
    is_urgent: bool = False  # some of it today


class Worklist:
    """One user's list for one task, narrowed by the filters of the address."""

    def __init__(self, user: User, query: Any, *, now: datetime, today: date):
        self.user, self.now, self.today = user, now, today
        asked = query.copy()
        if asked.get("task") not in TASKS:
            asked["task"] = FIRST_TASK
        self.task: str = asked["task"]
        everyone = prediction_queries.worklist(user, task=self.task)
        self.filter = WorklistFilter(asked, queryset=everyone, request=Moment(now))
        self.form = self.filter.form
        self._narrowed = self.filter.qs

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters in force, without empty ones."""
        data = self.form.cleaned_data if self.form.is_valid() else {}
        return {name: value for name, value in data.items() if value not in (None, "", False)}

    @cached_property
    def counts(self) -> dict[str, int]:
        """Patients by tier and, whatever is chosen, those with a new critical result or a task."""
        critical = Q(patient__in=self.filter.critical_patients)
        # Both counts need only what the index prediction_worklist holds.
        rows = (
            self._narrowed.order_by()
            .values("tier")
            .annotate(
                patients=Count("*"),
                critical=Count("patient_id", filter=critical),
                tasks=Count("patient_id", filter=labs.waiting()),
            )
        )
        found = list(rows)
        by_tier = {row["tier"] or NOT_SCORED: row["patients"] for row in found}
        counts = {tier: by_tier.get(tier, 0) for tier in TIERS}
        return counts | {
            "all": sum(by_tier.values()),
            "critical": sum(row["critical"] for row in found),
            "tasks": sum(row["tasks"] for row in found),
        }

    def page(self, number: str | None):
        """A Paginator page; its object_list holds Rows."""
        tier = self.chosen.get("tier")
        rows = self._narrowed.annotate(mrn=Subquery(record_number("patient")))
        if tier:
            rows = rows.filter(tier="" if tier == NOT_SCORED else tier)
        paginator = Paginator(rows, per_page=PAGE)
        paginator.count = self.counts[tier or "all"]  # counted already
        page = paginator.get_page(number)
        page.object_list = self._rows(list(page.object_list))
        return page

    def _rows(self, predictions: Sequence[Prediction]) -> list[Row]:
        ids = [prediction.patient_id for prediction in predictions]
        before = prediction_queries.before(predictions)
        waiting = recommendation_queries.open_counts(ids, today=self.today)
        newest = self._newest_results(ids)
        tasks = labs.open_task_counts(ids)
        cards = recommendation_queries.interrupting(ids, role=self.user.role, today=self.today)
        return [
            Row(
                prediction=prediction,
                mrn=prediction.mrn or "",  # type: ignore[attr-defined]
                before=before.get(prediction.patient_id),
                open_count=waiting[prediction.patient_id],
                newest_result=newest.get(prediction.patient_id, (None, 0))[0],
                critical_count=newest.get(prediction.patient_id, (None, 0))[1],
                task_count=tasks.get(prediction.patient_id, 0),
                interrupts=tuple(card.name for card in cards.get(prediction.patient_id, ())),
                is_urgent=any(card.is_urgent for card in cards.get(prediction.patient_id, ())),
            )
            for prediction in predictions
        ]

    def _newest_results(self, ids: list[int]) -> dict[int, tuple[datetime | None, int]]:
        recent_critical = CRITICAL & Q(collected_at__gte=self.now - CRITICAL_WINDOW)
        rows = (
            Result.objects.current()
            .filter(patient__in=ids)
            .values("patient")
            .annotate(newest=Max("collected_at"), critical=Count("pk", filter=recent_critical))
        )
        return {row["patient"]: (row["newest"], row["critical"]) for row in rows}

    def never_scored(self) -> list[Patient]:
        """Patients that a search means and that this task has no prediction of yet."""
        text = self.chosen.get("q")
        if not text:
            return []
        scored = Prediction.objects.current().filter(task=self.task, patient=OuterRef("pk"))
        found = named(Patient.objects.visible_to(self.user), text).filter(~Exists(scored))
        return list(with_record_number(found).order_by("family_name", "given_name", "pk")[:PAGE])


def named(patients: QuerySet[Patient], text: str) -> QuerySet[Patient]:
    """Patients whose family name, given name or number begins with the text."""
    words = text.replace(",", " ").split()
    for word_ in words:
        numbers = PatientIdentifier.objects.filter(value__startswith=word_)
        patients = patients.filter(
            Q(family_name__istartswith=word_)
            | Q(given_name__istartswith=word_)
            | Q(pk__in=numbers.values("patient"))
        )
    return patients


def tier_chips(counts: dict[str, int]) -> list[dict]:
    """Label, count and look of each tier that occurs, most urgent first."""
    return [
        {
            "tier": tier,
            "label": "Not scored" if tier == NOT_SCORED else word(tier),
            "look": look(tier),
            "count": counts[tier],
        }
        for tier in TIERS
        if counts[tier]
    ]
