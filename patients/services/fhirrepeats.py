"""What stands when a FHIR resource falls silent: what others said, too, and what it said before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from patients import signals
from patients.fhir import meaning
from patients.fhir.elements import Concept
from patients.models import FhirResource, LabImport
from patients.services import fhirfacts
from patients.services.fhirfacts import SAID_ALREADY, SOURCE, TABLE_OF, Changes, Said
from patients.services.fhirstore import TOLD, WITHDRAWN

Outcome = FhirResource.Outcome
AT_ONCE = 5_000  # resources of a file whose facts end together


def speak_up(
    freed: set[tuple[int, str]], *, drugs: Mapping[str, Concept], now: datetime
) -> set[int]:
    """Facts have ended, each (patient, type of resource): resources that said the same, and
    were not stored for it, are stored now. Returns whose records changed."""
    if not freed:
        return set()
    silent = FhirResource.objects.filter(
        patient__in={patient for patient, _ in freed}, outcome=Outcome.FACT, reason=SAID_ALREADY
    ).order_by("pk")
    said = {
        kept.pk: _said(kept, drugs) for kept in silent
        if (kept.patient_id, kept.resource_type) in freed
    }  # fmt: skip
    changes = fhirfacts.store(list(said.values()), source=SOURCE, now=now)
    spoken = [pk for pk, what in said.items() if not what.is_repeated]
    FhirResource.objects.filter(pk__in=spoken).update(reason="")
    return changes.changed


@transaction.atomic
def take_back(lab_import: LabImport, *, now: datetime) -> set[int]:
    """End what the resources of a withdrawn file brought into the record, and let the versions
    before them count again. Its results are `labwithdrawal`'s. Patients stay registered.

    Whom people have said that somebody of the file is goes with it.

    Called inside a transaction that holds `fhirstore.lock`. Returns whose records changed; a
    second time changes nothing.
    """
    changed: set[int] = set()
    freed: set[tuple[int, str]] = set()
    rows = FhirResource.objects.filter(lab_import=lab_import).order_by("pk")
    rows = rows.exclude(reason=WITHDRAWN).only(
        "pk", "patient_id", "resource_type", "resource_id", "outcome", "reason"
    )
    last = 0
    while some := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        changes = _take_some_back(some, lab_import, now)
        changed, freed, last = changed | changes.changed, freed | changes.freed, some[-1].pk
    changed |= speak_up(freed, drugs={}, now=now)
    if changed:
        signals.record_changed.send(sender=LabImport, patient_ids=sorted(changed))
    return changed


def _take_some_back(
    resources: Sequence[FhirResource], lab_import: LabImport, now: datetime
) -> Changes:
    these = FhirResource.objects.filter(pk__in=[one.pk for one in resources])
    these.filter(reason=TOLD).update(outcome=Outcome.KEPT, reason=WITHDRAWN, patient=None)
    # Who is registered stays so; somebody whom nobody knew waits no longer.
    gone = these.exclude(resource_type="Patient", patient__isnull=False)
    gone.update(outcome=Outcome.KEPT, reason=WITHDRAWN)
    told = [
        one for one in resources
        if one.outcome == Outcome.FACT and one.patient_id and one.resource_type in TABLE_OF
    ]  # fmt: skip
    said = [Said(one.patient_id or 0, one.resource_type, one.resource_id, []) for one in told]
    return fhirfacts.store([*said, *_before(told, lab_import)], source=SOURCE, now=now)


def _before(resources: Iterable[FhirResource], withdrawn: LabImport) -> list[Said]:
    """What the newest version that another file has left of each of these resources says."""
    kinds = {(one.resource_type, one.resource_id) for one in resources}
    earlier = FhirResource.objects.filter(
        resource_id__in={name for _, name in kinds}, outcome=Outcome.FACT, patient__isnull=False
    ).exclude(lab_import=withdrawn)
    earlier = earlier.order_by("pk")
    newest = {(one.resource_type, one.resource_id): one for one in earlier}
    return [_said(one, {}) for kind, one in newest.items() if kind in kinds]


def _said(kept: FhirResource, drugs: Mapping[str, Concept]) -> Said:
    day = timezone.localdate(kept.received_at)
    means = meaning.of(kept.body, kept.resource_id, received_on=day, drugs=dict(drugs))
    return Said(kept.patient_id or 0, kept.resource_type, kept.resource_id, means.facts)
