"""Offer, answers and benefit by sex, age band and ethnicity, with the four-fifths rule.

An offer is counted against those to whom a rule applied, person by item: a group that is ill more
often is offered more, and that is need and no privilege.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from ml.evaluation.subgroups import SMALLEST_CELL, out_of_band
from patients.models import Patient
from recommendations.models import FollowUp
from recommendations.services.cells import Cell, share
from recommendations.services.reach import AGE_BANDS, Reached, Said

GROUPS = ("sex", "age", "ethnicity")
COMPARED = ("offer", "acceptance", "benefit")
Figures = dict[str, float | None]


@dataclass(frozen=True)
class PartRow:
    """One part of the patients. Ratios are to the largest part; None: hidden or nothing there."""

    group: str
    part: str
    people: Cell  # to whom a rule applied
    offered: Cell
    offer_share: float | None  # of what applied, person by item
    acceptance: float | None
    override_share: float | None
    predicted_benefit: float | None  # mean absolute risk reduction of what was offered
    achieved_share: float | None  # of measured follow-ups, those that reached the prediction
    is_reference: bool
    ratios: dict[str, float | None]
    flagged: tuple[str, ...]


def rows(
    reached: list[Reached], said: list[Said], plans: list[FollowUp], *, now: datetime
) -> list[PartRow]:
    """Every part of every group; the counts are those of `services.reach`."""
    people = _people_of(plans, timezone.localdate(now))
    found = []
    for group in GROUPS:
        parts = _Parts(group, reached, said)
        parts.add_plans(plans, people)
        found += parts.rows()
    return found


class _Parts:
    """The counts of one grouping, by part."""

    def __init__(self, group: str, reached: Iterable[Reached], said: Iterable[Said]):
        self.group = group
        self.counts: dict[str, Counter] = defaultdict(Counter)
        for each in reached:
            self._add(getattr(each, group), each._asdict())
        self.said: dict[str, Counter] = defaultdict(Counter)
        for given in said:
            self.said[getattr(given, group)].update(_numbers(given._asdict()))
        self.plans: dict[str, list[FollowUp]] = defaultdict(list)

    def _add(self, part: str, counts: dict) -> None:
        self.counts[part].update(_numbers(counts))

    def add_plans(self, plans: Iterable[FollowUp], people: dict[int, dict[str, str]]) -> None:
        for plan in plans:
            if plan.patient_id in people:
                self.plans[people[plan.patient_id][self.group]].append(plan)

    def rows(self) -> list[PartRow]:
        sizes = {part: counts["people"] for part, counts in self.counts.items()}
        reference = max(sizes, key=lambda part: sizes[part], default="")
        hidden = _hidden(sizes)
        figures = {part: {} if part in hidden else self._figures(part) for part in sizes}
        return [self._row(part, figures, reference, part in hidden) for part in sorted(sizes)]

    def _figures(self, part: str) -> Figures:
        counts, said = self.counts[part], self.said[part]
        answered = said["answers"] if said["people"] >= SMALLEST_CELL else 0
        reached = [plan.reached for plan in self.plans[part]]
        return {
            "offer": _mean(counts["offers"], counts["pairs"], counts["offered_people"]),
            "acceptance": share(said["taken"], answered),
            "overrides": share(said["declined"], answered),
            "benefit": _mean(
                counts["benefit"], counts["with_benefit"], counts["people_with_benefit"]
            ),
            "achieved": share(sum(reached), len(reached)),
        }

    def _row(
        self, part: str, figures: dict[str, Figures], reference: str, is_hidden: bool
    ) -> PartRow:
        mine, theirs, is_reference = figures[part], figures[reference], part == reference
        ratios = {
            name: None if is_reference else _ratio(mine.get(name), theirs.get(name))
            for name in COMPARED
        }
        people, offered = self.counts[part]["people"], self.counts[part]["offered_people"]
        return PartRow(
            group=self.group,
            part=part,
            people=Cell(None) if is_hidden else Cell.of(people),
            offered=Cell(None) if is_hidden else Cell.of(offered, people),
            offer_share=mine.get("offer"),
            acceptance=mine.get("acceptance"),
            override_share=mine.get("overrides"),
            predicted_benefit=mine.get("benefit"),
            achieved_share=mine.get("achieved"),
            is_reference=is_reference,
            ratios=ratios,
            flagged=tuple(
                name for name, ratio in ratios.items() if ratio is not None and out_of_band(ratio)
            ),
        )


def _hidden(sizes: dict[str, int]) -> set[str]:
    """Parts of fewer than ten, and the next one where a single one could be worked out."""
    by_size = sorted(sizes, key=lambda part: (sizes[part], part))
    small = [part for part in by_size if sizes[part] < SMALLEST_CELL]
    return set(by_size[:2] if len(small) == 1 else small)


def _numbers(counts: dict) -> dict:
    return {name: value for name, value in counts.items() if name not in GROUPS}


def _mean(total: float, count: float, people: int) -> float | None:
    """Over ten people or more; else nothing."""
    return total / count if people >= SMALLEST_CELL and count else None


def _people_of(plans: Iterable[FollowUp], today: date) -> dict[int, dict[str, str]]:
    """Parts of the patients who were measured."""
    ids = {plan.patient_id for plan in plans}
    if not ids:
        return {}
    found = Patient.objects.filter(pk__in=ids, merged_into=None)
    columns = found.values_list("pk", "sex", "birth_date", "ethnicity")
    return {
        pk: {"sex": sex, "age": _band(born, today), "ethnicity": ethnicity or "not recorded"}
        for pk, sex, born, ethnicity in columns
    }


def _band(born: date, today: date) -> str:
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return [name for start, name in AGE_BANDS if age >= start][-1]


def _ratio(mine: float | None, theirs: float | None) -> float | None:
    return None if mine is None or not theirs else mine / theirs
