"""A recommendation in words: the variables of `_components/recommendation.html`."""

from __future__ import annotations

import datetime as dt
import re
from uuid import uuid4

from django.urls import reverse
from django.utils import timezone

from healthcare.common import figures
from ml import rules
from ml.studies.registry import STUDIES
from recommendations import benefitwords, followupwords, weightwords
from recommendations.forms import DECLINE_REASONS, LATER_CHOICES
from recommendations.models import Feedback, Recommendation
from recommendations.queries import Line
from recommendations.services.consequences import done_items

CHECK_RULE = "check"  # the rule that engine.safety names when a check raised an error
REASONS_SHOWN = 4
DIGEST = re.compile(r"im-rec-deck@\w+ ")
# Categories that everybody has many of: behind the ranked items each is folded into one line.
GROUPS = {"screening": "Screening", "vaccination": "Vaccines"}
AFTER_URGENT = "Lifestyle and screening, after the urgent matter"
# Keys that an entry stored by an earlier release may lack.
BLANK = {
    **dict.fromkeys(
        ["category", "clinician_text", "cautions_text", "evidence_grade", "source", "frequency",
         "time_to_benefit", "verification", "patient_text"],
        "",
    ),
    **dict.fromkeys(
        ["reasons", "would_change", "cautions", "check_first", "blocked_by", "benefits", "decides",
         "in_trials", "harms"],
        (),
    ),
    "shares": {},
    "verified": True,
    "clinician_only": True,
}  # fmt: skip
# What the component knows and this engine does not give. A key that is there and empty renders
# ten times faster than one that is not.
UNUSED = dict.fromkeys(
    ["source_url", "cost", "effort", "caution", "undo_url", "undo_until", "problem"], ""
)
SAID = {
    Feedback.Answer.ACCEPT: "Accepted",
    Feedback.Answer.MODIFY: "Accepted with a change",
    Feedback.Answer.DECLINE: "Declined",
    Feedback.Answer.DONE: "Done, said",
}


def item(line: Line, *, may_answer: bool, undo_until: dt.datetime | None = None) -> dict:
    """One recommendation with why, how sure, what it would change, and its answer.

    `undo_until` is the moment until which the reader may take that answer back.
    """
    row = line.recommendation
    content = BLANK | row.content
    return UNUSED | {
        "key": row.item,
        "title": content["name"],
        "urgent": row.is_urgent,
        "category": content["category"],
        "group": AFTER_URGENT if line.waits else GROUPS.get(content["category"], ""),
        "alternatives": line.alternatives,
        # An emergency acts on today; numbers of ten years beside it would mislead.
        "benefits": () if row.is_urgent else benefitwords.lines(content["benefits"]),
        "trials": () if row.is_urgent else benefitwords.trials(content["in_trials"]),
        "harms": benefitwords.harms(content["harms"]),
        "why": [fact(reason) for reason in content["reasons"][:REASONS_SHOWN]],
        "decides": content["decides"],
        "change": changes(content["would_change"]),
        # An emergency acts on today; a ten-year risk beside it would mislead.
        "acts_on": "" if row.is_urgent else acts_on(content["would_change"]),
        "how": content["clinician_text"],
        "general_caution": content["cautions_text"],
        "cautions": [caution_words(caution) for caution in content["cautions"]],
        "checks": [check["text"] for check in content["check_first"]],
        "grade": content["evidence_grade"],
        "source": content["source"],
        "unverified": "" if content["verified"] else checked(content["verification"]),
        "shares": weightwords.shares(content["shares"]),
        "frequency": content["frequency"],
        "benefit": content["time_to_benefit"],
        "clinician_only": content["clinician_only"],
        "as_of": figures.clock(row.as_of),
        "answer": answer_words(line.answer) if line.answer else "",
        "answer_url": reverse("recommendation-answer", args=[row.pk]) if may_answer else "",
        **_undo(line.answer, undo_until),
        "idempotency_key": uuid4().hex,
        "achieved": followupwords.words(line.follow_up, line.again) if line.follow_up else "",
        "done_items": [(each, rules.readable(each)) for each in done_items(row.item)],
        "later_choices": LATER_CHOICES,
        "decline_reasons": DECLINE_REASONS,
    }


def _undo(answer: Feedback | None, until: dt.datetime | None) -> dict[str, str]:
    if answer is None or until is None:
        return {}
    url = reverse("recommendation-undo", args=[answer.pk])
    return {"undo_url": url, "undo_until": f"{timezone.localtime(until):%H:%M}"}


def blocked(line: Line) -> dict:
    """An item that is not safe here, with every reason against it."""
    content = BLANK | line.recommendation.content
    return {
        "key": line.recommendation.item,
        "title": content["name"],
        "failed": failed_check(line.recommendation),
        "reasons": [
            {
                "text": block["reason"],
                "facts": [fact(each) for each in block["facts"]],
                "source": block["source"],
                "unverified": not block["verified"],
            }
            for block in content["blocked_by"]
        ],
    }


def failed_check(row: Recommendation) -> bool:
    """The safety filter could not finish; the item is blocked because of that alone."""
    return any(block["rule"] == CHECK_RULE for block in row.content.get("blocked_by", ()))


def fact(said: dict) -> dict[str, str]:
    """A fact in words, its day and who said so: "LDL 158 mg/dL (≥ 130)", "12-Oct-2026", "lab file".

    An entry stored by an earlier release lacks the source.
    """
    day = said.get("collected")
    return {
        "text": said["text"],
        "day": figures.day(dt.date.fromisoformat(day)) if day else "",
        "source": said.get("source", ""),
    }


def checked(verification: str) -> str:
    """How a statement was checked, without the address of the digest it was checked against."""
    return DIGEST.sub("guideline digest ", verification)


def changes(effects: list[dict]) -> list[str]:
    """What it would change, each marked where the effect was not re-read in its source."""
    return [
        effect["text"] if effect["verified"] else f"{effect['text']} (not re-read in its source)"
        for effect in effects
    ]


def acts_on(effects: list[dict]) -> str:
    """The predicted risk that the item is chosen for."""
    known = [effect for effect in effects if effect["risk"] is not None]
    if not known:
        return ""
    name, risk = known[0]["task"], figures.in_100(known[0]["risk"])
    study = STUDIES.get(name)
    title = study.title.lower() if study else rules.readable(name)
    return f"Acts on {title}, now {risk} in 100"


def caution_words(caution: dict) -> dict:
    action = caution["action"].rstrip(".")
    return {
        "severity": caution["severity"],
        "text": f"{caution['text'].rstrip('.')}. {action}." if action else caution["text"],
        "source": caution["source"],
        "unverified": not caution["verified"],
    }


def answer_words(answer: Feedback) -> str:
    """Who said what and when: "Declined by Dr A. Osei, 21-Nov-2026 18:20: wrong data."."""
    until = figures.day(answer.snooze_until)
    put_off = answer.answer == Feedback.Answer.LATER
    said = f"Put off until {until}" if put_off else SAID[Feedback.Answer(answer.answer)]
    declined = answer.answer == Feedback.Answer.DECLINE
    reason = f": {answer.get_reason_display()}" if declined else ""
    again = f", asked again {until}" if declined and answer.snooze_until else ""
    return f"{said} by {answer.by.display_name}, {figures.clock(answer.at)}{reason}{again}."
