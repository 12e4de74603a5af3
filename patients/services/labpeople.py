"""Whom the rows of a file name, by columns."""

from datetime import date
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Max

from ml.facts import Sex
from patients.labcsv.readings import Coded
from patients.models import Patient, PatientMerge

UNKNOWN = -1
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
NEVER = np.iinfo(np.int32).max  # a day that no sample was taken on
LONGEST_PREGNANCY = 42 * 7  # days
NOBODY = (0, "unknown", date(1970, 1, 1), "day", None)
SEXES: tuple[Sex | None, ...] = (None, "female", "male")  # by number in `People.sex`
# A record that was merged into another is that other one.
FIND = """
SELECT identifier.value, patient.id, patient.sex, patient.birth_date,
    patient.birth_date_precision, patient.pregnant_since
FROM patients_patientidentifier AS identifier
JOIN patients_patient AS named ON named.id = identifier.patient_id
JOIN patients_patient AS patient ON patient.id = coalesce(named.merged_into_id, named.id)
WHERE identifier.system = %s AND identifier.value = ANY(%s)
"""


class People(NamedTuple):
    """m patients and, at the end, nobody; by columns. Days are days since 1970."""

    patient_id: np.ndarray  # int64 (m,)
    sex: np.ndarray  # int8 (m,): place in SEXES
    born: np.ndarray  # int32 (m,)
    born_earliest: np.ndarray  # int32 (m,): the first day that the record allows
    pregnant_since: np.ndarray  # int32 (m,): NEVER where it is not so
    birth_dates: list[tuple[date, str]]  # with their precision

    def ages(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Completed years of each row's person on its day."""
        born_year, born_day = _calendar(self.born)
        year, day_of_year = _calendar(day)
        had_birthday = day_of_year >= born_day[person]
        return year - born_year[person] - ~had_birthday

    def are_pregnant(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        since = self.pregnant_since[person]
        return (since <= day) & (day.astype("int64") <= since.astype("int64") + LONGEST_PREGNANCY)


class Found(NamedTuple):
    """The people of n rows, and which of them each row names."""

    people: People
    person: np.ndarray  # int32 (n,): place among the people, or UNKNOWN


class Registry:
    """People by the numbers that rows name them by, asked for once in the length of a file.

    Who is not known is asked for again: somebody may register them meanwhile.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.rows: list[tuple] = []
        self.place_of: dict[tuple[str, str], int] = {}
        self.people = _people([])

    def find(self, systems: Coded[str], identifiers: Coded[str]) -> Found:
        width = len(identifiers.meanings)
        pair = systems.codes.astype("int64") * width + identifiers.codes
        distinct, of_row = np.unique(pair, return_inverse=True)
        wanted = [(systems.meanings[key // width], identifiers.meanings[key % width])
                  for key in distinct.tolist()]  # fmt: skip
        self._meet([named for named in wanted if named not in self.place_of])
        places = np.array([self.place_of.get(named, UNKNOWN) for named in wanted], "int32")
        return Found(self.people, places[of_row])

    def _meet(self, strangers: list[tuple[str, str]]) -> None:
        if not strangers:
            return
        for system in {system for system, _value in strangers}:
            for value, *person in _found(system, [v for s, v in strangers if s == system]):
                self.place_of[system, value] = len(self.rows)
                self.rows.append(tuple(person))
        self.people = _people(self.rows)


def merges() -> tuple:
    """Changes whenever a record is merged into another, or parted from it."""
    return tuple(PatientMerge.objects.aggregate(last=Max("pk"), undone=Count("undone_at")).values())


def fits_birth_date(people: People, person: int, stated: date) -> bool:
    """Whether a birth date may be this person's, as precisely as the record knows it."""
    recorded, precision = people.birth_dates[person]
    if precision == Patient.Precision.YEAR:
        return stated.year == recorded.year
    if precision == Patient.Precision.MONTH:
        return (stated.year, stated.month) == (recorded.year, recorded.month)
    return stated == recorded


def _found(system: str, values: list[str]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [system, values])
        return cursor.fetchall()


def _people(rows: list[tuple]) -> People:
    """By columns, with nobody at the end: that is who UNKNOWN, -1, leads to."""
    rows = [*rows, NOBODY]
    return People(
        patient_id=np.array([row[0] for row in rows], "int64"),
        sex=np.array([SEXES.index(row[1]) if row[1] in SEXES else 0 for row in rows], "int8"),
        born=np.array([_day(row[2]) for row in rows], "int32"),
        born_earliest=np.array([_day(_earliest(row[2], row[3])) for row in rows], "int32"),
        pregnant_since=np.array([_day(row[4]) if row[4] else NEVER for row in rows], "int32"),
        birth_dates=[(row[2], row[3]) for row in rows],
    )


def _earliest(birth_date: date, precision: str) -> date:
    if precision == Patient.Precision.YEAR:
        return birth_date.replace(month=1, day=1)
    return birth_date.replace(day=1) if precision == Patient.Precision.MONTH else birth_date


def _day(day: date) -> int:
    return day.toordinal() - EPOCH_ORDINAL


def _calendar(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Year, and month and day as one number that grows within the year."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype("int64") + 1970
    return year, (month.astype("int64") % 12) * 100 + (day - month).astype("int64")
