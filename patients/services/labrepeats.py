"""Who else has said what is stored: what stands when the first to say it is withdrawn."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection

from patients.models import LabImport, RepeatedResults, ResultMove
from patients.services import lablatest, labversions
from patients.services.laborigin import Origin
from patients.services.labversions import COPIED, THREAD, same_thread

SAME_VERSION_SAID = f"{same_thread('said', 'gone')} AND said.version = gone.version"
SAME_VERSION_MEANT = f"{same_thread('meant', 'gone')} AND meant.version = gone.version"
# A correction without a time of issue is as new as the file that said so.
ISSUED_AT = """CASE
    WHEN gone.status IN ('corrected', 'amended', 'cancelled', 'entered-in-error')
        AND gone.issued_at = (SELECT uploaded_at FROM patients_labimport AS its
            WHERE its.id = gone.lab_import_id) THEN repeat.said_at ELSE gone.issued_at END"""
SAID_AGAIN = ", ".join(
    ISSUED_AT if name == "issued_at" else f"gone.{name}" for name in COPIED.split(", ")
)
# The first to repeat it, of those whose file stands, now says it in the place of the withdrawn.
SPEAK_UP = f"""
INSERT INTO patients_result (
    {COPIED}, lab_import_id, import_row, source, restatement, recorded_at)
SELECT DISTINCT ON (gone.patient_id, gone.analyte_id, gone.collected_at, gone.accession,
        gone.version)
    {SAID_AGAIN}, repeat.lab_import_id, repeat.row, repeat.source,
    (SELECT max(said.restatement) + 1 FROM patients_result AS said WHERE {SAME_VERSION_SAID}),
    %(now)s
FROM patients_result AS gone
JOIN patients_result AS meant ON {SAME_VERSION_MEANT}
JOIN (
    SELECT repeats.lab_import_id, repeats.source, coalesce(file.uploaded_at, repeats.recorded_at)
        AS said_at, said.result_id, said.row
    FROM patients_repeatedresults AS repeats
    LEFT JOIN patients_labimport AS file ON file.id = repeats.lab_import_id
    CROSS JOIN LATERAL unnest(repeats.results, repeats.rows) AS said (result_id, row)
    WHERE file.withdrawn_at IS NULL
) AS repeat ON repeat.result_id = meant.id
WHERE {{gone}} AND NOT EXISTS (
    SELECT FROM patients_result AS said WHERE {SAME_VERSION_SAID} AND withdrawn_at IS NULL)
ORDER BY gone.patient_id, gone.analyte_id, gone.collected_at, gone.accession, gone.version,
    repeat.said_at, repeat.row, gone.restatement
"""  # noqa: S608
TELL = f"RETURNING {', '.join(THREAD)}"
OF_FILE = "gone.lab_import_id = %(lab_import)s AND gone.withdrawn_at = %(now)s"
GIVEN = "gone.id = ANY(%(results)s)"
WAS_MOVED = """EXISTS (
    SELECT FROM patients_resultmove AS moved
    WHERE moved.results @> jsonb_build_array(jsonb_build_array({row}.id))
        AND EXISTS (SELECT FROM jsonb_array_elements(moved.results) AS pair
            WHERE pair -> 0 = to_jsonb({row}.id)))"""
OF_PATIENTS = f"""gone.patient_id = ANY(%(patients)s) AND gone.withdrawn_at IS NOT NULL
    AND EXISTS (SELECT FROM patients_labimport AS its
        WHERE its.id = gone.lab_import_id AND its.withdrawn_at IS NOT NULL)
    AND NOT {WAS_MOVED.format(row="gone")}"""
SILENT = f"""
SELECT gone.id FROM patients_result AS gone
WHERE gone.id = ANY(%(results)s) AND NOT EXISTS (
    SELECT FROM patients_result AS said WHERE {SAME_VERSION_SAID} AND withdrawn_at IS NULL)
"""  # noqa: S608
# Where each of these results stands now, after one move or several.
MOVED_TO = """
WITH RECURSIVE went (id, to_id) AS (
    SELECT result.id, result.id FROM patients_result AS result
    WHERE result.id = ANY(%(results)s) AND result.withdrawn_at IS NOT NULL
    UNION ALL
    SELECT went.id, (pair ->> 1)::bigint
    FROM went
    JOIN patients_resultmove AS moved
        ON moved.results @> jsonb_build_array(jsonb_build_array(went.to_id))
    CROSS JOIN LATERAL jsonb_array_elements(moved.results) AS pair
    WHERE pair -> 0 = to_jsonb(went.to_id)
)
SELECT DISTINCT ON (id) id, to_id FROM went WHERE to_id <> id ORDER BY id, to_id DESC
"""


def note(repeated: pl.DataFrame, stored: pl.DataFrame, origin: Origin) -> int:
    """Write down which stored versions the rows of a stretch repeat.

    `repeated`: `thread`, `version`, `import_row`; `stored`: versions that are here, with
    `thread`, `version`, `id`, `lab_import_id`, `is_withdrawn`. What a file repeats of itself
    goes when it goes. What was moved to its right patient is repeated there; where its file has
    been withdrawn since, these rows say it anew. Returns how many do.
    """
    if repeated.is_empty():
        return 0
    said = _said(repeated, stored, but_of=origin.import_id)
    if said.is_empty():
        return 0
    results = said["id"].to_list()
    went = moved_to(results)
    RepeatedResults.objects.create(
        lab_import=origin.lab_import,
        recorded_at=origin.received_at,
        source=origin.source,
        results=[went.get(result, result) for result in results],
        rows=said["import_row"].to_list(),
    )
    moved = {"results": sorted(set(went.values())), "now": origin.received_at}
    return _speak_up_and_settle(GIVEN, moved) if went else 0


def would_say_anew(repeated: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """The rows of these that `note` would store anew, without storing them: the first to say
    each. With `result`, the key of what stands nowhere now and would stand again."""
    said = _said(repeated, stored)
    went = moved_to(said["id"].to_list())
    with connection.cursor() as cursor:
        cursor.execute(SILENT, {"results": sorted(set(went.values()))})
        silent = {result for (result,) in cursor.fetchall()}
    moved = [went.get(result) for result in said["id"]]
    anew = said.with_columns(result=pl.Series(moved, dtype=pl.Int64))
    anew = anew.filter(pl.col("result").is_in(list(silent)))
    return anew.unique("result", keep="first", maintain_order=True)


def _said(
    repeated: pl.DataFrame, stored: pl.DataFrame, *, but_of: int | None = None
) -> pl.DataFrame:
    """The rows with the stored version that each repeats, but those of one file."""
    others = stored.filter(~pl.col("is_withdrawn"))
    if but_of is not None:
        others = others.filter(pl.col("lab_import_id").ne_missing(but_of))
    others = others.unique(["thread", "version"], keep="first", maintain_order=True)
    return repeated.join(others, on=["thread", "version"], how="inner", maintain_order="left")


def carry(pairs: Iterable[tuple[int, int]]) -> None:
    """What others said again of results that are moved they say again of their copies.

    `pairs` are keys of results and of their copies.
    """
    copies = dict(pairs)
    for repeats in RepeatedResults.objects.filter(results__overlap=list(copies)).order_by("pk"):
        kept = [place for place, result in enumerate(repeats.results) if result in copies]
        RepeatedResults.objects.create(
            lab_import_id=repeats.lab_import_id,
            recorded_at=repeats.recorded_at,
            source=repeats.source,
            results=[copies[repeats.results[place]] for place in kept],
            rows=[repeats.rows[place] for place in kept],
        )


def speak_up(lab_import: LabImport, *, now: datetime) -> None:
    """Store for others what a file that was withdrawn at `now` had said before them."""
    if RepeatedResults.objects.exists():
        with connection.cursor() as cursor:  # of a long file too many to be told one by one
            cursor.execute(SPEAK_UP.format(gone=OF_FILE), {"lab_import": lab_import.pk, "now": now})


def speak_up_of(patients: Iterable[int], *, now: datetime) -> None:
    """The same for everything that was withdrawn of these patients: what the other record of a
    merge had said for them went with it."""
    if RepeatedResults.objects.exists():
        _speak_up_and_settle(OF_PATIENTS, {"patients": list(patients), "now": now})


def _speak_up_and_settle(gone: str, arguments: dict[str, Any]) -> int:
    threads = _speak_up(gone, arguments)
    labversions.supersede(threads)
    labversions.restate(threads)
    lablatest.refresh(thread[:2] for thread in threads)
    return len(threads)


def _speak_up(gone: str, arguments: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(SPEAK_UP.format(gone=gone) + TELL, arguments)
        return cursor.fetchall()


def moved_to(results: Iterable[int]) -> dict[int, int]:
    """Where those of these results that were moved to another patient stand now, by key."""
    if not ResultMove.objects.exists():
        return {}
    with connection.cursor() as cursor:
        cursor.execute(MOVED_TO, {"results": list(results)})
        return dict(cursor.fetchall())
