"""Reasons in words: what is so, and what to ask or order where something is unknown."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.rules.explanation import Reason
from ml.rules.labels import capitalised, find_analyte, label, lowered, readable

SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
LISTS = {
    "condition": "problem list",
    "medication": "medication list",
    "allergy": "allergy list",
}
UNITS = {
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "10*3/uL": "×10³/µL",
    "10*6/uL": "×10⁶/µL",
    "m[IU]/L": "mIU/L",
    "a": "years",
    "wk": "weeks",
    "kg/m2": "kg/m²",
    "{drinks}/wk": "drinks a week",
    "{steps}/d": "steps a day",
}
QUESTIONS = {"pregnant": "pregnancy status", "n_drugs": "the full medication list"}


@dataclass(frozen=True, slots=True)
class Need:
    """A fact that is missing and what to do about it."""

    kind: str  # "order", "measure", "ask" or "compute"
    name: str  # code of the analyte, score or fact; "medication_list" and the like for lists
    text: str


def sentence(reason: Reason) -> str:
    """One reason in words, with value, unit and what it is compared with.

    >>> sentence(Reason("number", "SBP", True, 152.0, "mm[Hg]", None, ">=", 140.0))
    'Systolic blood pressure 152 mmHg (≥ 140)'
    """
    return _SENTENCES[reason.kind](reason)


def need(reason: Reason) -> Need:
    """What to ask, measure or order so that an unknown reason becomes known.

    >>> need(Reason("number", "EGFR", None, operator="<", bound=30.0)).text
    'Order eGFR (CKD-EPI 2021 creatinine)'
    """
    name = reason.name
    if reason.kind in LISTS:
        listed = LISTS[reason.kind]
        return Need("ask", listed.replace(" ", "_"), f"Complete the {listed}")
    if reason.kind == "score":
        return Need("compute", name, f"Compute {lowered(readable(name))}")
    if reason.kind == "number":
        return _measurement_need(name)
    return Need("ask", name, f"Ask: {QUESTIONS.get(name) or label(name, 'person')}")


def _measurement_need(name: str) -> Need:
    analyte = find_analyte(name)
    group = analyte.group if analyte else ""
    if group in ("vitals", "wearables"):
        return Need("measure", name, f"Measure {lowered(readable(name))}")
    if group == "survey":
        return Need("ask", name, f"Ask the questionnaire {readable(name)}")
    return Need("order", name, f"Order {lowered(readable(name))}")


def _number(reason: Reason) -> str:
    name, against = readable(reason.name), f"{SIGNS[reason.operator]} {_written(reason.bound)}"
    if reason.value is None:
        return f"{name} unknown ({against} decides)"
    value = f"{reason.comparator}{_written(reason.value)}{_unit(reason.unit)}"
    return f"{name} {value} ({_stated(reason, against)})"


def _score(reason: Reason) -> str:
    if not isinstance(reason.bound, float) or not 0 < reason.bound < 1:
        return _number(reason)
    name, against = readable(reason.name), f"{SIGNS[reason.operator]} {_percent(reason.bound)}"
    if not isinstance(reason.value, float | int):
        return f"{name} unknown ({against} decides)"
    return f"{name} {_percent(reason.value)} ({_stated(reason, against)})"


def _stated(reason: Reason, against: str) -> str:
    return against if reason.truth is not False else f"not {against}"


def _listed(reason: Reason) -> str:
    name = label(reason.name, reason.kind)
    if reason.truth is None:
        return f"{capitalised(LISTS[reason.kind])} unknown ({name})"
    return {
        "condition": (f"No {name} on the problem list", capitalised(name)),
        "medication": (f"Does not take {name}", f"Takes {name}"),
        "allergy": (f"No allergy to {name} recorded", f"Allergy to {name}"),
        "flag": (f"Not noted: {name}", capitalised(name)),
    }[reason.kind][reason.truth]


def _done(reason: Reason) -> str:
    name, every = label(reason.name, "done"), _written(reason.bound)
    if reason.value is None:
        return f"{capitalised(name)}: no date on record"
    return f"Last {name} {_written(reason.value)} months ago (due after {every})"


def _person(reason: Reason) -> str:
    if reason.name == "sex":
        return f"Sex {reason.value}" if reason.value else "Sex unknown"
    if reason.operator:
        return _number(reason)
    name = label(reason.name, "person")
    if reason.truth is None:
        return f"Unknown whether {name}"
    return capitalised(name if reason.truth else f"not {name}")


def _written(value: float | str | None) -> str:
    """A value at the precision of a chart: 152, 5.2, 0.081."""
    if not isinstance(value, float | int):
        return value or ""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.3g} %"


def _unit(ucum: str) -> str:
    """UCUM as people write it; a score has no unit."""
    plain = UNITS.get(ucum, ucum)
    return "" if plain.startswith("{") or plain in ("", "1") else f" {plain}"


_SENTENCES: dict[str, Callable[[Reason], str]] = {
    "number": _number,
    "person": _person,
    "score": _score,
    "condition": _listed,
    "medication": _listed,
    "allergy": _listed,
    "flag": _listed,
    "done": _done,
}
