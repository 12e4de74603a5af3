"""Stretches of a file that say only what is not here yet, stored without asking first.

Most files of a laboratory are news from end to end. Their rows are written out for COPY while
the stretch before them is stored, and looked up afterwards, by index and all at once: should one
of their results have been here, all is undone and `labstore` stores the stretch, asking first.
"""

from typing import NamedTuple

import polars as pl
from django.db import IntegrityError, connection, transaction

from patients.models import Result
from patients.services import lablatest, labstore
from patients.services.copying import copy_lines, last_id, lines, new_ids
from patients.services.laborigin import Origin
from patients.services.labversions import same_thread

WAS_HERE = f"""
SELECT EXISTS (
    SELECT FROM patients_result AS fresh CROSS JOIN LATERAL (
        SELECT FROM patients_result AS earlier
        WHERE {same_thread("earlier", "fresh")} AND earlier.id < %(first)s LIMIT 1
    ) AS known
    WHERE fresh.id BETWEEN %(first)s AND %(last)s
)
"""  # noqa: S608


class Written(NamedTuple):
    """Rows as `labstore.numbered` has them, and the new ones of them as COPY reads them."""

    rows: pl.DataFrame
    fresh: pl.DataFrame
    names: list[str]
    lines: list[bytes]


class WasHere(Exception):
    """Something is known already of a result of this stretch."""


class News:
    """The rows of one file, for as long as it says only what is not here yet.

    `write` asks the database nothing, so that it may run in another thread.
    """

    def __init__(self, origin: Origin):
        self.origin = origin
        self.is_likely = True

    def write(self, rows: pl.DataFrame) -> Written | None:
        """None where these rows are not to be tried; `rows` as `labstore.numbered` has them."""
        if rows.is_empty() or not self.is_likely:
            return None
        fresh = labstore.firsts(rows)
        columns = labstore.told_by(fresh, self.origin).drop("thread", "is_first")
        return Written(rows, fresh, columns.columns, list(lines(columns)))

    def store(self, written: Written) -> labstore.Counts | None:
        """Store rows in the caller's turn; None, and nothing stored, where some are no news."""
        try:
            with transaction.atomic():
                first, last = self._copy(written)
        except (IntegrityError, WasHere):
            # The rest of the file is likely to be known as well: each failure costs a stretch.
            self.is_likely = False
            return None
        lablatest.put(first, last)
        several = written.fresh.filter(written.fresh["thread"].is_duplicated())
        labstore.order(several)
        begun = written.fresh["thread"].n_unique()
        fresh = written.fresh.height
        return labstore.Counts(begun, fresh - begun, written.rows.height - fresh)

    def _copy(self, written: Written) -> tuple[int, int]:
        """The numbers between which the new rows lie, and perhaps others'."""
        [before] = new_ids(Result, 1)
        copy_lines(labstore.TABLE, written.names, written.lines)
        span = {"first": before + 1, "last": last_id(Result)}
        with connection.cursor() as cursor:
            cursor.execute(WAS_HERE, span)
            if cursor.fetchone()[0]:
                raise WasHere
        return span["first"], span["last"]
