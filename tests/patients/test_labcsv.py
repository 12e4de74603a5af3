import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest

from patients import labcsv
from patients.labcsv.encoding import BLOCK
from tests.patients.labfiles import text
from tests.patients.labreading import read

MISSING = r"Patient number \(mrn\), Test \(code\), When it was collected \(collected_at\)"
GOOD = "CL-1,HBA1C,7.2,%,2026-03-01T08:00Z,final,,A1"


def row_of(line, zone=dt.UTC, **layout):
    [row], [] = read(text(line, **layout), zone)
    return row


def problem_of(line, **layout):
    rows, [problem] = read(text(line, **layout))
    assert rows == []
    return problem


def value_line(value, delimiter=","):
    return delimiter.join(["CL-1", "HBA1C", value, "%", "2026-03-01T08:00Z", "", "", ""])


def header(delimiter):
    return "mrn,code,value,unit,collected_at,status,issued_at,accession".replace(",", delimiter)


def test_a_good_line_becomes_a_row():
    row = row_of(GOOD)

    assert (row.row, row.identifier, row.system, row.code) == (2, "CL-1", "mrn", "HBA1C")
    assert (row.value, row.unit, row.status, row.accession) == (7.2, "%", "final", "A1")
    assert row.collected_at == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def test_a_refused_cell_is_a_problem_with_its_line_and_column():
    problem = problem_of(value_line("5..1"))

    assert (problem.row, problem.column, problem.code) == (2, "value", "not_a_number")
    assert (problem.seen, bool(problem.message), bool(problem.repair)) == ("5..1", True, True)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_decimal_comma_is_read_where_commas_do_not_separate_cells(delimiter):
    row = row_of(value_line("5,25", delimiter), header=header(delimiter))

    assert row.value == 5.25


@pytest.mark.parametrize(("cell", "delimiter"), [("1,234", ";"), ("1.234", ";"), ("1,234", "\t")])
def test_what_may_be_a_thousand_is_refused(cell, delimiter):
    problem = problem_of(value_line(cell, delimiter), header=header(delimiter))

    assert problem.code == "ambiguous_number"


def test_three_decimals_are_no_thousand_where_commas_separate_cells():
    assert row_of(value_line("1.015")).value == 1.015


def test_a_time_without_an_offset_is_the_sites():
    row = row_of("CL-1,HBA1C,7.2,%,2026-03-01 08:30,,,", ZoneInfo("Europe/Berlin"))

    assert row.collected_at.astimezone(dt.UTC) == dt.datetime(2026, 3, 1, 7, 30, tzinfo=dt.UTC)


def test_a_cancelled_row_needs_no_value():
    assert row_of("CL-1,HBA1C,,%,2026-03-01,cancelled,,").value is None


def test_a_value_cell_may_say_that_there_is_no_result():
    row = row_of("CL-1,HBA1C,hemolyzed,%,2026-03-01,final,,")

    assert (row.value, row.status) == (None, "cancelled")


def test_a_unit_in_the_cell_of_the_value_serves_a_row_without_one():
    assert row_of("CL-1,HBA1C,7.2 %,,2026-03-01,,,").unit == "%"


@pytest.mark.parametrize(
    ("cell", "code"), [("", "missing_patient"), ("CL\u200b-1", "bad_identifier")]
)
def test_an_identifier_that_cannot_be_seen_is_refused(cell, code):
    assert problem_of(f"{cell},HBA1C,7.2,%,2026-03-01,,,").code == code


def test_an_identifier_is_read_in_one_form_of_unicode():
    assert row_of("Zoe\u0308,HBA1C,7.2,%,2026-03-01,,,").identifier == "Zo\u00eb"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"),
     ("utf-16-be", b"\xfe\xff"), ("utf-16-le", b""), ("cp1252", b""), ("latin-1", b"")],
)  # fmt: skip
def test_every_usual_encoding_is_read(encoding, mark):
    content = text("CL-1,CREAT,88,µmol/L,2026-03-01,,,Müller")

    [row], problems = read(mark + content.encode(encoding))

    assert (row.unit, row.accession, problems) == ("µmol/L", "Müller", [])


def test_a_spreadsheet_of_western_europe_is_read():
    content = "sep=;\r\nMRN;Test;Result;Units;Collected\r\nCL-1;CREAT;88,5;µmol/L;2026-03-01\r\n"

    [row], problems = read(content.encode("cp1252"))

    assert (row.row, row.value, row.unit, problems) == (3, 88.5, "µmol/L", [])


def test_broken_bytes_cost_their_line_only():
    lines = ["CL-1,CREAT,88,µmol/L,2026-03-01,,,1", "CL-1,CREAT,88,µmol/L,2026-03-01,,,2"]

    rows, [problem] = read(text(*lines).encode() + b"CL-1,CREAT,88,\xb5mol/L,2026-03-01,,,3\n")

    assert len(rows) == 2
    assert (problem.row, problem.code) == (4, "bad_encoding")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(end):
    rows, _ = read(text(GOOD, GOOD).replace("\n", end))

    assert [row.row for row in rows] == [2, 3]


@pytest.mark.parametrize(
    ("line", "code"),
    [("CL-1,HBA1C,7.2,%", "ragged_row"), (GOOD + ",more", "ragged_row"),
     ('CL-1,"HBA1C,7.2,%,2026-03-01,,,', "unclosed_quote"), ('CL-1,HBA1C,"7"2,%,,,,', "bad_quotes"),
     ("CL-1,HBA1C,7\0.2,%,2026-03-01,,,", "nul_byte"), ("x" * 200_000, "cell_too_long"),
     ("CL-1," + "x" * (2 * BLOCK), "line_too_long")],
)  # fmt: skip
def test_a_malformed_line_costs_itself_only(line, code):
    rows, problems = read(text(GOOD, line, GOOD))

    assert [row.row for row in rows] == [2, 4]
    assert [(problem.row, problem.code) for problem in problems] == [(3, code)]


def test_a_quoted_cell_may_hold_line_ends_and_quotes():
    content = text(GOOD + ',"two\nlines, ""quoted"""', GOOD + ",", header=header(",") + ",remark1")

    rows, problems = read(content)

    assert ([row.row for row in rows], problems) == ([2, 4], [])


def test_empty_lines_and_empty_cells_at_the_end_are_nothing():
    rows, problems = read(text("", GOOD, ",,,,,,,", GOOD + ",,", ""))

    assert ([row.row for row in rows], problems) == ([3, 5], [])


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b" \r\n", "empty"), (b"PK\x03\x04rest", "spreadsheet"), (b"%PDF-1.7", "PDF"),
     (b"\x1f\x8b\x08", "gzip"), (b"name,age,result,x\nx,1,2,3\n", MISSING),
     (b"some words\nand more\n", "No table of results"),
     (b"mrn,code,value,unit,collected_at\n", "no rows"),
     (GOOD.encode(), "first line must name the columns"),
     (b"mrn,code,value,value,unit,collected_at\n1,2,3,4,5,6", "More than one"),
     (b"mrn,code,result,result_value,unit,collected_at\n1,2,3,4,5,6", "More than one")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(content, said):
    with pytest.raises(labcsv.UnreadableFile, match=said):
        labcsv.inspect(io.BytesIO(content))


def test_columns_that_mean_nothing_are_named():
    layout = labcsv.inspect(io.BytesIO(text(GOOD + ",3", header=header(",") + ",Ward").encode()))

    assert layout.ignored == ("Ward",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_reading_goes_on_at_the_byte_where_it_stopped(encoding):
    lines = [GOOD.replace("A1", f"Ä{n}") for n in range(180_000)]
    file = io.BytesIO(text(*lines).encode(encoding))
    layout = labcsv.inspect(file)
    first, *rest = labcsv.batches(file, layout, zone=dt.UTC)

    again = labcsv.batches(
        file, layout, zone=dt.UTC, at_byte=first.next_byte, at_row=first.next_row
    )

    assert len(rest) > 0
    assert [b.rows for b in again] == [b.rows for b in rest]
    assert [*first.rows, *rest[0].rows][len(first.rows)].row == first.next_row


def test_a_malformed_line_is_not_shown_in_the_list_because_it_may_name_the_patient():
    _, [problem] = read(text('CL-000042,"HBA1C,7.2,%,2026-03-01,,,'))

    assert problem.seen == ""


@pytest.mark.parametrize("end", ["\x1a", "\x1a\n", "\x1a\r\n"])
def test_the_mark_with_which_old_programs_end_a_text_is_no_row(end):
    rows, problems = read(f"mrn,code,value,unit,collected_at\nCL-1,HBA1C,6.5,%,2026-03-01\n{end}")

    assert ([row.value for row in rows], problems) == ([6.5], [])


def test_such_a_mark_in_the_middle_is_a_line_like_any_other():
    line = "CL-1,HBA1C,6.5,%,2026-03-01"
    _rows, problems = read(f"mrn,code,value,unit,collected_at\n{line}\n\x1a\n{line}\n")

    assert [problem.code for problem in problems] == ["ragged_row"]
