"""Pregnancy: an Observation of the status (LOINC 82810-3), or a diagnosis.

Neither says when it began unless it gives the day of delivery that is expected (LOINC 11778-8,
11779-6) or an onset; then the middle of a pregnancy stands for it, as the reference limits of
pregnancy hold for all of it.
"""

from datetime import date, timedelta

from .elements import (
    LOINC,
    SNOMED,
    Concept,
    Element,
    choice,
    concept,
    concept_of,
    day,
    status,
)
from .elements import children as listed
from .said import Meaning, Pregnancy, kept

STATUS = {"82810-3", "11449-6"}
EXPECTED_DELIVERY = {"11778-8", "11779-6", "11780-4"}
# SNOMED CT, and the answers of LOINC list LL4129-4.
YES = {"77386006", "LA15173-0"}
NO = {"60001007", "LA26683-5"}
# Pregnant; normal, high risk, multiple, first, later and postterm pregnancy.
PREGNANCIES = {"77386006", "72892002", "47200007", "16356006", "53881005", "127364007", "90968009"}
ICD10 = ("Z33", "Z34", "O09")  # states of pregnancy, not what befalls it
LENGTH = timedelta(days=280)
VOID = {"entered-in-error", "cancelled", "registered", "preliminary", "unknown"}


def is_status(resource: Element) -> bool:
    code = resource.get("code")
    return isinstance(code, dict) and concept_of(code).code(LOINC) in STATUS


def observed(resource: Element, received_on: date) -> Meaning:
    """An Observation of the pregnancy status."""
    said = status(resource)
    if said in VOID:
        return kept(f"Its status is {said}.")
    name, value = choice(resource, "value")
    what = concept_of(value) if name == "valueCodeableConcept" and isinstance(value, dict) else None
    codes = {coding.code for coding in what.codings} if what else set()
    on = _when(resource)
    if on is None or on > received_on:
        return kept("It does not say when this was so.")
    if codes & NO:
        return Meaning(kept=NOTED, pregnancy=Pregnancy(on, on, is_over=True))
    if not codes & YES:
        return kept("It does not say whether she is pregnant.")
    delivery = _expected_delivery(resource)
    since = delivery - LENGTH if delivery and delivery >= on else on - LENGTH / 2
    return Meaning(kept=NOTED, pregnancy=Pregnancy(on, since))


def is_pregnancy(what: Concept) -> bool:
    """Whether a diagnosis is the pregnancy itself."""
    return any(
        coding.code in PREGNANCIES if coding.system == SNOMED else coding.code.startswith(ICD10)
        for coding in what.codings
        if coding.system == SNOMED or "icd-10" in coding.system
    )


def diagnosed(onset: date | None, over: date | None, received_on: date) -> Pregnancy | None:
    """What an entry of the problem list says of it; nothing where it is long over."""
    if over is not None:
        return Pregnancy(over, over, is_over=True)
    if onset is not None:
        return Pregnancy(onset, onset)
    return Pregnancy(received_on, received_on - LENGTH / 2)


NOTED = "Noted with the patient."


def _when(resource: Element) -> date | None:
    name, value = choice(resource, "effective")
    if isinstance(value, dict):
        name, value = f"{name}.start", value.get("start") or value.get("end")
    return day(value, name)


def _expected_delivery(resource: Element) -> date | None:
    for part in listed(resource, "component"):
        if concept(part, "code").code(LOINC) in EXPECTED_DELIVERY:
            name, value = choice(part, "value")
            return day(value, name)
    return None
