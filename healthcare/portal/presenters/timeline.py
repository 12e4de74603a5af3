"""What happened to a patient, on one axis: visits, results, scores, answers, corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils import timezone

from healthcare.common import figures
from healthcare.portal.presenters import measured, trends
from healthcare.portal.presenters.tiers import task
from healthcare.portal.queries import Record
from recommendations.models import Feedback

KINDS = {
    "visits": "Visits",
    "results": "Results",
    "corrections": "Corrections",
    "scores": "Scores",
    "answers": "Answers",
    "lists": "Problems and drugs",
}
SHOWN = 60
NAMED_ABNORMAL = 3
ICONS = {"OUTPATIENT": "calendar-event", "INPATIENT": "hospital", "EMERGENCY": "bandaid"}


class Event(NamedTuple):
    """One happening; the fields of `_components/timeline.html` are made from it."""

    at: datetime
    group: str
    icon: str
    kind: str
    title: str
    text: str = ""
    url: str = ""


def timeline(record: Record, *, group: str = "") -> dict:
    """Events newest first, those of one group only where it is given, and the filter chips."""
    events = sorted(_events(record), key=lambda event: event.at, reverse=True)
    counts = {name: sum(event.group == name for event in events) for name in KINDS}
    chosen = [event for event in events if event.group == group] if group in KINDS else events
    return {
        "events": [_shown(event) for event in chosen[:SHOWN]],
        "left_out": max(0, len(chosen) - SHOWN),
        "chips": [
            {"label": "Everything", "group": "", "count": len(events), "is_on": group not in KINDS},
            *(
                {"label": label, "group": name, "count": counts[name], "is_on": group == name}
                for name, label in KINDS.items()
                if counts[name]
            ),
        ],
    }


def _events(record: Record) -> Iterator[Event]:
    yield from _visits(record)
    yield from _results(record)
    yield from _corrections(record)
    yield from _scores(record)
    yield from _answers(record)
    yield from _lists(record)


def _visits(record: Record) -> Iterator[Event]:
    for visit in record.encounters:
        ended = f"to {figures.day(visit.ended_at)}" if visit.ended_at else ""
        text = " · ".join(part for part in [visit.ward, ended, visit.source] if part)
        title = f"{visit.get_kind_display()}{': ' if visit.reason else ''}{visit.reason}"
        icon = ICONS[visit.kind]
        yield Event(visit.started_at, "visits", icon, "Visit", title, text)


def _results(record: Record) -> Iterator[Event]:
    """One event for what was collected together by one source."""
    batches: dict[tuple, list[Any]] = defaultdict(list)
    for result in record.current_results:
        batches[result.collected_at, result.source, result.lab_import_id].append(result)
    for (at, source, lab_import), results in batches.items():
        odd = [result for result in results if result.flag not in {"", "N"}]
        count = len(results)
        title = f"{count} result{'s' if count > 1 else ''}"
        title += f", {len(odd)} abnormal" if odd else ""
        named = ", ".join(_named(result) for result in odd[:NAMED_ABNORMAL])
        origin = f"{source}, upload {lab_import}" if lab_import else source
        text = " · ".join(part for part in [named, origin] if part)
        yield Event(at, "results", "droplet", "Results", title, text)


def _named(result: Any) -> str:
    unit = figures.unit(result.analyte__unit)
    return f"{result.analyte__name} {measured(result)} {unit} {_ARROWS[result.flag]}"


_ARROWS = {"L": "↓", "LL": "↓↓", "H": "↑", "HH": "↑↑"}


def _corrections(record: Record) -> Iterator[Event]:
    for change in trends.corrections(record):
        was = ", ".join(old["value"] for old in change["old"])
        title = f"{change['label']} {change['state']}: {was} → {change['value']} {change['unit']}"
        text = f"Collected {change['collected']} · {change['source']}"
        yield Event(
            change["recorded_at"], "corrections", "pencil", "Correction", title, text, change["url"]
        )


def _scores(record: Record) -> Iterator[Event]:
    """A prediction is an event where its number as shown, or its tier, changed."""
    for risk in record.risks:
        prediction = risk.prediction
        steps = [(point.as_of, point.risk, point.tier) for point in risk.history]
        if prediction.risk is not None:
            steps.append((prediction.as_of, prediction.risk, prediction.tier))
        title = task(prediction.task).title
        for (_, before, _), (at, now, _) in pairwise(steps):
            old, new = figures.in_100(before), figures.in_100(now)
            if old != new:
                text = str(prediction.version)
                yield Event(
                    at, "scores", "activity", "Score", f"{title} {old} → {new} in 100", text
                )


def _answers(record: Record) -> Iterator[Event]:
    for given in record.feedback:
        full = f"{given['by__first_name']} {given['by__last_name']}".strip()
        who = full or given["by__username"]
        answer = Feedback.Answer(given["answer"]).label
        reason = Feedback.Reason(given["reason"]).label
        text = f"{answer} · {reason} · {who}"
        yield Event(given["at"], "answers", "check-circle", "Answer", given["name"] or "", text)


def _lists(record: Record) -> Iterator[Event]:
    for entry in record.entries:
        if entry.kind in {"condition", "medication"} and entry.since:
            at = timezone.make_aware(datetime.combine(entry.since, datetime.min.time()))
            icon = "journal-medical" if entry.kind == "condition" else "capsule"
            kind = entry.kind.capitalize()
            yield Event(
                at, "lists", icon, kind, f"{entry.label} {entry.note}".strip(), entry.source
            )


def _shown(event: Event) -> dict:
    return {
        "when": figures.day(event.at),
        "iso": timezone.localtime(event.at).date().isoformat(),
        "icon": event.icon,
        "kind": event.kind,
        "title": event.title,
        "text": event.text,
        "url": event.url,
    }
