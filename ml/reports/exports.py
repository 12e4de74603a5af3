"""The model card for other systems: plain text, and a FHIR R4 bundle.

The bundle holds the model as a Device, its card as a DocumentReference and how it came about as a
Provenance. Card and provenance were written by a program, so they carry HL7's label AIAST
("artificial intelligence asserted") from the code system v3-ObservationValue.
"""

import base64
import hashlib
import json
from typing import Any

from ml.evaluation.result import plain
from ml.reports import card
from ml.reports.study import Study

SECURITY = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
AGENT = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "code": "assembler",
}
NAMESPACE = "urn:uuid:"


def text(study: Study) -> str:
    """The 31 attributes as text; an empty one says so."""
    lines = [f"{study.problem.title} ({study.problem.task}): {study.status}", ""]
    group = ""
    for attribute in card.card(study):
        if attribute.group != group:
            group = attribute.group
            lines += [group.upper()]
        lines += [f"{attribute.code} {attribute.title}: {attribute.text or 'EMPTY'}"]
    return "\n".join(lines) + "\n"


def fhir(study: Study) -> dict[str, Any]:
    """A collection of Device, DocumentReference and Provenance.

    Ids follow from the card's content, so equal cards give equal bundles. The day of the record
    (`created_on`) dates them; without it they are undated drafts.
    """
    content = json.dumps(plain(card.card(study)), ensure_ascii=False).encode()
    device, document, provenance = (_uuid(content, part) for part in ("model", "card", "origin"))
    resources = {
        device: _device(study),
        document: _document(study, content, device),
        provenance: _provenance(study, document, device),
    }
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": url, "resource": found} for url, found in resources.items()],
    }


def _device(study: Study) -> dict[str, Any]:
    version = study.record.get("version")
    return {
        "resourceType": "Device",
        "status": "active",
        "deviceName": [{"name": study.problem.title, "type": "model-name"}],
        "modelNumber": study.problem.task,
        "type": {"text": "Clinical prediction model"},
        "note": [{"text": f"Status of its evidence: {study.status}."}],
        **({"version": [{"value": str(version)}]} if version else {}),
    }


def _document(study: Study, content: bytes, device: str) -> dict[str, Any]:
    # FHIR R4 asks for SHA-1 here; it finds damage, it does not prove origin.
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return {
        "resourceType": "DocumentReference",
        "meta": {"security": [SECURITY]},
        "status": "current",
        "docStatus": "final" if study.record.get("created_on") else "preliminary",
        "type": {"text": "Model card, 45 CFR 170.315(b)(11) source attributes"},
        "subject": {"reference": device},
        **_dated(study, "date"),
        "content": [
            {
                "attachment": {
                    "contentType": "application/json",
                    "title": f"Model card of {study.problem.title}",
                    "data": base64.b64encode(content).decode(),
                    "hash": base64.b64encode(digest).decode(),
                }
            }
        ],
    }


def _provenance(study: Study, document: str, device: str) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "meta": {"security": [SECURITY]},
        "target": [{"reference": document}],
        "recorded": f"{study.record.get('created_on', '1970-01-01')}T00:00:00Z",
        "agent": [{"type": {"coding": [AGENT]}, "who": {"reference": device}}],
    }


def _dated(study: Study, name: str) -> dict[str, str]:
    day = study.record.get("created_on")
    return {name: f"{day}T00:00:00Z"} if day else {}


def _uuid(content: bytes, part: str) -> str:
    """A name-based identifier of one part of the bundle."""
    found = hashlib.sha256(content + part.encode()).hexdigest()
    return f"{NAMESPACE}{found[:8]}-{found[8:12]}-5{found[13:16]}-a{found[17:20]}-{found[20:32]}"
