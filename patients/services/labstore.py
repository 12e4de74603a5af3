"""Results into the database by sets: look up what is here, COPY what is new, order versions.

Inside the caller's transaction, and in turn with all other writers of results: what was looked
up stays true until the rows are in.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import NamedTuple

import polars as pl
from django.db import connection

from patients import labcsv
from patients.models import ImportProblem, LabImport, Result
from patients.services import lablatest, labrepeats
from patients.services.copying import copy_columns, copy_new, new_ids, query_columns
from patients.services.laborigin import Origin
from patients.services.labversions import LOCK, THREAD, restate, supersede, take_turns

__all__ = ["LOCK", "Counts", "refresh_latest", "store", "store_problems", "supersede"]

VERSION = [*THREAD, "version"]
TABLE = "patients_result"
STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS lab_threads (
    thread int, patient_id bigint, analyte_id bigint, collected_at timestamptz, accession text
) ON COMMIT DELETE ROWS
"""
# LATERAL keeps the planner, which knows nothing of a staging table, at one index probe a thread.
# What was moved to its right patient is here, elsewhere: said again, it is no news of this one.
STORED = """
SELECT thread, stored.* FROM lab_threads AS incoming CROSS JOIN LATERAL (
    SELECT id, version, restatement,
        withdrawn_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM patients_resultmove AS moved
            WHERE moved.results @> jsonb_build_array(jsonb_build_array(result.id))
                AND EXISTS (SELECT FROM jsonb_array_elements(moved.results) AS pair
                    WHERE pair -> 0 = to_jsonb(result.id))
        ), lab_import_id
    FROM patients_result AS result
    WHERE result.patient_id = incoming.patient_id AND result.analyte_id = incoming.analyte_id
        AND result.collected_at = incoming.collected_at AND result.accession = incoming.accession
    OFFSET 0
) AS stored
"""
STORED_COLUMNS = {
    "thread": pl.UInt32, "id": pl.Int64, "version": pl.Int64, "restatement": pl.Int32,
    "is_withdrawn": pl.String, "lab_import_id": pl.Int64,
}  # fmt: skip


class Counts(NamedTuple):
    accepted: int  # first version of a result
    corrected: int  # another version of a result that was here
    duplicate: int  # a version that was here


class Sorted(NamedTuple):
    """Rows told apart by what is here already; `thread` numbers their results."""

    rows: pl.DataFrame
    fresh: pl.DataFrame  # the first row of each version that is not here
    repeated: pl.DataFrame  # rows whose version is stored
    stored: pl.DataFrame
    counts: Counts


def store(results: pl.DataFrame, origin: Origin) -> Counts:
    """Store results, columns as `labmeaning.Meant` has them."""
    if results.is_empty():
        return Counts(0, 0, 0)
    take_turns()
    found = tell_apart(results)
    again = labrepeats.note(found.repeated, found.stored, origin)
    if not found.fresh.is_empty():
        _copy(found, origin)
    accepted, corrected, duplicate = found.counts
    return Counts(accepted + again, corrected, duplicate - again)


def tell_apart(results: pl.DataFrame, *, also: str = "") -> Sorted:
    """Which rows are new, which were here, and what is stored of their results.

    `also` is a query for versions that count as stored, beside STORED and like it.
    """
    rows = results if "thread" in results.columns else numbered(results)
    stored = _stored(rows, also)
    live = stored.filter(~pl.col("is_withdrawn"))
    fresh, repeated = firsts(rows), rows.clear()
    begun = fresh["thread"].n_unique()
    if not live.is_empty():
        here = live.select("thread", "version").unique()
        fresh = fresh.join(here, on=["thread", "version"], how="anti", maintain_order="left")
        repeated = rows.join(here, on=["thread", "version"], how="semi", maintain_order="left")
        begun = fresh.join(live, on="thread", how="anti")["thread"].n_unique()
    counts = Counts(begun, fresh.height - begun, rows.height - fresh.height)
    return Sorted(rows, fresh, repeated, stored, counts)


def refresh_latest(subjects: Iterable[int | tuple[int, int]]) -> None:
    """Search for the newest values of these patients, or of these (patient, analyte)."""
    subjects = list(subjects)
    lablatest.refresh_of(subject for subject in subjects if isinstance(subject, int))
    lablatest.refresh(subject for subject in subjects if not isinstance(subject, int))


def store_problems(lab_import: LabImport, problems: Sequence[labcsv.Problem]) -> None:
    """Keep refused rows; what is kept of a row and column already stays."""
    if problems:
        columns = pl.DataFrame(problems, schema=list(labcsv.Problem._fields), orient="row")
        copy_new(ImportProblem, columns.with_columns(lab_import_id=pl.lit(lab_import.pk)))


def numbered(results: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of the index, which is what makes it cheap to fill.

    With their results' numbers as `thread`, and whether they are the first to say their version
    as `is_first`.
    """
    if results.is_empty():
        return results
    is_other = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in THREAD)
    begins = is_other.fill_null(value=True)
    is_other_version = (pl.col("version") != pl.col("version").shift()).fill_null(value=True)
    return (
        results.lazy()
        .sort([*VERSION, "import_row"])
        .with_columns(thread=begins.cum_sum(), is_first=begins | is_other_version)
        .collect()
    )


def firsts(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of each version, of rows as `numbered` has them."""
    return rows if rows["is_first"].all() else rows.filter("is_first")


def _stored(rows: pl.DataFrame, also: str) -> pl.DataFrame:
    """All versions of these threads that are here, withdrawn ones too."""
    threads = rows.select("thread", *THREAD)
    if threads["thread"][-1] < threads.height:
        threads = threads.unique("thread", keep="first", maintain_order=True)
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.execute("DELETE FROM lab_threads")
        copy_columns("lab_threads", threads)
    query = f"{STORED} UNION ALL {also}" if also else STORED
    stored = query_columns(query, STORED_COLUMNS)
    return stored.with_columns(is_withdrawn=pl.col("is_withdrawn") == "t")


def _copy(found: Sorted, origin: Origin) -> None:
    fresh = told_by(_with_restatements(found.fresh, found.stored), origin).with_columns(
        id=pl.Series(new_ids(Result, found.fresh.height), dtype=pl.Int64)
    )
    copy_columns(TABLE, fresh.drop("thread", "is_first"))
    lablatest.put(fresh["id"][0], fresh["id"][-1])
    is_several = _are_several(fresh, found.stored)
    order(fresh.filter(is_several), found.stored)


def told_by(rows: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Rows with who said so and when."""
    return rows.with_columns(
        lab_import_id=pl.lit(origin.import_id, pl.Int64),
        recorded_at=pl.lit(origin.received_at.astimezone(UTC).replace(tzinfo=None)),
        source=pl.lit(origin.source),
    )


def _are_several(fresh: pl.DataFrame, stored: pl.DataFrame) -> pl.Series:
    """Whether each row's result has another version, new or stored."""
    among_fresh = fresh["thread"].is_duplicated()
    if stored.is_empty():
        return among_fresh
    return among_fresh | fresh["thread"].is_in(stored["thread"].implode())


def _with_restatements(fresh: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """What was withdrawn and is said again is the next statement of the same version."""
    if stored.is_empty():
        return fresh.with_columns(restatement=pl.lit(0, pl.Int32))
    said = stored.group_by("thread", "version").agg(pl.col("restatement").max() + 1)
    joined = fresh.join(said, on=["thread", "version"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("restatement").fill_null(0))


def order(several: pl.DataFrame, stored: pl.DataFrame | None = None) -> None:
    """Order the versions of results that have more than one."""
    if several.is_empty():
        return
    supersede(_threads(several))
    if stored is not None:
        withdrawn = stored.filter("is_withdrawn").select("thread").unique()
        restate(_threads(several.join(withdrawn, on="thread", how="semi")))
    lablatest.refresh(several.select("patient_id", "analyte_id").unique().iter_rows())


def _threads(rows: pl.DataFrame) -> list[tuple]:
    distinct = rows.unique("thread").select(
        "patient_id", "analyte_id", pl.col("collected_at").dt.replace_time_zone("UTC"), "accession"
    )
    return list(distinct.iter_rows())
