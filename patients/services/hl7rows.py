"""From what messages say to rows for the intake: whose they are, and values not repeated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ml import analytes
from patients import hl7, labcsv
from patients.hl7.people import Identifier
from patients.models import Patient, PatientIdentifier, Result

Known = dict[tuple[str, str], int]
Row = dict[str, str]
THREAD = ("identifier_system", "mrn", "code", "collected_at", "accession")


def rows(observations: Sequence[hl7.Observation]) -> tuple[list[Row], list[labcsv.Problem]]:
    """Rows as `intake.take` reads them, and the observations that are none, with the reason.

    Every observation is in one of the two lists.
    """
    owners = _Owners({observation.person for observation in observations})
    said: dict[tuple[str, ...], Row] = {}
    taken: list[Row] = []
    problems: list[labcsv.Problem] = []
    for observation in observations:
        if observation.refusal is not None:
            problems.append(labcsv.Problem(*observation.refusal))
        elif owners.are_several(observation.person):
            problems.append(_several_people(observation))
        else:
            taken.append(_row(observation, owners, said))
    return taken, problems


def _row(observation: hl7.Observation, owners: _Owners, said: dict[tuple[str, ...], Row]) -> Row:
    """The row; `said` is what earlier ones have said, by the result they speak of."""
    identifier = owners.identifier(observation.person)
    row = observation.cells | {"mrn": identifier[1], "identifier_system": identifier[0]}
    thread = tuple(row[name] for name in THREAD)
    if observation.finalises:
        earlier = said.get(thread)
        return row | earlier if earlier else _with_earlier_value(row)
    if row["value"]:
        said[thread] = {"value": row["value"], "unit": row["unit"]}
    return row


class _Owners:
    """Which number of each person leads to a record here, asked for all of them at once."""

    def __init__(self, people: Iterable[hl7.Person]):
        people = set(people)
        self.known = _known(
            {
                (system, identifier.value)
                for person in people
                for identifier in person.identifiers
                for system in identifier.systems
            }
        )
        self.ours = _ours(person for person in people if not self._found(person))

    def are_several(self, person: hl7.Person) -> bool:
        return len(set(self._found(person).values())) > 1

    def identifier(self, person: hl7.Person) -> tuple[str, str]:
        """Namespace and number to look the person up by."""
        found = self._found(person)
        preferred = person.preferred
        for system in preferred.systems:
            if (system, preferred.value) in found:
                return system, preferred.value
        if found:
            return next(iter(found))
        if (number := self._own_number(person)) is not None:
            return PatientIdentifier.MRN, number
        return preferred.system, preferred.value

    def _found(self, person: hl7.Person) -> Known:
        return {
            (system, identifier.value): self.known[system, identifier.value]
            for identifier in person.identifiers
            for system in identifier.systems
            if (system, identifier.value) in self.known
        }

    def _own_number(self, person: hl7.Person) -> str | None:
        """A record number of ours that came under a name of ours that we do not know.

        Another hospital may use the same number: it is taken for ours only where the day of
        birth and the family name agree as well.
        """
        for identifier in _record_numbers(person):
            if (identifier.value, person.birth_date, _plain(person.family_name)) in self.ours:
                return identifier.value
        return None


def _known(wanted: set[tuple[str, str]]) -> Known:
    by_system = defaultdict(set)
    for system, value in wanted:
        by_system[system].add(value)
    condition = Q(pk__in=[])
    for system, values in by_system.items():
        condition |= Q(system=system, value__in=values)
    found = PatientIdentifier.objects.filter(condition)
    return {
        (system, value): merged_into or patient_id
        for system, value, patient_id, merged_into in found.values_list(
            "system", "value", "patient_id", "patient__merged_into"
        )
    }


def _ours(people: Iterable[hl7.Person]) -> set[tuple[str, str, str]]:
    """Number, day of birth and family name of those whose record number may be one of ours."""
    numbers = {identifier.value for person in people for identifier in _record_numbers(person)}
    if not numbers:
        return set()
    found = PatientIdentifier.objects.filter(
        system=PatientIdentifier.MRN,
        value__in=numbers,
        patient__birth_date_precision=Patient.Precision.DAY,
    )
    said: Iterable[tuple[str, date, str]] = found.values_list(
        "value", "patient__birth_date", "patient__family_name"
    )
    return {(value, born.isoformat(), _plain(name)) for value, born, name in said}


def _record_numbers(person: hl7.Person) -> list[Identifier]:
    if not (person.birth_date and person.family_name):
        return []
    return [identifier for identifier in person.identifiers if identifier.is_record_number]


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _several_people(observation: hl7.Observation) -> labcsv.Problem:
    return labcsv.Problem(
        observation.number,
        "PID-3",
        "several_patients",
        "The numbers in PID-3 belong to different patients here.",
        "Find out whose result this is and send it with that patient's number.",
        "",
    )


def _with_earlier_value(row: Row) -> Row:
    """The row with the value that was sent as preliminary, where that is here.

    Status U says that it is final without saying it again. Without it the row stays empty,
    and the intake refuses it with a reason.
    """
    analyte = analytes.resolve(row["code"])
    collected = parse_datetime(row["collected_at"]) if row["collected_at"] else None
    if analyte is None or collected is None:
        return row
    if timezone.is_naive(collected):
        collected = timezone.make_aware(collected)
    earlier = (
        Result.objects.current()
        .filter(
            patient__identifiers__system=row["identifier_system"],
            patient__identifiers__value=row["mrn"],
            analyte__code=analyte.code,
            collected_at=collected,
            accession=row["accession"],
        )
        .first()
    )
    if earlier is None:
        return row
    said = earlier.value_as_sent or earlier.text
    return row | {"value": said, "unit": earlier.unit_as_sent}
