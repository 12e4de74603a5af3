import os
import re
from pathlib import Path

import hl7apy.parser
import pytest

from patients import hl7
from patients.hl7 import files
from tests.patients.hl7messages import HBA1C, OBR, PID, cells, observed, obx, oru

FOLDER = Path(os.getenv("CARELENS_DATASETS") or Path(__file__).parents[3] / "shared/datasets")
LONG_NUMBER = "F" * 70


def test_an_obx_becomes_a_row_of_the_laboratory_table():
    row = cells(obx(rest="|||20260301073000-0500"))
    assert {name: row[name] for name in ("mrn", "identifier_system", "birth_date", "code")} == {
        "mrn": "CL-000001", "identifier_system": "mrn", "birth_date": "1960-05-17",
        "code": "4548-4",
    }  # fmt: skip
    assert (row["value"], row["unit"], row["status"]) == ("5.4", "%", "final")
    assert (row["collected_at"], row["accession"]) == ("2026-03-01T07:30:00-05:00", "F100")


@pytest.mark.parametrize(
    ("kind", "value", "meaning"),
    [
        ("NM", "5.40", "5.40"), ("NM", "+5.", "5"), ("NM", ".5", "0.5"), ("NM", "-0.5", "-0.5"),
        ("NM", "<0.5", "<0.5"), ("NM", "5,4", "5,4"), ("SN", "<^5", "<5"), ("SN", ">=^60", ">=60"),
        ("SN", "^182", "182"), ("SN", "=^7.1", "7.1"), ("SN", "^1^:^128", "1:128"),
        ("SN", "^3^-^5", "3-5"), ("SN", "^2^+", "2+"), ("SN", "182", "182"),
        ("ST", "NEGATIVE", "NEGATIVE"), ("ST", "5.2 H", "5.2 H"),
        ("TX", r"Flu A\T\B", "Flu A&B"), ("FT", r"one\.br\two", "one two"),
        ("CE", "260373001^Detected^SCT", "Detected"), ("CWE", "10828004^^SCT^POS^Positive^L",
         "Positive"), ("CWE", "^^^^^^^^seen", "seen"), ("CWE", "Y", "Y"),
        ("DT", "20260301", "2026-03-01"), ("", "7.1", "7.1"), ("NM", '""', ""),
        ("ST", "one~two~one", "one; two"),
    ],
)  # fmt: skip
def test_each_type_of_value_becomes_one_text(kind, value, meaning):
    assert cells(obx(kind, value))["value"] == meaning


def test_a_number_said_twice_is_two_results():
    rows = [observation.cells for observation in observed(obx("NM", "5.1~5.3"))]
    assert [(row["value"], row["accession"]) for row in rows] == [
        ("5.1", "F100"),
        ("5.3", "F100#2"),
    ]
    assert [row["source_column"] for row in rows] == ["OBX-5", "OBX-5[2]"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("P", "preliminary"), ("F", "final"), ("C", "corrected"), ("D", "entered-in-error"),
        ("W", "entered-in-error"), ("X", "cancelled"), ("I", "registered"), ("R", "preliminary"),
        ("S", "preliminary"), ("U", "final"), ("A", "amended"), ("B", "amended"), ("V", "final"),
        ("", "final"), ("f", "final"),
    ],
)  # fmt: skip
def test_each_status_of_table_0085_has_a_meaning(code, status):
    assert cells(obx(status=code))["status"] == status


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (obx(status="N"), "not_a_result"), (obx(status="O"), "not_a_result"),
        (obx(status="Q"), "unknown_status"), (obx("ED", "^IM^JPEG^Base64^AAAA"), "not_scored"),
        (obx("RP", "https://pictures.example/1^^image^PICT"), "not_scored"),
        (obx("NA", "1^2^3"), "not_scored"),
    ],
)  # fmt: skip
def test_what_is_no_result_has_a_reason(line, code):
    (observation,) = observed(line)
    assert (observation.refusal.code, observation.cells) == (code, {})
    assert observation.refusal.message.endswith(".")


def test_without_a_status_of_its_own_a_result_has_that_of_its_order():
    order = OBR.format(issued="").removesuffix("F") + "P"
    (observation,) = hl7.observations(hl7.parse(oru(PID, order, obx(status=""))))
    assert observation.cells["status"] == "preliminary"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("GLU^Glucose^L^2345-7^Glucose SerPl^LN", "2345-7"), ("2345-7^Glucose^LN", "2345-7"),
        ("2345-7^Glucose", "2345-7"), ("GLU^Glucose^L", "GLU"), ("^Glucose", "Glucose"),
        ("^^^GLU^Glucose^L", "GLU"), ("2345-7^Glucose^L^GLU^Glucose^99LAB", "2345-7"),
    ],
)  # fmt: skip
def test_loinc_is_taken_from_either_half_before_a_local_code(code, meaning):
    assert cells(obx(code=code))["code"] == meaning


@pytest.mark.parametrize(
    ("unit", "meaning"),
    [("mg/dL^^UCUM", "mg/dL"), ("mgdl^mg per dl^L^mg/dL^^UCUM", "mg/dL"), ("^mg/dl", "mg/dl"),
     ("10*3/uL", "10*3/uL"), ("", "")],
)  # fmt: skip
def test_the_unit_is_the_ucum_one_where_there_are_two(unit, meaning):
    assert cells(obx(unit=unit))["unit"] == meaning


def test_remarks_belong_to_the_result_they_follow():
    first, second = observed(
        "NTE|1||about the order", obx(), "NTE|1||Haemolysed.", "NTE|2||Repeat~please.", obx()
    )
    assert first.cells["note"] == "Haemolysed. Repeat please."
    assert second.cells["note"] == ""


def test_a_long_remark_is_cut_visibly():
    (observation,) = observed(obx(), "NTE|1||" + "x" * 400)
    note = observation.cells["note"]
    assert (len(note), note[-1]) == (300, "…")


def test_times_without_an_offset_are_in_that_of_the_message():
    row = cells(obx(rest="|||202603010730"), at="20260302080000-0500")
    assert row["collected_at"] == "2026-03-01T07:30:00-05:00"


def test_the_time_of_collection_may_stand_with_the_specimen():
    message = hl7.parse(oru(PID, "OBR|1||F1|X", obx(), "SPM|1|||BLD" + "|" * 13 + "20260301"))
    (observation,) = hl7.observations(message)
    assert observation.cells["collected_at"] == "2026-03-01"


@pytest.mark.parametrize(
    ("status", "issued"), [("F", ""), ("P", ""), ("C", "2026-03-02T08:00:00+00:00")]
)
def test_a_correction_without_a_time_is_as_old_as_its_message(status, issued):
    assert cells(obx(status=status))["issued_at"] == issued


def test_a_result_is_known_by_its_order_and_sub_id():
    first, second = observed(obx(), obx().replace("||5.4", "|2|5.4"))
    assert [o.cells["accession"] for o in (first, second)] == ["F100", "F100/2"]


def test_a_long_order_number_is_shortened_to_one_of_its_own():
    orders = [f"OBR|1||{LONG_NUMBER}{n}|X|||2026" for n in range(2)]
    rows = [hl7.observations(hl7.parse(oru(PID, order, obx())))[0].cells for order in orders]
    accessions = [row["accession"] for row in rows]
    assert [len(accession) for accession in accessions] == [64, 64]
    assert accessions[0] != accessions[1]


def test_several_patients_and_orders_keep_apart():
    message = hl7.parse(
        oru(PID, "ORC|RE||F1", "OBR|1|||X|||20260301", obx(), "OBR|2||F2|X|||20260302", obx(),
            "PID|2||CL-2", "OBR|1||F3|X", obx())
    )  # fmt: skip
    rows = [observation.cells for observation in hl7.observations(message)]
    assert [row["mrn"] for row in rows] == ["CL-000001", "CL-000001", "CL-2"]
    assert [row["accession"] for row in rows] == ["F1", "F2", "F3"]
    assert [row["collected_at"] for row in rows] == ["2026-03-01", "2026-03-02", ""]


@pytest.mark.parametrize(
    ("pid_3", "number"),
    [
        ("7^^^HOSP^MR", ("HOSP", "7")), ("7", ("mrn", "7")), ("7^^^^MR", ("mrn", "7")),
        ("SSN1^^^USA^SS~7^^^HOSP&1.2.3&ISO^MR", ("HOSP", "7")),
        ("7^^^&1.2.3&ISO^PI", ("1.2.3", "7")), ("", ("mrn", "")),
    ],
)  # fmt: skip
def test_the_record_number_is_preferred_with_its_authority(pid_3, number):
    message = hl7.parse(oru(f"PID|1||{pid_3}", "OBR|1||F1|X", obx()))
    (observation,) = hl7.observations(message)
    assert (observation.cells["identifier_system"], observation.cells["mrn"]) == number


def test_a_result_without_a_patient_is_still_a_row():
    (observation,) = hl7.observations(hl7.parse(oru("OBR|1||F1|X", obx())))
    assert observation.cells["mrn"] == ""


@pytest.mark.parametrize(
    ("flags", "flag"), [("H", "H"), ("ABN~HH", "HH"), ("AA", "A"), ("<", ""), ("", "")]
)
def test_flags_of_table_0078_that_we_keep(flags, flag):
    line = f"OBX|1|NM|{HBA1C}||5.4|%|4.0-5.6|{flags}|||F"
    assert (cells(line)["flag"], cells(line)["reference_range"]) == (flag, "4.0-5.6")


@pytest.fixture(scope="module")
def real_messages():
    """Every message of the public data sets, with its text."""
    folder = FOLDER / "hl7v2"
    if not folder.is_dir():
        pytest.skip(f"No HL7 messages in {folder}; set CARELENS_DATASETS to the data folder")
    found = []
    for path in sorted(folder.rglob("*.hl7")):
        with path.open("rb") as file:
            texts = [hl7.decode(piece.raw) for piece in files.messages(file) if piece.raw]
        found += [(text, hl7.parse(text)) for text in texts]
    return found


def test_every_obx_of_real_messages_is_a_row_or_has_a_reason(real_messages):
    for text, message in real_messages:
        found = hl7.observations(message)
        lines = [line.split("|") for line in re.split(r"[\r\n]+", text) if line[:4] == "OBX|"]
        cells = [[*line, *[""] * 12] for line in lines]
        said = [any(cell[place].strip() for place in (3, 5, 11)) for cell in cells]
        assert len({observation.number for observation in found}) == sum(said)
        assert all(o.cells or o.refusal for o in found)


def test_a_second_reader_finds_the_same_in_real_messages(real_messages):
    compared = 0
    for text, message in real_messages:
        found = {o.order: o.cells for o in hl7.observations(message) if o.cells}
        for place, other in enumerate(_second_reader(text), start=1):
            if place in found and other["kind"] in {"NM", "SN", "ST"} and other["value"]:
                assert found[place]["code"] in other["codes"]
                assert found[place]["value"] == other["value"]
                compared += 1
    assert compared > 50


def _second_reader(text):
    """Codes, type and value of each OBX as hl7apy splits them, line by line."""
    for line in re.split(r"[\r\n]+", text):
        if line[:4] == "OBX|" and "\\" not in line and "~" not in line:
            segment = hl7apy.parser.parse_segment(line, version="2.5.1", validation_level=2)
            yield {
                "kind": segment.obx_2.value,
                "codes": segment.obx_3.value.split("^"),
                "value": segment.obx_5.to_er7().replace("^", "").strip().removeprefix("="),
            }
        elif line[:4] == "OBX|":
            yield {"kind": "", "codes": [], "value": ""}
