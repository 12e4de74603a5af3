"""Results into the database by sets: COPY aside, insert what is new, order the versions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from patients import labcsv
from patients.models import LabImport

SOURCE = "lab file"
# Writers of results from files take turns: two transactions that store versions of one thread
# at the same time would each see its own as the newest. Shared with no other advisory lock.
LOCK = (4_712, 0)


class Incoming(NamedTuple):
    """One result as it is to be stored: columns of the staging table, in order."""

    import_row: int
    patient_id: int
    analyte_id: int
    version: int
    accession: str
    value: float | None
    comparator: str
    value_as_sent: str
    unit_as_sent: str
    status: str
    collected_at: datetime
    issued_at: datetime
    reference_low: float | None
    reference_high: float | None
    flag: str


class Counts(NamedTuple):
    accepted: int  # first version of a result
    corrected: int  # another version of a result that was here
    duplicate: int  # a version that was here


STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS lab_incoming (
    import_row bigint, patient_id bigint, analyte_id bigint, version bigint, accession text,
    value float8, comparator text, value_as_sent text, unit_as_sent text,
    status text, collected_at timestamptz, issued_at timestamptz, reference_low float8,
    reference_high float8, flag text
) ON COMMIT DELETE ROWS
"""
# In the order of the index that pages read, which is what makes it cheap to fill.
INSERT = """
INSERT INTO patients_result (
    patient_id, analyte_id, lab_import_id, import_row, version, accession, value,
    comparator, value_as_sent, unit_as_sent, status, collected_at, issued_at, reference_low,
    reference_high, flag, recorded_at, source)
SELECT patient_id, analyte_id, %(lab_import)s, import_row, version, accession, value,
    comparator, value_as_sent, unit_as_sent, status, collected_at, issued_at, reference_low,
    reference_high, flag, %(recorded_at)s, %(source)s
FROM lab_incoming
ORDER BY patient_id, analyte_id, collected_at, import_row
ON CONFLICT ON CONSTRAINT result_once DO NOTHING
"""
# LATERAL keeps the planner, which knows nothing of a staging table, at one index probe a thread.
# Counting from the rows and not from the insert makes it the same for any cut of the file.
SEVERAL_VERSIONS = """
SELECT patient_id, analyte_id, collected_at, accession, stored.versions, stored.fresh
FROM (
    SELECT DISTINCT patient_id, analyte_id, collected_at, accession FROM lab_incoming
) AS incoming
CROSS JOIN LATERAL (
    SELECT count(*) AS versions,
        count(*) FILTER (WHERE lab_import_id = %(lab_import)s AND import_row >= %(first_row)s)
            AS fresh
    FROM patients_result AS result
    WHERE result.patient_id = incoming.patient_id AND result.analyte_id = incoming.analyte_id
        AND result.collected_at = incoming.collected_at AND result.accession = incoming.accession
) AS stored
WHERE stored.versions > 1 AND stored.fresh > 0
"""
# What is superseded, and since when, follows from the set of versions alone, not from the order
# in which they came: a version ends when a later one of its thread is known here, and at once
# when that was known before. Decision 0002 says what "later" is.
SUPERSEDE = """
UPDATE patients_result AS result SET superseded_at = ordered.superseded_at
FROM (
    SELECT id, CASE WHEN next_known_at IS NOT NULL
        THEN greatest(next_known_at, recorded_at) END AS superseded_at
    FROM (
        SELECT id, recorded_at, min(recorded_at) OVER (
            PARTITION BY patient_id, analyte_id, collected_at, accession
            ORDER BY status NOT IN ('registered', 'preliminary'), issued_at,
                CASE status WHEN 'registered' THEN 0 WHEN 'preliminary' THEN 1 WHEN 'final' THEN 2
                    WHEN 'corrected' THEN 3 WHEN 'amended' THEN 3 ELSE 4 END,
                recorded_at, import_row NULLS FIRST, version
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_known_at
        FROM patients_result WHERE (patient_id, analyte_id, collected_at, accession) IN (
            SELECT * FROM unnest(%(patients)s::bigint[], %(analytes)s::bigint[],
                %(collected)s::timestamptz[], %(accessions)s::text[])
        )
    ) AS versions
) AS ordered
WHERE result.id = ordered.id AND result.superseded_at IS DISTINCT FROM ordered.superseded_at
"""
COPY_RESULTS = f"COPY lab_incoming ({', '.join(Incoming._fields)}) FROM STDIN"
COPY_PROBLEMS = (
    'COPY patients_importproblem (lab_import_id, "row", "column", code, message, repair, seen)'
    " FROM STDIN"
)
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def store(lab_import: LabImport, results: list[Incoming]) -> Counts:
    """Store results of one stretch of a file inside the caller's transaction."""
    if not results:
        return Counts(0, 0, 0)
    lookup: dict[str, Any] = {"lab_import": lab_import.pk, "first_row": results[0].import_row}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)
        cursor.execute(STAGE)
        with cursor.copy(COPY_RESULTS) as copy:
            copy.write("".join(map(_line, results)))
        origin = {"recorded_at": lab_import.uploaded_at, "source": SOURCE}
        cursor.execute(INSERT, lookup | origin)
        stored = cursor.rowcount
        cursor.execute(SEVERAL_VERSIONS, lookup)
        several = cursor.fetchall()
        supersede(row[:4] for row in several)
    corrected = sum(fresh - (fresh == versions) for *_thread, versions, fresh in several)
    return Counts(stored - corrected, corrected, len(results) - stored)


def supersede(threads: Iterable[Sequence[Any]]) -> None:
    """Mark every version of these results but the newest as superseded.

    A result is (patient_id, analyte_id, collected_at, accession).
    """
    if keys := list(threads):
        patients, analytes, collected, accessions = map(list, zip(*keys, strict=True))
        columns = {"patients": patients, "analytes": analytes, "collected": collected,
                   "accessions": accessions}  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(SUPERSEDE, columns)


def store_problems(lab_import: LabImport, problems: list[labcsv.Problem]) -> None:
    if problems:
        with connection.cursor() as cursor, cursor.copy(COPY_PROBLEMS) as copy:
            for problem in problems:
                copy.write_row((lab_import.pk, *problem))


def _line(result: Incoming) -> str:
    """One row in the text format of COPY; \\N is null, bytes are hexadecimal."""
    (row, patient, analyte, version, accession, value, comparator, as_sent, unit,
     status, collected, issued, low, high, flag) = result  # fmt: skip
    return (
        f"{row}\t{patient}\t{analyte}\t{version}\t"
        f"{accession.translate(ESCAPES)}\t{_number(value)}\t{comparator}\t"
        f"{as_sent.translate(ESCAPES)}\t{unit.translate(ESCAPES)}\t{status}\t"
        f"{collected.isoformat()}\t{issued.isoformat()}\t{_number(low)}\t{_number(high)}\t{flag}\n"
    )


def _number(value: float | None) -> str:
    return r"\N" if value is None else repr(value)
