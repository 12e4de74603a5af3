"""The newest current value of each analyte of each patient, in the table that pages read.

A value that is newer than the one that stands is put in its place; whatever else happens to
results, the pairs it touched are searched for again.
"""

from collections.abc import Iterable

from django.db import connection

PAIR = ["patient_id", "analyte_id"]
VALUES = ["result_id", "collected_at", "recorded_at", "value", "comparator", "text", "flag"]
COLUMNS = [*PAIR, *VALUES]
# Those that are not newer are left out beforehand, and those that are known are replaced where
# they were found: a conflict costs a second search, and a write even when the row stays as it is.
# Selects the pairs of which a value of the same time is kept.
PUT_NEWER = f"""
WITH judged AS MATERIALIZED (
    SELECT result.id AS result_id, patient_id, analyte_id, result.collected_at, issued_at,
        result.recorded_at, result.value, result.comparator, result.text, result.flag,
        latest.ctid AS kept, latest.collected_at AS kept_at
    FROM patients_result AS result
    LEFT JOIN patients_latestresult AS latest USING (patient_id, analyte_id)
    WHERE result.id BETWEEN %(first)s AND %(last)s AND result.superseded_at IS NULL
        AND result.status NOT IN ('registered', 'cancelled', 'entered-in-error')
        AND (latest.collected_at IS NULL OR result.collected_at >= latest.collected_at)
), newest AS MATERIALIZED (
    SELECT DISTINCT ON (patient_id, analyte_id) * FROM judged
    WHERE kept IS NULL OR collected_at > kept_at
    ORDER BY patient_id, analyte_id, collected_at DESC, issued_at DESC, result_id DESC
), replaced AS (
    UPDATE patients_latestresult AS latest
    SET {", ".join(f"{name} = newest.{name}" for name in VALUES)}
    FROM newest WHERE latest.ctid = newest.kept
), put AS (
    INSERT INTO patients_latestresult ({", ".join(COLUMNS)})
    SELECT {", ".join(COLUMNS)} FROM newest WHERE kept IS NULL
)
SELECT patient_id, analyte_id FROM judged WHERE collected_at = kept_at
"""  # noqa: S608
NEWEST = """
SELECT pair.patient_id, pair.analyte_id, newest.*
FROM {pairs} AS pair (patient_id, analyte_id)
CROSS JOIN LATERAL (
    SELECT id, collected_at, recorded_at, value, comparator, text, flag
    FROM patients_result AS result
    WHERE result.patient_id = pair.patient_id AND result.analyte_id = pair.analyte_id
        AND superseded_at IS NULL AND status NOT IN ('registered', 'cancelled', 'entered-in-error')
    ORDER BY collected_at DESC, issued_at DESC, id DESC LIMIT 1
) AS newest
"""
GIVEN_PAIRS = "unnest(%(patients)s::bigint[], %(analytes)s::bigint[])"
PAIRS_OF_PATIENTS = """(
    SELECT patient.id, analyte.id FROM unnest(%(patients)s::bigint[]) AS patient (id)
    CROSS JOIN patients_analyte AS analyte
)"""
PUT_FOUND = f"""
INSERT INTO patients_latestresult ({", ".join(COLUMNS)}) {NEWEST}
"""
FORGET_PAIRS = f"""
DELETE FROM patients_latestresult WHERE (patient_id, analyte_id) IN (SELECT * FROM {GIVEN_PAIRS})
"""  # noqa: S608
FORGET_PATIENTS = "DELETE FROM patients_latestresult WHERE patient_id = ANY(%(patients)s)"


def put(first_id: int, last_id: int) -> None:
    """Put results that were just stored, by their numbers, where they are the newest.

    In turn with all other writers of results, so that what was found stays where it is.
    Each that counts must be the only version of itself, or be refreshed afterwards.
    """
    with connection.cursor() as cursor:
        cursor.execute(PUT_NEWER, {"first": first_id, "last": last_id})
        unclear = cursor.fetchall()
    refresh(unclear)


def refresh(pairs: Iterable[tuple[int, int]]) -> None:
    """Search for the newest value of these (patient, analyte) and put it, or nothing, there."""
    keys = sorted(set(pairs))
    if not keys:
        return
    patients, analytes = map(list, zip(*keys, strict=True))
    arguments = {"patients": patients, "analytes": analytes}
    with connection.cursor() as cursor:
        cursor.execute(FORGET_PAIRS, arguments)
        cursor.execute(PUT_FOUND.format(pairs=GIVEN_PAIRS), arguments)


def refresh_of(patient_ids: Iterable[int]) -> None:
    """Search for the newest values of everything that was measured of these patients."""
    arguments = {"patients": sorted(set(patient_ids))}
    if arguments["patients"]:
        with connection.cursor() as cursor:
            cursor.execute(FORGET_PATIENTS, arguments)
            cursor.execute(PUT_FOUND.format(pairs=PAIRS_OF_PATIENTS), arguments)
