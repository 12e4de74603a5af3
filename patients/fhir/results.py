"""Observations as rows for the intake of results: numbers as text, exactly as they were sent."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from ml import analytes

from . import pregnancy
from .answers import is_smoking_status, smoking
from .elements import (
    LOINC,
    OURS,
    UCUM,
    Concept,
    Element,
    Fault,
    boolean,
    child,
    choice,
    concept,
    concept_of,
    moment_text,
    number,
    status,
    text,
)
from .elements import children as listed
from .said import Meaning, kept, short

STATUSES = {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
            "entered-in-error"}  # fmt: skip
UNKNOWN = "unknown"  # FHIR's own word
WITHOUT_VALUE = {"registered", "cancelled", "entered-in-error"}
# Categories whose observations are kept as sent when they are no test of ours: nobody at a
# laboratory could say what they mean.
NO_LABORATORY = {"social-history", "survey", "exam", "imaging", "procedure", "therapy", "activity"}
FLAGS = {"L", "H", "LL", "HH", "N", "A", "AA"}
MOST_DIGITS = 15
NUMERIC = re.compile(r"\s*[<>=≤≥]*\s*[+-]?[.,]?\d")
QUALITATIVE = {"negative", "neg", "positive", "pos", "trace", "reactive", "non-reactive",
               "nonreactive", "detected", "not detected", "normal", "abnormal", "present",
               "absent"}  # fmt: skip
Row = dict[str, str]


def observation(resource: Element, received_on: date, own_id: str) -> Meaning:
    """An Observation: one row for its value, and one for each of its components.

    `own_id` stands for the accession number where the resource gives no identifier.
    """
    if is_smoking_status(resource):
        return smoking(resource, received_on)
    if pregnancy.is_status(resource):
        return pregnancy.observed(resource, received_on)
    said = status(resource)
    if said not in {*STATUSES, UNKNOWN}:
        raise Fault("status", "This is no status of an observation.",
                    "Send a status of FHIR R4, such as final or corrected.")  # fmt: skip
    if said == UNKNOWN:
        return kept(f"Its status is {said}: nobody knows whether it counts.")
    what = concept(resource, "code")
    if not what.label:
        return kept("It does not say what was observed.")
    if _is_no_test(resource, what):
        return kept("An observation that is no result of a test here.")
    common = _common(resource, said, own_id)
    parts = [("", what, resource), *_components(resource)]
    rows = [row for place, code, part in parts if (row := _row(place, code, part, said))]
    if not rows:
        return kept(_why_no_row(resource))
    return Meaning(rows=[common | row for row in rows])


def test_code(what: Concept) -> str:
    """The code by which the test is looked up: one that we know before one that we do not."""
    if own := what.code(f"{OURS}analyte"):
        return own
    loincs = [coding.code for coding in what.codings if coding.system == LOINC and coding.code]
    known = (code for code in loincs if analytes.by_loinc(code))
    return next(known, "") or next(iter(loincs), "") or what.code() or what.text


def _is_no_test(resource: Element, what: Concept) -> bool:
    categories = {
        coding.code
        for category in listed(resource, "category")
        for coding in concept_of(category).codings
    }
    codes = [what, *(concept(part, "code") for part in listed(resource, "component"))]
    is_known = any(analytes.resolve(test_code(code)) for code in codes if code.label)
    return not is_known and bool(categories) and categories <= NO_LABORATORY


def _common(resource: Element, said: str, own_id: str) -> Row:
    """What all rows of one Observation share."""
    name, value = choice(resource, "effective")
    if isinstance(value, dict):  # a collection over hours is dated by its beginning
        name, value = f"{name}.start", value.get("start") or value.get("end")
    elif name == "effectiveTiming":
        value = None
    notes = "; ".join(text(note, "text") for note in listed(resource, "note"))
    return {
        "collected_at": moment_text(value, name),
        "issued_at": moment_text(resource.get("issued"), "issued"),
        "status": said,
        "accession": _accession(resource, own_id),
        "note": short(" ".join(notes.split()), 300),
    }


def _accession(resource: Element, own_id: str) -> str:
    for identifier in listed(resource, "identifier"):
        value = text(identifier, "value")
        if text(identifier, "system") == f"{OURS}accession":
            return value[:64]  # none: our own way of saying that there is none
        if 0 < len(value) <= 64:
            return value
    return own_id[:64]


def _components(resource: Element) -> list[tuple[str, Concept, Element]]:
    """Components with their place in the resource: two may have one code."""
    parts = listed(resource, "component")
    return [(f"component[{i}]", concept(part, "code"), part) for i, part in enumerate(parts)]


def _row(place: str, what: Concept, part: Element, said: str) -> Row | None:
    value, unit = _value(part)
    if not value and (said not in WITHOUT_VALUE or _is_panel(place, part)):
        return None
    if not analytes.resolve(code := test_code(what)) and _is_prose(value, part):
        return None
    low, high, words = _reference(part, unit)
    return {
        "code": code[:100],
        "test_name": short(what.label, 100),
        "value": value,
        "unit": unit,
        "flag": _flag(part),
        "reference_low": low,
        "reference_high": high,
        "reference_range": words,
        "source_column": place,
    }


def _is_prose(value: str, part: Element) -> bool:
    """Words that are no result of any test: what nobody knows how to read is kept as sent."""
    is_worded = any(name in part for name in ("valueString", "valueCodeableConcept"))
    return is_worded and not NUMERIC.match(value) and value.casefold() not in QUALITATIVE


def _is_panel(place: str, part: Element) -> bool:
    return not place and bool(part.get("component") or part.get("hasMember"))


def _value(part: Element) -> tuple[str, str]:
    """Value and unit as text; ("", "") for what is no result, such as a waveform."""
    name, value = choice(part, "value")
    match name:
        case "valueQuantity":
            return _quantity(child(part, name))
        case "valueInteger":
            return number_text(number(part, name)), ""
        case "valueString":
            return text(part, name), ""
        case "valueCodeableConcept":
            return concept_of(child(part, name)).label, ""
        case "valueBoolean":
            return ("yes" if boolean(part, name) else "no"), ""
        case "valueRange":
            return _range(value)
        case "valueRatio":
            return _ratio(value), ""
    return "", ""


def _quantity(quantity: Element) -> tuple[str, str]:
    amount = number_text(number(quantity, "value"))
    return (f"{text(quantity, 'comparator')}{amount}", _unit(quantity)) if amount else ("", "")


def _unit(quantity: Element) -> str:
    """The UCUM code where there is one: the unit in words is for people."""
    code = text(quantity, "code") if text(quantity, "system") == UCUM else ""
    return code or text(quantity, "unit") or text(quantity, "code")


def _range(value: Any) -> tuple[str, str]:
    low, high = (child(value, name) for name in ("low", "high"))
    low_amount, high_amount = (number_text(number(limit, "value")) for limit in (low, high))
    if not low_amount or not high_amount:
        return "", ""
    return f"{low_amount}-{high_amount}", _unit(low) or _unit(high)


def _ratio(value: Any) -> str:
    upper, lower = (number(child(value, name), "value") for name in ("numerator", "denominator"))
    return "" if upper is None or lower is None else f"{number_text(upper)}:{number_text(lower)}"


def number_text(value: Decimal | None) -> str:
    """A number without exponent.

    More digits than a laboratory can mean are those of a binary fraction written out
    (37.77200000000001): it is read to the 15 digits that every double keeps.
    """
    if value is None:
        return ""
    if len(value.as_tuple().digits) > MOST_DIGITS:
        value = Decimal(f"{value:.{MOST_DIGITS - 1}e}").normalize()
    return f"{value:f}" if -30 < value.adjusted() < 30 else f"{value:e}"


def _reference(part: Element, unit: str) -> tuple[str, str, str]:
    """Low, high and words of the one reference range that is given for the whole person."""
    ranges = [item for item in listed(part, "referenceRange") if not item.get("age")]
    usual = [item for item in ranges if concept(item, "type").code() in {"", "normal"}]
    if len(usual) != 1:
        return "", "", ""
    limits = [child(usual[0], name) for name in ("low", "high")]
    if any(
        _unit(limit) not in {"", unit, text(child(part, "valueQuantity"), "unit")}
        for limit in limits
    ):
        return "", "", ""
    low, high = (number_text(number(limit, "value")) for limit in limits)
    words = "" if low or high else re.sub(r"\s+", " ", text(usual[0], "text"))[:100]
    return low, high, words


def _flag(part: Element) -> str:
    codes = {
        coding.code
        for item in listed(part, "interpretation")
        for coding in concept_of(item).codings
    }
    return next(iter(sorted(codes & FLAGS)), "")


def _why_no_row(resource: Element) -> str:
    absent = concept(resource, "dataAbsentReason").label
    if absent:
        return short(f"It has no value: {absent}.")
    if resource.get("hasMember"):
        return "It groups other observations."
    return "It has no value that can be kept as a result."
