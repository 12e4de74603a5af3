"""Conditions, allergies and family history."""

from datetime import date

from ml import codings

from .elements import (
    OURS,
    SNOMED,
    Concept,
    Element,
    Fault,
    choice,
    concept,
    concepts,
    day,
    last_day,
    status,
    text,
)
from .elements import children as listed
from .pregnancy import diagnosed, is_pregnancy
from .said import CODE, Fact, Meaning, kept, short

NO_PROBLEMS = {"160245001"}
NO_FAMILY_HISTORY = {"160266009"}
NO_ALLERGIES = {"716186003", "160244002"}
VOID = {"entered-in-error", "refuted"}
NOT_SURE = {"unconfirmed", "provisional", "differential"}
OVER = {"inactive", "remission", "resolved"}
PREFIXES = ((SNOMED, "snomed"), (codings.ICD10, "icd10"))


def condition(resource: Element, received_on: date) -> Meaning:
    """An entry of the problem list, or a diagnosis of a visit."""
    what = concept(resource, "code")
    if reason := _is_no_fact(resource):
        return kept(reason)
    onset, over = _onset(resource), _over(resource, received_on)
    if not what.label:
        return kept("It names no condition.")
    if NO_PROBLEMS & {coding.code for coding in what.codings}:
        reviewed = day(resource.get("recordedDate"), "recordedDate") or received_on
        return Meaning(reviewed={"conditions_reviewed_on": reviewed})
    if onset and over and over < onset:
        raise Fault("abatement[x]", "The condition ends before it begins.", "Correct the dates.")
    values = {
        "code": (condition_codes(what) or (fallback(what),))[0],
        "label": short(what.label),
        "coding": coding_kept(what),
        "onset_on": onset,
        "resolved_on": over,
    }
    told = diagnosed(onset, over, received_on) if is_pregnancy(what) else None
    return Meaning([Fact("Condition", values)], pregnancy=told)


def allergy(resource: Element, received_on: date) -> Meaning:
    what = concept(resource, "code")
    if reason := _is_no_fact(resource):
        return kept(reason)
    if not what.label:
        return kept("It names no substance.")
    if NO_ALLERGIES & {coding.code for coding in what.codings}:
        reviewed = day(resource.get("recordedDate"), "recordedDate") or received_on
        return Meaning(reviewed={"allergies_reviewed_on": reviewed})
    if concept(resource, "clinicalStatus").code() in {"inactive", "resolved"}:
        return kept("The allergy is over.")
    if what.code(SNOMED) in {"409137002", "428607008", "429625007"}:
        return kept("It says that some allergies are not known, not that there are none.")
    own = what.own("allergy")
    found = codings.allergies(_pairs(what), what.label) if own is None else own
    values = {
        "code": (found or ("",))[0],
        "label": short(what.label),
        "coding": coding_kept(what),
        "reaction": short(_reactions(resource)),
    }
    return Meaning([Fact("Allergy", values)])


def family(resource: Element, received_on: date) -> Meaning:
    said = status(resource)
    if said in {"entered-in-error", "health-unknown"}:
        return kept(f"Its status is {said}.")
    if any(NO_FAMILY_HISTORY & _codes(item) for item in listed(resource, "condition")):
        return Meaning(
            reviewed={"family_reviewed_on": day(resource.get("date"), "date") or received_on}
        )
    relation = short(concept(resource, "relationship").label.casefold(), CODE)
    if not relation:
        raise Fault("relationship", "It does not say which relative.", "Name the relationship.")
    found = {}
    for item in listed(resource, "condition"):
        what = concept(item, "code")
        if what.label:
            known = what.own("family-history") or codings.family_history(_pairs(what), what.label)
            code = (known or (fallback(what),))[0]
            values = {"code": code, "coding": what.as_sent, "relation": relation}
            found[code] = Fact("FamilyHistory", values)
    return (
        Meaning(list(found.values())) if found else kept("It names no condition of the relative.")
    )


def condition_codes(what: Concept) -> tuple[str, ...]:
    return what.own("condition") or codings.conditions(_pairs(what), what.label)


def fallback(what: Concept) -> str:
    """The code of what no table of ours knows: `snomed:444814009`, or the words themselves."""
    for coding in what.codings:
        for system, prefix in PREFIXES:
            if coding.system.startswith(system) and len(coding.code) < CODE - len(prefix):
                return f"{prefix}:{coding.code}"
    return short(what.label.casefold().replace(" ", "_"), CODE)


def coding_kept(what: Concept) -> str:
    """Code and system as sent; words alone are kept as `text|…`, so that they are read again
    when the tables know more."""
    foreign = [coding for coding in what.codings if not coding.system.startswith(OURS)]
    sent = next((coding.as_sent for coding in foreign if coding.as_sent), "")
    return sent or ("" if what.codings else short(f"text|{what.label}", 150))


def _pairs(what: Concept) -> tuple[tuple[str, str], ...]:
    return tuple((coding.system, coding.code) for coding in what.codings if coding.code)


def _codes(item: Element) -> set[str]:
    return {coding.code for coding in concept(item, "code").codings}


def _is_no_fact(resource: Element) -> str:
    sure = concept(resource, "verificationStatus").code()
    if sure in VOID:
        return f"It is {sure.replace('-', ' ')}."
    if sure in NOT_SURE and resource.get("resourceType") == "Condition":
        return f"It is not established: {sure}."
    return ""


def _onset(resource: Element) -> date | None:
    """When it began; an age or words alone give no day."""
    name, value = choice(resource, "onset")
    if name == "onsetPeriod" and isinstance(value, dict):
        return day(value.get("start"), "onsetPeriod.start")
    return day(value, name) if name == "onsetDateTime" else None


def _over(resource: Element, received_on: date) -> date | None:
    """When it ended; without a day, the day we heard of it; None while it lasts."""
    name, value = choice(resource, "abatement")
    if name == "abatementDateTime":
        return last_day(value, name)
    if name == "abatementPeriod" and isinstance(value, dict):
        return last_day(value.get("end") or value.get("start"), name) or received_on
    is_over = concept(resource, "clinicalStatus").code() in OVER
    return received_on if name or is_over else None


def _reactions(resource: Element) -> str:
    told = [
        what.label
        for reaction in listed(resource, "reaction")
        for what in concepts(reaction, "manifestation")
    ]
    notes = [text(note, "text") for note in listed(resource, "note")]
    return ", ".join(dict.fromkeys(words for words in [*told, *notes] if words))
