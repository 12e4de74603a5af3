import contextlib
import datetime as dt
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import hl7
from patients.hl7 import answers, files
from patients.hl7.message import Separators, unescape
from patients.hl7.times import day, iso
from tests.patients.hl7messages import PID, hba1c, obx, oru


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_end_as_the_sender_ends_them(end):
    message = hl7.parse(oru(PID, obx(), end=end))
    assert [segment.name for segment in message.segments] == ["MSH", "PID", "OBX"]


def test_a_message_chooses_its_separators():
    text = "MSH#*!?%#LIS#LAB###2026##ORU*R01#7#P#2.4\rPID###1%x*2!3*4\r"
    message = hl7.parse(text)
    (pid,) = message.all("PID")
    assert message.kind == "ORU^R01"
    assert [part.component(1) for part in pid.repetitions(3)] == ["1", "3"]
    assert pid.text(3, 1, 2) == "x"


def test_a_line_that_begins_no_segment_goes_on_with_the_one_before():
    message = hl7.parse(oru(PID, "NTE|1||Haemolysed sample,", "please repeat."))
    (note,) = message.all("NTE")
    assert note.text(3) == "Haemolysed sample, please repeat."


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"Flu A\T\B", "Flu A&B"),
        (r"a\F\b\S\c\R\d\E\e", "a|b^c~d\\e"),
        (r"\X4D\\X6F\n", "Mon"),
        (r"\XC2B5\g", "µg"),
        (r"\XB5\g", "µg"),
        (r"line\.br\line\.sp+2\end", "line line end"),
        (r"\H\bold\N\ text", "bold text"),
        (r"C:\unknown\path", r"C:\unknown\path"),
        (r"trailing\ ", "trailing\\"),
        (r"\X4\odd", r"\X4\odd"),
    ],
)
def test_escape_sequences_mean_characters(text, meaning):
    assert unescape(text, Separators()) == meaning


@given(st.text(alphabet="\\|^~&XHTabc.0", max_size=30))
def test_text_that_our_answers_escape_is_read_back_as_it_was(text):
    assert unescape(answers.escape(text), Separators()) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "PID|1", "MSH", "MSH|", "MSHAAAAAAAAA", "MSH|^^^^|x|y|z", "MSH||||||||", "\x00"]
)
def test_what_is_no_message_is_unreadable(text):
    with pytest.raises(hl7.Unreadable):
        hl7.parse(text)


def test_a_message_of_nothing_but_separators_is_unreadable():
    with pytest.raises(hl7.Unreadable, match="separators"):
        hl7.parse(oru(PID, obx(value="~" * 200_000)))


@given(st.text(alphabet="MSHPIDOBX|^~\\&\r\n \x0b0A", max_size=80))
def test_any_text_is_read_or_unreadable(text):
    with contextlib.suppress(hl7.Unreadable):
        hl7.observations(hl7.parse("MSH|^~\\&|" + text))


@pytest.mark.parametrize(
    ("declared", "written"),
    [("", "utf-8"), ("", "cp1252"), ("UNICODE UTF-8", "utf-8"), ("8859/1", "latin-1"),
     ("8859/15", "iso8859-15"), ("ASCII", "utf-8"), ("ISO IR192", "utf-8"),
     ("GB 18030-2000", "gb18030")],
)  # fmt: skip
def test_msh_18_says_in_which_characters_a_message_is_written(declared, written):
    text = oru("NTE|1||Größe 5 µg").replace("2.5.1\r", f"2.5.1||||||{declared}\r")
    assert "Größe 5 µg" in hl7.decode(text.encode(written))


@pytest.mark.parametrize("declared", ["UNICODE UTF-8", "KLINGON"])
def test_characters_that_are_not_what_msh_18_says_are_refused(declared):
    text = oru("NTE|1||µ").replace("2.5.1\r", f"2.5.1||||||{declared}\r")
    with pytest.raises(hl7.Unreadable, match="MSH-18"):
        hl7.decode(text.encode("latin-1"))


@pytest.mark.parametrize(
    ("stamp", "offset", "meaning"),
    [
        ("20260301083000.25+0100", "", "2026-03-01T08:30:00.25+01:00"),
        ("202603010830", "-0500", "2026-03-01T08:30:00-05:00"),
        ("2026030108", "", "2026-03-01T08:00:00"),
        ("20260301", "-0500", "2026-03-01"),
        ("202603", "", "202603"),
        ("last week", "", "last week"),
    ],
)
def test_times_become_iso_times_or_stay_as_they_are(stamp, offset, meaning):
    assert iso(stamp, offset) == meaning


def test_a_birth_date_counts_only_when_it_is_known_to_the_day():
    assert (day("196005171200"), day("1960"), day("")) == ("1960-05-17", "", "")


NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def pieces(content, **start):
    return list(files.messages(files.open_messages(io.BytesIO(content)), **start))


BATCH = (
    "FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r" + hba1c(5, id="1") + hba1c(6, id="2") + "BTS|2\rFTS|1\r"
).encode()


def ids(found):
    return [hl7.parse(hl7.decode(piece.raw)).control_id for piece in found if piece.raw]


def test_a_batch_is_cut_into_its_messages_without_its_wrapping():
    found = pieces(BATCH)
    assert ids(found) == ["1", "2"]
    assert found[-1].raw.endswith(b"F")
    assert found[-1].next_byte == len(BATCH)


def test_reading_goes_on_at_any_end_of_a_message():
    first = next(piece for piece in pieces(BATCH) if piece.raw)
    rest = pieces(BATCH, at_byte=first.next_byte, at_row=first.next_row)
    assert ids(rest) == ["2"]
    assert rest[0].row == 7  # two lines of wrapping, four of the first message


def test_text_that_mentions_a_header_does_not_begin_a_message():
    content = oru(PID, "NTE|1||See MSH|1 and BTS|2").encode()
    (piece,) = pieces(content)
    assert piece.raw == content.strip()


def test_a_cut_anywhere_in_a_long_file_loses_no_message(monkeypatch):
    content = "".join(hba1c(5, id=str(n)) for n in range(20)).encode()
    for block in range(1, 60):
        monkeypatch.setattr(files, "BLOCK", block)
        assert ids(pieces(content)) == [str(n) for n in range(20)]


def test_a_message_that_is_too_long_is_passed_over(monkeypatch):
    monkeypatch.setattr(files, "LONGEST_MESSAGE", 2000)
    monkeypatch.setattr(files, "BLOCK", 100)
    content = (hba1c(5, id="1") + oru("NTE|1||" + "x" * 5000) + hba1c(6, id="3")).encode()
    found = pieces(content)
    assert [piece.raw is None for piece in found] == [False, True, False]
    assert (ids(found), found[-1].next_byte) == (["1", "3"], len(content))


def test_packed_and_wide_files_are_read_as_well():
    text = hba1c(5, id="1") + hba1c(6, id="2")
    assert ids(pieces(gzip.compress(text.encode()))) == ["1", "2"]
    for encoding in ["utf-16", "utf-16-le", "utf-16-be"]:
        assert ids(pieces(text.encode(encoding))) == ["1", "2"]


def test_a_damaged_archive_is_unreadable():
    with pytest.raises(hl7.Unreadable, match="damaged"):
        pieces(b"\x1f\x8b" + b"nonsense" * 20)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [(b"MSH|^~\\&|", True), (b"\xef\xbb\xbfMSH|", True), (b"\x0bMSH|", True), (b"\r\nFHS|", True),
     ("MSH|".encode("utf-16"), True), (b"mrn,code", False), (b"MSHX,code", False), (b"", False)],
)  # fmt: skip
def test_a_file_of_messages_is_known_by_its_beginning(head, is_one):
    assert hl7.is_hl7(head) is is_one


def test_an_answer_names_the_message_and_where_it_is_wrong():
    message = hl7.parse(hba1c(5, id="A|B".replace("|", "\\F\\")))
    remark = answers.Remark("This is not a number.", place="OBX^1^5")
    said = hl7.parse(
        answers.acknowledge(message, "AE", [remark], now=NOW, own_id="CL1"),
    )
    (msa,), (err,) = said.all("MSA"), said.all("ERR")
    assert (msa.text(1), msa.text(2)) == ("AE", "A|B")
    assert (said.header.text(5), said.header.text(6)) == ("LIS", "NORTHLAB")
    assert (err.raw(2), err.text(4), err.text(8)) == ("OBX^1^5", "E", "This is not a number.")


@pytest.mark.parametrize(
    ("was", "becomes", "code"),
    [("|P|", "|T|", "202"), ("2.5.1", "3.0", "203"), ("ORU^R01^ORU_R01", "ADT^A01", "200"),
     ("ORU^R01^ORU_R01", "ORU^W01", "201"), ("|M1|", "||", "101")],
)  # fmt: skip
def test_messages_that_are_not_for_us_are_rejected_with_the_reason(was, becomes, code):
    message = hl7.parse(hba1c(5).replace(was, becomes, 1))
    assert answers.rejection(message, processing_ids=answers.PRODUCTION).remark.code == code


def test_a_message_without_a_type_is_rejected_in_a_whole_sentence():
    message = hl7.parse(hba1c(5).replace("ORU^R01^ORU_R01", "", 1))
    remark = answers.rejection(message, processing_ids=answers.PRODUCTION).remark
    assert remark.sentence.endswith("not a message without a type.")


def test_a_message_without_version_and_processing_id_is_let_pass():
    message = hl7.parse(hba1c(5).replace("|P|2.5.1", "", 1))
    assert answers.rejection(message, processing_ids=answers.PRODUCTION) is None
