"""Server time and queries of a record's pages with 1,000, 10,000 and 100,000 patients.

    DATA_DIR=var/bench python benchmarks/patient_page.py --sizes 1000 10000 100000

Loads the demo hospital at the first size into a database of its own and grows it to the others
by copies of its patients with all their facts and results, in SQL. Scores the patients it opens
and reads their pages as their clinician through Django's test client, so that the figure is the
server's own time; the same patients at every size, so that only the size differs. Prints one
JSON line a size, and for each page the ratio of the largest size to the smallest.
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

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from healthcare.accounts.models import User  # noqa: E402
from healthcare.demo import services as demo  # noqa: E402
from patients.models import LatestResult, Patient, PatientIdentifier, Result  # noqa: E402
from predictions.services import scoring  # noqa: E402
from recommendations.services import recommend  # noqa: E402

OPENED = 50
WARM_UP = 10
STEP = 10_000  # patients copied in one statement
PAGES = {"overview": "patient", "results": "labs", "timeline": "timeline"}
FACTS = ["condition", "medication", "allergy", "familyhistory", "preventivecare", "encounter",
         "surveyanswer", "wearableday", "result"]  # fmt: skip
LATEST = """
INSERT INTO patients_latestresult (patient_id, analyte_id, result_id, collected_at, recorded_at,
    value, comparator, text, flag)
SELECT DISTINCT ON (patient_id, analyte_id) patient_id, analyte_id, id, collected_at, recorded_at,
    value, comparator, text, flag
FROM patients_result
WHERE patient_id >= %s AND superseded_at IS NULL
    AND status NOT IN ('registered', 'cancelled', 'entered-in-error')
ORDER BY patient_id, analyte_id, collected_at DESC, issued_at DESC, id DESC
"""


def prepare(size: int) -> None:
    """The demo hospital with this many patients and nothing else."""
    for command in ("migrate", "load_reference", "load_catalogue", "load_models"):
        call_command(command, verbosity=0)
    reset = Patient.objects.exists()
    call_command("seed_demo", patients=size, seed=7, reset=reset, quiet=True)


def grow(size: int) -> None:
    """Copies of the patients that are there, with all that is known of them, up to `size`."""
    while (there := Patient.objects.count()) < size:
        copied = min(there, STEP, size - there)
        ids = Patient.objects.order_by("pk").values_list("pk", flat=True)
        _copy(list(ids[:copied]), new_first=ids.last() + 1)


def _copy(templates: list[int], *, new_first: int) -> None:
    """Patient `templates[n]` becomes patient `new_first + n`."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (old bigint PRIMARY KEY, new bigint)")
        cursor.execute(
            "INSERT INTO copied SELECT old, %s + place - 1 FROM"
            " unnest(%s::bigint[]) WITH ORDINALITY AS template (old, place)",
            [new_first, templates],
        )
        cursor.execute(_insert(Patient, {"id": "copied.new", "public_id": "gen_random_uuid()",
                                         "user_id": "NULL"}, key="id"))  # fmt: skip
        cursor.execute(
            _insert(PatientIdentifier, {"patient_id": "copied.new", "value": "'C' || copied.new"})
            + " AND source.system = 'mrn'"
        )
        for name in FACTS:
            model = apps.get_model("patients", name)
            cursor.execute(_insert(model, {"patient_id": "copied.new"}))
        cursor.execute(LATEST, [new_first])
        cursor.execute("DROP TABLE copied")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('patients_patient', 'id'), max(id))"
            " FROM patients_patient"
        )


def _insert(model, changed: dict[str, str], *, key: str = "patient_id") -> str:
    """Rows of the copied patients once more, some columns changed."""
    columns = [field.column for field in model._meta.concrete_fields if not field.generated]
    columns = [name for name in columns if name != "id" or name in changed]
    values = [changed.get(name, f'source."{name}"') for name in columns]
    quoted = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {model._meta.db_table} ({quoted}) SELECT {', '.join(values)}"
        f" FROM {model._meta.db_table} AS source, copied WHERE source.{key} = copied.old"
    )


def pages(opened: list[Patient]) -> dict:
    """Median and 95th percentile of each page's time, and how many queries it makes."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=demo.CLINICIAN))
    measured = {"patients": Patient.objects.count(), "result_rows": Result.objects.count(),
                "latest_rows": LatestResult.objects.count()}  # fmt: skip
    for page, name in PAGES.items():
        seconds, queries = [], set()
        for number, patient in enumerate(opened):
            url = reverse(name, args=[patient.public_id])
            begun = time.perf_counter()
            response = client.get(url)
            taken = time.perf_counter() - begun
            assert response.status_code == 200
            if number >= WARM_UP:
                seconds.append(taken)
        for patient in opened[:5]:
            with CaptureQueriesContext(connection) as captured:
                client.get(reverse(name, args=[patient.public_id]))
            queries.add(len(captured))
        measured[page] = {
            "ms_median": round(1000 * statistics.median(seconds), 1),
            "ms_p95": round(1000 * sorted(seconds)[int(0.95 * len(seconds))], 1),
            "queries": sorted(queries),
        }
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    sizes = sorted(parser.parse_args().sizes)
    prepare(sizes[0])
    clinician = User.objects.get(username=demo.CLINICIAN)
    opened = list(Patient.objects.visible_to(clinician).order_by("pk")[: OPENED + WARM_UP])
    ids, now = [patient.pk for patient in opened], timezone.now()
    scoring.score(ids, now=now)
    recommend.recommend(ids, now=now)
    measured = []
    for size in sizes:
        grow(size)
        measured.append(pages(opened))
        print(json.dumps(measured[-1] | {"load": round(os.getloadavg()[0], 1)}), flush=True)
    ratios = {page: round(measured[-1][page]["ms_median"] / measured[0][page]["ms_median"], 2)
              for page in PAGES}  # fmt: skip
    print(json.dumps({"largest_to_smallest": ratios}))


if __name__ == "__main__":
    main()
