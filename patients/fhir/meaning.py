"""What one resource says, by its type."""

from collections.abc import Callable
from datetime import date

from . import answers, problems, results, treatment
from .elements import Concept, Element
from .elements import children as listed
from .references import short_id
from .said import Fact, Meaning, kept

__all__ = ["FACTUAL", "Fact", "Meaning", "completed", "of", "told_by_report"]

READERS: dict[str, Callable[[Element, date], Meaning]] = {
    "Condition": problems.condition,
    "AllergyIntolerance": problems.allergy,
    "FamilyMemberHistory": problems.family,
    "Encounter": treatment.encounter,
    "Immunization": treatment.immunization,
    "Procedure": treatment.procedure,
    "QuestionnaireResponse": answers.questionnaire,
}
PRESCRIBED = {"MedicationStatement", "MedicationRequest"}
# Types that come into the record; all others are kept as sent.
FACTUAL = {*READERS, *PRESCRIBED, "Observation", "DiagnosticReport"}


def of(
    resource: Element, full_url: str, *, received_on: date, drugs: dict[str, Concept]
) -> Meaning:
    """Raise Fault where the resource is not what FHIR says it must be.

    `received_on` stands for days that nobody gave, and nothing lies beyond it. `drugs` are the
    Medication resources of the same file, by their names.
    """
    kind = resource["resourceType"]
    if kind in PRESCRIBED:
        return treatment.medication(resource, received_on, drugs)
    if kind == "Observation":
        return results.observation(resource, received_on, short_id(resource, full_url))
    if kind == "DiagnosticReport":
        return _report(resource, full_url, received_on)
    reader = READERS.get(kind)
    return reader(resource, received_on) if reader else kept("Not a type that the record reads.")


def told_by_report(report: Element) -> Element:
    """What a DiagnosticReport says for its observations that do not say it: whose and when."""
    return {
        name: value
        for name, value in report.items()
        if name in {"subject", "issued"} or name.startswith("effective")
    }


def completed(resource: Element, told: Element) -> Element:
    """An observation with what its report says where it is silent itself."""
    is_dated = any(name.startswith("effective") for name in resource)
    said = {
        name: value
        for name, value in told.items()
        if name not in resource and not (is_dated and name.startswith("effective"))
    }
    return resource | said if said else resource


def _report(resource: Element, full_url: str, received_on: date) -> Meaning:
    """Observations that a report holds in itself; those beside it speak for themselves."""
    own_id = short_id(resource, full_url)
    rows, facts = [], []
    for inner in listed(resource, "contained"):
        if inner.get("resourceType") == "Observation":
            name = f"{own_id}#{inner.get('id', '')}"[:64]
            whole = completed(inner, told_by_report(resource))
            said = results.observation(whole, received_on, name)
            rows += [
                row | {"source_column": f"#{inner.get('id', '')} {row['source_column']}".strip()}
                for row in said.rows
            ]
            facts += said.facts
    if rows or facts:
        return Meaning(facts, rows)
    return kept("Its results are resources of their own.")
