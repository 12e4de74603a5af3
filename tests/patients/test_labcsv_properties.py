"""Nothing is changed silently: whatever stands in a cell is read as what it says, or refused."""

import datetime as dt
import gzip
import io
import re
import tempfile
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from patients import labcsv
from patients.labcsv import cells, words
from patients.labcsv.cells import Numbers, Refusal
from patients.labcsv.encoding import UnreadableFile
from tests.patients.labfiles import text
from tests.patients.labreading import read, read_guessed

MANY = settings(max_examples=2000, deadline=None)
GOOD = "CL-1,HBA1C,7.2,%,2026-03-01T08:00Z,final,,A1"
STYLES = [
    Numbers(d, t) for d in ("", ".", ",") for t in ("", ".", ",", " ", "'") if d != t or not d
]
NOISE = "0123456789.,-+<>=≤eE_ '’\u00a0\u202f١１naNifHL*%mgdL/µ()[]:↑#@\0\n"
CLOCK_NOISE = "0123456789-/.:T +ZAPMaremov,"
FIRST, LAST = dt.datetime.fromisoformat("1900-03-02"), dt.datetime.fromisoformat("2199-12-31")
FIGURE = re.compile(r"[+-]?[\d.,'’ \u00a0\u202f]*\d(?:[eE][+-]?\d{1,2})?", re.ASCII)


def as_decimal(figure, numbers):
    """What a text of digits says under a style, by simple means."""
    plain = figure
    for sign in {" ": " \u00a0\u202f", "'": "'’"}.get(numbers.thousands, numbers.thousands):
        plain = plain.replace(sign, "")
    return Decimal(plain.replace(",", "."))


def attempt(read, *given, **named):
    """What a reader says, or None, and the code of its refusal, or ""."""
    try:
        return read(*given, **named), ""
    except Refusal as refusal:
        return None, refusal.code


@MANY
@given(st.text(alphabet=NOISE, max_size=14), st.sampled_from(STYLES))
def test_no_number_is_changed_silently(cell, numbers):
    said, _refused = attempt(cells.value, cell, numbers=numbers)

    if said and said.number is not None:
        figure = FIGURE.search(cell).group()
        assert Decimal(repr(said.number)) == as_decimal(figure, numbers)
        assert said.as_sent == cell.strip()
        assert said.comparator in {"", *re.findall("[<>]=?", cell.replace("≤", "<="))}


@MANY
@given(st.text(alphabet=NOISE, max_size=14), st.sampled_from(STYLES))
def test_every_part_of_a_cell_is_accounted_for(cell, numbers):
    said, _refused = attempt(cells.value, cell, numbers=numbers)

    if said and said.number is not None:
        rest = FIGURE.sub("", cell, count=1)
        rest = rest.replace(said.unit, "", 1) if said.unit else rest
        assert set(rest) <= set(" \u00a0\u202f\n<>=≤()[]HLAN*!↑↓")
        assert bool(set(rest) & set("HLAN*!↑↓")) == bool(said.flag)
        assert bool(set(rest) & set("<>≤")) == bool(said.comparator)


@MANY
@given(st.decimals(-99999, 99999, places=3, allow_nan=False), st.sampled_from(STYLES))
def test_a_number_written_in_the_style_of_its_file_comes_back_or_is_refused(number, numbers):
    point = numbers.decimal or ("," if numbers.thousands == "." else ".")
    written = f"{number:,}".translate(str.maketrans({",": numbers.thousands, ".": point}))

    said, refused = attempt(cells.value, written, numbers=numbers)

    if refused:
        assert (refused, numbers.decimal) == ("ambiguous_number", "")
    else:
        assert Decimal(repr(said.number)) == number


@MANY
@given(st.text(max_size=14))
def test_a_text_result_is_a_word_of_the_lists(cell):
    said, _refused = attempt(cells.value, cell, numbers=Numbers())

    if said and said.text:
        assert said.text in words.RESULTS or re.search(r"\d[:-]\d", said.text)


@MANY
@given(
    st.datetimes(FIRST, LAST),
    st.sampled_from(["ymd", "dmy", "mdy"]),
    st.sampled_from(["-", "/", "."]),
    st.sampled_from(["%H:%M:%S", "%I:%M:%S %p"]),
)
def test_a_time_written_in_the_order_of_its_file_comes_back_or_is_refused(at, order, sign, clock):
    at = at.replace(microsecond=0)
    day = sign.join({"y": "%Y", "m": "%m", "d": "%d"}[part] for part in order)

    said, refused = attempt(cells.moment, at.strftime(f"{day} {clock}"), field="x",
                            zone=ZoneInfo("Europe/Berlin"), order=order)  # fmt: skip

    assert refused in {"", "ambiguous_time"}
    assert refused or (said[0].replace(tzinfo=None), said[1]) == (at, True)


@MANY
@given(st.text(alphabet=CLOCK_NOISE, max_size=20), st.sampled_from(["dmy", "mdy"]))
def test_the_numbers_of_a_time_stand_in_its_cell(cell, order):
    said, _refused = attempt(cells.moment, cell, field="x", zone=dt.UTC, order=order)

    if said:
        (found, has_time), digits = said, re.sub(r"\D", "", cell)
        assert str(found.year) in digits
        assert f"{found.day}" in digits
        assert not has_time or f"{found.minute:02}" in digits


@given(st.text(max_size=30).filter(lambda cell: not set(cell) & set('\r\n"')))
def test_no_text_is_changed_silently(cell):
    rows, problems = read(text(f'CL-1,HBA1C,7.2,%,2026-03-01,,,"{cell}"').encode("utf-8", "ignore"))

    kept = cell.encode("utf-8", "ignore").decode().strip()
    assert [row.accession for row in rows] == ([] if problems else [kept])


@given(st.binary(max_size=400))
def test_no_file_stops_the_reader(content):
    file = io.BytesIO(text(GOOD).encode() + content + b"\n" + text(GOOD).encode())
    try:
        layout = labcsv.inspect(file)
    except labcsv.UnreadableFile:
        return

    batches = list(labcsv.batches(file, layout, zone=dt.UTC))

    assert batches[-1].next_byte == len(file.getvalue())


def refusal_of(path):
    """Why a file cannot be read, or a word for it if it can."""
    try:
        read_guessed(path)
    except UnreadableFile as refusal:
        return str(refusal)
    return "Read."


@given(st.binary(max_size=300), st.booleans(), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe"]))
def test_any_bytes_are_a_table_or_refused_with_a_sentence(content, packed, start):
    content = start + content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent"
        path.write_bytes(gzip.compress(content) if packed else content)
        assert refusal_of(path).endswith(".")


RESULT = st.tuples(
    st.sampled_from(["CL-1", "CL-2", "Zoë"]),
    st.decimals(0, 999, places=2),
    st.datetimes(FIRST, LAST),
)
RESULTS = st.shared(st.lists(RESULT, min_size=1, max_size=8), key="results")
NUMBER_SIGNS = st.sampled_from([(",", "."), (";", ","), ("\t", ","), ("|", ".")])


def file_of(results, signs, day, is_wide):
    """A table of these results as a laboratory would write it."""
    delimiter, decimal = signs
    header = ["Patient ID", "Collected", "HbA1c (%)"]
    if not is_wide:
        header = ["Patient ID", "Collected", "Result", "Test", "Units"]
    lines = [delimiter.join(header)]
    for who, number, at in results:
        cells = [who, at.strftime(day), f"{number}".replace(".", decimal), "HBA1C", "%"]
        lines.append(delimiter.join(cells[: len(header)]))
    return "\n".join([*lines, ""])


@settings(max_examples=150, deadline=None)
@given(
    RESULTS,
    st.builds(
        file_of,
        RESULTS,
        NUMBER_SIGNS,
        st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"]),
        st.booleans(),
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.booleans(),
)
def test_a_whole_file_comes_back_or_its_rows_are_refused(results, content, encoding, packed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent"
        sent = content.encode(encoding)
        path.write_bytes(gzip.compress(sent) if packed else sent)
        rows, problems = read_guessed(path)

    read_back = {row.row: (row.identifier, row.value, row.collected_at.date()) for row in rows}
    said = {n: (who, float(number), at.date()) for n, (who, number, at) in enumerate(results, 2)}
    assert read_back.items() <= said.items()
    assert read_back.keys() | {problem.row for problem in problems} == said.keys()
