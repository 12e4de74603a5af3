"""The context of the patient page, put together from the presenters of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from healthcare.portal.presenters import banner, lists, peers, risk, scores, trends
from healthcare.portal.queries import Record
from recommendations import presenters as advice_words
from recommendations.benefitwords import do_nothing
from recommendations.queries import Line


def context(
    record: Record,
    *,
    course: Sequence[Any],
    changed: Sequence[Any],
    may_answer: bool,
    undo_ends: Mapping[int, datetime],
) -> dict:
    """Everything `portal/patient.html` reads; neither this nor rendering it asks the database.

    `undo_ends` says of answers until when the reader may take them back.
    """
    shown, folded = trends.rows(record)
    return {
        "patient": record.patient,
        "banner": banner.banner(record),
        "criticals": banner.criticals(record),
        "cards": risk.cards(record),
        "explanations": risk.explanations(record),
        "scores": scores.rows(record.scores),
        "advice": _advice(record, may_answer, undo_ends)
        | {"what_if_url": reverse("what-if", args=[record.patient.public_id])},
        "trends": shown,
        "more_trends": folded,
        "chart": trends.chart(course, record),
        "grid": trends.grid(record),
        "corrections": trends.corrections(changed, record.units),
        "peers": peers.peers(record),
        "lists": lists.lists(record),
    }


def _advice(record: Record, may_answer: bool, undo_ends: Mapping[int, datetime]) -> dict:
    advice = record.advice

    def item(line: Line) -> dict:
        until = undo_ends.get(line.answer.pk) if line.answer else None
        return advice_words.item(line, may_answer=may_answer, undo_until=until)

    def items(lines: list[Line]) -> list[dict]:
        return [item(line) for line in lines]

    answered = items(advice.answered)
    return {
        "shown": items(advice.shown),
        "next_test": item(advice.next_test) if advice.next_test else None,
        "folded": items(advice.folded),
        "check_first": items(advice.check_first),
        "answered": answered,
        "may_undo": any(each["undo_url"] for each in answered),
        "blocked": [advice_words.blocked(line) for line in advice.blocked],
        "open_count": advice.open_count,
        "shown_count": len(advice.shown) + (advice.next_test is not None),
        "do_nothing": do_nothing(
            line.recommendation.content for line in (*advice.shown, *advice.folded)
        ),
        "check_failed": any(
            advice_words.failed_check(line.recommendation) for line in advice.blocked
        ),
    }
