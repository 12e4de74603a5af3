"""Many rows at once, by PostgreSQL's COPY: some 100,000 rows a second instead of 10,000."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
from django.db import connection, models

if TYPE_CHECKING:  # only callers who have pandas need it
    import pandas as pd

NULL = "\\N"
BLOCK = 2_000  # rows written while the server takes in those before them
MOMENT = "%Y-%m-%dT%H:%M:%S%.6f"  # UTC, which is the zone of every session
SEQUENCE = "SELECT pg_get_serial_sequence(%s, 'id')"
DRAWN = "SELECT nextval(%s::regclass) AS id FROM generate_series(1, %s)"
ENDS = f"WITH drawn AS MATERIALIZED ({DRAWN}) SELECT min(id), max(id) FROM drawn"  # noqa: S608


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys that no other row has or will get, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCE, [model._meta.db_table])
        arguments = [cursor.fetchone()[0], count]
        cursor.execute(ENDS, arguments)
        first, last = cursor.fetchone()
        # Nearly always nobody else drew in between, and all keys from first to last are ours.
        if first is not None and last - first + 1 == count:
            return list(range(first, last + 1))
        cursor.execute(DRAWN, arguments)
        return [row[0] for row in cursor.fetchall()]


def last_id(model: type[models.Model]) -> int:
    """The primary key that this session drew last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT currval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return cursor.fetchone()[0]


def copy_frame(model: type[models.Model], frame: pd.DataFrame) -> int:
    """Append a pandas frame to a table; its columns are named as the table's.

    Times are UTC. Constraints hold as for any insert; defaults of Django's fields do not, so
    that a column without a database default must be there. Returns the row count.
    """
    return copy_columns(model._meta.db_table, as_columns(frame))


def copy_columns(table: str, columns: pl.DataFrame) -> int:
    """Append columns named as those of a table; null is NULL. Return the row count."""
    if columns.height:
        copy_lines(table, columns.columns, lines(columns))
    return columns.height


def copy_lines(table: str, names: Sequence[str], blocks: Iterable[bytes]) -> None:
    """Append rows that `lines` has written, with these columns."""
    quote = connection.ops.quote_name
    statement = f"COPY {quote(table)} ({', '.join(map(quote, names))}) FROM STDIN"
    # COPY is the driver's own; its errors are made Django's as those of other statements are.
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for block in blocks:
            copy.write(block)


def lines(columns: pl.DataFrame) -> Iterator[bytes]:
    """Rows as COPY reads them, some at a time; null is NULL."""
    if escaped := _escaped(columns):
        columns = columns.with_columns(escaped)
    return map(_lines, columns.iter_slices(BLOCK))


def copy_new(model: type[models.Model], columns: pl.DataFrame) -> None:
    """Append the rows that no constraint of the table finds to be there already."""
    quote = connection.ops.quote_name
    table, stage = model._meta.db_table, f"incoming_{model._meta.model_name}"
    names = ", ".join(map(quote, columns.columns))
    with connection.cursor() as cursor:
        shape = f"SELECT {names} FROM {quote(table)} WITH NO DATA"  # noqa: S608
        create = f"CREATE TEMPORARY TABLE IF NOT EXISTS {quote(stage)} ON COMMIT DELETE ROWS"
        cursor.execute(f"{create} AS {shape}")
        cursor.execute(f"DELETE FROM {quote(stage)}")  # noqa: S608
        copy_columns(stage, columns)
        cursor.execute(
            f"INSERT INTO {quote(table)} ({names}) SELECT {names} FROM {quote(stage)}"  # noqa: S608
            " ON CONFLICT DO NOTHING"
        )


def query_columns(query: str, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """What a query without parameters selects, as columns of these names and types.

    For numbers and short words: the text of a cell must have neither tab nor backslash.
    """
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT") as copy,
    ):
        lines = b"".join(bytes(block) for block in copy)
    if not lines:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        lines, has_header=False, separator="\t", quote_char=None, null_values=NULL, schema=schema
    )


def _lines(columns: pl.DataFrame) -> bytes:
    lines = BytesIO()
    columns.write_csv(
        lines, include_header=False, separator="\t", quote_style="never", null_value=NULL,
        datetime_format=MOMENT,
    )  # fmt: skip
    return lines.getvalue()


def _escaped(columns: pl.DataFrame) -> list[pl.Expr]:
    """The texts that have something in them that COPY reads as its own."""
    suspect = columns.select(pl.col(pl.String).str.contains(r"[\\\t\r\n]").any()).row(0, named=True)
    replaced = []
    for name in (name for name, is_so in suspect.items() if is_so):
        series = pl.col(name)
        for sign, written in (("\\", "\\\\"), ("\t", "\\t"), ("\r", "\\r"), ("\n", "\\n")):
            series = series.str.replace_all(sign, written, literal=True)
        replaced.append(series)
    return replaced


def as_columns(frame: pd.DataFrame) -> pl.DataFrame:
    """A pandas frame as columns for COPY: missing values are null, everything else is text."""
    return pl.DataFrame([_as_series(str(name), frame[name]) for name in frame.columns])


def _as_series(name: str, column: pd.Series) -> pl.Series:
    kind = column.dtype.kind
    if kind == "M":
        return pl.Series(name, column.to_numpy("datetime64[us]"))
    if kind == "f":
        return pl.Series(name, column.to_numpy()).fill_nan(None)
    if kind in "iub":
        return pl.Series(name, column.to_numpy())
    known = {value: _text(value) for value in set(column.tolist())}
    return pl.Series(name, [known[value] for value in column.tolist()], dtype=pl.String)


def _text(value: object) -> str | None:
    if value is None or value != value:
        return None
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)
