"""What happened to a patient, on one axis: visits, results, scores, answers, corrections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils import timezone

from healthcare.common import figures
from healthcare.portal.happenings import Happenings
from healthcare.portal.presenters import trends
from healthcare.portal.presenters.display_units import DisplayUnits
from healthcare.portal.presenters.lists import entry_words
from healthcare.portal.presenters.tiers import task
from patients.models import Patient
from patients.queries import start_of_day
from recommendations.models import Feedback

KINDS = {
    "visits": "Visits",
    "results": "Results",
    "corrections": "Corrections",
    "uploads": "Uploads",
    "scores": "Scores",
    "decisions": "Decisions",
    "lists": "Problems, drugs, prevention",
    "answers": "Habits and answers",
}
A_PAGE = 60
NAMED_ABNORMAL = 3
ICONS = {"OUTPATIENT": "calendar-event", "INPATIENT": "hospital", "EMERGENCY": "bandaid"}
LISTED = {"condition": ("journal-medical", "Problem"), "medication": ("capsule", "Medicine"),
          "prevention": ("shield-check", "Prevention")}  # fmt: skip
ENDED = {"condition": "Problem ended", "medication": "Medicine stopped"}
ARROWS = {"L": "↓", "LL": "↓↓", "H": "↑", "HH": "↑↑", "A": "!"}


class Event(NamedTuple):
    """One happening; the fields of `_components/timeline.html` are made from it."""

    at: datetime
    group: str
    icon: str
    kind: str
    title: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True)
class Timeline:
    """Makes events out of rows, in the words and units of one reader."""

    patient: Patient
    found: Happenings
    units: DisplayUnits

    def page(self, *, group: str, until: date | None, number: str) -> dict:
        """One page of events, newest first, and the chips that narrow them to a group."""
        events = sorted(self._events(), key=lambda event: event.at, reverse=True)
        if until:
            events = [event for event in events if timezone.localdate(event.at) <= until]
        chosen = [event for event in events if event.group == group] if group in KINDS else events
        page = Paginator(chosen, A_PAGE).get_page(number)
        return {"page": page, "years": _by_year(page), "chips": _chips(events, group)}

    def _events(self) -> Iterator[Event]:
        yield from self._visits()
        yield from self._results()
        yield from self._corrections()
        yield from self._uploads()
        yield from self._scores()
        yield from self._decisions()
        yield from self._lists()
        yield from self._answers()

    def _visits(self) -> Iterator[Event]:
        for visit in self.found.visits:
            ended = f"to {figures.day(visit.ended_at)}" if visit.ended_at else ""
            text = " · ".join(part for part in [visit.ward, ended, visit.source] if part)
            title = f"{visit.get_kind_display()}{': ' if visit.reason else ''}{visit.reason}"
            yield Event(visit.started_at, "visits", ICONS[visit.kind], "Visit", title, text)

    def _results(self) -> Iterator[Event]:
        """One event for what was collected together by one source."""
        labs = reverse("labs", args=[self.patient.public_id])
        for batch in self.found.batches:
            odd, count = batch["abnormal"], batch["count"]
            title = batch["first"] if count == 1 else f"{count} results"
            title += f", {len(odd)} abnormal" if odd else ""
            named = ", ".join(self._named(result) for result in odd[:NAMED_ABNORMAL])
            text = " · ".join(part for part in [named, _origin(batch)] if part)
            day = timezone.localdate(batch["collected_at"]).isoformat()
            url = f"{labs}?since={day}&until={day}"
            yield Event(batch["collected_at"], "results", "droplet", "Results", title, text, url)

    def _named(self, result: Any) -> str:
        return f"{result.analyte__name} {self.units.quantity(result)} {ARROWS[result.flag]}"

    def _corrections(self) -> Iterator[Event]:
        for change in trends.corrections(self.found.changed, self.units):
            was = ", ".join(old["value"] for old in change["old"])
            title = f"{change['label']} {change['state']}: {was} → {change['value']}"
            text = f"Collected {change['collected']} · {change['source']}"
            url = reverse("lab-test", args=[self.patient.public_id, change["code"]])
            yield Event(
                change["recorded_at"], "corrections", "pencil", "Correction",
                f"{title} {change['unit']}".strip(), text, url,
            )  # fmt: skip

    def _uploads(self) -> Iterator[Event]:
        for arrival in self.found.arrivals:
            count = arrival["count"]
            title = f"Upload {arrival['lab_import_id']} brought {count} result"
            title += "" if count == 1 else "s"
            text = (
                f"withdrawn {figures.clock(arrival['withdrawn'])}" if arrival["withdrawn"] else ""
            )
            yield Event(arrival["at"], "uploads", "upload", "Upload", title, text)

    def _scores(self) -> Iterator[Event]:
        """A prediction is an event where its number as shown, or its tier, changed."""
        for risk in self.found.risks:
            prediction = risk.prediction
            steps = [(point.as_of, point.risk, point.tier) for point in risk.history]
            if prediction.risk is not None:
                steps.append((prediction.as_of, prediction.risk, prediction.tier))
            title = task(prediction.task).title
            for (_, before, _), (at, now, _) in pairwise(steps):
                old, new = figures.in_100(before), figures.in_100(now)
                if old != new:
                    words = f"{title} {old} → {new} in 100"
                    yield Event(at, "scores", "activity", "Score", words, str(prediction.version))

    def _decisions(self) -> Iterator[Event]:
        for given in self.found.feedback:
            full = f"{given['by__first_name']} {given['by__last_name']}".strip()
            who = full or given["by__username"]
            answer = Feedback.Answer(given["answer"]).label
            reason = Feedback.Reason(given["reason"]).label
            text, title = f"{answer} · {reason} · {who}", given["name"] or ""
            yield Event(given["at"], "decisions", "check-circle", "Decision", title, text)

    def _lists(self) -> Iterator[Event]:
        for entry in self.found.entries:
            words = f"{entry_words(entry)} {entry.note}".strip()
            if entry.kind in LISTED and entry.since:
                icon, kind = LISTED[entry.kind]
                yield Event(start_of_day(entry.since), "lists", icon, kind, words, entry.source)
            if entry.kind in ENDED and entry.until and entry.until <= timezone.localdate():
                title = f"{ENDED[entry.kind]}: {words}"
                yield Event(start_of_day(entry.until), "lists", "dash-circle", "Ended", title)

    def _answers(self) -> Iterator[Event]:
        """One event for what was asked on one day."""
        for day, asked in groupby(self.found.answers, key=lambda answer: answer.answered_on):
            count = len(list(asked))
            title = f"{count} question{'' if count == 1 else 's'} answered"
            at = start_of_day(day)
            yield Event(at, "answers", "chat-left-text", "Answers", title)


def _origin(batch: dict) -> str:
    upload = batch["lab_import_id"]
    return f"{batch['source']}, upload {upload}" if upload else batch["source"]


def _chips(events: list[Event], group: str) -> list[dict]:
    counts = {name: sum(event.group == name for event in events) for name in KINDS}
    return [
        {"label": "Everything", "group": "", "count": len(events), "is_on": group not in KINDS},
        *(
            {"label": label, "group": name, "count": counts[name], "is_on": group == name}
            for name, label in KINDS.items()
            if counts[name]
        ),
    ]


def _by_year(page: Page) -> list[dict]:
    grouped = groupby(page.object_list, key=lambda event: timezone.localtime(event.at).year)
    return [{"year": year, "events": [_shown(event) for event in events]}
            for year, events in grouped]  # fmt: skip


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
