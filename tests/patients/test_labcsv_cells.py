import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from patients.labcsv import cells
from patients.labcsv.cells import Numbers, Refusal

POINT, COMMA, GERMAN, EITHER = Numbers("."), Numbers(","), Numbers(",", "."), Numbers()
BERLIN = ZoneInfo("Europe/Berlin")


def value(cell, numbers=POINT):
    return cells.value(cell, numbers=numbers)


def refused(read, *given, **named):
    with pytest.raises(Refusal) as caught:
        read(*given, **named)
    assert caught.value.message.endswith((".", "?"))
    assert caught.value.repair.endswith(".")
    return caught.value.code


def moment(cell, **named):
    return cells.moment(cell, field="collected_at", zone=BERLIN, **named)


@pytest.mark.parametrize(
    ("cell", "comparator", "number"),
    [("5", "", 5), ("<0.5", "<", 0.5), (">= 60", ">=", 60), ("≤2", "<=", 2), ("1.2E3", "", 1200),
     ("-0", "", 0), (".5", "", 0.5), ("+3.1", "", 3.1), (" 7.2\u00a0", "", 7.2)],
)  # fmt: skip
def test_a_number_keeps_its_comparator_and_what_was_sent(cell, comparator, number):
    read = value(cell)

    assert (read.comparator, read.number, read.as_sent) == (comparator, number, cell.strip())


@pytest.mark.parametrize(
    ("cell", "code"),
    [("1_000", "not_a_number"), ("NaN", "not_a_number"), ("inf", "not_a_number"),
     ("1e400", "not_a_number"), ("١٢", "not_a_number"), ("１２", "not_a_number"),
     ("0x1F", "not_a_number"), ("5..1", "not_a_number"), ("5.2.1", "not_a_number"),
     ("1O5", "not_a_number"), ("120/80", "not_a_number"), ("5 5", "not_a_number"),
     ("5 5/L", "not_a_number"),
     ("5.2 and rising", "not_a_number"), ("hbsag", "not_a_number"), ("5\x002", "not_a_number"),
     ("5.2\n6.1", "not_a_number"), ("H", "not_a_number"), ("1 234", "thousands_separator"),
     ("1'234", "thousands_separator"), ("1,234.5", "thousands_separator"),
     ("5,2", "decimal_comma"), ("1,234", "decimal_comma"), ("", "missing_value"),
     ("NA", "missing_value"), ("-", "missing_value"), ("1.2345678901234567", "too_many_digits"),
     ("=1+1", "formula"), ("@SUM(A1)", "formula"), ("-cmd|x", "formula"),
     ("#N/A", "spreadsheet_error"), ("#DIV/0!", "spreadsheet_error")],
)  # fmt: skip
def test_what_is_no_sure_value_is_refused(cell, code):
    assert refused(value, cell) == code


@pytest.mark.parametrize(
    ("cell", "numbers", "number"),
    [("5,2", COMMA, 5.2), ("5,2", EITHER, 5.2), ("5.2", COMMA, 5.2), ("0,234", EITHER, 0.234),
     ("1,234", COMMA, 1.234), ("1.234", POINT, 1.234), ("1.234", GERMAN, 1234),
     ("1.234,56", GERMAN, 1234.56), ("1.234.567", GERMAN, 1234567),
     ("1,234.5", Numbers(".", ","), 1234.5), ("1 234,5", Numbers(",", " "), 1234.5),
     ("1.234,56", COMMA, 1234.56), ("1.234.567,8", COMMA, 1234567.8), ("-1.234,5", COMMA, -1234.5),
     ("1.234.567", COMMA, 1234567), ("1 234,5", COMMA, 1234.5), ("1'234,5", COMMA, 1234.5),
     ("1\u202f234", Numbers(",", " "), 1234), ("1'234.5", Numbers(".", "'"), 1234.5)],
)  # fmt: skip
def test_numbers_are_read_as_the_file_writes_them(cell, numbers, number):
    assert value(cell, numbers).number == number


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [("1,234", EITHER), ("1.234", EITHER), ("1.234", COMMA), ("1,234.5", COMMA),
     ("1,234,567", COMMA), ("1 234", COMMA), ("1.23,4", COMMA), ("1.234.56,7", COMMA),
     ("5.2", GERMAN), ("0.234", GERMAN), ("12.34.567", GERMAN), ("1,23", Numbers(".", ","))],
)  # fmt: skip
def test_a_separator_that_does_not_fit_the_file_is_refused(cell, numbers):
    assert refused(value, cell, numbers) in {"ambiguous_number", "thousands_separator",
                                             "not_a_number"}  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "number", "flag", "unit", "note"),
    [("5.2 H", 5.2, "H", "", ""), ("5.2H", 5.2, "H", "", ""), ("5.2*", 5.2, "A", "", ""),
     ("5.2 (LL)", 5.2, "LL", "", ""), ("H 5.2", 5.2, "H", "", ""), ("5.2 ↑", 5.2, "H", "", ""),
     ("5.2 mg/dL", 5.2, "", "mg/dL", ""), ("5.2 mg/dL H", 5.2, "H", "mg/dL", ""),
     ("6.1%", 6.1, "", "%", ""), ("7.5 h", 7.5, "", "h", ""), ("250 10*9/L", 250, "", "10*9/L", ""),
     ("90 mL/min/1.73 m2", 90, "", "mL/min/1.73 m2", ""), ("5.2 mmol/L*", 5.2, "A", "mmol/L", ""),
     ("4.2 hemolyzed", 4.2, "", "", "hemolyzed"), ("<5 mg/L L", 5, "L", "mg/L", "")],
)  # fmt: skip
def test_a_cell_may_hold_a_flag_a_unit_and_a_remark(cell, number, flag, unit, note):
    read = value(cell)

    assert (read.number, read.flag, read.unit, read.note) == (number, flag, unit, note)
    assert read.as_sent == cell


@pytest.mark.parametrize(
    ("cell", "text"),
    [("NEG", "negative"), ("Neg.", "negative"), ("POSITIVE", "positive"), ("NR", "nonreactive"),
     ("Non-Reactive", "nonreactive"), ("TRACE", "trace"), ("3+", "3+"), ("++", "2+"),
     ("not detected", "not detected"), ("1 : 128", "1:128"), (">=1:640", ">=1:640"),
     ("3-5", "3-5"), ("nachgewiesen", "detected"), ("see note", "see note")],
)  # fmt: skip
def test_results_in_words_have_one_spelling(cell, text):
    read = value(cell)

    assert (read.text, read.number, read.status, read.as_sent) == (text, None, "", cell)


@pytest.mark.parametrize(
    ("cell", "status", "note"),
    [("HEMOLYZED", "cancelled", "hemolyzed"), ("QNS", "cancelled", "quantity not sufficient"),
     ("TNP", "cancelled", "test not performed"), ("cancelled", "cancelled", "cancelled"),
     ("PENDING", "registered", ""), ("in progress", "registered", "")],
)  # fmt: skip
def test_a_cell_may_say_that_there_is_no_result_and_why(cell, status, note):
    read = value(cell)

    assert (read.number, read.text, read.status, read.note) == (None, "", status, note)


@pytest.mark.parametrize(
    ("of_value", "of_column", "counts"),
    [("", "final", "final"), ("cancelled", "final", "cancelled"),
     ("registered", "preliminary", "registered"),
     ("cancelled", "entered-in-error", "entered-in-error")],
)  # fmt: skip
def test_a_value_that_is_none_decides_the_status(of_value, of_column, counts):
    assert cells.state(of_value, of_column) == counts


def test_a_unit_in_the_cell_may_be_spelled_otherwise_than_in_the_column():
    assert cells.one_unit("umol/l", "µmol/L") == "µmol/L"
    assert cells.one_unit("mg/dL", "") == "mg/dL"


def test_another_unit_in_the_cell_than_in_the_column_is_refused():
    assert refused(cells.one_unit, "mmol/L", "mg/dL") == "unit_contradiction"


@pytest.mark.parametrize(
    ("cell", "limits"),
    [("4.0-5.6", (4.0, 5.6)), ("<5", (None, 5)), (">=60", (60, None)), ("(3.5 – 5.1)", (3.5, 5.1)),
     ("[3.5;5.1]", (3.5, 5.1)), ("up to 5", (None, 5)), ("-2 - 2", (-2, 2)), ("-2--1", (-2, -1)),
     ("4 to 6", (4, 6))],
)  # fmt: skip
def test_a_reference_range_is_read(cell, limits):
    assert cells.reference_range(cell, numbers=POINT) == (*limits, "")


@pytest.mark.parametrize("cell", ["M: 13-17", "negative", "5.6-4.0", "4,0-5,6", "see report"])
def test_a_range_that_is_not_understood_is_a_remark(cell):
    assert cells.reference_range(cell, numbers=POINT) == (None, None, cell)


@pytest.mark.parametrize(
    ("cell", "flag", "remark"),
    [("H", "H", ""), ("high", "H", ""), ("LL", "LL", ""), ("*", "A", ""), ("abnormal", "A", ""),
     ("", "", ""), ("R", "", "Flag as sent: R")],
)  # fmt: skip
def test_a_flag_column_never_costs_the_result(cell, flag, remark):
    assert cells.flag(cell) == (flag, remark)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("2026-03-01T08:30:00+02:00", "2026-03-01T06:30:00+00:00"),
     ("2026-03-01T08:30Z", "2026-03-01T08:30:00+00:00"),
     ("2026-03-01 08:30", "2026-03-01T07:30:00+00:00"),
     ("2026/3/1 8:30", "2026-03-01T07:30:00+00:00"),
     ("2026-07-01 08:30:15.5", "2026-07-01T06:30:15.500000+00:00"),
     ("12-Mar-2026 08:30", "2026-03-12T07:30:00+00:00"),
     ("Mar 12, 2026 8:30 PM", "2026-03-12T19:30:00+00:00"),
     ("12. März 2026 08:30", "2026-03-12T07:30:00+00:00"),
     ("2026-03-01 12:30 AM", "2026-02-28T23:30:00+00:00"),
     ("20260301083000+0100", "2026-03-01T07:30:00+00:00"),
     ("202603010830", "2026-03-01T07:30:00+00:00"),
     ("2026-10-25 02:30 CEST", "2026-10-25T00:30:00+00:00"),
     ("2026-10-25 02:30 CET", "2026-10-25T01:30:00+00:00"),
     ("2026-03-01T08:30:00.0000000", "2026-03-01T07:30:00+00:00")],
)  # fmt: skip
def test_a_time_is_read_with_its_zone_or_the_sites(cell, expected):
    at, has_time = moment(cell)

    assert at.astimezone(dt.UTC).isoformat() == expected
    assert has_time


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"])
def test_a_day_alone_is_the_same_day_here_and_in_utc(zone):
    at, has_time = cells.moment("2026-03-01", field="collected_at", zone=ZoneInfo(zone))

    assert at.astimezone(dt.UTC).date() == dt.date(2026, 3, 1)
    assert not has_time


@pytest.mark.parametrize(
    ("cell", "code"),
    [("", "missing_time"), ("01/03/2026", "ambiguous_date"), ("13/03/2026", "ambiguous_date"),
     ("2026-02-30", "bad_time"), ("2026-03-01T24:00", "bad_time"), ("46082", "bad_time"),
     ("1066-10-14", "bad_time"), ("2026-03-01T08:00+20:00", "bad_time"),
     ("2026-03-01 13:30 PM", "bad_time"), ("1772352000", "bad_time"), ("2026-03", "bad_time"),
     ("26-03-01", "two_digit_year"), ("12-Mar-26", "two_digit_year"),
     ("2026-10-25 02:30", "ambiguous_time"), ("2026-03-29 02:30", "ambiguous_time"),
     ("2026-03-29 02:30 CET", "unknown_zone"), ("2026-03-01 08:30 EST", "unknown_zone"),
     ("٢٠٢٦-03-01", "bad_time"), ("yesterday", "bad_time")],
)  # fmt: skip
def test_what_is_no_sure_time_is_refused(cell, code):
    assert refused(moment, cell) == code


@pytest.mark.parametrize(
    ("order", "day"), [("dmy", dt.date(2026, 3, 4)), ("mdy", dt.date(2026, 4, 3))]
)
@pytest.mark.parametrize("cell", ["04/03/2026", "4.3.2026", "04-03-2026 10:00"])
def test_day_and_month_are_read_in_the_order_of_the_file(order, day, cell):
    assert moment(cell, order=order)[0].date() == day


def test_a_day_that_the_order_of_the_file_excludes_is_refused():
    assert refused(moment, "13/03/2026", order="mdy") == "bad_time"


@pytest.mark.parametrize(
    ("cell", "expected", "has_time"),
    [("46082", "2026-03-01T12:00:00+01:00", False),
     ("46082.354166667", "2026-03-01T08:30:00+01:00", True)],
)  # fmt: skip
def test_days_counted_by_a_spreadsheet_are_read_where_the_file_has_them(cell, expected, has_time):
    at, said = moment(cell, serials=True)

    assert (at.isoformat(), said) == (expected, has_time)


def test_a_birth_date_is_a_day():
    assert cells.day("31.12.1950", field="birth_date", order="dmy") == dt.date(1950, 12, 31)


@pytest.mark.parametrize(
    ("cell", "status"),
    [("", "final"), ("F", "final"), ("Preliminary", "preliminary"), ("C", "corrected"),
     ("entered in error", "entered-in-error"), ("CANCELED", "cancelled"), ("amended", "amended"),
     ("Vorläufig", "preliminary"), ("endgültig", "final"), ("corrigé", "corrected"),
     ("annullato", "cancelled")],
)  # fmt: skip
def test_statuses_are_read_in_words_and_in_codes(cell, status):
    assert cells.status(cell) == status


def test_an_unknown_status_is_refused():
    assert refused(cells.status, "maybe") == "unknown_status"
