"""Who a page is about: the patient as every page of a record names them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import CharField, DateField, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Now

from healthcare.accounts.models import User
from healthcare.common import figures
from patients.models import Allergy, Condition, EmergencyAccess, Patient, PatientIdentifier

DIAGNOSES_SHOWN = 5
BORN = {"day": "%d-%b-%Y", "month": "%b-%Y", "year": "%Y"}


def visible(user: User) -> QuerySet[Patient]:
    """Patients of one user with what their banner says: team, number, emergency access, merge."""
    emergency = EmergencyAccess.objects.filter(
        patient=OuterRef("pk"), user=user, ended_at=None, expires_at__gt=Now()
    )
    merged = Patient.objects.filter(merged_into=OuterRef("pk"))
    return (
        with_record_number(Patient.objects.visible_to(user))
        .select_related("care_team")
        .annotate(
            emergency_until=Subquery(emergency.order_by("-expires_at").values("expires_at")[:1]),
            holds_a_merged_record=Exists(merged),
        )
    )


def with_record_number(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    return patients.annotate(mrn=Subquery(record_number("pk")))


def record_number(patient: str) -> QuerySet:
    """Subquery: the record number of the patient that the outer query calls `patient`."""
    numbers = PatientIdentifier.objects.filter(
        patient=OuterRef(patient), system=PatientIdentifier.MRN
    )
    return numbers.order_by("pk").values("value")[:1]


def banner(patient: Any, *, now: datetime, today: date) -> dict:
    """Variables of `_components/patient_banner.html` for a row of `visible`, in one query."""
    rows = _allergies_and_diagnoses(patient.pk)
    return described(
        patient,
        now=now,
        today=today,
        allergies=[(label, note) for kind, label, note, _ in rows if kind == "allergy"],
        diagnoses=[
            label
            for kind, label, _, until in rows
            if kind == "condition" and (until is None or until > today)
        ],
        notes=[patient.care_team.name],
    )


def described(
    patient: Any,
    *,
    now: datetime,
    today: date,
    allergies: Iterable[tuple[str, str]],
    diagnoses: list[str],
    notes: list[str],
) -> dict:
    """The same for a caller that has read the lists; allergies are (substance, reaction)."""
    reactions = [f"{label}: {note}" if note else label for label, note in allergies]
    not_asked = not reactions and patient.allergies_reviewed_on is None
    more = len(diagnoses) - DIAGNOSES_SHOWN
    return {
        "family": patient.family_name,
        "given": patient.given_name,
        "born": born(patient),
        "age": f"{patient.age_on(patient.died_on or today)} y",
        "sex": patient.get_sex_display(),
        "mrn": figures.record_number(patient.mrn) if patient.mrn else "not recorded",
        "allergies": None if not_asked else reactions,
        "diagnoses": diagnoses[:DIAGNOSES_SHOWN] + ([f"{more} more"] if more > 0 else []),
        "ribbons": _ribbons(patient, now),
        "notes": notes,
    }


def born(patient: Patient) -> str:
    """The birth date as exactly as it is known: 14-Jul-1964, Jul-1964 or 1964."""
    return f"{patient.birth_date:{BORN[patient.birth_date_precision]}}"


def _ribbons(patient: Any, now: datetime) -> list[str]:
    ribbons = ["Synthetic"] if patient.is_synthetic else []
    if patient.died_on:
        ribbons.append(f"Died {figures.day(patient.died_on)}")
    if patient.emergency_until:
        minutes = max(1, round((patient.emergency_until - now).total_seconds() / 60))
        ribbons.append(f"Emergency access, {minutes} min left")
    if patient.holds_a_merged_record:
        ribbons.append("Holds a merged record")
    return ribbons


def _allergies_and_diagnoses(patient_id: int) -> list[tuple]:
    """Rows (kind, label, note, until), newest problem first."""
    never, text = Cast(Value(None), DateField()), CharField()
    allergies = Allergy.objects.current().annotate(
        a_kind=Value("allergy", text), b_label=F("label"), c_note=F("reaction"), d_until=never,
        e_since=never,
    )  # fmt: skip
    conditions = Condition.objects.current().annotate(
        a_kind=Value("condition", text), b_label=F("label"), c_note=Value("", text),
        d_until=F("resolved_on"), e_since=F("onset_on"),
    )  # fmt: skip
    columns = ["a_kind", "b_label", "c_note", "d_until", "e_since"]
    both = (
        rows.filter(patient=patient_id).values_list(*columns) for rows in (allergies, conditions)
    )
    first, second = both
    united = first.union(second, all=True).order_by("a_kind", F("e_since").desc(nulls_last=True))
    return [row[:4] for row in united]
