"""Columns of texts as columns of meanings, or refusals that say why not.

Each distinct text of a column is read once, by the reader of one cell (`cells`), so that a
million rows cost what their few thousand distinct cells cost. Times in the usual form are read
by whole columns; a test shows that both ways agree.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, tzinfo
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import polars as pl

from . import cells
from .cells import Refusal, Value
from .columns import Texts
from .memories import memories
from .profile import Profile

T = TypeVar("T")
FIRST_YEAR_STARTS = -25_567  # 1900, in days before 1970
STATUSES = ("registered", "preliminary", "final", "corrected", "amended", "cancelled",
            "entered-in-error")  # fmt: skip
# A time of day in UTC or, without the Z, of the site; and a printable text without edges.
USUAL_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-5][0-9](?::[0-5][0-9])?Z?$"
USUAL_TEXT = r"^(?:[!-~](?:[ -~]{0,28}[!-~])?)?$"


class Coded(NamedTuple, Generic[T]):
    """A column of few distinct meanings: `meanings[codes[i]]` is what row i says."""

    codes: np.ndarray  # int32 (n,)
    meanings: Sequence[T]

    def at(self, place: int) -> T:
        return self.meanings[self.codes[place]]

    def each(self, of: Callable[[T], Any], dtype: str) -> np.ndarray:
        """Something of every row's meaning, asked once for each distinct one."""
        return np.array([of(meaning) for meaning in self.meanings], dtype)[self.codes]

    def texts(self, of: Callable[[T], str]) -> pl.Series:
        known = pl.Series([of(meaning) for meaning in self.meanings], dtype=pl.String)
        return known.gather(self.codes)


class Moments(NamedTuple):
    """Times as microseconds since 1970 (UTC), NOT_SAID where a row gives none."""

    at: np.ndarray  # int64 (n,)
    has_time: np.ndarray  # bool (n,)
    day: np.ndarray  # int32 (n,): the sender's own date, in days since 1970


class Readings(NamedTuple):
    """What n rows say. What a refused row says is not to be used."""

    rows: np.ndarray  # int64 (n,): lines of the file
    refused: dict[int, Refusal]  # by place, 0 to n - 1
    texts: pl.DataFrame
    status: np.ndarray  # int8 (n,): place in STATUSES
    value: Coded[Value]
    identifier: Coded[str]
    system: Coded[str]
    code: Coded[str]
    unit: Coded[str]
    collected: Moments
    issued: Moments
    accession: pl.Series
    low: np.ndarray  # float64 (n,), NaN for none, in the row's own unit
    high: np.ndarray
    flag: Coded[tuple[str, str]]  # in our words, and a remark on one that has none
    note: Coded[str]
    range_remark: Coded[str]  # a reference range in words
    birth_date: Coded[date | None]


class Reader:
    """Reads the columns of one file and remembers what its cells have said so far."""

    def __init__(self, profile: Profile, *, zone: tzinfo):
        """`zone` is the site's, for times without an offset in files that name no other."""
        self.zone = profile.zone_or(zone)
        self.memories = memories(profile, self.zone)

    def read(self, texts: Texts) -> Readings:
        """The first column to refuse a row, in the order below, is the one that is named."""
        stretch = _Stretch(texts, self)
        value, status = stretch.value_and_status()
        low, high, remark = stretch.limits()
        return Readings(
            rows=texts.rows,
            texts=texts.cells,
            status=status,
            value=value,
            identifier=stretch.column("mrn"),
            system=stretch.column("identifier_system"),
            code=stretch.code(),
            unit=stretch.column("unit"),
            collected=stretch.moments("collected_at"),
            issued=stretch.moments("issued_at"),
            accession=stretch.usual_texts("accession"),
            low=low,
            high=high,
            flag=stretch.column("flag"),
            note=stretch.column("note"),
            range_remark=remark,
            birth_date=stretch.column("birth_date"),
            refused=stretch.refused,
        )


class _Stretch:
    """The columns of one stretch while they are read, and which rows were refused."""

    def __init__(self, texts: Texts, reader: Reader):
        self.cells = texts.cells
        self.memories = reader.memories
        self.zone = reader.zone
        self.everywhere = np.arange(len(texts.rows))
        self.refused: dict[int, Refusal] = {}

    def column(self, field: str) -> Coded[Any]:
        if field not in self.cells.columns:
            return self._coded(field, pl.Series([""]), self.everywhere, len(self.everywhere))
        return self._coded(field, self.cells[field], self.everywhere)

    def value_and_status(self) -> tuple[Coded[Value], np.ndarray]:
        """The values, and the status by its place in STATUSES: a value cell may say it too."""
        status, value = self.column("status"), self.column("value")
        pairs = np.ravel_multi_index(
            (value.codes, status.codes), (len(value.meanings), len(status.meanings))
        )
        distinct, of_row = np.unique(pairs, return_inverse=True)
        of_value, of_column = np.divmod(distinct, len(status.meanings))
        states = [
            cells.state(value.meanings[v].status, status.meanings[s])
            for v, s in zip(of_value, of_column, strict=True)
        ]
        is_missing = [
            state not in cells.WITHOUT_VALUE and _says_nothing(value.meanings[v])
            for v, state in zip(of_value, states, strict=True)
        ]
        for place in np.flatnonzero(np.array(is_missing, bool)[of_row]).tolist():
            self.refused.setdefault(place, MISSING_VALUE)
        return value, np.array([STATUSES.index(state) for state in states], "int8")[of_row]

    def code(self) -> Coded[str]:
        """The test's code, or its name where the file has no codes."""
        has_codes = "code" in self.cells.columns or "test_name" not in self.cells.columns
        return self.column("code" if has_codes else "test_name")

    def limits(self) -> tuple[np.ndarray, np.ndarray, Coded[str]]:
        """Reference limits from two columns, or from one that holds both."""
        low = self.column("reference_low").each(_or_nan, "float64")
        high = self.column("reference_high").each(_or_nan, "float64")
        both = self.column("reference_range")
        low = np.where(np.isnan(low), both.each(lambda limits: _or_nan(limits.low), "f8"), low)
        high = np.where(np.isnan(high), both.each(lambda limits: _or_nan(limits.high), "f8"), high)
        return low, high, Coded(both.codes, [limits.remark for limits in both.meanings])

    def usual_texts(self, field: str) -> pl.Series:
        """Texts of which nearly each is another: only unusual ones are looked at singly."""
        if field not in self.cells.columns:
            return self.column(field).texts(str)
        series = self.cells[field]
        unusual = np.flatnonzero(~series.str.contains(USUAL_TEXT).to_numpy())
        if not len(unusual):
            return series
        read = self._coded(field, series.gather(unusual), unusual).texts(str)
        return series.scatter(unusual, read)

    def moments(self, field: str) -> Moments:
        if field not in self.cells.columns:
            return _as_moments(self.column(field))
        series = self.cells[field]
        moments, is_read = _usual_moments(series, self.zone)
        rest = np.flatnonzero(~is_read)
        if len(rest):
            singly = _as_moments(self._coded(field, series.gather(rest), rest))
            for whole, part in zip(moments, singly, strict=True):
                whole[rest] = part
        return moments

    def _coded(
        self, field: str, series: pl.Series, places: np.ndarray, repeat: int = 1
    ) -> Coded[Any]:
        """Distinct meanings of texts that stand at these places of the stretch."""
        memory = self.memories[field]
        distinct = series.unique()
        numbers = pl.Series(range(len(distinct)), dtype=pl.Int32)
        places_of = series.replace_strict(distinct, numbers, return_dtype=pl.Int32)
        codes = places_of.to_numpy().astype("int32", copy=False)  # no rows have no type
        codes = np.repeat(codes, repeat) if repeat != 1 else codes
        meanings = [memory[text] for text in distinct.to_list()]
        is_refusal = np.array([isinstance(meaning, Refusal) for meaning in meanings], bool)
        if is_refusal.any():
            for place in np.flatnonzero(is_refusal[codes]):
                self.refused.setdefault(int(places[place]), meanings[codes[place]])
            meanings = [memory.blank if isinstance(meaning, Refusal) else meaning
                        for meaning in meanings]  # fmt: skip
        return Coded(codes, meanings)


def _usual_moments(series: pl.Series, zone: tzinfo) -> tuple[Moments, np.ndarray]:
    """Times in the usual form, by whole columns, and which rows that was possible for."""
    is_usual = series.str.contains(USUAL_MOMENT)
    is_utc = series.str.ends_with("Z")
    has_seconds = series.str.len_bytes() - is_utc.cast(pl.UInt32) == len("2026-03-01T08:30:00")
    frame = pl.DataFrame({"text": series, "seconds": has_seconds})
    clock = frame.select(
        (
            pl.col("text").str.head(10) + " " + pl.col("text").str.slice(11, 5)
            + pl.when("seconds").then(pl.col("text").str.slice(16, 3)).otherwise(pl.lit(":00"))
        ).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    ).to_series()  # fmt: skip
    local = _in_zone(clock, zone)
    at = pl.select(pl.when(is_utc).then(clock.to_physical()).otherwise(local)).to_series()
    day = clock.dt.date().to_physical()
    is_read = (is_usual & at.is_not_null() & (day >= FIRST_YEAR_STARTS)).fill_null(value=False)
    moments = Moments(
        at.fill_null(0).to_numpy().copy(),
        np.ones(len(series), bool),
        day.fill_null(0).to_numpy().copy(),
    )
    return moments, is_read.to_numpy()


def _in_zone(clock: pl.Series, zone: tzinfo) -> pl.Series:
    """Clock times of a zone as microseconds UTC; null where the clocks were changed."""
    name = getattr(zone, "key", "UTC" if zone is UTC else None)
    if name is None:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, len(clock))
    return clock.dt.replace_time_zone(name, ambiguous="null", non_existent="null").to_physical()


def _as_moments(coded: Coded[tuple[int, bool, int]]) -> Moments:
    return Moments(
        coded.each(lambda moment: moment[0], "int64"),
        coded.each(lambda moment: moment[1], "bool"),
        coded.each(lambda moment: moment[2], "int32"),
    )


def _says_nothing(value: Value) -> bool:
    return value.number is None and not value.text


def _or_nan(number: float | None) -> float:
    return np.nan if number is None else number


MISSING_VALUE = Refusal(
    "value",
    "missing_value",
    "There is no value.",
    "Fill in the value, or give the status cancelled.",
)
