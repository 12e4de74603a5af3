"""Changes of a value that are unlikely in so short a time: a mix-up, or a patient in danger."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from ml import analytes
from patients.models import Analyte
from patients.models.results import ResultQuerySet

# The values before are found by one probe of the index `result_once` a fresh result. A change of
# a result that is critical says nothing new: that one is on the list already. Neither does one
# whose earlier version somebody has seen with the same value.
INSERT = """
INSERT INTO patients_resulttask (patient_id, result_id, kind, created_at, level, comment)
SELECT DISTINCT fresh.patient_id, fresh.id, 'delta', %s::timestamptz, 0, ''
FROM patients_result AS fresh
JOIN unnest(%s::bigint[], %s::float8[], %s::boolean[], %s::int[], %s::boolean[])
    AS rule (analyte_id, change, is_percent, days, is_from_lowest) USING (analyte_id)
CROSS JOIN LATERAL (
    SELECT CASE WHEN rule.is_from_lowest THEN min(earlier.value) ELSE (
        array_agg(earlier.value ORDER BY earlier.collected_at DESC, earlier.issued_at DESC))[1]
    END AS value
    FROM patients_result AS earlier
    WHERE earlier.patient_id = fresh.patient_id AND earlier.analyte_id = fresh.analyte_id
        AND earlier.collected_at < fresh.collected_at
        AND earlier.collected_at >= fresh.collected_at - make_interval(days => rule.days)
        AND earlier.superseded_at IS NULL AND earlier.comparator = ''
        AND earlier.value IS NOT NULL
        AND earlier.status NOT IN ('registered', 'cancelled', 'entered-in-error')
) AS before
CROSS JOIN LATERAL (
    SELECT rule.change * CASE WHEN rule.is_percent THEN abs(before.value) / 100 ELSE 1 END AS most
) AS allowed
WHERE fresh.id IN ({results})
    AND fresh.superseded_at IS NULL AND fresh.comparator = '' AND fresh.value IS NOT NULL
    AND fresh.status NOT IN ('registered', 'cancelled', 'entered-in-error')
    AND fresh.flag NOT IN ('LL', 'HH')
    AND fresh.collected_at >= fresh.recorded_at - make_interval(days => %s)
    AND CASE WHEN rule.is_from_lowest
        THEN fresh.value - before.value >= allowed.most * (1 - 1e-9)
        ELSE abs(fresh.value - before.value) > allowed.most END
    AND NOT EXISTS (
        SELECT FROM patients_resulttask AS seen JOIN patients_result AS version
            ON version.id = seen.result_id
        WHERE seen.kind = 'delta' AND seen.acknowledged_at IS NOT NULL
            AND version.patient_id = fresh.patient_id AND version.analyte_id = fresh.analyte_id
            AND version.collected_at = fresh.collected_at
            AND version.accession = fresh.accession AND version.value = fresh.value
    )
ON CONFLICT ON CONSTRAINT result_task_once DO NOTHING
"""


def ask(results: ResultQuerySet, *, now: datetime, recent: timedelta) -> None:
    """Make a task of each of these results that differs too much from those before it.

    Only results collected within `recent` of being recorded: nobody acts on old ones.
    """
    ids = dict(Analyte.objects.values_list("code", "pk"))
    rules = [(ids[check.code], check) for check in analytes.delta_checks() if check.code in ids]
    chosen, values = results.order_by().values("pk").query.sql_with_params()
    known: list[Any] = [
        [pk for pk, _ in rules],
        [rule.change for _, rule in rules],
        [rule.is_percent for _, rule in rules],
        [rule.days for _, rule in rules],
        [rule.is_from_lowest for _, rule in rules],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(results=chosen), [now, *known, *values, recent.days])
