"""What was done: drugs, visits, vaccines and examinations."""

from datetime import UTC, date, datetime, time
from typing import Any

from ml import codings

from .elements import (
    NOTHING,
    Concept,
    Element,
    Fault,
    boolean,
    child,
    choice,
    concept,
    concept_of,
    concepts,
    day,
    last_day,
    moment,
    number,
    status,
    text,
)
from .elements import children as listed
from .problems import coding_kept
from .said import Fact, Meaning, kept, short

NO_DRUGS = {"787481004", "182904002"}
NEVER_TAKEN = {"cancelled", "draft", "entered-in-error", "intended", "not-taken"}
NO_LONGER_TAKEN = {"completed", "stopped", "ended"}
ONLY_PROPOSED = {"proposal", "plan", "option"}
INPATIENT = {"IMP", "ACUTE", "NONAC", "OBSENC", "SS"}
DID_NOT_HAPPEN = {"planned", "cancelled", "entered-in-error", "not-done", "preparation", "unknown"}
MOST_DAYS = 3660  # a supply for longer than ten years is a slip


def medication(resource: Element, received_on: date, drugs: dict[str, Concept]) -> Meaning:
    """A MedicationStatement or MedicationRequest. `drugs` are the Medication resources of the
    file by their names."""
    said, what = status(resource), _drug(resource, drugs)
    started, stopped = _course(resource)
    if NO_DRUGS & {coding.code for coding in what.codings} and said != "entered-in-error":
        return Meaning(reviewed={"medications_reviewed_on": started or received_on})
    if reason := _is_no_drug_taken(resource, said):
        return kept(reason)
    if not what.label:
        return kept("It names no drug.")
    if said in NO_LONGER_TAKEN and not stopped:
        # Nobody told the end of a course: it is over, and its beginning is all that is known.
        stopped = started or received_on
    if said not in NO_LONGER_TAKEN:
        stopped = stopped if _is_statement(resource) else None
    if started and stopped and stopped < started:
        raise Fault("effective[x]", "The drug ends before it begins.", "Correct the dates.")
    values = {
        "drug_class": drug_class(what),
        "name": short(what.label),
        "coding": coding_kept(what),
        "dose": short(_dose(resource), 100),
        "started_on": started,
        "stopped_on": stopped,
    }
    return Meaning([Fact("Medication", values)])


def drug_class(what: Concept) -> str:
    """The first class that a rule knows, the narrowest first; "" for none."""
    own = what.own("drug-class")
    pairs = tuple((coding.system, coding.code) for coding in what.codings if coding.code)
    found = codings.medications(pairs, what.label) if own is None else own
    return next(iter(found), "")


def encounter(resource: Element, received_on: date) -> Meaning:
    said = status(resource)
    if said in DID_NOT_HAPPEN:
        return kept(f"Its status is {said}.")
    period = child(resource, "period")
    start = _moment(period.get("start"), "period.start")
    if start is None:
        return kept("It has no beginning.")
    end = _moment(period.get("end"), "period.end")
    if end and end < start and end.date() == start.date():
        start = end  # one of them is a day alone, which stands for its noon
    if end and end < start:
        raise Fault("period", "The visit ends before it begins.", "Correct the period.")
    reasons = [what.label for what in concepts(resource, "reasonCode") if what.label]
    kinds = [what.label for what in concepts(resource, "type") if what.label]
    place = next((child(item, "location") for item in listed(resource, "location")), {})
    values = {
        "kind": _visit(text(child(resource, "class"), "code")),
        "reason": short(", ".join(dict.fromkeys(reasons or kinds))),
        "ward": short(text(place, "display"), 100),
        "started_at": start,
        "ended_at": end,
    }
    return Meaning([Fact("Encounter", values)])


def immunization(resource: Element, received_on: date) -> Meaning:
    when = choice(resource, "occurrence")
    return _done(resource, concept(resource, "vaccineCode"), when, received_on)


def procedure(resource: Element, received_on: date) -> Meaning:
    return _done(resource, concept(resource, "code"), choice(resource, "performed"), received_on)


def drug_named(resource: Element) -> Concept:
    """What a Medication resource is: by its code, else by what is in it."""
    what = concept(resource, "code")
    if what.label:
        return what
    parts = [concept(item, "itemCodeableConcept").label for item in listed(resource, "ingredient")]
    return Concept((), " / ".join(part for part in parts if part))


def _done(resource: Element, what: Concept, when: tuple[str, Any], received_on: date) -> Meaning:
    said = status(resource)
    if said in DID_NOT_HAPPEN or said in {"in-progress", "on-hold", "stopped"}:
        return kept(f"Its status is {said}.")
    pairs = [(coding.system, coding.code) for coding in what.codings if coding.code]
    items = what.own("preventive-care") or codings.preventive_care(pairs)
    if not items:
        return kept("No item of the catalogue of preventive care.")
    done = _end(*when)
    if done is None or done > received_on:
        return kept("It does not say when it was done.")
    return Meaning([Fact("PreventiveCare", {"item": item, "done_on": done}) for item in items])


def _is_no_drug_taken(resource: Element, said: str) -> str:
    intent = text(resource, "intent")
    if said in NEVER_TAKEN or said == "unknown":
        return f"Its status is {said}."
    if intent in ONLY_PROPOSED:
        return f"It is a {intent}, not an order."
    if boolean(resource, "doNotPerform"):
        return "It asks not to give the drug."
    return ""


def _is_statement(resource: Element) -> bool:
    """Only a statement tells what is taken; the supply of an active order may be renewed."""
    return resource.get("resourceType") == "MedicationStatement"


def _drug(resource: Element, drugs: dict[str, Concept]) -> Concept:
    name, value = choice(resource, "medication")
    if name == "medicationCodeableConcept" and isinstance(value, dict):
        return concept_of(value)
    if name != "medicationReference" or not isinstance(value, dict):
        return NOTHING
    address = text(value, "reference")
    for inner in listed(resource, "contained"):
        if address == f"#{inner.get('id')}":
            return drug_named(inner)
    return drugs.get(address) or Concept((), text(value, "display"))


def _course(resource: Element) -> tuple[date | None, date | None]:
    """First and last day of a course, as far as anybody said."""
    name, value = choice(resource, "effective")
    if isinstance(value, dict):
        return day(value.get("start"), name), last_day(value.get("end"), name)
    ordered = day(resource.get("authoredOn"), "authoredOn") or day(
        resource.get("dateAsserted"), "dateAsserted"
    )
    started = day(value, name) or ordered
    return started, _supplied_until(resource, started)


def _supplied_until(resource: Element, started: date | None) -> date | None:
    bounds = [
        child(child(child(dosage, "timing"), "repeat"), "boundsPeriod")
        for dosage in listed(resource, "dosageInstruction")
    ]
    supply = child(resource, "dispenseRequest")
    ends = [
        last_day(period.get("end"), "end") for period in [*bounds, child(supply, "validityPeriod")]
    ]
    if known := [end for end in ends if end]:
        return max(known)
    lasts = child(supply, "expectedSupplyDuration")
    days = number(lasts, "value") if text(lasts, "code") in {"d", ""} else None
    if started and days and 0 < days < MOST_DAYS:
        return date.fromordinal(started.toordinal() + int(days))
    return None


def _dose(resource: Element) -> str:
    for dosage in [*listed(resource, "dosage"), *listed(resource, "dosageInstruction")]:
        if words := text(dosage, "text") or _quantity(dosage):
            return words
    return ""


def _quantity(dosage: Element) -> str:
    for rate in listed(dosage, "doseAndRate"):
        amount = child(rate, "doseQuantity")
        if (value := number(amount, "value")) is not None:
            return f"{value} {text(amount, 'unit') or text(amount, 'code')}".strip()
    return ""


def _visit(kind: str) -> str:
    if kind == "EMER":
        return "EMERGENCY"
    return "INPATIENT" if kind in INPATIENT else "OUTPATIENT"


def _moment(value: Any, path: str) -> datetime | None:
    """A moment; a day alone stands for its noon, the same day for most readers."""
    only = day(value, path)
    return moment(value, path) or (datetime.combine(only, time(12), UTC) if only else None)


def _end(name: str, value: Any) -> date | None:
    if isinstance(value, dict):
        return day(value.get("end") or value.get("start"), name)
    return day(value, name) if name.endswith("DateTime") else None
