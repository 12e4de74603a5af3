"""What a patient's devices counted, a day a row; marked as such, and never laboratory-grade.

An export is kept, read by a job, and deleted when its days are stored. A day sent again with
the same values changes nothing; with others, the earlier row ends and stays in the record.
What an export does not say is kept from the one before, so that two apps complete each other.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from healthcare.jobs import services as jobs
from patients import wearables
from patients.models import Patient, WearableDay, WearableUpload
from patients.services import labfiles, records
from patients.signals import record_changed

JOB = "wearables.import"
PATIENT_GENERATED = "patient-generated"
REASON = "Sent again with other values"
MOST_SHOWN = 200  # refused rows that are kept with the upload


@dataclass(frozen=True)
class Outcome:
    """What came of an export. `days` = `new` + `changed` + `same`."""

    days: int
    new: int
    changed: int
    same: int
    refused: int
    ignored_types: dict[str, int]
    problems: list[dict[str, Any]]


def receive(*, upload: File, patient: Patient, by: User, now: datetime) -> WearableUpload:
    """Keep an export of this patient's devices and queue its reading.

    Raises labfiles.TooLarge and labfiles.NoSpace; Patient.DoesNotExist for one whom the user
    may not see.
    """
    permissions.check(by, Permission.WEARABLES_UPLOAD)
    patient = Patient.objects.visible_to(by).get(pk=patient.pk)
    _check_size(upload.size)
    kept = WearableUpload(
        public_id=uuid.uuid4(),
        patient=patient,
        file_name=_safe_name(upload.name or ""),
        size=upload.size,
        uploaded_by=by,
        uploaded_at=now,
    )
    kept.file.save(str(kept.public_id), upload, save=False)
    try:
        _queue(kept, by=by)
    except BaseException:
        kept.file.delete(save=False)
        raise
    return kept


@transaction.atomic
def _queue(kept: WearableUpload, *, by: User) -> None:
    kept.save()
    kept.job = jobs.enqueue(
        JOB, key=str(kept.pk), queue="imports", arguments={"upload_id": kept.pk}, by=by
    )
    kept.save(update_fields=["job"])
    audit.record(
        "wearables.received", target=kept, by=by, patient_ids=[kept.patient_id], size=kept.size
    )


def import_days(upload_id: int) -> None:
    """Read a kept export, store its days and delete it; a second time changes nothing."""
    upload = WearableUpload.objects.select_related("patient", "uploaded_by").get(pk=upload_id)
    if upload.outcome is None:
        try:
            reading = _read(upload)
        except wearables.Unreadable as refusal:
            _forget_file(upload)
            raise jobs.PermanentFailure(str(refusal)) from None
        store(reading, upload=upload)
    _forget_file(upload)


def _read(upload: WearableUpload) -> wearables.Reading:
    try:
        with upload.file.open("rb") as file:
            return wearables.read(file)
    except (FileNotFoundError, ValueError):  # ValueError: it was deleted after it failed
        raise jobs.PermanentFailure("The file is no longer here. Upload it again.") from None


@transaction.atomic
def store(reading: wearables.Reading, *, upload: WearableUpload) -> Outcome:
    """The days of an export as versions of the record, known since the upload."""
    patient = _held(upload)
    days = [day for day in reading.days if _is_possible(day, patient, upload, reading)]
    new, changed, same = _store_days(days, upload)
    outcome = Outcome(
        days=len(days),
        new=new,
        changed=changed,
        same=same,
        refused=reading.refused,
        ignored_types=dict(reading.ignored_types.most_common()),
        problems=[problem._asdict() for problem in reading.problems[:MOST_SHOWN]],
    )
    upload.outcome = asdict(outcome)
    upload.save(update_fields=["outcome"])
    audit.record(
        "wearables.imported",
        target=upload,
        by=upload.uploaded_by,
        patient_ids=[patient.pk],
        days=len(days),
        new=new,
        changed=changed,
        refused=reading.refused,
    )
    if new or changed:
        record_changed.send(sender=WearableDay, patient_ids=[patient.pk])
    return outcome


def _held(upload: WearableUpload) -> Patient:
    """Whose days they are, held; the row of an upload follows its patient into another record."""
    list(Patient.objects.select_for_update(no_key=True).filter(pk=upload.patient_id))
    upload.refresh_from_db(fields=["patient"])
    records.hold(upload.patient_id)
    return upload.patient


def _store_days(days: list[wearables.Day], upload: WearableUpload) -> tuple[int, int, int]:
    """New, changed and unchanged days."""
    known = _known(upload.patient_id, {day.day for day in days})
    fresh: list[WearableDay] = []
    ended: list[WearableDay] = []
    for day in days:
        source = _source(day)
        old = known.get((day.day, source))
        values = day.values() if old is None else _joined(old, day, upload)
        if old is not None and values == _values(old):
            continue
        row = _row(day.day, source, values, upload)
        if old is not None:
            # Uploads may be read in another order than they came.
            row.recorded_at = max(old.recorded_at, upload.uploaded_at)
            old.superseded_at, old.change_reason = row.recorded_at, REASON
            ended.append(old)
        fresh.append(row)
    # The old rows end first: the table holds one current row a day and source.
    WearableDay.objects.bulk_update(ended, ["superseded_at", "change_reason"], batch_size=500)
    WearableDay.objects.bulk_create(fresh, batch_size=500)
    return len(fresh) - len(ended), len(ended), len(days) - len(fresh)


def _known(patient_id: int, days: Iterable[date]) -> dict[tuple[date, str], WearableDay]:
    rows = WearableDay.objects.current().filter(patient=patient_id, day__in=days)
    return {(row.day, row.source): row for row in rows}


def _joined(
    old: WearableDay, day: wearables.Day, upload: WearableUpload
) -> dict[str, float | None]:
    """What two exports say together: the later upload is believed where both speak."""
    earlier, later = _values(old), day.values()
    if old.recorded_at > upload.uploaded_at:
        earlier, later = later, earlier
    return {name: earlier[name] if later[name] is None else later[name] for name in later}


def _row(
    day: date, source: str, values: dict[str, float | None], upload: WearableUpload
) -> WearableDay:
    return WearableDay(
        patient_id=upload.patient_id,
        day=day,
        source=source,
        recorded_at=upload.uploaded_at,
        entered_by=upload.uploaded_by,
        external_id=str(upload.public_id),
        **values,
    )


def _values(row: WearableDay) -> dict[str, float | None]:
    return {name: getattr(row, name) for name in wearables.METRICS}


def _source(day: wearables.Day) -> str:
    """The app or device, said to be the patient's own."""
    return f"{day.source} ({PATIENT_GENERATED})"


def _is_possible(
    day: wearables.Day, patient: Patient, upload: WearableUpload, reading: wearables.Reading
) -> bool:
    """Whether a day lies in the life of the patient and not after the upload."""
    # Elsewhere it is tomorrow already.
    last = timezone.localdate(upload.uploaded_at) + timedelta(days=1)
    if patient.birth_date <= day.day <= min(last, patient.died_on or last):
        return True
    reading.refuse(
        wearables.Problem(
            day.row,
            "day",
            "impossible_day",
            "This day lies after the upload or outside the life of the patient.",
            "Check the clock of the device, and whose export this is.",
            day.day.isoformat(),
        )
    )
    return False


def _check_size(size: int) -> None:
    if size > settings.UPLOAD_MAX_BYTES:
        raise labfiles.TooLarge
    folder = settings.MEDIA_ROOT
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < labfiles.FREE_BYTES + labfiles.FREE_FACTOR * size:
        raise labfiles.NoSpace


def _forget_file(upload: WearableUpload) -> None:
    if upload.file:
        upload.file.delete(save=False)
        WearableUpload.objects.filter(pk=upload.pk).update(file="")


def _safe_name(name: str) -> str:
    """The file's own name as people may see it again: one line, printable, no folders."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "export"
