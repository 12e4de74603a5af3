"""Server time and queries of the patient page with 1,000 and 10,000 (or more) patients.

    DATA_DIR=var/bench python benchmarks/patient_page.py --sizes 1000 10000

Loads the demo hospital at each size into a database of its own, scores the patients it opens,
and reads their pages as their clinician through Django's test client, so that the figure is
the server's own time. Prints one JSON line a size and the ratio of the largest to the smallest.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcare.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from healthcare.accounts.models import User  # noqa: E402
from healthcare.demo import services as demo  # noqa: E402
from patients.models import Patient  # noqa: E402
from predictions.services import scoring  # noqa: E402
from recommendations.services import recommend  # noqa: E402

OPENED = 50
WARM_UP = 10


def prepare(size: int) -> None:
    for command in ("migrate", "load_reference", "load_catalogue", "load_models"):
        call_command(command, verbosity=0)
    reset = Patient.objects.exists()
    call_command("seed_demo", patients=size, seed=7, reset=reset, quiet=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pages(size: int) -> dict:
    clinician = User.objects.get(username=demo.CLINICIAN)
    patients = list(Patient.objects.visible_to(clinician).order_by("?")[: OPENED + WARM_UP])
    now = timezone.now()
    ids = [patient.pk for patient in patients]
    scoring.score(ids, now=now)
    recommend.recommend(ids, now=now)
    client = Client(SERVER_NAME="localhost")
    client.force_login(clinician)
    seconds, queries = [], set()
    for number, patient in enumerate(patients):
        begun = time.perf_counter()
        response = client.get(patient.get_absolute_url())
        taken = time.perf_counter() - begun
        assert response.status_code == 200
        if number >= WARM_UP:
            seconds.append(taken)
    for patient in patients[:5]:
        with CaptureQueriesContext(connection) as captured:
            client.get(patient.get_absolute_url())
        queries.add(len(captured))
    return {
        "patients": size,
        "page_ms_median": round(1000 * statistics.median(seconds), 1),
        "page_ms_p95": round(1000 * sorted(seconds)[int(0.95 * len(seconds))], 1),
        "queries": sorted(queries),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    measured = []
    for size in parser.parse_args().sizes:
        prepare(size)
        measured.append(pages(size))
        print(json.dumps(measured[-1]))
    ratio = measured[-1]["page_ms_median"] / measured[0]["page_ms_median"]
    print(json.dumps({"largest_to_smallest": round(ratio, 2)}))


if __name__ == "__main__":
    main()
