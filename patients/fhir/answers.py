"""What people say of themselves: questionnaires and the smoking status."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from .elements import (
    LOINC,
    OURS,
    SNOMED,
    Element,
    boolean,
    child,
    choice,
    coding,
    concept_of,
    day,
    extensions,
    number,
    status,
    text,
)
from .elements import children as listed
from .said import CODE, Fact, Meaning, kept, short

SMOKING_STATUS = {"72166-2"}
# SNOMED CT and LOINC answers, and the words where there is no code.
SMOKING = {
    "266919005": "never", "LA18978-9": "never", "never smoker": "never", "never smoked": "never",
    "never": "never",
    "8517006": "former", "LA15920-4": "former", "former smoker": "former", "ex-smoker": "former",
    "former": "former",
    "449868002": "current", "428041000124106": "current", "77176002": "current",
    "428071000124103": "current", "428061000124105": "current", "LA18976-3": "current",
    "LA18977-1": "current", "LA18979-7": "current", "LA18981-3": "current",
    "LA18982-1": "current", "current every day smoker": "current",
    "current some day smoker": "current", "smoker": "current", "current smoker": "current",
    "current": "current",
}  # fmt: skip
ORDINAL = (
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
)
# Instruments that features of models are read from: only our own questionnaires fill them.
RESERVED = {"lifestyle", "flags"}
LONGEST_INSTRUMENT = 40


def is_smoking_status(resource: Element) -> bool:
    code = resource.get("code")
    return isinstance(code, dict) and concept_of(code).code(LOINC) in SMOKING_STATUS


def smoking(resource: Element, received_on: date) -> Meaning:
    """An Observation of the smoking status, as the lifestyle answer it is."""
    said = status(resource)
    if said in {"entered-in-error", "cancelled", "registered", "unknown"}:
        return kept(f"Its status is {said}.")
    name, value = choice(resource, "value")
    words = {value} if isinstance(value, str) else set()
    if name == "valueCodeableConcept" and isinstance(value, dict):
        what = concept_of(value)
        words = {c.code for c in what.codings if c.system in {SNOMED, LOINC}} | {what.label}
    answers = {SMOKING.get(word) or SMOKING.get(word.casefold()) for word in words} - {None}
    if len(answers) != 1:
        return kept("It does not say whether the person smokes.")
    when = _when(resource)
    if when is None or when > received_on:
        return kept("It does not say when this was asked.")
    return Meaning([_answer("lifestyle", "smoking", None, answers.pop() or "", when)])


def questionnaire(resource: Element, received_on: date) -> Meaning:
    """A QuestionnaireResponse: each answer by the link of its question."""
    said = status(resource)
    if said not in {"completed", "amended"}:
        return kept(f"Its status is {said}.")
    when = day(resource.get("authored"), "authored")
    if when is None:
        return kept("It does not say when it was answered.")
    instrument = _instrument(text(resource, "questionnaire"))
    facts: dict[str, Fact] = {}
    for item, answer in _answers(resource):
        told = _value(answer)
        if told is not None:
            item = _free(short(item, CODE - 4), facts)
            facts[item] = _answer(instrument, item, *told, when)
    return Meaning(list(facts.values())) if facts else kept("It holds no answer.")


def _when(resource: Element) -> date | None:
    name, value = choice(resource, "effective")
    if isinstance(value, dict):
        return day(value.get("start"), name)
    return day(value, name) if name else day(resource.get("issued"), "issued")


def _instrument(address: str) -> str:
    if address.startswith(f"{OURS}questionnaire:"):
        return address.removeprefix(f"{OURS}questionnaire:")[:LONGEST_INSTRUMENT]
    tail = address.split("|")[0].rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    tail = short(tail or "questionnaire", LONGEST_INSTRUMENT)
    return f"other-{tail}" if tail in RESERVED else tail


def _answers(element: Element) -> Iterator[tuple[str, Element]]:
    for item in listed(element, "item"):
        for answer in listed(item, "answer"):
            yield text(item, "linkId") or "?", answer
            yield from _answers(answer)
        yield from _answers(item)


def _free(item: str, taken: dict[str, Fact]) -> str:
    """The second answer to one question is `link#2`."""
    name, count = item, 1
    while name in taken:
        count += 1
        name = f"{item}#{count}"
    return name


def _value(answer: Element) -> tuple[float | None, str] | None:
    name, value = choice(answer, "value")
    match name:
        case "valueBoolean":
            return (1.0 if boolean(answer, name) else 0.0), ""
        case "valueInteger" | "valueDecimal":
            return _float(answer, name), ""
        case "valueQuantity":
            quantity = child(answer, name)
            return _float(quantity, "value"), short(text(quantity, "unit"))
        case "valueCoding":
            return _coded(child(answer, name))
        case "valueString" | "valueDate" | "valueDateTime" | "valueTime" | "valueUri":
            return (None, short(value)) if isinstance(value, str) else None
    return None


def _coded(value: Any) -> tuple[float | None, str] | None:
    what = coding(value)
    weights = [number(item, "valueDecimal") for url in ORDINAL for item in extensions(value, url)]
    weight = next((float(weight) for weight in weights if weight is not None), None)
    label = what.display or what.code
    return (weight, short(label)) if label or weight is not None else None


def _float(element: Element, name: str) -> float | None:
    value = number(element, name)
    return None if value is None else float(value)


def _answer(instrument: str, item: str, told: float | None, words: str, when: date) -> Fact:
    values = {"instrument": instrument, "item": item, "number": told, "text": words,
              "answered_on": when}  # fmt: skip
    return Fact("SurveyAnswer", values)
