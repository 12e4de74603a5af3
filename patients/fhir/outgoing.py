"""Rows of the record as FHIR R4 resources: `reading` and `meaning` the other way round.

Rows are taken as they are (models or anything with the same attributes). Our own codes go out
beside those of the terminologies, so that a site of ours reads back what it said.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from .elements import LOINC, OURS, SNOMED, UCUM, UNCLASSIFIED
from .person import US_CORE
from .references import UUID

HL7 = "http://terminology.hl7.org/CodeSystem/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
OMB = "urn:oid:2.16.840.1.113883.6.238"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:carelens")
PLAIN_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,20})?", re.ASCII)
MRN, NAMELESS = "mrn", "fhir"
RACES = {
    "non_hispanic_white": ("2106-3", "White"),
    "non_hispanic_black": ("2054-5", "Black or African American"),
    "non_hispanic_asian": ("2028-9", "Asian"),
    "other": ("2131-1", "Other Race"),
}
HISPANIC, NOT_HISPANIC = ("2135-2", "Hispanic or Latino"), ("2186-5", "Not Hispanic or Latino")
CLASSES = {"OUTPATIENT": "AMB", "INPATIENT": "IMP", "EMERGENCY": "EMER"}
VACCINES = {"flu_vaccine", "tdap_td", "pneumococcal", "hepb_vaccine", "hepa_vaccine", "hpv_vaccine",
            "mmr", "varicella", "ipv", "menacwy", "rzv", "rsv", "covid_vaccine",
            "tdap_pregnancy"}  # fmt: skip
# How a list that was gone through and is empty says so.
NONE_KNOWN = {
    "conditions": ("Condition", "160245001", "No current problems or disability"),
    "allergies": ("AllergyIntolerance", "716186003", "No known allergy"),
    "medications": ("MedicationStatement", "787481004", "No known medications"),
    "family": ("FamilyMemberHistory", "160266009", "No family history of clinical finding"),
}
Resource = dict[str, Any]


def bundle(resources: Iterable[tuple[str, Resource]]) -> Resource:
    """A collection of (full URL, resource)."""
    entries = [{"fullUrl": full_url, "resource": resource} for full_url, resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def name_of(owner: Any, table: str, key: object, external_id: str = "") -> str:
    """The full URL of a row's resource: its sender's own, else one that is always the same."""
    if external_id.startswith(("urn:uuid:", "https://", "http://")):
        return external_id
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{owner.public_id} {table} {key}')}"


def patient(row: Any, identifiers: Iterable[Any]) -> Resource:
    resource: Resource = {
        "resourceType": "Patient",
        "id": str(row.public_id),
        "identifier": [_identifier(one) for one in identifiers if one.system != NAMELESS],
        "name": [{"use": "official", "family": row.family_name, "given": [row.given_name]}],
        "gender": row.sex,
        "birthDate": _known_part(row.birth_date, row.birth_date_precision),
        "deceasedDateTime": _day(row.died_on),
        "telecom": [{"system": "phone", "value": row.phone}] if row.phone else [],
        "address": [{"postalCode": row.postal_code}] if row.postal_code else [],
        "extension": _origin(row.ethnicity),
    }
    return _said(resource)


def nothing_known(which: str, owner: Any, reviewed_on: date) -> tuple[str, Resource]:
    """A list of the record that was gone through and is empty."""
    kind, code, display = NONE_KNOWN[which]
    what = {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": display}
    full_url = name_of(owner, f"no {which}", reviewed_on)
    resource: Resource = {"resourceType": kind, "id": _id(full_url)} | _owner(kind, owner)
    day = _day(reviewed_on)
    match kind:
        case "MedicationStatement":
            resource |= {"status": "unknown", "medicationCodeableConcept": what,
                         "dateAsserted": day}  # fmt: skip
        case "FamilyMemberHistory":
            relative = {"coding": [{"system": f"{HL7}v3-RoleCode", "code": "FAMMEMB"}]}
            resource |= {"status": "completed", "date": day, "relationship": relative,
                         "condition": [{"code": what}]}  # fmt: skip
        case _:
            resource |= _confirmed(kind) | {"code": what, "recordedDate": day}
    return full_url, resource


def condition(row: Any, owner: Any) -> tuple[str, Resource]:
    full_url = name_of(owner, "condition", row.pk, row.external_id)
    status = "resolved" if row.resolved_on else "active"
    resource = _confirmed("Condition", status) | {
        "resourceType": "Condition",
        "id": _id(full_url),
        "code": _concept("condition", row.code, row.coding, row.label),
        "onsetDateTime": _day(row.onset_on),
        "abatementDateTime": _day(row.resolved_on),
        "recordedDate": _moment(row.recorded_at),
    }
    return full_url, _said(resource | _owner("Condition", owner))


def medication(row: Any, owner: Any) -> tuple[str, Resource]:
    # An order comes back as the statement it amounts to, and so needs a name of its own.
    full_url = name_of(owner, "medication", row.pk)
    resource = {
        "resourceType": "MedicationStatement",
        "id": _id(full_url),
        "status": "completed" if row.stopped_on else "active",
        "medicationCodeableConcept": _concept("drug-class", row.drug_class, row.coding, row.name),
        "effectivePeriod": {"start": _day(row.started_on), "end": _day(row.stopped_on)},
        "dosage": [{"text": row.dose}] if row.dose else [],
    }
    return full_url, _said(resource | _owner("MedicationStatement", owner))


def allergy(row: Any, owner: Any) -> tuple[str, Resource]:
    full_url = name_of(owner, "allergy", row.pk, row.external_id)
    resource = _confirmed("AllergyIntolerance") | {
        "resourceType": "AllergyIntolerance",
        "id": _id(full_url),
        "code": _concept("allergy", row.code, row.coding, row.label),
        "reaction": [{"manifestation": [{"text": row.reaction}]}] if row.reaction else [],
        "recordedDate": _moment(row.recorded_at),
    }
    return full_url, _said(resource | _owner("AllergyIntolerance", owner))


def family(row: Any, owner: Any) -> tuple[str, Resource]:
    full_url = name_of(owner, "family", row.pk)
    resource = {
        "resourceType": "FamilyMemberHistory",
        "id": _id(full_url),
        "status": "completed",
        "relationship": {"text": row.relation},
        "condition": [{"code": _concept("family-history", row.code, row.coding, row.code)}],
    }
    return full_url, _said(resource | _owner("FamilyMemberHistory", owner))


def encounter(row: Any, owner: Any) -> tuple[str, Resource]:
    full_url = name_of(owner, "encounter", row.pk, row.external_id)
    place = f"urn:uuid:{uuid.uuid5(NAMESPACE, f'ward {row.ward}')}"
    resource = {
        "resourceType": "Encounter",
        "id": _id(full_url),
        "status": "finished" if row.ended_at else "in-progress",
        "class": {"system": f"{HL7}v3-ActCode", "code": CLASSES[row.kind]},
        "period": {"start": _moment(row.started_at), "end": _moment(row.ended_at)},
        "reasonCode": [{"text": row.reason}] if row.reason else [],
        "location": [{"location": {"reference": place, "display": row.ward}}] if row.ward else [],
    }
    return full_url, _said(resource | _owner("Encounter", owner))


def preventive_care(row: Any, owner: Any) -> tuple[str, Resource]:
    full_url = name_of(owner, "preventive care", row.pk)
    words = row.item.replace("_", " ")
    what = _concept("preventive-care", row.item, "", words)
    resource: Resource = {"id": _id(full_url), "status": "completed"}
    if row.item in VACCINES:
        resource |= {"resourceType": "Immunization", "vaccineCode": what,
                     "occurrenceDateTime": _day(row.done_on)}  # fmt: skip
    else:
        resource |= {"resourceType": "Procedure", "code": what,
                     "performedDateTime": _day(row.done_on)}  # fmt: skip
    return full_url, resource | _owner(resource["resourceType"], owner)


def answers(instrument: str, day: date, rows: Iterable[Any], owner: Any) -> tuple[str, Resource]:
    """All answers of one instrument on one day."""
    full_url = name_of(owner, f"answers {instrument}", day)
    resource = {
        "resourceType": "QuestionnaireResponse",
        "id": _id(full_url),
        "questionnaire": f"{OURS}questionnaire:{instrument}",
        "status": "completed",
        "authored": _day(day),
        "item": [{"linkId": row.item, "answer": [_answer(row)]} for row in rows],
    }
    return full_url, resource | _owner("QuestionnaireResponse", owner)


def result(row: Any, analyte: Any, owner: Any, version: int) -> tuple[str, Resource]:
    """One version of a result; all versions of one share a name and differ in versionId."""
    thread = f"{analyte.code} {row.collected_at.astimezone(UTC).isoformat()} {row.accession}"
    full_url = name_of(owner, "result", thread)
    resource = {
        "resourceType": "Observation",
        "id": _id(full_url),
        "meta": {"versionId": str(version)},
        "identifier": [_accession(row.accession)],
        "status": row.status,
        "code": _test(analyte),
        "effectiveDateTime": _moment(row.collected_at),
        # Without a time of issue of its own a result counts as issued when it was collected.
        "issued": _moment(row.issued_at) if row.issued_at != row.collected_at else None,
        "interpretation": _interpretation(row.flag),
        "note": [{"text": row.note}] if row.note else [],
        "referenceRange": _range(row, analyte.unit),
    } | _value(row, analyte.unit)
    return full_url, _said(resource | _owner("Observation", owner))


def _identifier(row: Any) -> Resource:
    if row.system != MRN:
        return {"system": row.system, "value": row.value}
    kind = {"coding": [{"system": f"{HL7}v2-0203", "code": "MR"}]}
    return {"type": kind, "system": f"{OURS}{MRN}", "value": row.value}


def _origin(ethnicity: str) -> list[Resource]:
    if not ethnicity:
        return []
    parts = [("ethnicity", HISPANIC if ethnicity == "hispanic" else NOT_HISPANIC)]
    if ethnicity in RACES:
        parts.append(("race", RACES[ethnicity]))
    return [
        {
            "url": f"{US_CORE}us-core-{name}",
            "extension": [
                {
                    "url": "ombCategory",
                    "valueCoding": {"system": OMB, "code": code, "display": words},
                },
                {"url": "text", "valueString": words},
            ],
        }
        for name, (code, words) in parts
    ]  # fmt: skip


def _concept(kind: str, own: str, coding: str, words: str) -> Resource:
    system, _, code = coding.rpartition("|")
    if system == "text":  # the words are all that was sent
        return {"text": words}
    codings = [{"system": f"{OURS}{kind}", "code": own or UNCLASSIFIED}]
    if system:
        codings.append({"system": system, "code": code})
    return {"coding": codings, "text": words}


def _test(analyte: Any) -> Resource:
    codings = [{"system": LOINC, "code": analyte.loinc}] if analyte.loinc else []
    codings.append({"system": f"{OURS}analyte", "code": analyte.code})
    return {"coding": codings, "text": analyte.name}


def _value(row: Any, unit: str) -> Resource:
    """The value as its laboratory sent it, where that is a plain number; else in our unit."""
    if row.value is None:
        return {"valueString": row.text} if row.text else {}
    sent = row.value_as_sent.lstrip("<>= ").strip()
    as_sent = PLAIN_NUMBER.fullmatch(sent) is not None
    shown = row.unit_as_sent if as_sent else unit
    quantity = {
        "value": Decimal(sent) if as_sent else Decimal(repr(row.value)),
        "comparator": row.comparator,
        "unit": shown,
    }
    return {"valueQuantity": _said(quantity) | _ucum(shown, unit)}


def _ucum(shown: str, unit: str) -> Resource:
    return {"system": UCUM, "code": unit} if shown == unit else {}


def _range(row: Any, unit: str) -> list[Resource]:
    limits = {
        name: {"value": Decimal(repr(limit)), "unit": unit, "system": UCUM, "code": unit}
        for name, limit in (("low", row.reference_low), ("high", row.reference_high))
        if limit is not None
    }
    return [limits] if limits else []


def _interpretation(flag: str) -> list[Resource]:
    coding = {"system": f"{HL7}v3-ObservationInterpretation", "code": flag}
    return [{"coding": [coding]}] if flag else []


def _accession(accession: str) -> Resource:
    if accession:
        return {"system": f"{OURS}accession", "value": accession}
    absent = {"extension": [{"url": ABSENT, "valueCode": "not-applicable"}]}
    return {"system": f"{OURS}accession", "_value": absent}


def _answer(row: Any) -> Resource:
    if row.number is None:
        return {"valueString": row.text}
    if not row.text:
        return {"valueDecimal": Decimal(repr(row.number))}
    return {"valueQuantity": {"value": Decimal(repr(row.number)), "unit": row.text}}


def _confirmed(kind: str, status: str = "active") -> Resource:
    stem = "condition" if kind == "Condition" else "allergyintolerance"
    sure = "condition-ver-status" if kind == "Condition" else "allergyintolerance-verification"
    return {
        "clinicalStatus": {"coding": [{"system": f"{HL7}{stem}-clinical", "code": status}]},
        "verificationStatus": {"coding": [{"system": f"{HL7}{sure}", "code": "confirmed"}]},
    }


def _owner(kind: str, owner: Any) -> Resource:
    by_patient = {"AllergyIntolerance", "FamilyMemberHistory", "Immunization"}
    name = "patient" if kind in by_patient else "subject"
    return {name: {"reference": f"urn:uuid:{owner.public_id}"}}


def _id(full_url: str) -> str:
    last = full_url.rsplit("/", 1)[-1].removeprefix("urn:uuid:")
    return last if UUID.fullmatch(last) or len(last) <= 64 else str(uuid.uuid5(NAMESPACE, last))


def _known_part(day: date, precision: str) -> str:
    return day.isoformat()[: {"year": 4, "month": 7}.get(precision, 10)]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _said(resource: Resource) -> Resource:
    """Without what is not known: FHIR has no empty elements."""
    filled = {
        name: _said(value) if isinstance(value, dict) else value for name, value in resource.items()
    }
    return {name: value for name, value in filled.items() if value not in (None, "", [], {})}
