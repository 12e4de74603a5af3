"""The context of the patient page, put together from the presenters of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.portal.presenters import banner, lists, peers, risk, scores, trends
from healthcare.portal.queries import Record
from recommendations import presenters as advice_words
from recommendations.benefitwords import do_nothing
from recommendations.queries import Line
from recommendations.services import feedback


def context(
    record: Record,
    *,
    course: Sequence[Any],
    changed: Sequence[Any],
    reader: User,
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
        "advice": _advice(record, reader)
        | {"what_if_url": reverse("what-if", args=[record.patient.public_id])},
        "trends": shown,
        "more_trends": folded,
        "chart": trends.chart(course, record),
        "grid": trends.grid(record),
        "corrections": trends.corrections(changed, record.units),
        "peers": peers.peers(record),
        "lists": lists.lists(record),
    }


def _advice(record: Record, reader: User) -> dict:
    advice, may_answer = record.advice, permissions.can(reader, Permission.FEEDBACK_GIVE)

    def item(line: Line) -> dict:
        given = line.answer
        until = feedback.undo_until(given, by=reader, now=record.now) if given else None
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
