"""The columnar way through a file says what the strict one says, cell by cell."""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patients import labcsv
from patients.labcsv import columns
from patients.labcsv.columns import Texts
from patients.labcsv.profile import Profile
from patients.labcsv.readings import Reader
from tests.patients.labfiles import HEADER, text

LINE = "CL-1,HBA1C,7.2,%,2026-03-01T08:00Z,final,,A1"


def all_texts(content):
    file = io.BytesIO(content)
    layout = labcsv.inspect(io.BytesIO(text(LINE).encode()))
    return [(texts.rows.tolist(), texts.cells.rows(), texts.malformed, texts.next_byte)
            for texts in columns.stretches(file, layout)]  # fmt: skip


def said(content):
    """Rows and refusals of a file, whatever the stretches were."""
    found = all_texts(content)
    rows = [row for stretch in found for row in zip(stretch[0], stretch[1], strict=True)]
    malformed = [(row, why.code) for stretch in found for row, why in stretch[2]]
    return rows, malformed, found[-1][3] if found else None


CELL = st.text(
    st.sampled_from(list("aB7.,;\" '\\\t|-µé漢\u00a0\ufeff#")), max_size=6
)  # fmt: skip
LINES = st.lists(
    st.one_of(
        st.lists(CELL, min_size=8, max_size=8).map(",".join),
        st.lists(CELL, min_size=1, max_size=10).map(",".join),
        st.sampled_from([LINE, "", ",,,,,,,", " ,,,,,,, ", "a\rb", "a\0,,,,,,,"]),
    ),
    max_size=8,
)


@example(lines=[",,,,,,, 7"], end="\n", is_ended=True)
@example(lines=[" a,,,,,,7, "], end="\r\n", is_ended=False)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]), is_ended=st.booleans())
def test_both_ways_through_a_file_say_the_same(lines, end, is_ended):
    content = (end.join([HEADER, *lines]) + (end if is_ended else "")).encode()
    columnar = said(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_plain", lambda *_: None)
        strict = said(content)

    assert columnar == strict


@given(lines=LINES, size=st.integers(60, 300))
def test_where_a_file_is_cut_changes_nothing(lines, size):
    content = "\n".join([HEADER, *lines]).encode()
    whole = said(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "STRETCH", size)
        assert said(content) == whole


def test_a_plain_file_is_read_by_columns(monkeypatch):
    monkeypatch.setattr(columns, "_strict", lambda *_: pytest.fail("read line by line"))

    rows, malformed, _end = said(text(LINE, LINE).encode())

    assert [row for row, _cells in rows] == [2, 3]
    assert malformed == []


def moments(cells, zone):
    """Time, whether it has a time of day, the sender's day; or the reason why not."""
    reader = Reader(Profile(), zone=zone)
    texts = columns.of_rows([{"collected_at": cell} for cell in cells])
    read = reader.read(Texts(texts.rows, texts.cells, [], 0, 0))
    found = zip(*(column.tolist() for column in read.collected), strict=True)
    memory = reader.memories["collected_at"]
    return list(found), [memory[cell] for cell in cells]


USUAL = st.builds(
    "{:04}-{:02}-{:02}{}{:02}:{:02}{}{}".format,
    st.sampled_from([1899, 1900, 1969, 1970, 2024, 2026, 2038]), st.integers(0, 13),
    st.integers(0, 32), st.sampled_from(["T", " "]), st.integers(0, 25), st.integers(0, 61),
    st.sampled_from(["", ":00", ":59", ":60"]), st.sampled_from(["", "Z"]),
)  # fmt: skip


@pytest.mark.parametrize(
    "zone", [dt.UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")], ids=str
)
@given(cells=st.lists(USUAL, min_size=1, max_size=5))
def test_times_read_by_columns_are_those_read_cell_by_cell(zone, cells):
    by_columns, singly = moments(cells, zone)

    for read, meant in zip(by_columns, singly, strict=True):
        assert isinstance(meant, Exception) or read == meant


@pytest.mark.parametrize("clock", ["2026-03-29 02:30", "2026-10-25T02:30:00"])
def test_a_time_that_the_clocks_skipped_or_had_twice_is_refused(clock):
    reader = Reader(Profile(), zone=ZoneInfo("Europe/Berlin"))
    row = {"mrn": "1", "code": "HBA1C", "value": "7", "unit": "%", "collected_at": clock}

    [refusal] = reader.read(columns.of_rows([row])).refused.values()

    assert (refusal.field, refusal.code) == ("collected_at", "ambiguous_time")
