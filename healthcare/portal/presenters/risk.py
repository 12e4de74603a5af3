"""The risk strip and the explanations behind it."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from healthcare.common import figures, tables
from healthcare.common.sparklines import spark
from healthcare.portal.presenters import analyte_url, scores
from healthcare.portal.presenters.tiers import Task, look, task, word
from healthcare.portal.queries import Record
from ml.features.person import FEATURES
from ml.studies.registry import STUDIES
from ml.uncertainty import ageing
from ml.uncertainty.next_tests import is_settled
from predictions.models import ModelVersion, Prediction
from predictions.queries import Risk

SCALES = [5, 10, 20, 40, 60, 100]  # ends of the line on which an interval lies, in 100
NAMED_MISSING = 3
BARS = 6
# Every key of the component: one that is there and empty renders faster than one that is not.
CARD_KEYS = ["message", "tier", "tier_word", "number", "range", "meaning", "interval", "trend",
             "raised", "lowered", "why_url", "what_if_url", "recalculate_url"]  # fmt: skip
GIVEN = {"age", "male"}  # on the list of everybody, and nothing to act on
PREGNANT = "Pregnant: this figure says nothing of the pregnancy. Judge blood pressure by itself."
UNKNOWN = "What is not known, together"
NOTICEABLE = 0.05  # percentage points below which a driver is not named


def cards(record: Record) -> list[dict]:
    """Variables of `_components/risk_card.html`, one a task."""
    return [_card(risk, record) for risk in record.risks]


def explanations(record: Record) -> list[dict]:
    """Contribution bars and their table, one a task that has a number."""
    return [
        _explanation(risk.prediction, record)
        for risk in record.risks
        if risk.prediction.risk is not None
    ]


def contribution_words(part: dict) -> str:
    """An input with the value that was used: "Systolic blood pressure 158 mmHg"."""
    label, value = part["label"], part["value"]
    if part["feature"] in _ANSWERS:
        return _ANSWERS[part["feature"]](value)
    if not part["unit"] and value in {0, 1}:
        return label if value else f"{label}: no"
    return f"{label} {figures.number(value)} {figures.unit(part['unit'])}".strip()


_ANSWERS = {
    "male": lambda value: "Sex: male" if value else "Sex: female",
    "smoking": lambda value: f"Smoking: {['never', 'former', 'current'][int(value)]}",
    "self_rated_health": lambda value: (
        f"Own health rated {['excellent', 'very good', 'good', 'fair', 'poor'][int(value) - 1]}"
    ),
}


def _card(risk: Risk, record: Record) -> dict:
    prediction = risk.prediction
    words = task(prediction.task)
    card = dict.fromkeys(CARD_KEYS, "") | {
        "key": prediction.task,
        "title": words.title,
        "horizon": words.horizon,
        "compare": scores.beside(prediction.task, record.scores),
        "about_url": reverse("model", args=[prediction.version_id]),
        "source": f"{prediction.version} · {figures.clock(prediction.as_of)}",
    }
    if prediction.risk is None:
        return card | _refused(prediction)
    return card | _scored(risk, words, record)


def _refused(prediction: Prediction) -> dict:
    return {"state": "abstained", "message": refusal_words(prediction)}


def refusal_words(prediction: Prediction) -> str:
    """Why there is no number, and what would help."""
    reason = prediction.reason.rstrip(".")
    next_test = f" Best next step: {prediction.next_test}." if prediction.next_test else ""
    return f"No number: {reason[:1].lower()}{reason[1:]}.{next_test}"


def numbers(prediction: Prediction) -> tuple[float, float, float]:
    """Risk and both ends of its interval: a constraint lets them come together only."""
    return prediction.risk or 0.0, prediction.low or 0.0, prediction.high or 0.0


def _scored(risk: Risk, words: Task, record: Record) -> dict:
    prediction = risk.prediction
    value, low, high = numbers(prediction)
    state, message = _state(prediction, record)
    return {
        "state": state,
        "message": " ".join(
            filter(None, [message, *prediction.warnings, *_beside(prediction, record)])
        ),
        "tier": look(prediction.tier),
        "tier_word": word(prediction.tier),
        "number": figures.in_100(value),
        "range": figures.span_in_100(low, high),
        "meaning": words.meaning.format(count=figures.people_of_100(value)),
        "interval": interval(prediction),
        "trend": trend(risk),
        "raised": _drivers(prediction, +1, count=3),
        "lowered": _drivers(prediction, -1, count=2),
        "why_url": f"#why-{prediction.task}",
        "what_if_url": reverse("what-if", args=[record.patient.public_id]),
        "advice": prediction.advice,
    }


def _beside(prediction: Prediction, record: Record) -> list[str]:
    """What the record or a published score says beside, or against, this number."""
    told = prediction.task == "ckd" and is_settled("ckd", record.facts)
    return [
        scores.higher(prediction.task, prediction.tier, record.scores),
        "Kidney tests are known: read the KDIGO stage rather than this risk." if told else "",
        PREGNANT if record.facts.pregnant else "",
    ]


def _state(prediction: Prediction, record: Record) -> tuple[str, str]:
    """The first thing that a reader of the number must know."""
    if record.is_being_scored:
        made = figures.clock(prediction.as_of)
        return "recalculating", f"New facts arrived. Being recalculated; this is of {made}."
    if prediction.version.stage != ModelVersion.Stage.SERVING:
        return "stale", "Another model version serves now. The nightly run scores again."
    if outlived := _outlived(prediction, record.facts.as_of):
        return "stale", outlived
    if prediction.missing:
        return "inputs_missing", missing_words(prediction)
    return "ok", ""


def missing_words(prediction: Prediction) -> str:
    """How many inputs were not known, which, and what to ask for next."""
    missing = prediction.missing
    named = missing[:NAMED_MISSING]
    rest = len(missing) - len(named)
    words = figures.listed([*named, f"{rest} more"] if rest else named)
    total = len(prediction.inputs)
    share = f"{len(missing)} of {total}" if total else str(len(missing))
    text = f"{share} inputs missing ({words}); the range allows for it."
    return f"{text} Most useful next: {prediction.next_test}." if prediction.next_test else text


def oldest_input(prediction: Prediction) -> dt.date | None:
    """Day of the oldest measurement that entered a prediction."""
    days = [part["collected"] for part in prediction.contributions if part.get("collected")]
    return dt.date.fromisoformat(min(days)) if days else None


def _outlived(prediction: Prediction, today: dt.date) -> str:
    """The measurement used that is furthest past its validity, as the next best test counts it;
    "" while all of them hold."""
    valid, found = ageing.valid_months(), []
    for part in prediction.contributions:
        feature = FEATURES.get(part["feature"])
        if not part.get("collected") or feature is None or feature.group not in valid:
            continue
        day, holds = dt.date.fromisoformat(part["collected"]), valid[feature.group]
        lost = ageing.lost(ageing.months_between(day, today), holds)
        found.append((lost, part["label"], figures.months_between(day, today), holds))
    lost, label, months, holds = max(found, default=(0.0, "", 0, 0))
    if not lost:
        return ""
    return f"{label} is {months} months old and holds for {holds}. Repeat it first."


def interval(prediction: Prediction) -> dict:
    """Variables of `_components/interval.html`: the risk on a scale with its tiers behind it."""
    value, low, high = numbers(prediction)
    cuts = cut_points(prediction.task)
    furthest = max(100 * high, *(100 * cut for _, cut in cuts)) * 1.1
    end = next(scale for scale in SCALES if scale >= min(furthest, 100))
    starts = [(tier, 100 * cut) for tier, cut in cuts]
    ends = [start for _, start in starts[1:]] + [end]
    return {
        "value": round(100 * value, 2),
        "low": round(100 * low, 2),
        "high": round(100 * high, 2),
        "max": end,
        "bands": [
            {"start": round(start, 2), "end": round(stop, 2), "tier": look(tier)}
            for (tier, start), stop in zip(starts, ends, strict=True)
        ],
    }


def cut_points(task_name: str) -> list[tuple[str, float]]:
    """Tier and the risk from which it holds, lowest first."""
    study = STUDIES.get(task_name)
    return [(tier.code, tier.low) for tier in study.tiers] if study else [("", 0.0)]


def trend(risk: Risk) -> dict | None:
    """Sparkline of all predictions and the step from the one before."""
    before, (now, _, _) = risk.before, numbers(risk.prediction)
    if before is None:
        return None
    readings = [(point.as_of.date(), point.risk) for point in risk.history]
    shown, earlier = figures.in_100(now), figures.in_100(before.risk)
    return {
        "spark": spark([*readings, (risk.prediction.as_of.date(), now)], gap_days=550),
        "direction": direction(before.risk, now),
        "text": f"{'same as' if shown == earlier else 'from ' + earlier} on "
        f"{figures.day(before.as_of)}",
    }


def direction(before: float, now: float) -> str:
    """Whether the number as shown has changed."""
    if figures.in_100(before) == figures.in_100(now):
        return "same"
    return "up" if now > before else "down"


def _drivers(prediction: Prediction, sign: int, *, count: int) -> list[dict]:
    """What is not known is no driver: see `unknown_points`."""
    parts = [part for part in _known(prediction) if sign * part["points"] >= NOTICEABLE]
    return [
        {
            "label": contribution_words(part),
            "url": analyte_url(part["code"]) if part["code"] else "",
        }
        for part in parts[:count]
    ]


def top_driver(prediction: Prediction) -> str:
    """What raises a risk most beside age and sex, else what moves it most."""
    parts = [part for part in _known(prediction) if part["feature"] not in GIVEN]
    raising = [part for part in parts if part["points"] >= NOTICEABLE]
    first = next(iter(raising or parts), None)
    return contribution_words(first) if first else ""


def _known(prediction: Prediction) -> list[dict]:
    return [part for part in prediction.contributions if part["value"] is not None]


def unknown_points(prediction: Prediction) -> float:
    """What the inputs that are not known add or take away together, in percentage points."""
    return sum(part["points"] for part in prediction.contributions if part["value"] is None)


def _explanation(prediction: Prediction, record: Record) -> dict:
    parts = _known(prediction)
    named, rest = parts[:BARS], parts[BARS:]
    others = sum(part["points"] for part in rest)
    items = [{"label": contribution_words(part), "points": part["points"]} for part in named]
    if rest:
        items.append({"label": f"{len(rest)} other inputs", "points": others})
    if len(parts) < len(prediction.contributions):
        items.append({"label": UNKNOWN, "points": unknown_points(prediction)})
    words = task(prediction.task)
    return {
        "key": prediction.task,
        "title": words.title,
        # The advice is the very test: once its result is there, advising it would be wrong.
        "advice": "" if is_settled(prediction.task, record.facts) else prediction.advice,
        "summary": _summary(prediction),
        "spec": {
            "kind": "contributions",
            "unit": "percentage points",
            "items": [item | {"points": round(item["points"], 2)} for item in items],
        },
        **tables.table(
            ["Input", tables.numeric("Points"), "Measured"], _explanation_rows(prediction)
        ),
        "missing": missing_words(prediction) if prediction.missing else "",
        "flip": _flip_words(prediction),
    }


def _summary(prediction: Prediction) -> str:
    base, risk = figures.in_100(prediction.baseline or 0), figures.in_100(prediction.risk or 0)
    return (
        f"Starts at {base} in 100, the average of the people the model learned from, which more "
        "than half of them lie below; "
        f"this person's inputs together lead to {risk} in 100."
    )


def _explanation_rows(prediction: Prediction):
    base = 100 * (prediction.baseline or 0)
    yield ["Starting point", tables.numeric(f"{base:.1f}"), ""]
    for part in _known(prediction):
        day = part.get("collected")
        when = figures.day(dt.date.fromisoformat(day)) if day else ""
        yield [contribution_words(part), tables.numeric(figures.points(part["points"])), when]
    if len(_known(prediction)) < len(prediction.contributions):
        points = figures.points(unknown_points(prediction))
        yield [UNKNOWN, tables.numeric(points), ""]
    yield ["This person's risk", tables.numeric(f"{100 * (prediction.risk or 0):.1f}"), ""]


def _flip_words(prediction: Prediction) -> str:
    share = prediction.tier_flip
    if share is None or share < 0.1:
        return ""
    return f"Borderline: {100 * share:.0f} of 100 refits of the model give another tier."
