import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcare.audit.models import AuditEvent
from patients.models import (
    Analyte,
    HeldResult,
    LabSource,
    LocalCode,
    Patient,
    PatientIdentifier,
    Result,
    ResultTask,
)
from patients.services import demographics, held
from patients.signals import results_arrived
from tests.factories import PatientFactory
from tests.patients.labfiles import ADA, AT, NOW, import_lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("analytes", "broker")]
LATER = NOW + dt.timedelta(days=2)
STRANGER = f"X-9,HBA1C,6.4,%,{AT},,,A1"
CORRECTED = f"X-9,HBA1C,6.9,%,{AT},corrected,,A1"
LOCAL = f"{ADA},zz-glykiert,6.4,%,{AT},,,A1"
UNIT = f"{ADA},HBA1C,6.4,widgets,{AT},,,A1"


@pytest.fixture
def source():
    return LabSource.objects.create(name="North laboratory")


def waiting():
    return list(HeldResult.objects.waiting().values_list("pk", flat=True))


def values():
    return list(Result.objects.current().values_list("patient", "value"))


def test_a_match_stores_the_rows_as_known_from_now(ada, lab_staff):
    import_lines(STRANGER)

    done = held.match(waiting(), ada, by=lab_staff, now=LATER)

    result = Result.objects.get()
    assert (done.stored, done.waiting) == (1, 0)
    assert (result.patient, result.value, result.recorded_at) == (ada, 6.4, LATER)


def test_versions_that_waited_together_end_with_the_correction(ada, lab_staff):
    import_lines(CORRECTED, STRANGER)

    held.match(waiting(), ada, by=lab_staff, now=LATER)

    assert values() == [(ada.pk, 6.9)]
    assert Result.objects.count() == 2


def test_a_matched_row_says_what_became_of_it(ada, lab_staff):
    import_lines(STRANGER)
    held.match(waiting(), ada, by=lab_staff, now=LATER)

    row = HeldResult.objects.get()
    assert (row.status, row.patient, row.decided_by, row.decided_at) == (
        "released", ada, lab_staff, LATER)  # fmt: skip


def test_matching_twice_is_matching_once(ada, lab_staff):
    import_lines(STRANGER)
    ids = waiting()

    held.match(ids, ada, by=lab_staff, now=LATER)

    assert held.match(ids, ada, by=lab_staff, now=LATER) == held.Released()
    assert Result.objects.count() == 1


def test_the_report_of_the_file_stays_as_it_was(ada, lab_staff):
    lab_import = import_lines(STRANGER)
    held.match(waiting(), ada, by=lab_staff, now=LATER)

    lab_import.refresh_from_db()
    assert (lab_import.accepted_count, lab_import.unmatched_count) == (0, 1)


def test_a_number_is_remembered_only_when_somebody_says_so(ada, lab_staff):
    import_lines(STRANGER)
    held.match(waiting(), ada, by=lab_staff, now=LATER)

    assert not PatientIdentifier.objects.filter(value="X-9").exists()


def test_a_remembered_number_finds_the_patient_in_the_next_file(ada, lab_staff):
    import_lines(STRANGER)
    held.match(waiting(), ada, by=lab_staff, now=LATER, remember=True)

    assert import_lines(CORRECTED).corrected_count == 1


def test_a_number_of_somebody_else_is_not_remembered(ada, lab_staff):
    import_lines(STRANGER)
    PatientFactory(mrn="X-9")

    with pytest.raises(demographics.NumberTaken):
        held.match(waiting(), ada, by=lab_staff, now=LATER, remember=True)
    assert not Result.objects.exists()


def test_a_patient_without_a_number_can_be_matched(team, lab_staff):
    nameless = PatientFactory(care_team=team)
    import_lines(STRANGER)

    held.match(waiting(), nameless, by=lab_staff, now=LATER)

    assert values() == [(nameless.pk, 6.4)]


def test_nothing_is_matched_to_a_merged_record(ada, team, lab_staff):
    import_lines(STRANGER)
    merged = PatientFactory(merged_into=ada)

    with pytest.raises(held.CannotMatch, match="not in use"):
        held.match(waiting(), merged, by=lab_staff, now=LATER)


def test_a_row_that_is_clear_in_one_point_may_ask_another(ada, lab_staff):
    import_lines(f"X-9,zz-glykiert,6.4,%,{AT},,,A1")
    ids = waiting()

    done = held.match(ids, ada, by=lab_staff, now=LATER)

    row = HeldResult.objects.get()
    assert (done.stored, done.waiting) == (0, 1)
    assert (row.pk, row.status, row.reason) == (ids[0], "waiting", "unknown_code")


def test_what_a_code_means_releases_every_row_that_asked(ada, source, lab_staff):
    import_lines(LOCAL, LOCAL.replace("6.4", "6.9").replace("A1", "A2"), lab_source=source)

    done = held.map_code(
        source, "zz-glykiert", Analyte.objects.get(code="HBA1C"), by=lab_staff, now=LATER
    )

    assert done.stored == 2
    assert sorted(values()) == [(ada.pk, 6.4), (ada.pk, 6.9)]


def test_what_a_code_means_is_remembered_for_the_source(ada, source, lab_staff):
    import_lines(LOCAL, lab_source=source)
    hba1c = Analyte.objects.get(code="HBA1C")
    held.map_code(source, "zz-glykiert", hba1c, by=lab_staff, now=LATER)

    assert LocalCode.objects.get().analyte == hba1c
    assert import_lines(LOCAL.replace("A1", "A3"), lab_source=source).accepted_count == 1


def test_a_unit_given_by_a_person_converts(ada, lab_staff):
    import_lines(UNIT.replace("6.4", "48"))

    held.map_unit(waiting(), "mmol/mol", by=lab_staff, now=LATER)

    assert Result.objects.get().value == pytest.approx(6.5, abs=0.06)


def test_an_implausible_value_stays_on_the_list_and_says_why(ada, lab_staff):
    import_lines(STRANGER.replace("6.4", "640"))

    done = held.match(waiting(), ada, by=lab_staff, now=LATER)

    row = HeldResult.objects.get()
    assert (done.stored, done.waiting, row.status) == (0, 1, "waiting")
    assert "living person" in row.comment


def test_rejected_rows_are_kept_with_the_reason(ada, lab_staff):
    import_lines(STRANGER)
    ids = waiting()

    assert held.reject(ids, "A test tube of the analyser", by=lab_staff, now=LATER) == 1
    assert held.reject(ids, "Again", by=lab_staff, now=LATER) == 0

    row = HeldResult.objects.get()
    assert (row.status, row.comment) == ("rejected", "A test tube of the analyser")
    assert not Result.objects.exists()


@pytest.mark.parametrize(("again", "asked"), [(STRANGER, 0), (CORRECTED, 1)])
def test_a_row_that_was_rejected_asks_nobody_again_when_it_is_sent_again(
    ada, lab_staff, again, asked
):
    import_lines(STRANGER)
    held.reject(waiting(), "A test tube of the analyser", by=lab_staff, now=LATER)

    file = import_lines("", again)

    assert HeldResult.objects.waiting().count() == asked
    assert file.unmatched_count == 1


def test_of_many_rejected_rows_only_those_of_the_same_time_are_looked_at(ada, lab_staff):
    import_lines(*(STRANGER.replace(AT, f"2026-02-{day:02d}T08:00Z") for day in range(1, 20)))
    held.reject(waiting(), "A test tube of the analyser", by=lab_staff, now=LATER)

    with CaptureQueriesContext(connection) as asked:
        import_lines("", STRANGER.replace(AT, "2026-02-03T08:00Z"))

    assert HeldResult.objects.waiting().count() == 0
    [query] = [one["sql"] for one in asked if "rejected" in one["sql"]]
    assert "2026-02-03T08:00Z" in query


def test_a_critical_result_that_waited_is_asked_for(ada, lab_staff):
    import_lines(f"X-9,POTASSIUM,7.4,mmol/L,{AT},,,A1")

    held.match(waiting(), ada, by=lab_staff, now=LATER)

    assert ResultTask.objects.get().patient == ada


def test_the_floors_above_hear_once_of_all_rows(ada, lab_staff):
    import_lines(STRANGER)
    import_lines(CORRECTED)
    heard = []

    def listen(sender, patient_ids, **kwargs):
        heard.append(patient_ids)

    results_arrived.connect(listen)
    held.match(waiting(), ada, by=lab_staff, now=LATER)
    results_arrived.disconnect(listen)

    assert heard == [[ada.pk]]


def test_who_said_whose_results_they_are_is_written_down(ada, lab_staff):
    import_lines(STRANGER)
    held.match(waiting(), ada, by=lab_staff, now=LATER)

    event = AuditEvent.objects.get(action="held_results.matched")
    assert (event.actor, event.patient_ids) == (lab_staff.username, [ada.pk])


def test_clinicians_settle_nothing_of_the_intake(ada, clinician):
    import_lines(STRANGER)

    with pytest.raises(PermissionDenied):
        held.match(waiting(), ada, by=clinician, now=LATER)
    with pytest.raises(PermissionDenied):
        held.reject(waiting(), "No", by=clinician, now=LATER)
    assert Patient.objects.exists()


def test_rows_are_not_matched_to_a_record_that_was_merged_meanwhile(ada, lab_staff):
    import_lines(STRANGER)
    Patient.objects.filter(pk=ada.pk).update(merged_into=PatientFactory())

    with pytest.raises(held.CannotMatch, match="not in use"):
        held.match(waiting(), ada, by=lab_staff, now=LATER, remember=True)

    assert waiting()
    assert not PatientIdentifier.objects.filter(value="X-9").exists()
