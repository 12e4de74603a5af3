"""De-identified rows of those who agreed: for research, and for the training of models.

`cohort` is the one gate: whatever builds a data set of patients asks it, each time anew, so that
who withdraws their consent is not in the next one.

What leaves is what HIPAA's safe harbor (45 CFR 164.514(b)(2)) asks and more: no names, numbers,
places or free text; pseudonyms and a shift of all dates of a person by up to a year, both
from a key that stays here; ages from 90 on as one group; and nothing at all of fewer than ten.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, Any

from django.db.models import BooleanField, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import salted_hmac

from healthcare.accounts import permissions
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import services as audit
from patients.models import Consent, Patient
from patients.services import cohorttables

FEWEST = 10
OLDEST = 89
SHIFT_DAYS = 365
PURPOSES = (Consent.Purpose.RESEARCH, Consent.Purpose.MODEL_TRAINING)
SALT = "patients.cohorts"
IN_MEMORY = 16 * 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)  # of files in an archive: the same rows are the same bytes


class TooFew(Exception):
    def __init__(self, purpose: str) -> None:
        label = Consent.Purpose(purpose).label.casefold()
        super().__init__(
            f"Fewer than {FEWEST} patients have agreed to {label}. So few could be recognised: "
            "nothing is exported."
        )


@dataclass(frozen=True)
class Export:
    """A zip archive of CSV files, at its beginning, and of how many people."""

    file: IO[bytes]
    patients: int


def cohort(purpose: str, now: datetime) -> QuerySet[Patient]:
    """Patients whose newest decision on a purpose, made by `now`, is yes.

    Raises ValueError for a purpose that is no use of data beyond care.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"{purpose} is no purpose of a cohort")
    decisions = Consent.objects.filter(
        patient=OuterRef("pk"), purpose=purpose, decided_at__lte=now
    ).order_by("-decided_at", "-pk")
    newest = Subquery(decisions.values("is_given")[:1], output_field=BooleanField())
    return Patient.objects.in_use().annotate(agrees=newest).filter(agrees=True)


def export(purpose: str, *, by: User, now: datetime) -> Export:
    """The rows of a cohort as CSV files with a data dictionary; audited with whom it held.

    Raises PermissionDenied, TooFew, and ValueError as `cohort`.
    """
    permissions.check(by, Permission.COHORT_EXPORT)
    patients = list(cohort(purpose, now).order_by("pk"))
    if len(patients) < FEWEST:
        raise TooFew(purpose)
    masks = {patient.pk: Mask.of(patient, purpose) for patient in patients}
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "README.txt", [cohorttables.readme(purpose, len(patients), now)])
        _write(archive, "dictionary.csv", _lines(cohorttables.dictionary()))
        people = _people(patients, masks, timezone.localdate(now))
        _write(archive, "patients.csv", _lines([cohorttables.PEOPLE, *people]))
        for table in cohorttables.TABLES:
            _write(archive, f"{table.name}.csv", _lines(_rows(table, masks)))
    file.seek(0)
    audit.read(
        "cohort.exported", patient_ids=sorted(masks), by=by, purpose=str(purpose),
        patients=len(patients),
    )  # fmt: skip
    return Export(file, len(patients))


@dataclass(frozen=True)
class Mask:
    """Who a person is in one cohort, and by how much their time is moved back."""

    pseudonym: str
    shift: timedelta

    @classmethod
    def of(cls, patient: Patient, purpose: str) -> Mask:
        """The same for one purpose each time, so that exports fit together; unlike between
        purposes, so that those of two cannot be joined."""
        secret = salted_hmac(SALT, f"{purpose} {patient.public_id}", algorithm="sha256").digest()
        days = 1 + int.from_bytes(secret[:4], "big") % SHIFT_DAYS
        return cls(secret[4:14].hex(), timedelta(days=days))

    def day(self, when: date | datetime | None) -> str:
        if when is None:
            return ""
        day = timezone.localdate(when) if isinstance(when, datetime) else when
        return (day - self.shift).isoformat()


def _people(patients: list[Patient], masks: dict[int, Mask], today: date) -> list[list[str]]:
    """One line a person, in the order of their pseudonyms; rare origins are left out."""
    often = Counter(patient.ethnicity for patient in patients)
    rows = []
    for patient in patients:
        mask = masks[patient.pk]
        age = patient.age_on(patient.died_on or today)
        origin = patient.ethnicity if often[patient.ethnicity] >= FEWEST else ""
        died = "yes" if patient.died_on else "no"
        rows.append([mask.pseudonym, _age(age), patient.sex, origin, died])
    return sorted(rows)


def _age(years: int) -> str:
    return str(years) if years <= OLDEST else f"{OLDEST + 1}+"


def _rows(table: cohorttables.Table, masks: dict[int, Mask]) -> Iterator[list[str]]:
    """A table of facts; sorted, so that the order of registration is not told."""
    yield ["patient", *(column.name for column in table.columns)]
    keys = {patient: masks[patient].pseudonym for patient in masks}
    found: QuerySet[Any] = table.rows(list(masks))
    lines = (
        [keys[row.patient_id], *_cells(row, table.columns, masks[row.patient_id].day)]
        for row in found.iterator(chunk_size=5000)
    )
    yield from sorted(lines)


def _cells(
    row: Any, columns: Iterable[cohorttables.Column], shifted: Callable[[Any], str]
) -> list[str]:
    return [
        shifted(column.of(row)) if column.is_date else cohorttables.plain(column.of(row))
        for column in columns
    ]


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow(row)
        yield line.getvalue()


def _write(archive: zipfile.ZipFile, name: str, parts: Iterable[str]) -> None:
    entry = zipfile.ZipInfo(name, date_time=EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part.encode())
