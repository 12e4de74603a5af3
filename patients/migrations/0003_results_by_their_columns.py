"""What is one version of a result moves from two digests into its columns and one number."""

import numpy as np
from django.db import migrations

STRETCH = 50_000
SELECT = """
SELECT id, status, comparator, value, issued_at, collected_at, recorded_at FROM patients_result
WHERE id > %s ORDER BY id LIMIT %s
"""
UPDATE = """
UPDATE patients_result SET version = given.version
FROM unnest(%s::bigint[], %s::bigint[]) AS given (id, version) WHERE patients_result.id = given.id
"""
LATEST = """
INSERT INTO patients_latestresult (patient_id, analyte_id, result_id, collected_at, recorded_at,
    value, comparator, text, flag)
SELECT DISTINCT ON (patient_id, analyte_id) patient_id, analyte_id, id, collected_at, recorded_at,
    value, comparator, text, flag
FROM patients_result
WHERE superseded_at IS NULL AND status NOT IN ('registered', 'cancelled', 'entered-in-error')
ORDER BY patient_id, analyte_id, collected_at DESC, issued_at DESC, id DESC
"""
AFTERTHOUGHTS = {"corrected", "amended", "cancelled", "entered-in-error"}


def issued_as_sent(status, issued_at, collected_at, recorded_at):
    """None where the time of issue was filled in by us; see decision 0002."""
    filled_in = recorded_at if status in AFTERTHOUGHTS else collected_at
    return None if issued_at == filled_in else issued_at


def number_the_versions(apps, schema_editor):
    from patients import resultkeys

    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(SELECT, [last, STRETCH])
            rows = cursor.fetchall()
            if not rows:
                break
            last = rows[-1][0]
            issued = [issued_as_sent(row[1], *row[4:]) for row in rows]
            versions = resultkeys.versions(
                np.array([resultkeys.STATUSES[row[1]] for row in rows]),
                np.array([resultkeys.COMPARATORS[row[2]] for row in rows]),
                np.array([np.nan if row[3] is None else row[3] for row in rows], float),
                np.zeros(len(rows), "int64"),
                np.array([resultkeys.NOT_SAID if at is None else resultkeys.microseconds(at)
                          for at in issued], "int64"),
            )  # fmt: skip
            cursor.execute(UPDATE, [[row[0] for row in rows], versions.tolist()])
        cursor.execute(LATEST)
        cursor.execute("UPDATE patients_labimport SET confirmed_at = uploaded_at")


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_records_and_intake")]
    operations = [migrations.RunPython(number_the_versions, migrations.RunPython.noop)]
