import csv
import io
import itertools
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.jobs.models import Job
from patients.models import HeldResult, Hl7Message, Result
from patients.services import hl7in, intake, labexports
from tests.patients.hl7messages import HBA1C, OBR, PID, hba1c, obx, oru
from tests.patients.labfiles import DAY, NOW, import_file, problem_codes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
FOLDER = Path(os.getenv("CARELENS_DATASETS") or Path(__file__).parents[3] / "shared/datasets")


ORDER = OBR.format(issued="")


def batch(*messages):
    return "FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r" + "".join(messages) + "BTS\rFTS\r"


def ten(**fields):
    """Ten results of Ada's on ten days, the third unreadable, the fourth of a stranger."""
    lines = []
    for n in range(10):
        order = f"OBR|1||F{n}|X|||202602{n + 10}0800"
        value = "high" if n == 2 else f"5.{n}"
        pid = PID.replace("CL-000001", "CL-9") if n == 3 else PID
        lines.append(oru(pid, order, f"OBX|1|NM|{HBA1C}||{value}|%|||||F", id=str(n)))
    return import_file(batch(*lines), format="hl7", **fields)


def all_counts(lab_import):
    return [
        lab_import.accepted_count, lab_import.corrected_count, lab_import.duplicate_count,
        lab_import.refused_count, lab_import.unmatched_count,
    ]  # fmt: skip


def stored():
    rows = Result.objects.order_by("collected_at", "version")
    return list(rows.values_list("value", "status", "accession", "superseded_at", "import_row"))


def test_a_batch_becomes_results_and_reasons(ada):
    lab_import = ten()
    assert all_counts(lab_import) == [8, 0, 0, 1, 1]
    assert [code for _row, _column, code in problem_codes(lab_import)] == [
        "not_a_number", "unknown_patient",
    ]  # fmt: skip
    assert HeldResult.objects.get().lab_import == lab_import
    assert Hl7Message.objects.count() == 0  # the file itself is kept


def test_rows_are_lines_of_the_file(ada):
    lab_import = ten()
    lines = lab_import.file.open().read().decode().split("\r")
    for row, _column, _code in problem_codes(lab_import):
        assert lines[row - 1].startswith("OBX|")
    assert all(lines[row - 1].startswith("OBX|") for *_rest, row in stored())


def test_the_same_results_in_another_file_are_known_already(ada):
    ten()
    again = import_file(ten_text_without_wrapping(), format="hl7")
    assert all_counts(again)[:3] == [0, 0, 8]


def ten_text_without_wrapping():
    return "\n".join(
        oru(PID, f"OBR|1||F{n}|X|||202602{n + 10}0800", f"OBX|1|NM|{HBA1C}||5.{n}|%|||||F",
            id=f"again {n}", end="\n")
        for n in range(10) if n not in {2, 3}
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_cut_of_a_file_into_stretches_does_not_matter(ada, monkeypatch, size):
    monkeypatch.setattr(hl7in, "MOST_MESSAGES", size)
    assert all_counts(ten()) == [8, 0, 0, 1, 1]


@pytest.mark.parametrize("dies_at", [1, 2, 4])
def test_a_run_that_died_is_gone_on_with(ada, monkeypatch, dies_at, run_jobs):
    monkeypatch.setattr(hl7in, "MOST_MESSAGES", 2)
    calls = itertools.count(1)
    take = intake.take

    def die(*arguments):
        if next(calls) == dies_at:
            raise MemoryError
        return take(*arguments)

    monkeypatch.setattr(intake, "take", die)
    lab_import = ten()
    run_jobs()
    lab_import.refresh_from_db()
    assert (all_counts(lab_import), lab_import.job.status) == ([8, 0, 0, 1, 1], Job.Status.DONE)
    assert len(stored()) == 8


def test_messages_that_bring_no_results_are_named(ada):
    text = hba1c("6.1", id="1") + hba1c("6", id="2").replace("ORU^R01^ORU_R01", "ADT^A08")
    lab_import = import_file(text + "MSH|^~\\&|\rPID|broken\r", format="hl7")
    assert problem_codes(lab_import) == [
        (5, "MSH", "not_results"), (9, "MSH", "not_results"),
    ]  # fmt: skip
    assert all_counts(lab_import) == [1, 0, 0, 2, 0]


def test_a_message_in_wrong_characters_costs_itself_alone(ada):
    bad = oru("NTE|1||µ", id="2").replace("2.5.1\r", "2.5.1||||||UNICODE UTF-8\r")
    content = hba1c("6.1", id="1").encode() + bad.encode("latin-1")
    lab_import = import_file(content, format="hl7")
    assert (all_counts(lab_import), problem_codes(lab_import)) == (
        [1, 0, 0, 1, 0],
        [(5, "MSH", "unreadable_message")],
    )


def test_a_training_message_in_a_file_is_read(ada):
    lab_import = import_file(hba1c("6.1").replace("|P|2.5.1", "|T|2.5.1"), format="hl7")
    assert all_counts(lab_import) == [1, 0, 0, 0, 0]


def test_a_correction_in_the_same_file_stands(ada):
    early = hba1c("6.1", "F", id="1", issued="20260301090000")
    late = hba1c("6.5", "C", id="2", issued="20260301100000")
    import_file(late + early, format="hl7")
    assert list(Result.objects.current().values_list("value", flat=True)) == [6.5]


@pytest.mark.parametrize("size", [1, 500])
def test_final_without_a_value_finalises_what_the_same_file_said_before(ada, monkeypatch, size):
    monkeypatch.setattr(hl7in, "MOST_MESSAGES", size)
    preliminary = hba1c("6.1", "P", id="1", issued="20260301090000+0000")
    final = hba1c("", "U", id="2", issued="20260301100000+0000")

    lab_import = import_file(preliminary + final, format="hl7")

    assert all_counts(lab_import) == [1, 1, 0, 0, 0]
    assert list(Result.objects.current().values_list("value", "status")) == [(6.1, "final")]


def test_messages_are_looked_up_together(ada, django_assert_max_num_queries):
    def said(number, messages):
        return "".join(
            oru(PID, f"OBR|1||{number}-{n}|X|||202602010800", f"OBX|1|NM|{HBA1C}||5.4|%|||||F",
                id=f"{number}-{n}")
            for n in range(messages)
        )  # fmt: skip

    with CaptureQueriesContext(connection) as few:
        import_file(said("a", 2), format="hl7")
    with django_assert_max_num_queries(len(few)):
        import_file(said("b", 60), format="hl7")


def test_a_file_without_a_message_fails_with_a_sentence(ada):
    lab_import = import_file("BHS|^~\\&|LIS\rBTS|0\r", format="hl7")
    assert (lab_import.job.status, lab_import.row_count) == (Job.Status.FAILED, 0)
    assert "no HL7 message" in lab_import.job.failure


def test_refused_rows_come_back_as_a_table_that_can_be_sent_again(ada):
    rows = list(csv.DictReader(io.StringIO("".join(labexports.rejected_rows(ten()))[1:])))
    assert [(row["mrn"], row["value"]) for row in rows] == [("CL-000001", "high"), ("CL-9", "5.3")]
    assert rows[0]["problem"].endswith(".")
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    writer.writerow(rows[0] | {"value": "5.2"})
    assert all_counts(import_file(table.getvalue())) == [1, 0, 0, 0, 0]


def test_several_documents_of_one_message_are_each_listed(ada):
    lines = [obx("ED", f"^IM^JPEG^Base64^{n}") for n in range(3)]
    lab_import = import_file(oru(PID, OBR.format(issued=""), *lines), format="hl7")
    assert [code for *_place, code in problem_codes(lab_import)] == ["not_scored"] * 3


def test_every_line_of_real_messages_is_counted(ada):
    folder = FOLDER / "hl7v2"
    if not folder.is_dir():
        pytest.skip(f"No HL7 messages in {folder}; set CARELENS_DATASETS to the data folder")
    content = b"\r".join(path.read_bytes() for path in sorted(folder.rglob("*.hl7")))
    lab_import = import_file(content, format="hl7")
    assert lab_import.job.status == Job.Status.DONE
    assert lab_import.row_count == 493 + 134  # OBX of results, and messages that are none
    assert lab_import.problems.count() == lab_import.refused_count + lab_import.unmatched_count


def test_results_are_known_from_the_moment_their_file_was_confirmed(ada):
    lab_import = import_file(hba1c("6.1"), format="hl7", uploaded_at=NOW, confirmed_at=NOW + DAY)

    assert Result.objects.get(lab_import=lab_import).recorded_at == NOW + DAY


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        ([PID, ORDER, obx(value="high")], "OBX-5"),
        ([PID, ORDER, obx(unit="furlong")], "OBX-6"),
        ([PID, ORDER, obx(code="XYZ^Unheard of^L")], "OBX-3"),
        ([PID, ORDER, obx(status="?")], "OBX-11"),
        ([PID, "OBR|1||F1|X|||garbage", obx()], "OBX-14/OBR-7"),
        ([PID.replace("CL-000001", "CL-9"), ORDER, obx()], "PID-3"),
        ([PID, ORDER, obx(value="5.4~high")], "OBX-5[2]"),
    ],
)
def test_a_problem_names_the_field_of_the_message(ada, segments, place):
    lab_import = import_file(oru(*segments), format="hl7")

    assert [column for _row, column, _code in problem_codes(lab_import)] == [place]


def test_values_of_one_field_are_told_apart_where_both_lack_the_same(ada):
    lab_import = import_file(oru(PID, ORDER, obx(value="5.4~5.5", unit="furlong")), format="hl7")

    places = [column for _row, column, _code in problem_codes(lab_import)]
    assert sorted(places) == ["OBX-6", "OBX-6 of OBX-5[2]"]
