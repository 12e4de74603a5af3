"""The people of a FHIR file: matched by their numbers, registered where a care team takes them.

Nothing that is known of a patient is overwritten: what was empty is filled, what differs is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from healthcare.accounts.models import CareTeam, User
from healthcare.audit import services as audit
from patients.fhir.elements import Fault
from patients.fhir.person import Person
from patients.models import FhirResource, Patient, PatientIdentifier

# The namespace of those who came without any number: what their resource is called.
NAMELESS = "fhir"
FILLED = ("phone", "postal_code", "ethnicity", "died_on")
COMPARED = ("family_name", "given_name", "sex", "birth_date", "died_on", "ethnicity")
PLAIN = {"family_name": "family name", "given_name": "given name", "birth_date": "birth date",
         "died_on": "day of death"}  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """What a caller allows: into which team new people come, and whose numbers are our own."""

    team: CareTeam | None = None
    mrn_system: str = ""


class Found(NamedTuple):
    """Whom a Patient resource is, whether they are new here, and what is to be told."""

    patient_id: int
    is_new: bool
    remarks: tuple[str, ...]


@dataclass
class People:
    """Looks people up by their numbers, a stretch of them at a time."""

    policy: Policy
    by: User | None
    owners: dict[tuple[str, str], int] = field(default_factory=dict)
    patients: dict[int, Patient] = field(default_factory=dict)

    def look_up(self, people: Iterable[Person]) -> None:
        """One query for the numbers of all of them, one for the records."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for person in people:
            for system, value in self._numbers(person):
                wanted[system].add(value)
        for system, values in wanted.items():
            rows = PatientIdentifier.objects.filter(system=system, value__in=values)
            for value, patient, merged_into in rows.values_list(
                "value", "patient_id", "patient__merged_into_id"
            ):
                self.owners[system, value] = merged_into or patient
        missing = set(self.owners.values()) - self.patients.keys()
        self.patients |= Patient.objects.in_bulk(missing)

    def settle(self, person: Person, name: str, known: int | None) -> Found:
        """The patient that this is, registered now if need be.

        `name` is what the resource is called, `known` whom an earlier version of it meant.
        Raises Fault where two patients, another person, or nobody is meant.
        """
        matched = self._matching(person)
        if known:
            matched.add(known)
        if len(matched) > 1:
            raise Fault(
                "identifier", "Its numbers belong to two patients here.",
                "Merge the two records if they are one person, then send the file again.",
                "two_patients",
            )  # fmt: skip
        if not matched:
            return Found(self._register(person, name).pk, is_new=True, remarks=person.remarks)
        patient = self._patient(matched.pop())
        check_same_person(person, patient)
        return Found(patient.pk, is_new=False, remarks=self._completed(person, patient))

    def _numbers(self, person: Person) -> list[tuple[str, str]]:
        numbers = [(number.system, number.value) for number in person.numbers if number.system]
        ours = [
            (PatientIdentifier.MRN, number.value)
            for number in person.numbers
            if number.is_record_number or number.system == self.policy.mrn_system != ""
        ]
        return list(dict.fromkeys(numbers + ours))

    def _matching(self, person: Person) -> set[int]:
        own = {number.system for number in person.numbers}
        found = set()
        for system, value in self._numbers(person):
            patient = self.owners.get((system, value))
            if patient is None:
                continue
            # A record number of another hospital may be one of ours by chance.
            is_certain = system in own or self.policy.mrn_system in own - {""}
            if is_certain or _is_likely(person, self._patient(patient)):
                found.add(patient)
        return found

    def _patient(self, patient_id: int) -> Patient:
        if patient_id not in self.patients:
            self.patients[patient_id] = Patient.objects.get(pk=patient_id)
        return self.patients[patient_id]

    def _register(self, person: Person, name: str) -> Patient:
        team = self.policy.team
        if team is None:
            raise Fault(
                "identifier", "No patient here has one of its numbers.",
                "Register the patient, or say which care team new patients belong to, and send "
                "the file again.",
                "unknown_patient",
            )  # fmt: skip
        if person.birth_date is None:
            raise Fault("birthDate", "A new patient needs a birth date.",
                        "Register the patient by hand, then send the file again.")  # fmt: skip
        patient = Patient.objects.create(
            care_team=team,
            family_name=person.family_name or "Not given",
            given_name=person.given_name,
            sex=person.sex,
            birth_date=person.birth_date,
            birth_date_precision=person.birth_date_precision,
            died_on=person.died_on,
            ethnicity=person.ethnicity,
            phone=person.phone,
            postal_code=person.postal_code,
            is_synthetic=person.is_synthetic,
        )
        self.patients[patient.pk] = patient
        numbers = self._own_numbers(person) or [(NAMELESS, name[:64])]
        self._add_numbers(patient, numbers)
        audit.record("patient.registered", target=patient, by=self.by, patient_ids=[patient.pk])
        return patient

    def _own_numbers(self, person: Person) -> list[tuple[str, str]]:
        """Numbers to keep: in their own namespace, and as ours where the caller said so."""
        systems = {number.system for number in person.numbers}
        are_ours = self.policy.mrn_system in systems - {""}
        return [
            (system, value)
            for system, value in self._numbers(person)
            if system in systems or (are_ours and system == PatientIdentifier.MRN)
        ]

    def _add_numbers(self, patient: Patient, numbers: Sequence[tuple[str, str]]) -> None:
        new = [pair for pair in numbers if pair not in self.owners]
        PatientIdentifier.objects.bulk_create(
            [PatientIdentifier(patient=patient, system=s, value=v) for s, v in new],
            ignore_conflicts=True,
        )
        self.owners |= dict.fromkeys(new, patient.pk)

    def _completed(self, person: Person, patient: Patient) -> tuple[str, ...]:
        """Fill what is empty, add numbers, and say what differs."""
        remarks = [*person.remarks, *_differences(person, patient)]
        filled = [name for name in FILLED if getattr(person, name) and not getattr(patient, name)]
        if patient.sex == Patient.Sex.UNKNOWN != person.sex:
            filled.append("sex")
        if "died_on" in filled and person.died_on and person.died_on < patient.birth_date:
            filled.remove("died_on")
        for name in filled:
            setattr(patient, name, getattr(person, name))
        new = [pair for pair in self._own_numbers(person) if pair not in self.owners]
        if filled:
            patient.save(update_fields=[*filled, "updated_at"])
        if filled or new:
            self._add_numbers(patient, new)
            audit.record(
                "patient.completed", target=patient, by=self.by, patient_ids=[patient.pk],
                fields=filled, identifiers=len(new),
            )  # fmt: skip
        return tuple(remarks)


def known_names(names: Iterable[str], digests: Iterable[str] | None = None) -> dict[str, int]:
    """Patients by what their resources are called, wherever these came from; with `digests`,
    by these very versions of them."""
    rows = FhirResource.objects.filter(
        resource_type="Patient", resource_id__in=set(names), patient__isnull=False
    )
    if digests is not None:
        rows = rows.filter(digest__in=set(digests))
    found = rows.order_by("pk").values_list("resource_id", "patient_id", "patient__merged_into_id")
    return {name: merged_into or patient for name, patient, merged_into in found}


def with_numbers(numbers: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Patients by their numbers."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for system, value in numbers:
        wanted[system].add(value)
    return {
        (system, value): merged_into or patient
        for system, values in wanted.items()
        for value, patient, merged_into in PatientIdentifier.objects.filter(
            system=system, value__in=values
        ).values_list("value", "patient_id", "patient__merged_into_id")
    }


def numbers_of(patient_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """One number of each patient, our own record number before others."""
    rows = PatientIdentifier.objects.filter(patient__in=set(patient_ids)).order_by("-pk")
    pairs = list(rows.values_list("patient_id", "system", "value"))
    pairs.sort(key=lambda row: row[1] == PatientIdentifier.MRN)
    return {patient: (system, value) for patient, system, value in pairs}


def _is_likely(person: Person, patient: Patient) -> bool:
    same_sex = person.sex == patient.sex or "unknown" in {person.sex, patient.sex}
    return same_sex and _is_same_birth(person, patient)


def _is_same_birth(person: Person, patient: Patient) -> bool:
    """As exactly as both are known."""
    born: date | None = person.birth_date
    if born is None:
        return False
    precisions = {person.birth_date_precision, patient.birth_date_precision}
    if "year" in precisions:
        return born.year == patient.birth_date.year
    if "month" in precisions:
        return (born.year, born.month) == (patient.birth_date.year, patient.birth_date.month)
    return born == patient.birth_date


def check_same_person(person: Person, patient: Patient) -> None:
    """A number that was given to somebody else says so by name and birth date."""
    other_name = person.family_name.casefold() != patient.family_name.casefold()
    other_birth = person.birth_date is not None and not _is_same_birth(person, patient)
    if person.family_name and other_name and other_birth:
        raise Fault(
            "identifier", "Its number belongs to a patient with another name and birth date.",
            "Find out whose number it is; correct the record or the file.", "another_person",
        )  # fmt: skip


def _differences(person: Person, patient: Patient) -> list[str]:
    remarks = []
    for name in COMPARED:
        said, stored = getattr(person, name), getattr(patient, name)
        if name == "birth_date":
            differs = said is not None and not _is_same_birth(person, patient)
        else:
            differs = said and stored and "unknown" not in {said, stored} and said != stored
        if differs:
            remarks.append(
                f"The {PLAIN.get(name, name)} differs from the record, which was left as it is."
            )
    return remarks
