"""Participants of the NHANES survey as patients, so that models can be judged on real people.

Public-use data for statistics: nobody may try to find out who a participant was, so names
are numbers. The survey tells age in years, topped at 80 or 85, and the two-year cycle; the
turn of the cycle's years stands for the day of everything, and birth is taken half a year
before the latest day that gives this age then.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from django.db import models, transaction

from healthcare.accounts.models import CareTeam
from ml import analytes, codes
from ml.datasets import NotThisDataset, nhanes
from ml.facts import Facts
from patients.models import (
    Analyte,
    Condition,
    FamilyHistory,
    Medication,
    Patient,
    PatientIdentifier,
    SurveyAnswer,
)
from patients.services import measured
from patients.services.copying import copy_frame, new_ids

SYSTEM = "nhanes"
TEAM = "NHANES evaluation"
SOURCE = "NHANES"
CHUNK = 2000  # people held as facts at once
HALF_A_YEAR = timedelta(days=183)
HALF_A_PREGNANCY = timedelta(weeks=20)
LIFESTYLE = ("smoking", "cigarettes_day", "self_rated_health")
NEEDED = ("SEQN", "cycle_start", *nhanes.FEATURE_COLUMNS)

Progress = Callable[[int, int, int], None]  # people loaded, people in all, rows


class NotNhanes(Exception):
    """The file is not the NHANES table; the message says what it lacks."""


class ReferenceMissing(Exception):
    """The analytes are not in the database yet; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did; participants that were here already are left alone."""

    added: int
    were_here: int
    rows: int


def read(path: Path) -> pd.DataFrame:
    """The survey's table. Raises NotNhanes, also when there is nothing at `path`."""
    try:
        frame = nhanes.load(path)
    except nhanes.DataSetAbsent as absent:
        raise NotNhanes(
            f"There is no NHANES table at {path}. Give {nhanes.FILE_NAME} or its folder."
        ) from absent
    except NotThisDataset as other:
        raise NotNhanes(str(other)) from other
    if missing := [name for name in NEEDED if name not in frame]:
        raise NotNhanes(
            f"{path} is not the NHANES table: {len(missing)} of its columns are missing, "
            f"such as {', '.join(missing[:3])}."
        )
    return frame


@transaction.atomic
def load(
    frame: pd.DataFrame,
    *,
    now: datetime,
    progress: Progress = lambda people, total, rows: None,
) -> Loaded:
    """Store the participants that are not here yet, with all that the survey tells of them."""
    analyte_ids = dict(Analyte.objects.values_list("code", "pk"))
    if {code for code, _, _ in nhanes.MEASUREMENTS.values()} - set(analyte_ids):
        raise ReferenceMissing("Analytes are not loaded. Run `manage.py load_reference` first.")
    team, _ = CareTeam.objects.get_or_create(name=TEAM)
    here = set(PatientIdentifier.objects.filter(system=SYSTEM).values_list("value", flat=True))
    numbers = frame["SEQN"].astype(int).astype(str)
    new = frame[~numbers.isin(here)]
    rows = 0
    for start in range(0, len(new), CHUNK):
        part = new.iloc[start : start + CHUNK]
        rows += _store(part, team.pk, analyte_ids, now)
        progress(start + len(part), len(new), rows)
    return Loaded(added=len(new), were_here=len(frame) - len(new), rows=rows)


def _store(part: pd.DataFrame, team_id: int, analyte_ids: dict[str, int], now: datetime) -> int:
    people = nhanes.to_facts(part)
    numbers = part["SEQN"].astype(int).tolist()
    ids = new_ids(Patient, len(people))
    patients = _patients(people, numbers, ids)
    rows = copy_frame(Patient, patients.assign(care_team_id=team_id, updated_at=_utc(now)))
    rows += copy_frame(
        PatientIdentifier,
        pd.DataFrame({"patient_id": ids, "system": SYSTEM, "value": [str(n) for n in numbers]}),
    )
    rows += measured.store(_results(people, ids), patients.set_index("id"), analyte_ids)
    for model, frame in _lists(people, ids):
        rows += copy_frame(model, frame.assign(source=SOURCE))
    return rows


def _patients(people: list[Facts], numbers: list[int], ids: list[int]) -> pd.DataFrame:
    """Columns of the patient table but team and time, with `id`."""
    return pd.DataFrame(
        {
            "id": ids,
            "public_id": [uuid.uuid4() for _ in ids],
            "family_name": "Survey participant",
            "given_name": [str(number) for number in numbers],
            "sex": [person.sex for person in people],
            "birth_date": _days([_birth_date(person) for person in people]),
            "ethnicity": [person.ethnicity or "" for person in people],
            # The survey says whether, not since when: the middle of a pregnancy stands for it.
            "pregnant_since": _days(
                [person.as_of - HALF_A_PREGNANCY if person.pregnant else None for person in people]
            ),
            "is_breastfeeding": None,
            "is_synthetic": False,
            "conditions_reviewed_on": _asked(people, "conditions"),
            "medications_reviewed_on": _asked(people, "medications"),
            "allergies_reviewed_on": None,
            "family_reviewed_on": _asked(people, "family_history"),
        }
    )


def _birth_date(person: Facts) -> date:
    birthday = person.as_of.replace(year=person.as_of.year - int(person.age))
    return birthday - HALF_A_YEAR


def _asked(people: list[Facts], group: str) -> pd.Series:
    """The day a list was gone through; none where the survey did not ask."""
    return _days([p.as_of if getattr(p, group) is not None else None for p in people])


def _results(people: list[Facts], ids: list[int]) -> pd.DataFrame:
    rows = [
        (patient_id, code, found.value, found.comparator, person.as_of)
        for patient_id, person in zip(ids, people, strict=True)
        for code, found in sorted(person.measurements.items())
        if analytes.is_plausible(code, found.value)
    ]
    long = pd.DataFrame(rows, columns=["patient_id", "code", "value", "comparator", "day"])
    long["collected_at"] = _days(long.pop("day")) + pd.Timedelta(hours=9)
    return long.assign(
        printed=[f"{value:.6g}" for value in long["value"]],
        issued_at=long["collected_at"],
        superseded_at=_days([None] * len(long)),
        status="final",
        accession="",
        source=SOURCE,
    )


def _lists(
    people: list[Facts], ids: list[int]
) -> Iterator[tuple[type[models.Model], pd.DataFrame]]:
    """The tables of coded facts, each row known since the day of the survey."""
    pairs = list(zip(ids, people, strict=True))
    yield Condition, _table(
        [
            (pk, code, codes.display("condition", code), person.as_of)
            for pk, person in pairs
            for code in sorted(person.conditions or ())
        ],
        "code", "label",
    ).assign(onset_on=None, resolved_on=None)  # fmt: skip
    yield Medication, _table(
        [
            (pk, code, codes.display("drug", code), person.as_of)
            for pk, person in pairs
            for code in sorted(person.medications or ())
        ],
        "drug_class", "name",
    ).assign(dose="", started_on=None, stopped_on=None)  # fmt: skip
    yield FamilyHistory, _table(
        [
            (pk, code, "close relative", person.as_of)
            for pk, person in pairs
            for code in sorted(person.family_history or ())
        ],
        "code", "relation",
    )  # fmt: skip
    yield SurveyAnswer, _answers(pairs)


def _table(rows: list[tuple], *columns: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["patient_id", *columns, "recorded_at"])
    return table.assign(recorded_at=_days(table["recorded_at"]))


def _answers(pairs: list[tuple[int, Facts]]) -> pd.DataFrame:
    rows = []
    for pk, person in pairs:
        for item in LIFESTYLE:
            said = getattr(person.lifestyle, item)
            if said is not None:
                number, text = (None, said) if isinstance(said, str) else (float(said), "")
                rows.append((pk, item, number, text, person.as_of))
    table = _table(rows, "item", "number", "text")
    return table.assign(
        instrument=SurveyAnswer.LIFESTYLE,
        number=table["number"].astype(float),
        answered_on=table["recorded_at"],
    )


def _days(days: Iterable[date | None]) -> pd.Series:
    return pd.Series(list(days), dtype=object).astype("datetime64[s]")


def _utc(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")
