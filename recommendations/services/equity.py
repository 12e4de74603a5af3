"""Offer, answers and benefit by sex, age band and ethnicity, with the four-fifths rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone

from ml.evaluation.subgroups import SMALLEST_CELL, out_of_band
from patients.models import Patient
from recommendations.models import Feedback, FollowUp
from recommendations.services.cells import Cell, share

AGE_BANDS = ((0, "under 40"), (40, "40 to 64"), (65, "65 and over"))
GROUPS = ("sex", "age", "ethnicity")


@dataclass(frozen=True)
class PartRow:
    """One part of the patients. Ratios are to the largest part; None: hidden or nothing there."""

    group: str
    part: str
    people: Cell
    offered: Cell
    offers_per_person: float | None
    acceptance: float | None
    override_share: float | None
    predicted_benefit: float | None  # mean absolute risk reduction of what was offered
    achieved_share: float | None  # of measured follow-ups, those that reached the prediction
    is_reference: bool
    ratios: dict[str, float | None]
    flagged: tuple[str, ...]


class Offer(NamedTuple):
    patient: int
    item: str
    benefit: float | None


class Given(NamedTuple):
    patient: int
    item: str
    answer: str
    reason: str


class _Person(NamedTuple):
    sex: str
    age: str
    ethnicity: str


def rows(
    people: dict[int, _Person],
    offers: list[Offer],
    answers: list[Given],
    plans: list[FollowUp],
) -> list[PartRow]:
    found = []
    for group in GROUPS:
        part_of = {pk: getattr(person, group) for pk, person in people.items()}
        parts = _Parts(part_of, offers, answers, plans)
        found += parts.rows(group)
    return found


class _Parts:
    """The counts of one grouping."""

    def __init__(self, part_of, offers, answers, plans):
        self.people = Counter(part_of.values())
        self.offers = _grouped(part_of, offers, lambda each: each.patient)
        self.answers = _grouped(part_of, answers, lambda each: each.patient)
        self.plans = _grouped(part_of, plans, lambda each: each.patient_id)

    def rows(self, group: str) -> list[PartRow]:
        reference = max(self.people, key=lambda part: self.people[part], default="")
        figures = {part: self._figures(part) for part in self.people}
        return [self._row(group, part, figures, reference) for part in sorted(self.people)]

    @cached_property
    def hidden(self) -> set[str]:
        """Parts of fewer than ten, and the next one where a single one could be worked out."""
        by_size = sorted(self.people, key=lambda part: (self.people[part], part))
        small = [part for part in by_size if self.people[part] < SMALLEST_CELL]
        return set(by_size[:2] if len(small) == 1 else small)

    def _figures(self, part: str) -> dict[str, float | None]:
        offers = _of_enough(self.offers[part])
        given = [each.answer for each in _of_enough(self.answers[part])]
        accepted = sum(answer in Feedback.FOLLOWED for answer in given)
        benefits = [
            each.benefit
            for each in _of_enough([each for each in offers if each.benefit is not None])
        ]
        reached = [_reached(plan) for plan in self.plans[part]]
        return {
            "offer": len(offers) / self.people[part] if offers else None,
            "acceptance": share(accepted, len(given)),
            "overrides": share(given.count(Feedback.Answer.DECLINE), len(given)),
            "benefit": sum(benefits) / len(benefits) if benefits else None,
            "achieved": share(sum(reached), len(reached)),
        }

    def _row(self, group: str, part: str, figures: dict, reference: str) -> PartRow:
        mine, theirs = figures[part], figures[reference]
        is_reference = part == reference
        ratios = {
            name: None if is_reference else _ratio(mine[name], theirs[name])
            for name in ("offer", "acceptance", "benefit")
        }
        people = self.people[part]
        offered = len({each.patient for each in self.offers[part]})
        return PartRow(
            group=group,
            part=part,
            people=Cell(None) if part in self.hidden else Cell.of(people),
            offered=Cell(None) if part in self.hidden else Cell.of(offered, people),
            offers_per_person=mine["offer"],
            acceptance=mine["acceptance"],
            override_share=mine["overrides"],
            predicted_benefit=mine["benefit"],
            achieved_share=mine["achieved"],
            is_reference=is_reference,
            ratios=ratios,
            flagged=tuple(
                name for name, ratio in ratios.items() if ratio is not None and out_of_band(ratio)
            ),
        )


def _of_enough(rows: list[Any]) -> list[Any]:
    """The rows, if they are of ten people or more; else none of them."""
    return rows if len({row.patient for row in rows}) >= SMALLEST_CELL else []


def _reached(plan: FollowUp) -> bool:
    """Whether the value moved at least as far as the smaller end of the prediction."""
    change = plan.change or 0.0
    falls = plan.predicted_low + plan.predicted_high < 0
    return change <= plan.predicted_high if falls else change >= plan.predicted_low


def _grouped(part_of: dict[int, str], rows: Iterable, patient_of) -> dict[str, list]:
    found: dict[str, list] = defaultdict(list)
    for row in rows:
        if (patient := patient_of(row)) in part_of:
            found[part_of[patient]].append(row)
    return found


def everybody(now: datetime) -> dict[int, _Person]:
    """Every patient of whom there is a recommendation."""
    today = timezone.localdate(now)
    rows = Patient.objects.filter(merged_into=None, recommendations__isnull=False).distinct()
    columns = rows.values_list("pk", "sex", "birth_date", "ethnicity")
    return {
        pk: _Person(sex, _band((today - born).days / 365.25), ethnicity or "not recorded")
        for pk, sex, born, ethnicity in columns
    }


def _band(age: float) -> str:
    return [name for start, name in AGE_BANDS if age >= start][-1]


def _ratio(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or not theirs else mine / theirs
