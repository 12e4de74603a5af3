import datetime as dt
import itertools
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcare.audit.models import AuditEvent
from patients import hl7, signals
from patients.models import HeldResult, Hl7Message, LabSource, PatientIdentifier, Result
from patients.services import hl7messages, intake
from patients.services.hl7messages import Terms
from tests.factories import PatientFactory, PatientIdentifierFactory
from tests.patients.hl7messages import HBA1C, OBR, PID, hba1c, obx, oru

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes")]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
# The life of one result, as its laboratory told it: last of all that it was somebody else's.
STORY = [
    hba1c("", "I", id="0", issued="20260301081000+0000"),
    hba1c("6.1", "P", id="1", issued="20260301090000+0000"),
    hba1c("6.2", "P", id="2", issued="20260301091000+0000"),
    hba1c("6.2", "F", id="3", issued="20260301100000+0000"),
    hba1c("6.2", "F", id="4", issued="20260301100000+0000"),
    hba1c("6.8", "C", id="5", issued="20260301110000+0000"),
    hba1c("6.9", "C", id="6", issued="20260301120000+0000"),
    hba1c("7.0", "A", id="7", issued="20260301130000+0000"),
    hba1c("7.0", "C", id="8", issued="20260301140000+0000"),
    hba1c("", "W", id="9", issued="20260301150000+0000"),
]


def send(message, **terms):
    """The answer to a message, as its code and its ERR sentences."""
    raw = message if isinstance(message, bytes) else message.encode()
    said = hl7.parse(hl7messages.answer(raw, terms=Terms(**terms), now=NOW))
    (msa,) = said.all("MSA")
    return msa.text(1), [(err.text(4), err.text(8)) for err in said.all("ERR")]


def current():
    return list(Result.objects.current().values_list("value", "status"))


def test_a_result_is_stored_and_its_message_acknowledged(ada):
    assert send(hba1c("6.1")) == ("AA", [])
    (result,) = Result.objects.all()
    assert (result.patient, result.value, result.accession) == (ada, 6.1, "F100")
    assert (result.reference_low, result.reference_high, result.source) == (4.0, 5.6, "HL7 message")
    assert result.issued_at == dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


def test_the_answer_names_the_control_id(ada):
    said = hl7messages.answer(hba1c("6.1", id="X77").encode(), terms=Terms(), now=NOW)
    (msa,) = hl7.parse(said).all("MSA")
    assert msa.text(2) == "X77"


@pytest.mark.parametrize("seed", range(5))
def test_the_story_of_a_result_ends_the_same_in_any_order(ada, seed):
    messages = STORY.copy()
    random.Random(seed).shuffle(messages)
    assert {send(message)[0] for message in messages} == {"AA"}
    assert current() == []  # it was withdrawn
    assert Result.objects.count() == 9


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_correction_stands_whenever_it_comes(ada, order):
    for place in order:
        send([STORY[1], STORY[3], STORY[5]][place])
    assert current() == [(6.8, "corrected")]


def test_a_message_sent_again_gets_the_same_answer_and_adds_nothing(ada):
    raw = hba1c("6.1").encode()
    first = hl7messages.answer(raw, terms=Terms(), now=NOW)
    again = hl7messages.answer(raw, terms=Terms(), now=NOW + dt.timedelta(days=1))
    assert again == first
    assert (Result.objects.count(), Hl7Message.objects.count()) == (1, 1)


def test_another_message_with_a_used_control_id_is_an_error(ada):
    send(hba1c("6.1"))
    code, [(_severity, sentence)] = send(hba1c("6.3"))
    assert (code, current()) == ("AE", [(6.1, "final")])
    assert "control id" in sentence


def test_a_stranger_waits_for_a_person_and_is_acknowledged():
    code, [(severity, _sentence)] = send(hba1c("6.1"))
    held = HeldResult.objects.get()
    assert (code, severity, held.reason) == ("AA", "W", "unknown_patient")
    assert held.message == Hl7Message.objects.get()
    assert (held.cells["mrn"], held.row, held.lab_source.facility) == ("CL-000001", 4, "NORTHLAB")


def test_a_bad_line_is_an_error_and_the_good_ones_are_stored(ada):
    code, problems = send(
        oru(
            PID,
            OBR.format(issued=""),
            obx("NM", "high"),
            obx("NM", "5.5", rest="|||20260301070000"),
        )
    )
    assert code == "AE"
    assert [severity for severity, _sentence in problems] == ["E"]
    assert current() == [(5.5, "final")]


def test_lines_that_are_no_results_are_told_and_no_error(ada):
    lines = [obx(), obx("ED", "^application^pdf^Base64^AAAA"), obx(status="O")]
    code, problems = send(oru(PID, OBR.format(issued=""), *lines))
    assert (code, [severity for severity, _ in problems]) == ("AA", ["I", "I"])
    assert Hl7Message.objects.get().refused_count == 2


def test_counts_of_a_message_are_all_its_lines(ada):
    lines = [obx(), obx(code="NOPE^x^L"), obx("ED", "^a^b^c^d"), obx("NM", "x"), obx()]
    send(oru(PID, OBR.format(issued=""), *lines))
    kept = Hl7Message.objects.get()
    counted = [kept.accepted_count, kept.corrected_count, kept.duplicate_count,
               kept.refused_count, kept.unmatched_count]  # fmt: skip
    assert (sum(counted), kept.acknowledgement) == (5, "AE")


@pytest.mark.parametrize(
    ("message", "word"),
    [(hba1c("6").replace("ORU^R01^ORU_R01", "ADT^A01"), "ADT^A01"),
     (hba1c("6").replace("|P|", "|T|"), "processing id"), ("not a message", "MSH"),
     (b"MSH|^~\\&|\x00", "NUL"), (hba1c("6", id=""), "control id")],
)  # fmt: skip
def test_what_is_not_for_us_is_rejected_with_a_sentence_and_kept(ada, message, word):
    for _twice in range(2):
        code, [(_severity, sentence)] = send(message)
        assert code == "AR"
        assert word in sentence
    assert (Result.objects.count(), Hl7Message.objects.get().acknowledgement) == (0, "AR")


def test_a_message_that_was_kept_and_not_taken_is_taken_later(ada, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(intake, "take", lambda *_: 1 / 0)
        code, [(_severity, sentence)] = send(hba1c("6.1"))
    assert (code, Result.objects.count()) == ("AE", 0)
    assert "Send it again" in sentence
    assert hl7messages.take_unanswered(terms=Terms()) == 1
    assert (current(), Hl7Message.objects.get().acknowledgement) == ([(6.1, "final")], "AA")


def test_a_message_that_failed_is_taken_when_it_is_sent_again(ada, monkeypatch):
    with monkeypatch.context() as crash:
        crash.setattr(intake, "take", lambda *_: 1 / 0)
        send(hba1c("6.1"))
    assert send(hba1c("6.1")) == ("AA", [])
    assert current() == [(6.1, "final")]


PARTS = [b"MSH|^~\\&|", b"|", b"^", b"~", b"&", b"\\", b"\r", b"OBX|1|NM|4548-4^^LN||5.4|%|||||F",
         b"ORU^R01", b"P", b"2.5.1", b"\r" + PID.encode() + b"\r", b"\x00", b"\xff", b"20260301",
         b"M1"]  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PARTS), max_size=40), st.booleans())
def test_any_bytes_are_answered(ada, parts, is_headed):
    raw = (hba1c("5").encode() if is_headed else b"") + b"".join(parts)
    said = hl7.parse(hl7messages.answer(raw, terms=Terms(), now=NOW))
    (msa,) = said.all("MSA")
    assert msa.text(1) in {"AA", "AE", "AR"}
    assert not any("could not be stored" in err.text(8) for err in said.all("ERR"))


def test_nothing_of_a_message_stands_in_the_log(ada, monkeypatch, caplog):
    monkeypatch.setattr(intake, "take", lambda *_: int("Lovelace"))
    send(hba1c("6.1"))
    assert "ValueError" in caplog.text
    assert "Lovelace" not in caplog.text


def test_floors_above_hear_whose_results_arrived_and_it_is_audited(ada):
    heard = []

    def hear(patient_ids, **_):
        heard.extend(patient_ids)

    signals.results_arrived.connect(hear)
    try:
        send(hba1c("6.1"))
        send(hba1c("6.1"))
    finally:
        signals.results_arrived.disconnect(hear)
    event = AuditEvent.objects.get(action="hl7_message.taken")
    assert (heard, event.patient_ids) == ([ada.pk], [ada.pk])


def test_a_status_of_final_without_a_value_finalises_the_preliminary_one(ada):
    send(hba1c("6.1", "P", id="1", issued="20260301090000+0000"))
    send(hba1c("", "U", id="2", issued="20260301100000+0000"))
    assert current() == [(6.1, "final")]


def test_a_status_of_final_without_any_value_is_an_error(ada):
    assert send(hba1c("", "U"))[0] == "AE"


def test_the_number_of_any_known_authority_finds_the_patient(ada):
    PatientIdentifierFactory(patient=ada, system="urn:oid:1.2.3", value="77")
    pid = PID.replace("CL-000001^^^^MR", "X^^^OTHER^MR~77^^^HOSP&1.2.3&ISO^PI")
    assert send(hba1c("6.1").replace(PID, pid)) == ("AA", [])
    assert Result.objects.get().patient == ada


def test_numbers_of_two_patients_are_refused(ada):
    PatientIdentifierFactory(patient=PatientFactory(), system="NHS", value="9")
    pid = PID.replace("^^^^MR", "^^^^MR~9^^^NHS^NH")
    code, [(_severity, sentence)] = send(hba1c("6.1").replace(PID, pid))
    assert (code, Result.objects.count()) == ("AE", 0)
    assert "different patients" in sentence


@pytest.mark.parametrize(
    ("name", "born", "stored"),
    [("Lovelace", "19600517", 1), ("LOVELACE", "19600517", 1), ("Byron", "19600517", 0),
     ("Lovelace", "19600518", 0), ("Lovelace", "", 0), ("", "19600517", 0)],
)  # fmt: skip
def test_our_number_under_an_unknown_name_counts_with_birth_date_and_name(team, name, born, stored):
    PatientFactory(mrn="CL-000001", care_team=team, family_name="Lovelace")
    pid = f"PID|1||CL-000001^^^HOSP^MR||{name}^Ada||{born}"
    send(hba1c("6.1").replace(PID, pid))
    assert (Result.objects.count(), HeldResult.objects.count()) == (stored, 1 - stored)


def test_a_birth_date_that_differs_keeps_a_result_from_the_record(ada):
    code, _problems = send(hba1c("6.1").replace("19600517", "19611231"))
    assert (code != "", Result.objects.count()) == (True, 0)


def test_a_listener_of_one_laboratory_ignores_msh_4(ada):
    source = LabSource.objects.create(name="North")
    send(hba1c("6.1"), lab_source=source)
    assert Hl7Message.objects.get().lab_source == source
    assert LabSource.objects.count() == 1


def test_a_laboratory_is_known_again_by_its_facility(ada):
    known = LabSource.objects.create(name="North laboratory", facility="NORTHLAB")
    send(hba1c("6.1"))
    assert Hl7Message.objects.get().lab_source == known


def test_a_text_result_is_kept_as_text(ada):
    send(oru(PID, OBR.format(issued=""), obx("ST", "NEG", code=HBA1C)))
    assert PatientIdentifier.objects.filter(patient=ada).exists()
    assert Hl7Message.objects.get().acknowledgement in {"AA", "AE"}


def test_the_answer_points_at_the_field_that_is_wrong(ada):
    message = oru(PID, OBR.format(issued=""), obx(), obx(unit="furlong", rest=""), id="P1")
    said = hl7.parse(hl7messages.answer(message.encode(), terms=Terms(), now=NOW))
    assert [err.raw(2) for err in said.all("ERR")] == ["OBX^2^6"]
