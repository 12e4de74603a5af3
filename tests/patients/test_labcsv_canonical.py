import csv
import datetime as dt
import gzip
import subprocess
import sys
import zipfile

import openpyxl
import pytest

from patients.labcsv import canonical
from patients.labcsv.encoding import UnreadableFile
from patients.labcsv.fields import FIELDS
from patients.labcsv.guess import guess
from patients.labcsv.profile import Profile
from tests.patients.corpus import odd
from tests.patients.labreading import read_guessed

HEADER = ["MRN", "Test", "Result", "Units", "Collected"]
HALF_PAST_EIGHT = dt.datetime.fromisoformat("2026-03-01T08:30")
ROW = ["CL-1", "HBA1C", 7.2, "%", HALF_PAST_EIGHT]
PLAIN = "mrn,code,value,unit,collected_at\nCL-1,HBA1C,7.2,%,2026-03-01\n"


@pytest.fixture
def sent(tmp_path):
    """A file with this content, as it was sent."""

    def write(content, name="sent.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def book(tmp_path):
    """A workbook with these sheets, each a list of rows."""

    def write(**sheets):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        workbook.save(tmp_path / "sent.xlsx")
        return tmp_path / "sent.xlsx"

    return write


def copy_of(path):
    """The rows of a file's canonical copy, by the names of FIELDS."""
    found = guess(path)
    copy = path.with_name("copy")
    canonical.write(path, copy, found.profile, found.format)
    with copy.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_copy_has_a_column_for_every_field(sent):
    path = sent(gzip.compress(PLAIN.encode()))

    [row] = copy_of(path)

    assert list(row) == list(FIELDS)
    assert (row["value"], row["source_row"], row["source_column"]) == ("7.2", "2", "")


def test_the_same_file_gives_the_same_copy(sent, tmp_path):
    path = sent(gzip.compress(PLAIN.encode()))
    found = guess(path)
    for name in ("first", "second"):
        canonical.write(path, tmp_path / name, found.profile, found.format)

    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize(
    ("profile", "format_name", "needed"),
    [(Profile(), "table", False), (Profile(encoding="cp1252"), "table", False),
     (Profile(), "workbook", True), (Profile(compression="gzip"), "table", True),
     (Profile(layout="wide"), "table", True), (Profile(encoding="utf-16-le"), "table", True),
     (Profile(columns={"collected_time": "Time"}), "table", True)],
)  # fmt: skip
def test_only_what_is_not_plain_is_copied(profile, format_name, needed):
    assert canonical.is_needed(profile, format_name) is needed


def test_a_wide_table_gives_a_result_for_each_filled_cell(sent):
    rows = copy_of(sent("MRN,Collected,HbA1c [%],CRP mg/L\nCL-1,2026-03-01,6.1,<5\n"
                        "CL-2,2026-03-02,NA,\nCL-3,2026-03-03,,7\n"))  # fmt: skip

    assert [(row["mrn"], row["code"], row["value"], row["unit"]) for row in rows] == [
        ("CL-1", "HbA1c", "6.1", "%"),
        ("CL-1", "CRP", "<5", "mg/L"),
        ("CL-3", "CRP", "7", "mg/L"),
    ]
    assert [(row["source_row"], row["source_column"]) for row in rows] == [
        ("2", "HbA1c [%]"), ("2", "CRP mg/L"), ("4", "CRP mg/L")]  # fmt: skip


def test_the_line_of_reference_ranges_goes_with_each_result(sent):
    [row] = copy_of(sent("MRN,Date,HGB\n,,g/dL\nRef,,12-16\nCL-1,2026-03-01,13.5\n"))

    assert (row["unit"], row["reference_range"], row["source_row"]) == ("g/dL", "12-16", "4")


def test_a_problem_of_a_wide_table_names_its_line_and_its_test(sent):
    path = sent("MRN,Collected,HbA1c [%],CRP mg/L\nCL-1,2026-03-01,6..1,5\nCL-2,someday,6,7\n")

    rows, problems = read_guessed(path)

    assert [row.code for row in rows] == ["CRP"]
    assert [(problem.row, problem.column, problem.code) for problem in problems] == [
        (2, "HbA1c [%]", "not_a_number"), (3, "CRP mg/L", "bad_time"), (3, "HbA1c [%]", "bad_time"),
    ]  # fmt: skip


def test_two_columns_of_one_test_are_believed_only_where_they_agree(sent):
    path = sent("MRN,Collected,HbA1c [%],HBA1C %,CRP mg/L\n"
                "CL-1,2026-03-01,6.1,6.1,5\nCL-2,2026-03-02,6.1,7.2,6\n")  # fmt: skip

    rows, problems = read_guessed(path)

    assert {(row.row, row.value) for row in rows} == {(2, 6.1), (2, 5), (3, 6)}
    assert [(problem.row, problem.code) for problem in problems] == [(3, "test_in_two_columns")]


@pytest.mark.parametrize(
    ("line", "code"),
    [("CL-1,2026-03-01", "ragged_row"), ('CL-1,"2026-03-01,5,6', "unclosed_quote"),
     ("CL-1,2026-03-01,5\0,6", "nul_byte")],
)  # fmt: skip
def test_a_line_that_is_no_record_is_one_problem_of_its_own_line(sent, line, code):
    path = sent(f"MRN,Collected,HbA1c [%],CRP mg/L\nCL-1,2026-03-01,6,5\n{line}\n")

    rows, problems = read_guessed(path)

    assert len(rows) == 2
    assert [(problem.row, problem.code) for problem in problems] == [(3, code)]


def test_a_workbook_is_read_from_the_sheet_that_has_a_known_header(book):
    path = book(About=[["Laboratory of the city"]], Data=[["March"], [], HEADER, ROW])

    [row], problems = read_guessed(path)

    assert (row.row, row.value, row.collected_at.hour, problems) == (4, 7.2, 8, [])
    assert (guess(path).profile.sheet, guess(path).ignored) == ("Data", ("Sheet “About”",))


def test_hidden_sheets_are_not_read(book, tmp_path):
    path = book(Data=[HEADER, ROW], Old=[HEADER, ROW])
    workbook = openpyxl.load_workbook(path)
    workbook["Data"].sheet_state = "hidden"
    workbook.save(path)

    assert guess(path).profile.sheet == "Old"


@pytest.mark.parametrize(
    ("typed", "text"),
    [(0.1 + 0.2, "0.3"), (12.0, "12"), (1234567, "1234567"), (True, "TRUE"), ("007", "007"),
     (dt.date(2026, 3, 1), "2026-03-01"), (dt.time(8, 30), "08:30:00"), (1.5e-7, "1.5e-07"),
     (HALF_PAST_EIGHT, "2026-03-01 08:30:00")],
)  # fmt: skip
def test_a_typed_cell_is_copied_as_a_person_would_type_it(book, typed, text):
    [row] = copy_of(book(Data=[HEADER, [*ROW[:2], typed, *ROW[3:]]]))

    assert row["value"] == text


@pytest.mark.parametrize(
    ("number_format", "typed", "text"),
    [("0%", 0.072, "7.2 %"), ("0.00%", 0.0715, "7.15 %"), ("0.0 %;[Red]-0.0 %", 0.1, "10 %"),
     ('0.0"%"', 7.2, "7.2"), ("0.0", 7.2, "7.2")],
)  # fmt: skip
def test_a_percentage_is_copied_as_it_is_shown(book, number_format, typed, text):
    path = book(Data=[HEADER, [*ROW[:2], typed, *ROW[3:]]])
    workbook = openpyxl.load_workbook(path)
    workbook["Data"].cell(2, 3).number_format = number_format
    workbook.save(path)

    [row] = copy_of(path)

    assert row["value"] == text
    assert [row.value for row in read_guessed(path)[0]] == [float(text.split()[0])]


def test_percentages_of_an_open_document_are_refused(sent):
    shown = odd.open_row(odd.typed("7,2 %", "percentage", "0.072"))
    document = odd.open_document([odd.typed(name) for name in odd.NAMES], shown)

    with pytest.raises(UnreadableFile, match="percentages"):
        guess(sent(document(), "sent.ods"))


def test_numbers_typed_and_numbers_with_a_comma_may_stand_in_one_sheet(book):
    path = book(Data=[HEADER, [*ROW[:2], 1.234, *ROW[3:]], [*ROW[:2], "7,2", *ROW[3:]]])

    assert [row.value for row in read_guessed(path)[0]] == [1.234, 7.2]


def test_a_formula_without_a_value_and_an_error_are_refused(book):
    path = book(Data=[HEADER, [*ROW[:2], "=1+1", *ROW[3:]], [*ROW[:2], "#N/A", *ROW[3:]], ROW])

    rows, problems = read_guessed(path)

    assert [row.row for row in rows] == [4]
    assert [problem.code for problem in problems] == ["missing_value", "spreadsheet_error"]


def test_an_error_in_a_wide_workbook_is_no_empty_cell(book):
    path = book(Data=[["MRN", "Collected", "HbA1c [%]"], ["CL-1", "2026-03-01", "#DIV/0!"]])

    assert [(p.row, p.column, p.code) for p in read_guessed(path)[1]] == [
        (2, "HbA1c [%]", "spreadsheet_error")]  # fmt: skip


def test_a_workbook_under_another_name_is_read(book):
    path = book(Data=[HEADER, ROW])
    renamed = path.rename(path.with_name("lab.csv"))

    assert (guess(renamed).format, len(read_guessed(renamed)[0])) == ("workbook", 1)


@pytest.mark.parametrize(
    ("sheets", "said"),
    [({"Data": []}, "empty"), ({"Data": [["some"], ["words"]]}, "names the columns"),
     ({"Data": [HEADER]}, "no rows")],
)  # fmt: skip
def test_a_workbook_without_results_is_refused_with_a_sentence(book, sheets, said):
    with pytest.raises(UnreadableFile, match=said):
        guess(book(**sheets))


def test_a_workbook_that_bursts_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 40_000_000)

    with pytest.raises(UnreadableFile, match="far larger"):
        guess(path)


def test_a_sheet_that_claims_to_be_endless_is_refused(book):
    path = book(Data=[HEADER, ROW])
    workbook = openpyxl.load_workbook(path)
    workbook["Data"]["XFD1048576"] = "far"
    workbook.save(path)

    with pytest.raises(UnreadableFile, match="too large"):
        guess(path)


@pytest.mark.parametrize("names", [["results.csv"], ["../../results.csv"], ["word/document.xml"]])
def test_a_zip_archive_is_refused_with_a_sentence(tmp_path, names):
    path = tmp_path / "sent.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, PLAIN)

    with pytest.raises(UnreadableFile, match="zip archive"):
        guess(path)


def test_an_archive_that_ends_too_early_is_refused(sent, tmp_path):
    whole = gzip.compress((PLAIN + PLAIN.splitlines()[1] + "\n" * 10).encode())
    found = guess(sent(whole))

    with pytest.raises(UnreadableFile, match="damaged"):
        canonical.write(sent(whole[:-9]), tmp_path / "copy", found.profile, found.format)


def test_utf16_is_copied_as_utf8(sent):
    path = sent(PLAIN.replace("CL-1", "Zoë").encode("utf-16"))

    assert [row.identifier for row in read_guessed(path)[0]] == ["Zoë"]


COPY = """
import re, sys
from pathlib import Path
from patients.labcsv import canonical
from patients.labcsv.guess import guess
path = Path(sys.argv[1])
found = guess(path)
canonical.write(path, path.with_name("copy"), found.profile, found.format)
status = Path("/proc/self/status").read_text()
print(int(re.search("VmHWM:[ \\t]+([0-9]+)", status)[1]) // 1024)
"""


def test_a_large_table_is_copied_in_little_memory(sent):
    lines = (f"CL-{n},2026-03-01,{n % 90 / 10},{n}" for n in range(100_000))
    path = sent(gzip.compress("\n".join(["MRN,Collected,HbA1c [%],CRP mg/L", *lines]).encode()))

    said = subprocess.run([sys.executable, "-c", COPY, path], capture_output=True, check=True)

    assert path.with_name("copy").stat().st_size > 10_000_000
    assert int(said.stdout) < 150  # MB, of which about 60 are imported modules
