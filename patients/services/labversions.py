"""Which version of a result counts, since when and until when. Decisions 0002 and 0008.

What is superseded follows from the set of versions alone, not from the order in which they
came: a version ends when a later one of its thread is known here, and at once when that was
known before. One that had been withdrawn by then ends nothing; and when the withdrawal of
others makes a version count again, it is stated anew, because one row has one life.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

# Writers of results take turns: two transactions that store versions of one thread at the same
# time would each see its own as the newest. Shared with no other advisory lock.
LOCK = (4_712, 0)
THREAD = ("patient_id", "analyte_id", "collected_at", "accession")

COPIED = (
    "patient_id, analyte_id, accession, version, value, comparator, text, note, value_as_sent, "
    "unit_as_sent, status, collected_at, issued_at, reference_low, reference_high, flag"
)


def same_thread(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in THREAD)


def _order(row: str) -> str:
    """Versions of one thread in their order; the last is the one that counts.

    A statement takes its place by when it was first made here: a row of a file by the file's
    upload, one of a message by its arrival, also where it was stated anew later.
    """
    return f"""ROW(
        {row}.status NOT IN ('registered', 'preliminary'), {row}.issued_at,
        CASE {row}.status WHEN 'registered' THEN 0 WHEN 'preliminary' THEN 1 WHEN 'final' THEN 2
            WHEN 'corrected' THEN 3 WHEN 'amended' THEN 3 ELSE 4 END,
        coalesce(
            (SELECT uploaded_at FROM patients_labimport WHERE id = {row}.lab_import_id),
            CASE WHEN {row}.restatement = 0 THEN {row}.recorded_at ELSE (
                SELECT min(first.recorded_at) FROM patients_result AS first
                WHERE {same_thread("first", row)} AND first.version = {row}.version
                    AND first.lab_import_id IS NULL
            ) END
        ),
        coalesce({row}.import_row, -1), {row}.version, {row}.restatement
    )"""  # noqa: S608


GIVEN = """
SELECT patient_id, analyte_id, collected_at, accession FROM unnest(%(patients)s::bigint[],
    %(analytes)s::bigint[], %(collected)s::timestamptz[], %(accessions)s::text[])
    AS given (patient_id, analyte_id, collected_at, accession)
"""
# Subqueries by index for each row, because the planner cannot know how few versions a thread has.
SUPERSEDE = f"""
UPDATE patients_result AS result SET superseded_at = ordered.superseded_at
FROM (
    SELECT version.id, least(version.withdrawn_at, (
        SELECT min(greatest(later.recorded_at, version.recorded_at))
        FROM patients_result AS later
        WHERE {same_thread("later", "version")} AND later.id <> version.id
            AND (later.withdrawn_at IS NULL
                OR later.withdrawn_at > greatest(later.recorded_at, version.recorded_at))
            AND {_order("later")} > {_order("version")}
    )) AS superseded_at
    FROM ({GIVEN}) AS thread
    CROSS JOIN LATERAL (
        SELECT * FROM patients_result AS result WHERE {same_thread("result", "thread")} OFFSET 0
    ) AS version
) AS ordered
WHERE result.id = ordered.id AND result.superseded_at IS DISTINCT FROM ordered.superseded_at
"""  # noqa: S608
# The best version that is left has ended although nothing better is left: it was ended by what
# was withdrawn since, and counts again from the last of those withdrawals on.
RESTATE = f"""
INSERT INTO patients_result (
    {COPIED}, lab_import_id, import_row, source, restatement, recorded_at)
SELECT {COPIED}, best.lab_import_id, best.import_row,
    best.source,
    (SELECT max(said.restatement) + 1 FROM patients_result AS said
        WHERE {same_thread("said", "best")} AND said.version = best.version),
    greatest(best.recorded_at, (SELECT max(better.withdrawn_at) FROM patients_result AS better
        WHERE {same_thread("better", "best")} AND {_order("better")} > {_order("best")}))
FROM (
    SELECT left_over.* FROM ({GIVEN}) AS thread
    CROSS JOIN LATERAL (
        SELECT * FROM patients_result AS result
        WHERE {same_thread("result", "thread")} AND withdrawn_at IS NULL
        ORDER BY {_order("result")} DESC LIMIT 1
    ) AS left_over
    WHERE left_over.superseded_at IS NOT NULL
) AS best
"""  # noqa: S608


def take_turns() -> None:
    """Wait for the other writers of results, until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", LOCK)


def supersede(threads: Iterable[Sequence[Any]]) -> None:
    """End every version of these results but the newest, each at its moment.

    A result is (patient_id, analyte_id, collected_at, accession).
    """
    _execute(SUPERSEDE, threads)


def restate(threads: Iterable[Sequence[Any]]) -> None:
    """State anew what counts again because something was withdrawn; after `supersede`."""
    _execute(RESTATE, threads)


def _execute(statement: str, threads: Iterable[Sequence[Any]]) -> None:
    keys = sorted(map(tuple, threads))
    if not keys:
        return
    patients, analytes, collected, accessions = map(list, zip(*keys, strict=True))
    columns = {"patients": patients, "analytes": analytes, "collected": collected,
               "accessions": accessions}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
