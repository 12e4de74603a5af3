"""One block of the synthetic hospital into the tables, by COPY."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from django.db import connection, models

from healthcare.accounts.models import CareTeam
from healthcare.demo import names
from healthcare.demo.stories import STORIES, mrn
from ml import analytes
from ml.datasets.synthetic import SyntheticHospital
from patients.models import (
    Allergy,
    Analyte,
    Condition,
    Encounter,
    FamilyHistory,
    Medication,
    Patient,
    PatientIdentifier,
    PreventiveCare,
    Result,
    SurveyAnswer,
    WearableDay,
)
from patients.services import measured
from patients.services.copying import copy_frame, new_ids

SOURCE = "demo hospital"
NAMESPACE = uuid.UUID("6b1f0f0a-5f0e-4b57-9a55-0c1d52f3d0a7")  # of the public ids of demo people
TABLES: tuple[type[models.Model], ...] = (
    Patient, PatientIdentifier, Result, Condition, Medication, Allergy, FamilyHistory,
    SurveyAnswer, Encounter, WearableDay, PreventiveCare,
)  # fmt: skip


class ReferenceMissing(Exception):
    """The analytes are not in the database yet; the message says what to do."""


@dataclass(frozen=True)
class Site:
    """What the blocks of one load share."""

    seed: int
    as_of: date
    now: datetime
    teams: Mapping[str, int]  # name -> primary key
    analytes: Mapping[str, int]  # code -> primary key


def site(*, seed: int, as_of: date, now: datetime) -> Site:
    """Make the teams that are missing and look up what rows refer to."""
    teams = {name: CareTeam.objects.get_or_create(name=name)[0].pk for name in names.TEAMS}
    known = dict(Analyte.objects.values_list("code", "pk"))
    if missing := {analyte.code for analyte in analytes.all()} - set(known):
        raise ReferenceMissing(
            f"{len(missing)} analytes are not loaded. Run `manage.py load_reference` first."
        )
    return Site(seed=seed, as_of=as_of, now=now, teams=teams, analytes=known)


def store_stories(block: SyntheticHospital, at: Site) -> tuple[list[int], int]:
    named = block.patients.assign(
        family_name=[story.family_name for story in STORIES],
        given_name=[story.given_name for story in STORIES],
        team=[story.team for story in STORIES],
    )
    return _store(block, named, at)


def store_people(block: SyntheticHospital, at: Site) -> tuple[list[int], int]:
    return _store(block, names.assign(block.patients, block.conditions, at.seed), at)


def analyse() -> None:
    """Tell the planner how large the tables have become; it may not look for a minute."""
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _store(block: SyntheticHospital, named: pd.DataFrame, at: Site) -> tuple[list[int], int]:
    """Store a block with the patients' names and teams; return primary keys and row count."""
    ids = list(new_ids(Patient, len(named)))
    rows = copy_frame(Patient, _patients(named, ids, at))
    rows += copy_frame(
        PatientIdentifier,
        pd.DataFrame(
            {
                "patient_id": ids,
                "system": PatientIdentifier.MRN,
                "value": [mrn(person) for person in named["person"]],
            }
        ),
    )
    first = int(named["person"].iloc[0])
    rows += _store_results(block, named, ids, first, at)
    for model, frame in _lists(block, at):
        rows += copy_frame(model, _owned(frame, ids, first))
    return ids, rows


def _patients(named: pd.DataFrame, ids: list[int], at: Site) -> pd.DataFrame:
    return named.drop(columns=["person", "team"]).assign(
        id=ids,
        public_id=[str(uuid.uuid5(NAMESPACE, f"{at.seed}/{n}")) for n in named["person"]],
        care_team_id=named["team"].map(at.teams).astype("int64"),
        is_synthetic=True,
        updated_at=np.datetime64(at.now.astimezone(UTC).replace(tzinfo=None), "s"),
    )


def _store_results(
    block: SyntheticHospital, named: pd.DataFrame, ids: list[int], first: int, at: Site
) -> int:
    long = pd.concat([block.results, block.vitals], ignore_index=True)
    # Rows of one patient beside each other: the index is touched in order, reads hit one page.
    long = long.sort_values(["person", "collected_at"], kind="stable", ignore_index=True)
    return measured.store(
        _owned(long, ids, first), named.assign(id=ids).set_index("id"), at.analytes
    )


def _owned(frame: pd.DataFrame, ids: list[int], first: int) -> pd.DataFrame:
    """The primary key of the patient instead of the number of the person."""
    patient = np.asarray(ids)[frame["person"].to_numpy(int) - first]
    return frame.drop(columns="person").assign(patient_id=patient)


def _lists(block: SyntheticHospital, at: Site):
    """The tables beside results, with when each row came to be known."""
    yield Condition, _known(block.conditions, "recorded_on")
    yield Medication, _known(block.medications, "recorded_on")
    yield Allergy, _known(block.allergies, "recorded_on")
    yield FamilyHistory, _known(block.family_history, "recorded_on")
    yield SurveyAnswer, _known(block.answers, "answered_on", keep=True)
    yield Encounter, _known(block.encounters, "ended_at", keep=True)
    yield WearableDay, _known(block.wearables, "day", keep=True)
    yield PreventiveCare, _known(block.preventive_care, "done_on", keep=True)


def _known(frame: pd.DataFrame, column: str, *, keep: bool = False) -> pd.DataFrame:
    """Add when a row was recorded; a column that serves only this is dropped."""
    recorded = frame.assign(recorded_at=frame[column], source=SOURCE)
    if "resolved_on" not in frame and "onset_on" in frame:
        recorded = recorded.assign(resolved_on=None)
    return recorded if keep else recorded.drop(columns=column)
