"""Bundles for tests: small ones written here, and the public ones where they lie."""

import gzip
import json
import os
from pathlib import Path

import pytest
from django.conf import settings

from patients.models import FhirResource
from patients.services import fhirin
from tests.factories import LabImportFactory


class Bundles:
    """The 80 public bundles of Synthea; tests of them skip where there are none."""

    def __init__(self):
        default = Path(settings.BASE_DIR).parent / "shared" / "datasets"
        self.folder = Path(os.environ.get("CARELENS_DATASETS", default)) / "fhir_synthea"
        self.needed = pytest.mark.skipif(
            not self.folder.is_dir(),
            reason=f"No bundles in {self.folder}: set CARELENS_DATASETS to the folder of data sets",
        )

    def paths(self):
        return sorted(self.folder.glob("*.json.gz"))

    def read(self, number):
        return json.loads(gzip.decompress(self.paths()[number].read_bytes()))


bundles = Bundles()
HTN = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}], "text": "Hypertension"}


def bundle(*resources, kind="transaction", **members):
    """A Bundle of resources; each lives at a urn:uuid made of its type and id."""
    entries = [
        {"fullUrl": url(resource), "resource": resource}
        if "id" in resource
        else {"resource": resource}
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **members}


def url(resource):
    return f"https://example.org/fhir/{resource['resourceType']}/{resource['id']}"


def patient(**members):
    """Ada Lovelace, born on 10 December 1965, known to the hospital as 4711."""
    return {
        "resourceType": "Patient",
        "id": "ada",
        "identifier": [{"system": "https://example.org/mrn", "value": "4711"}],
        "name": [{"family": "Lovelace", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1965-12-10",
    } | members


def of_ada(kind, own_id="one", **members):
    subject = "patient" if kind in {"AllergyIntolerance", "FamilyMemberHistory"} else "subject"
    return {
        "resourceType": kind,
        "id": own_id,
        subject: {"reference": "Patient/ada"},
    } | members


def glucose(own_id="glu", value=95, **members):
    return of_ada(
        "Observation", own_id, status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
        effectiveDateTime="2026-02-01T08:00:00Z",
        valueQuantity={"value": value, "unit": "mg/dL", "code": "mg/dL",
                       "system": "http://unitsofmeasure.org"},
    ) | members  # fmt: skip


def condition(own_id="htn", **members):
    return of_ada("Condition", own_id, code=HTN) | members


def outcomes():
    return dict(FhirResource.objects.values_list("resource_type", "outcome"))


def counts(lab_import):
    names = ("accepted", "corrected", "duplicate", "refused", "unmatched")
    return {name: count for name in names if (count := getattr(lab_import, f"{name}_count"))}


def load(content, *, team=None, mrn_system="", **members):
    """Import a file (bytes, or anything that is JSON) and return its LabImport as stored."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    profile = {"care_team": team.pk if team else None, "mrn_system": mrn_system}
    lab_import = LabImportFactory(content=content, format="fhir", profile=profile, **members)
    fhirin.import_file(lab_import, lab_import.job)
    lab_import.refresh_from_db()
    return lab_import
