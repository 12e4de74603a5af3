"""The context of the patient page, put together from the presenters of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from healthcare.portal.presenters import banner, lists, peers, risk, scores, trends
from healthcare.portal.queries import Record
from recommendations import presenters as advice_words
from recommendations.benefitwords import do_nothing
from recommendations.queries import Advice, Line


def context(
    record: Record,
    *,
    course: Sequence[Any],
    changed: Sequence[Any],
    may_answer: bool,
) -> dict:
    """Everything `portal/patient.html` reads; rendering it asks the database nothing."""
    shown, folded = trends.rows(record)
    return {
        "patient": record.patient,
        "banner": banner.banner(record),
        "criticals": banner.criticals(record),
        "cards": risk.cards(record),
        "explanations": risk.explanations(record),
        "scores": scores.rows(record.scores),
        "advice": _advice(record.advice, may_answer=may_answer)
        | {"what_if_url": reverse("what-if", args=[record.patient.public_id])},
        "trends": shown,
        "more_trends": folded,
        "chart": trends.chart(course, record),
        "grid": trends.grid(record),
        "corrections": trends.corrections(changed, record.units),
        "peers": peers.peers(record),
        "lists": lists.lists(record),
    }


def _advice(advice: Advice, *, may_answer: bool) -> dict:
    def items(lines: list[Line]) -> list[dict]:
        return [advice_words.item(line, may_answer=may_answer) for line in lines]

    return {
        "shown": items(advice.shown),
        "folded": items(advice.folded),
        "check_first": items(advice.check_first),
        "answered": items(advice.answered),
        "blocked": [advice_words.blocked(line) for line in advice.blocked],
        "open_count": advice.open_count,
        "do_nothing": do_nothing(
            line.recommendation.content for line in (*advice.shown, *advice.folded)
        ),
        "check_failed": any(
            advice_words.failed_check(line.recommendation) for line in advice.blocked
        ),
    }
