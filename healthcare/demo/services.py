"""Set up the demonstration hospital, once, and take it away again."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from healthcare.accounts.models import User
from healthcare.demo import accounts, loading, story_tables
from healthcare.demo.accounts import CLINICIAN, DemoRefused, Login, logins
from healthcare.demo.stories import PATIENT_WITH_LOGIN, STORIES, mrn
from ml.datasets import synthetic
from patients.models import Patient, Result
from patients.services import bulkload, resulttasks
from predictions.services import requests

__all__ = ["CLINICIAN", "DemoRefused", "Login", "Seeded", "logins", "remove", "seed"]

SCORED_AT_ONCE = 20_000  # larger hospitals are scored only when asked
Progress = Callable[[int, int], None]  # patients stored, rows stored


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a call did; nothing was done when the hospital was there already."""

    patients: int
    rows: int
    was_there: bool


@transaction.atomic
def seed(
    *,
    patients: int,
    seed: int,
    as_of: date,
    now: datetime,
    score: bool | None = None,
    progress: Progress = lambda patients, rows: None,
) -> Seeded:
    """Load the stories and as many other people as asked for, all or nothing.

    A second call changes nothing, whatever it asks for. The scoring of all patients is queued
    at the end, for large hospitals only with `score=True`.
    """
    accounts.refuse_in_production()
    _one_at_a_time()
    if there := Patient.objects.filter(is_synthetic=True).count():
        accounts.ensure()
        return Seeded(patients=there, rows=0, was_there=True)
    site = loading.site(seed=seed, as_of=as_of, now=now)
    accounts.ensure()
    ids, rows = _load(patients, site, progress)
    loading.analyse()
    _link_patient_account()
    _ask_for_criticals(now)
    if score or (score is None and len(ids) <= SCORED_AT_ONCE):
        requests.request(patient_ids=ids)
    return Seeded(patients=len(ids), rows=rows, was_there=False)


@transaction.atomic
def remove() -> int:
    """Delete every synthetic patient with all that belongs to them; return how many there were.

    Accounts and teams stay, and so do patients that are not synthetic.
    """
    accounts.refuse_in_production()
    _one_at_a_time()
    synthetic_patients = Patient.objects.filter(is_synthetic=True)
    count = synthetic_patients.count()
    synthetic_patients.delete()
    return count


def _load(patients: int, site: loading.Site, progress: Progress) -> tuple[list[int], int]:
    with connection.cursor() as cursor:
        # Checked at the end of each COPY: millions of rows would otherwise wait for the commit.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    ids, rows = loading.store_stories(story_tables.tables(site.as_of), site)
    others = max(patients - len(STORIES), 0)
    is_large = others >= synthetic.COMPACT_FROM
    with bulkload.without_indexes(Result) if is_large else nullcontext():
        for block in synthetic.blocks(others, site.seed, site.as_of, first=len(STORIES)):
            stored, more = loading.store_people(block, site)
            ids += stored
            rows += more
            progress(len(ids), rows)
    return ids, rows


def _link_patient_account() -> None:
    Patient.objects.filter(
        identifiers__system="mrn", identifiers__value=mrn(PATIENT_WITH_LOGIN)
    ).update(user=User.objects.get(username=accounts.PATIENT))


def _ask_for_criticals(now: datetime) -> None:
    """Critical results of the last days wait on the task list, as they would had they arrived."""
    recent = Result.objects.filter(
        patient__is_synthetic=True, collected_at__gte=now - resulttasks.RECENT
    )
    resulttasks.ask_for_critical(recent, now=now)


def _one_at_a_time() -> None:
    """Hold off a second `make run` until this one has committed; readers go on reading."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE patients_patient IN SHARE ROW EXCLUSIVE MODE")
