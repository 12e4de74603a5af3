"""One installation that may be killed: each step is a process of its own.

    DATA_DIR=… python -m tests.patients.chaos_site prepare | sweep | state | serve PORT | work

Run by tests/patients/test_chaos.py; never against an installation that anybody uses.
"""

import hashlib
import io
import json
import os
import sys
import time
from datetime import date, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings")

PATIENTS = 40
COLUMNS = ["patient__identifiers__value", "analyte__code", "collected_at", "accession", "version",
           "value", "status", "flag"]  # fmt: skip


def prepare() -> dict:
    """Tables, patients, and the key of somebody who uploads."""
    from django.core.management import call_command

    from healthcare.accounts import services
    from healthcare.accounts.models import CareTeam, User
    from patients.models import Patient, PatientIdentifier

    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_reference", stdout=io.StringIO())
    team = CareTeam.objects.create(name="Chaos")
    for number in range(PATIENTS):
        patient = Patient.objects.create(
            care_team=team, family_name="Chaos", given_name=str(number), sex="female",
            birth_date=date(1960, 1, 1),
        )  # fmt: skip
        PatientIdentifier.objects.create(patient=patient, value=f"CL-{number:06d}")
    return {"key": services.create_api_key(name="chaos", role=User.Role.LAB_STAFF, care_teams=[])}


def state() -> dict:
    """What is stored, in figures that do not depend on who stored it when."""
    from django.db.models import Sum

    from healthcare.jobs.models import Job
    from patients.models import LabImport, LatestResult, Result

    imports = LabImport.objects.all()
    counts = ["accepted_count", "corrected_count", "duplicate_count", "refused_count",
              "unmatched_count"]  # fmt: skip
    current = Result.objects.current()
    return {
        "imports": imports.count(),
        "open": Job.objects.filter(kind="labs.import", status__in=Job.OPEN).count(),
        "failed": Job.objects.filter(kind="labs.import", status__in=["FAILED", "PARKED"]).count(),
        "stored_bytes": imports.aggregate(n=Sum("next_byte"))["n"] or 0,
        "counts": [imports.aggregate(n=Sum(name))["n"] for name in counts],
        "results": Result.objects.count(),
        # Rounded: a sum of fractions depends on their order.
        "sum": round(Result.objects.aggregate(n=Sum("value"))["n"] or 0, 3),
        "versions": _digest(Result.objects.all()),
        "current": _digest(current),
        "latest": _digest_of(LatestResult.objects.values_list(
            "patient__identifiers__value", "analyte__code", "collected_at", "value", "flag")),
        "held": imports.filter(held__isnull=False).values("held").count(),
        "problems": imports.filter(problems__isnull=False).values("problems").count(),
    }  # fmt: skip


def sweep() -> None:
    """Send again what was lost, as beat does but with less patience; for as long as it may."""
    from django.db import DatabaseError, close_old_connections
    from django.utils import timezone

    from healthcare.jobs import services as jobs

    jobs.RESEND_AFTER = timedelta(seconds=1)
    while True:
        try:
            jobs.sweep(now=timezone.now())
        except DatabaseError:
            close_old_connections()
        time.sleep(1)


def work() -> None:
    """A worker that stores a little at a time, so that there is much to interrupt."""
    from healthcare.celery import app
    from patients.labcsv import columns

    columns.STRETCH = 100_000
    app.worker_main(["worker", "-Q", "imports", "-c", "2", "--loglevel", "CRITICAL"])


def _digest(results) -> str:
    return _digest_of(results.values_list(*COLUMNS))


def _digest_of(rows) -> str:
    """Of rows in one order, whatever the order they were stored in."""
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()


if __name__ == "__main__":
    import django

    django.setup()
    told = {"prepare": prepare, "state": state, "sweep": sweep, "work": work}[sys.argv[1]]()
    if told is not None:
        sys.stdout.write(json.dumps(told))
