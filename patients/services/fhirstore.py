"""FHIR resources as they were sent: known ones found again, new ones kept whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from patients.fhir import strict
from patients.models import FhirResource, LabImport

Outcome = FhirResource.Outcome
# Imports of bundles take turns for the length of one stretch: two that match, register and
# correct the same people at once would each do it.
LOCK = (4_713, 0)
WITHDRAWN = "Withdrawn with its file"
TOLD = "A person has said who this is."  # of a Patient resource
COPY = (
    "COPY patients_fhirresource (lab_import_id, patient_id, resource_type, resource_id, digest,"
    " body, received_at, outcome, reason) FROM STDIN"
)


class Known(NamedTuple):
    """A version of a resource that is here already."""

    pk: int
    digest: str
    patient_id: int | None
    outcome: str
    reason: str
    last_updated: str


@dataclass
class Kept:
    """One resource of a stretch and what became of it."""

    place: int
    kind: str
    name: str
    digest: str
    body: dict[str, Any]
    patient_id: int | None = None
    outcome: str = Outcome.KEPT
    reason: str = ""
    known: Known | None = None  # this very version, when it is taken up again
    is_correction: bool = False


def lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)


def versions(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Known]]:
    """All versions of these resources (type, name), oldest first."""
    wanted = set(names)
    rows = FhirResource.objects.filter(resource_id__in={name for _, name in wanted}).order_by("pk")
    found: dict[tuple[str, str], list[Known]] = {}
    columns = ("resource_type", "resource_id", "pk", "digest", "patient_id", "outcome", "reason",
               "body__meta__lastUpdated")  # fmt: skip
    for kind, name, *version in rows.values_list(*columns):
        if (kind, name) in wanted:
            pk, digest, patient, outcome, reason, updated = version
            known = Known(pk, digest, patient, outcome, reason, updated or "")
            found.setdefault((kind, name), []).append(known)
    return found


def save(resources: Sequence[Kept], *, lab_import: LabImport | None, now: datetime) -> None:
    """Keep new versions; write down what became of those that were taken up again."""
    again = [one for one in resources if one.known]
    FhirResource.objects.bulk_update(
        [
            FhirResource(
                pk=one.known.pk, lab_import=lab_import, patient_id=one.patient_id,
                received_at=now, outcome=one.outcome, reason=one.reason,
            )
            for one in again if one.known
        ],
        ["lab_import", "patient_id", "received_at", "outcome", "reason"],
        batch_size=500,
    )  # fmt: skip
    import_id = lab_import.pk if lab_import else None
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for one in resources:
            if not one.known:
                copy.write_row((
                    import_id, one.patient_id, one.kind, one.name, one.digest,
                    strict.dumps(one.body), now, str(one.outcome), one.reason[:200],
                ))  # fmt: skip
