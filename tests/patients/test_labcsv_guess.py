import gzip
import json

import pytest

from patients.labcsv.encoding import UnreadableFile
from patients.labcsv.guess import guess
from patients.labcsv.profile import BadProfile, Profile
from tests.patients.labreading import read_guessed

HEADER = "mrn;code;value;unit;collected_at"


@pytest.fixture
def sent(tmp_path):
    """A file with this content, as it was sent."""

    def write(content, name="sent.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def lines(*rows, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def doubts(found):
    return [(doubt.field, doubt.code) for doubt in found.doubts]


@pytest.mark.parametrize(
    "header",
    ["Patient ID,Test,Result,Units,Collected", "MRN,LOINC Code,Value,UOM,Collection Date/Time",
     "Patientennummer,Untersuchung,Ergebnis,Einheit,Entnahmedatum",
     "N° patient,Analyse,Résultat,Unité,Date de prélèvement",
     "ID Paciente,Prueba,Resultado,Unidad,Fecha de extracción",
     "Patiëntnummer,Bepaling,Uitslag,Eenheid,Afnamedatum"],
)  # fmt: skip
def test_headings_are_known_in_several_languages(sent, header):
    found = guess(sent(f"{header}\nCL-1,HBA1C,7.2,%,2026-03-01\n"))

    assert list(found.profile.columns) == ["mrn", "code", "value", "unit", "collected_at"]
    assert found.doubts == ()


def test_a_header_may_stand_below_titles(sent):
    content = "City Laboratory;;;;\nPrinted 2 March;;;;\n\n" + lines("CL-1;HBA1C;7,2;%;2026-03-01")

    rows, problems = read_guessed(sent(content))

    assert guess(sent(content)).profile.header_row == 4
    assert ([(row.row, row.value) for row in rows], problems) == ([(5, 7.2)], [])


def test_what_the_file_is_like_is_told(sent):
    found = guess(sent(lines(*["CL-1;CREAT;88,5;µmol/L;2026-03-01"] * 30).encode("cp1252")))

    profile = found.profile
    assert (profile.encoding, profile.delimiter, profile.decimal) == ("cp1252", ";", ",")
    assert (len(found.sample_rows), found.row_estimate, found.ignored) == (20, 30, ())


@pytest.mark.parametrize(
    ("days", "order"),
    [(["13/03/2026", "04/03/2026"], "dmy"), (["03/13/2026", "03/04/2026"], "mdy"),
     (["2026-03-01"], "ymd")],
)  # fmt: skip
def test_a_day_above_twelve_settles_the_order_of_all_dates(sent, days, order):
    path = sent(lines(*(f"CL-1;HBA1C;7;%;{day}" for day in days)))

    assert (guess(path).profile.date_order, doubts(guess(path))) == (order, [])
    assert read_guessed(path)[1] == []


def test_a_day_above_twelve_late_in_a_large_file_settles_the_order(sent):
    early, late = ["CL-1;HBA1C;7;%;04/03/2026"], ["CL-1;HBA1C;7;%;14/03/2026"]

    found = guess(sent(lines(*early * 200_000, *late * 50_000)))

    assert (found.profile.date_order, found.doubts) == ("dmy", ())
    assert 240_000 < found.row_estimate < 260_000


@pytest.mark.parametrize("days", [["04/03/2026"], ["13/03/2026", "03/13/2026"]])
def test_an_order_that_stays_in_doubt_is_asked_and_its_rows_refused(sent, days):
    path = sent(lines(*(f"CL-1;HBA1C;7;%;{day}" for day in days)))

    rows, problems = read_guessed(path)

    assert doubts(guess(path)) == [("date_order", "date_order")]
    assert (rows, {problem.code for problem in problems}) == ([], {"ambiguous_date"})


def test_a_person_settles_the_order(sent):
    path = sent(lines("CL-1;HBA1C;7;%;04/03/2026"))

    [row], problems = read_guessed(path, date_order="dmy")

    assert (row.collected_at.date().isoformat(), problems) == ("2026-03-04", [])


def test_a_number_that_may_be_a_thousand_is_asked_and_its_row_refused(sent):
    path = sent(lines("CL-1;PLT;1,234;10*9/L;2026-03-01", "CL-1;HBA1C;7,2;%;2026-03-01"))

    [row], [problem] = read_guessed(path)

    assert doubts(guess(path)) == [("decimal", "decimal")]
    assert (row.value, problem.row, problem.code) == (7.2, 2, "ambiguous_number")


def test_a_person_settles_the_decimal_sign(sent):
    path = sent(lines("CL-1;PLT;1,234;10*9/L;2026-03-01", "CL-1;HBA1C;7,2;%;2026-03-01"))

    assert [row.value for row in read_guessed(path, decimal=",")[0]] == [1.234, 7.2]


def test_a_comma_in_a_file_of_decimal_points_may_separate_thousands(sent):
    path = sent(lines("CL-1;PLT;1,234;10*9/L;2026-03-01", "CL-1;HBA1C;7.2;%;2026-03-01"))

    assert doubts(guess(path)) == [("thousands", "thousands_separator")]
    assert [problem.code for problem in read_guessed(path)[1]] == ["decimal_comma"]
    assert [row.value for row in read_guessed(path, thousands=",")[0]] == [1234, 7.2]


def test_thousands_are_joined_when_a_person_says_so(sent):
    path = sent(lines("CL-1;PLT;1.234,5;10*9/L;2026-03-01"))

    assert doubts(guess(path)) == [("thousands", "thousands_separator")]
    assert read_guessed(path)[1][0].code == "thousands_separator"
    assert read_guessed(path, thousands=".", decimal=",")[0][0].value == 1234.5


def test_thousands_need_nobody_where_the_decimal_comma_is_sure(sent):
    path = sent(lines("CL-1;PLT;1.234,5;10*9/L;2026-03-01", "CL-1;HBA1C;7,2;%;2026-03-01"))

    assert doubts(guess(path)) == []
    assert [row.value for row in read_guessed(path)[0]] == [1234.5, 7.2]


def test_a_point_alone_is_asked_though_the_decimal_comma_is_sure(sent):
    path = sent(lines("CL-1;PLT;1.234;10*9/L;2026-03-01", "CL-1;PLT;1.234,5;10*9/L;2026-03-02",
                      "CL-1;HBA1C;7,2;%;2026-03-01"))  # fmt: skip

    rows, [problem] = read_guessed(path)

    assert doubts(guess(path)) == [("thousands", "thousands_separator")]
    assert ([row.value for row in rows], problem.row) == ([1234.5, 7.2], 2)


def test_decimal_commas_between_commas_are_asked(sent):
    path = sent(lines('CL-1,HBA1C,"7,2",%,2026-03-01', header=HEADER.replace(";", ",")))

    assert doubts(guess(path)) == [("decimal", "decimal")]
    assert read_guessed(path)[1][0].code == "decimal_comma"
    assert read_guessed(path, decimal=",")[0][0].value == 7.2


def test_days_counted_by_a_spreadsheet_are_asked(sent):
    path = sent(lines("CL-1;HBA1C;7;%;46082"))

    assert doubts(guess(path)) == [("dates_as_serials", "dates_as_serials")]
    assert read_guessed(path)[1][0].code == "bad_time"
    assert read_guessed(path, dates_as_serials=True)[0][0].collected_at.day == 1


def test_two_columns_that_may_mean_the_same_are_asked(sent):
    found = guess(sent(lines("CL-1;HBA1C;7;8;%;2026-03-01",
                             header="mrn;code;result;result;unit;date")))  # fmt: skip

    assert [(doubt.code, doubt.choices) for doubt in found.doubts] == [
        ("column_doubled", ("result", "result (2)"))
    ]


def test_a_sure_heading_wins_over_a_vague_one(sent):
    found = guess(sent(lines("CL-1;HBA1C;7;%;2026-03-01;x",
                             header="mrn;code;value;unit;collected on;date")))  # fmt: skip

    assert (found.profile.columns["collected_at"], found.ignored) == ("collected on", ("date",))


def test_a_table_without_a_header_is_asked_which_column_is_which(sent):
    path = sent("CL-1;HBA1C;7;%;2026-03-01\nCL-2;HBA1C;8;%;2026-03-01\n")
    said = {"mrn": "Column 1", "code": "Column 2", "value": "Column 3", "unit": "Column 4",
            "collected_at": "Column 5"}  # fmt: skip

    rows, problems = read_guessed(path, columns=said)

    assert doubts(guess(path))[0] == ("header_row", "no_header")
    assert ([(row.row, row.value) for row in rows], problems) == ([(1, 7), (2, 8)], [])


def test_headings_that_nobody_knows_are_still_headings(sent):
    found = guess(sent("Who;What;How much;When\nCL-1;HBA1C;7;2026-03-01\n"))

    assert (found.profile.header_row, found.header) == (1, ("Who", "What", "How much", "When"))
    assert [code for _field, code in doubts(found)] == ["column_missing"] * 4


def test_a_table_without_units_is_asked_for_them(sent):
    path = sent(lines("CL-1;HBA1C;7;2026-03-01", header="mrn;code;value;collected_at"))

    assert doubts(guess(path)) == [("unit", "column_missing")]
    assert read_guessed(path, default_unit="%")[0][0].unit == "%"


def test_date_and_time_may_stand_in_two_columns(sent):
    path = sent(lines("CL-1;HBA1C;7;%;2026-03-01;08:30",
                      header="mrn;code;value;unit;Collection date;Collection time"))  # fmt: skip

    [row], _ = read_guessed(path)

    assert (row.collected_at.hour, row.collected_at.minute, row.row) == (8, 30, 2)


def test_a_wide_table_is_known_by_its_tests(sent):
    found = guess(sent("MRN,Collected,Glucose (mg/dL),HbA1c [%],718-7,Na mmol/L,Ward\n"
                       "CL-1,2026-03-01,99,,13.5,140,W1\n"))  # fmt: skip

    assert found.profile.tests == {
        "Glucose (mg/dL)": {"code": "Glucose", "unit": "mg/dL"},
        "HbA1c [%]": {"code": "HbA1c", "unit": "%"},
        "718-7": {"code": "718-7", "unit": ""},
        "Na mmol/L": {"code": "Na", "unit": "mmol/L"},
    }
    assert (found.profile.layout, found.row_estimate, found.ignored) == ("wide", 3, ("Ward",))
    assert doubts(found) == [("tests", "unit_missing")]


def test_columns_that_seem_to_be_tests_and_are_not_read_are_named(sent):
    found = guess(sent("MRN,Collected,HbA1c [%],Marker X\nCL-1,2026-03-01,6,12\n"))

    assert ("tests", "columns_unknown") in doubts(found)
    assert found.ignored == ("Marker X",)


def test_units_and_ranges_may_stand_below_the_header(sent):
    profile = guess(sent("MRN\tDate\tHGB\tPLT\n\t\tg/dL\t10*9/L\nRef\t\t12-16\t150-400\n"
                         "CL-1\t2026-03-01\t13.5\t250\n")).profile  # fmt: skip

    assert (profile.units_row, profile.reference_row) == (2, 3)
    assert profile.tests["PLT"] == {"code": "PLT", "unit": "10*9/L"}


def test_what_was_said_of_a_source_settles_its_next_file(sent):
    said = Profile.from_json({**guess(sent(lines("CL-1;HBA1C;7;%;04/03/2026"))).profile.to_json(),
                              "date_order": "dmy", "zone": "Europe/Berlin"})  # fmt: skip

    found = guess(sent(lines("CL-1;HBA1C;7;%;05/06/2026")), remembered=said)

    assert (found.profile.date_order, found.profile.zone, found.doubts) == (
        "dmy", "Europe/Berlin", ())  # fmt: skip


def test_a_file_that_contradicts_its_source_is_asked_about(sent):
    said = Profile(delimiter=";", date_order="mdy",
                   columns={name: name for name in HEADER.split(";")})  # fmt: skip

    found = guess(sent(lines("CL-1;HBA1C;7;%;13/06/2026")), remembered=said)

    assert (found.profile.date_order, doubts(found)) == (
        "ymd", [("date_order", "date_order_changed")])  # fmt: skip


def test_a_file_with_other_columns_is_looked_at_anew(sent):
    said = Profile(delimiter=";", columns={"mrn": "Pat", "code": "T"}, zone="Europe/Berlin")

    found = guess(sent(lines("CL-1;HBA1C;7;%;2026-03-01")), remembered=said)

    assert (found.profile.columns["mrn"], found.profile.zone) == ("mrn", "")


@pytest.mark.parametrize(
    ("content", "format_name"),
    [("MSH|^~\\&|LAB|X\r", "hl7"), ("\x0bMSH|^~\\&|\r", "hl7"), ("FHS|^~\\&|A\r", "hl7"),
     ('{"resourceType": "Bundle"}', "fhir"), ('[{"resourceType": "Patient"}]', "fhir"),
     ("<?xml version='1.0'?><!DOCTYPE HealthData []><HealthData/>", "wearable")],
)  # fmt: skip
def test_other_formats_are_known_by_their_content(sent, content, format_name):
    assert guess(sent(content)).format == format_name


def test_a_packed_message_is_known_as_well(sent):
    assert guess(sent(gzip.compress(b"MSH|^~\\&|LAB|X\r"))).format == "hl7"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"\xef\xbb\xbf", "empty"), (b"%PDF-1.7 x", "PDF"), (b"\x89PNG\r\n", "image"),
     (b"\x7fELF\x02", "program"), (b"PK\x03\x04 broken", "damaged"), (b"\x1f\x8b\x08 x", "damaged"),
     (b'{"a": 1}', "JSON"), (b"<html><table>", "web page"), (b"<?xml?><a/>", "XML"),
     (b'<Bundle xmlns="http://hl7.org/fhir">', "FHIR in XML"),
     (gzip.compress(gzip.compress(b"x")), "another archive"),
     (gzip.compress(b"mrn,code\n" + b"CL-1,5\n" * 1_500_001), "far larger"),
     (gzip.compress(b"mrn,code\n" * 900)[:-40], "damaged"),
     (b"mrn,code,value,unit,collected_at\n", "no rows"), (b"only words\n", "No table")],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_a_sentence(sent, content, said):
    with pytest.raises(UnreadableFile, match=said):
        guess(sent(content))


def test_a_profile_comes_back_from_json_as_it_was(sent):
    profile = guess(sent("MRN,Collected,HbA1c [%]\nCL-1,13/01/2026,6\n")).profile

    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


@pytest.mark.parametrize(
    "said",
    [{"decimal": "x"}, {"unknown": 1}, {"header_row": "1"}, {"header_row": -1}, {"zone": "Mars"},
     {"columns": {"colour": "x"}}, {"columns": {"mrn": "a", "code": "a"}}, {"decimal": 7},
     {"decimal": ".", "thousands": "."}, {"tests": {"x": {"unit": "g"}}}, {"columns": {"mrn": ""}},
     {"default_unit": "a\nb"}, {"encoding": "utf-7"}],
)  # fmt: skip
def test_a_profile_that_says_something_impossible_is_refused(said):
    with pytest.raises(BadProfile):
        Profile.from_json(said)
