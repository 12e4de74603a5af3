import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from ml import analytes
from patients.labcsv.guess import guess
from patients.labcsv.profile import Profile
from patients.models import LatestResult, Notice, Result, ResultMove, ResultReview, ResultTask
from patients.services import exports, labs, labstore, merging, moving, records
from tests.factories import (
    CareTeamFactory,
    PatientFactory,
    PatientIdentifierFactory,
    ResultFactory,
    UserFactory,
)
from tests.patients.labfiles import import_lines, text

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 2, 20, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
NOW = AT + 10 * DAY
WHY = "The tubes were swapped on the ward"


@pytest.fixture
def wrong(team, broker):
    return PatientFactory(care_team=team, family_name="Wrong")


@pytest.fixture
def right(team):
    return PatientFactory(care_team=team, family_name="Right", sex="male")


@pytest.fixture
def versions(wrong):
    """A preliminary, a final and a corrected HbA1c of one sample."""
    said = [("preliminary", 6.1), ("final", 6.2), ("corrected", 6.9)]
    rows = [
        ResultFactory(patient=wrong, accession="X1", collected_at=AT, status=status, value=value,
                      issued_at=AT + place * DAY)
        for place, (status, value) in enumerate(said)
    ]  # fmt: skip
    _settle(wrong, rows)
    return rows


def _settle(patient, rows):
    labstore.supersede({(patient.pk, row.analyte_id, row.collected_at, row.accession)
                        for row in rows})  # fmt: skip
    labstore.refresh_latest([patient.pk])


def go(results, right, by, reason=WHY, now=NOW):
    return moving.move(results, to_patient=right, by=by, now=now, reason=reason)


def test_a_result_moves_with_all_its_versions(versions, wrong, right, clinician):
    go(versions[2:], right, clinician)

    assert not Result.objects.current().filter(patient=wrong).exists()
    assert [row.value for row in Result.objects.current().filter(patient=right)] == [6.9]
    assert Result.objects.filter(patient=right).count() == 3


def test_the_past_of_the_wrong_record_still_says_what_it_said(versions, wrong, right, clinician):
    go(versions[2:], right, clinician)

    then = Result.objects.as_known_at(AT + 1.5 * DAY)
    assert [(row.patient_id, row.value) for row in then] == [(wrong.pk, 6.2)]
    before = Result.objects.as_known_at(NOW - DAY)
    assert [(row.patient_id, row.value) for row in before] == [(wrong.pk, 6.9)]


def test_from_now_on_the_right_record_says_it(versions, right, clinician):
    go(versions[2:], right, clinician)

    known = Result.objects.as_known_at(NOW)
    assert [(row.patient_id, row.value) for row in known] == [(right.pk, 6.9)]


def test_the_newest_values_of_both_follow(versions, wrong, right, clinician):
    go(versions[2:], right, clinician)

    assert [row.patient_id for row in LatestResult.objects.all()] == [right.pk]


def test_every_pair_of_original_and_copy_is_kept(versions, right, clinician):
    done = go(versions[2:], right, clinician)

    copies = list(Result.objects.filter(patient=right).order_by("pk").values_list("pk", flat=True))
    assert done.results == [list(pair) for pair in zip([v.pk for v in versions], copies,
                                                       strict=True)]  # fmt: skip


def test_moving_there_and_back_states_it_anew(versions, wrong, right, clinician):
    go(versions[2:], right, clinician)
    moved = Result.objects.current().get(patient=right)

    go([moved], wrong, clinician, now=NOW + DAY)

    back = Result.objects.current().get(patient=wrong)
    assert (back.value, back.restatement) == (6.9, 1)


def test_a_result_that_has_been_moved_does_not_move_twice(versions, right, clinician):
    go(versions[2:], right, clinician)

    with pytest.raises(moving.CannotMove, match="moved already"):
        go(versions[2:], right, clinician)
    assert ResultMove.objects.count() == 1


def test_what_the_right_record_has_already_is_not_doubled(versions, right, clinician):
    same = ResultFactory(patient=right, accession="X1", collected_at=AT, status="corrected",
                         value=6.9, issued_at=AT + 2 * DAY)  # fmt: skip

    done = go(versions[2:], right, clinician)

    assert [versions[2].pk, same.pk] in done.results
    assert [row.pk for row in Result.objects.current().filter(patient=right)] == [same.pk]


def test_flags_follow_the_usual_range_of_the_right_person(wrong, right, clinician):
    """Haemoglobin of 12.5 g/dL is usual for a woman and low for a man."""
    low, high = analytes.reference_range("HGB", "female", 65)
    row = ResultFactory(
        patient=wrong, code="HGB", value=12.5, flag="N", reference_low=low, reference_high=high
    )

    go([row], right, clinician)

    assert Result.objects.current().get(patient=right).flag == "L"


def test_a_range_of_the_laboratory_stays(wrong, right, clinician):
    row = ResultFactory(
        patient=wrong, code="HGB", value=12.5, flag="N", reference_low=11, reference_high=17
    )

    go([row], right, clinician)

    copy = Result.objects.current().get(patient=right)
    assert (copy.reference_low, copy.reference_high, copy.flag) == (11, 17, "N")


def test_a_critical_result_is_asked_for_on_the_right_record(wrong, right, clinician):
    row = ResultFactory(patient=wrong, code="POTASSIUM", value=7.0, flag="HH", collected_at=AT)
    ResultTask.objects.create(patient=wrong, result=row, kind="critical", created_at=AT)

    go([row], right, clinician)

    assert [task.patient_id for task in ResultTask.objects.open()] == [right.pk]


def test_who_acknowledged_it_on_the_wrong_record_is_told(versions, right, clinician):
    ResultReview.objects.create(
        patient=versions[2].patient, result=versions[2], by=clinician, at=AT + 3 * DAY
    )

    go(versions[2:], right, clinician)

    assert Notice.objects.get().recipient == clinician


def test_the_laboratory_saying_it_again_of_the_wrong_patient_is_no_news(
    right, clinician, analytes, broker
):
    line = f"CL-000001,HBA1C,6.4,%,{AT:%FT%TZ},,,A1"
    wrong = PatientFactory(care_team=right.care_team, mrn="CL-000001")
    import_lines(line)
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())

    again = import_lines(line, "")

    assert (again.accepted_count, again.duplicate_count) == (0, 1)
    assert [row.patient for row in Result.objects.current()] == [right]


@pytest.fixture
def sent(wrong, right, clinician, analytes):
    """The line of a file that brings a result of the wrong patient."""
    for person, number in ((wrong, "CL-000001"), (right, "CL-000002")):
        PatientIdentifierFactory(patient=person, value=number)
    return f"CL-000001,HBA1C,6.4,%,{AT:%FT%TZ},,,A1"


def _standing():
    rows = Result.objects.current().order_by("pk")
    return [(row.patient.family_name, row.value) for row in rows]


def _withdraw(lab_import, by):
    labs.withdraw(lab_import, by=by, now=timezone.now(), reason="Wrong file")


def test_a_file_that_was_withdrawn_after_a_move_is_read_anew_onto_the_right_record(
    sent, wrong, right, clinician, lab_staff
):
    first = import_lines(sent)
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())
    _withdraw(first, lab_staff)
    assert _standing() == []

    again = import_lines(sent)

    assert (again.accepted_count, again.duplicate_count) == (1, 0)
    assert _standing() == [("Right", 6.4)]
    assert LatestResult.objects.get().patient == right
    _withdraw(again, lab_staff)
    assert _standing() == []


def test_the_preview_of_such_a_file_says_what_the_import_then_does(
    sent, wrong, right, clinician, lab_staff, run_jobs
):
    first = import_lines(sent)
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())
    _withdraw(first, lab_staff)
    again = labs.receive(
        upload=SimpleUploadedFile("a.csv", text(sent, sent).encode()), by=lab_staff,
        now=timezone.now(), confirm=False,
    )  # fmt: skip
    again.profile = guess(Path(again.file.path)).profile.to_json()
    again.save()
    labs.request_preview(again, by=lab_staff)
    run_jobs()

    again.refresh_from_db()
    told = again.preview
    assert [told["counts"][kind] for kind in ("accepted", "duplicate")] == [1, 1]
    assert [len(told["samples"][kind]) for kind in ("accepted", "duplicate")] == [1, 1]
    labs.confirm(again, Profile.from_json(again.profile), by=lab_staff, now=timezone.now())
    run_jobs()
    again.refresh_from_db()
    assert (again.accepted_count, again.duplicate_count) == (1, 1)


@pytest.mark.parametrize("repeated_before_the_move", [True, False])
def test_what_a_second_file_repeats_stands_when_the_first_is_withdrawn_after_a_move(
    sent, wrong, right, clinician, lab_staff, repeated_before_the_move
):
    first = import_lines(sent)
    if repeated_before_the_move:
        import_lines(sent, "")
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())
    if not repeated_before_the_move:
        import_lines(sent, "")

    _withdraw(first, lab_staff)

    assert _standing() == [("Right", 6.4)]


def test_what_the_right_record_had_stands_for_the_move_when_its_file_is_withdrawn(
    sent, wrong, right, clinician, lab_staff
):
    own = import_lines(sent.replace("CL-000001", "CL-000002"))
    import_lines(sent)
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())

    _withdraw(own, lab_staff)

    assert _standing() == [("Right", 6.4)]


def test_what_was_moved_twice_is_repeated_where_it_stands_now(
    sent, wrong, right, clinician, lab_staff, team
):
    first = import_lines(sent)
    third = PatientFactory(care_team=team, family_name="Third")
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())
    go(Result.objects.filter(patient=right), third, clinician, now=timezone.now())
    import_lines(sent, "")

    _withdraw(first, lab_staff)

    assert _standing() == [("Third", 6.4)]


def test_a_move_is_written_down_for_both(versions, wrong, right, clinician):
    go(versions[2:], right, clinician)

    assert AuditEvent.objects.get(action="results.moved").patient_ids == [wrong.pk, right.pk]


def test_a_clinician_moves_nothing_to_another_teams_patient(versions, clinician):
    stranger = PatientFactory(care_team=CareTeamFactory())

    with pytest.raises(moving.CannotMove, match="records that you may open"):
        go(versions, stranger, clinician)


def test_lab_staff_move_results_between_any_records_in_use(versions, right, lab_staff):
    go(versions, right, lab_staff)

    assert Result.objects.current().get().patient == right


def test_a_data_scientist_moves_nothing(versions, right, data_scientist):
    with pytest.raises(PermissionDenied):
        go(versions, right, data_scientist)


def test_a_reason_and_another_patient_are_asked_for(versions, wrong, right, clinician):
    with pytest.raises(moving.CannotMove, match="Say in a few words"):
        go(versions, right, clinician, reason="x")
    with pytest.raises(moving.CannotMove, match="Choose another"):
        go(versions, wrong, clinician)


def test_results_of_two_patients_are_not_moved_together(versions, right, clinician):
    other = ResultFactory(patient=right)

    with pytest.raises(moving.CannotMove, match="one patient"):
        go([*versions, other], right, UserFactory(care_teams=[right.care_team]))


def test_a_move_is_remembered_when_the_wrong_record_is_merged(
    right, clinician, administrator, analytes, broker
):
    said = f"CL-000001,HBA1C,6.4,%,{AT:%FT%TZ},,,A1"
    wrong = PatientFactory(care_team=right.care_team, mrn="CL-000001")
    kept = PatientFactory(care_team=right.care_team)
    import_lines(said)
    go(Result.objects.filter(patient=wrong), right, clinician, now=timezone.now())
    merging.merge(survivor=kept, merged=wrong, by=administrator, now=timezone.now(), reason=WHY)

    again = import_lines(said, "")

    assert (again.accepted_count, again.duplicate_count) == (0, 1)
    assert [row.patient for row in Result.objects.current()] == [right]


def test_what_was_moved_away_is_not_in_the_export_of_the_wrong_record(
    versions, wrong, right, clinician
):
    go(versions, right, clinician)

    assert "patients.result" not in _rows_of_export(wrong)
    assert len(_rows_of_export(right)["patients.result"]) == 3


def test_what_was_moved_away_during_a_merge_is_in_neither_export_after_it_was_undone(
    versions, wrong, right, clinician, administrator
):
    kept = PatientFactory(care_team=wrong.care_team)
    done = merging.merge(survivor=kept, merged=wrong, by=administrator, now=NOW, reason=WHY)
    go(Result.objects.filter(patient=kept), right, clinician, now=NOW + DAY)

    merging.unmerge(done, by=administrator, now=NOW + 2 * DAY)

    for record in (kept, wrong):
        assert "patients.result" not in _rows_of_export(record)
    assert len(_rows_of_export(right)["patients.result"]) == 3


def test_what_a_withdrawn_file_had_said_stays_in_the_export(sent, wrong, lab_staff):
    _withdraw(import_lines(sent), lab_staff)

    assert len(_rows_of_export(wrong)["patients.result"]) == 1


def _rows_of_export(patient):
    tables = json.loads(exports.as_json(patient))["tables"]
    return {name: rows for name, rows in tables.items() if rows}


def test_the_laboratory_does_not_reach_what_the_ward_has_entered(wrong, lab_staff, clinician):
    typed = ResultFactory(patient=wrong, source=records.SOURCE)

    assert not moving.movable(lab_staff).exists()
    assert list(moving.movable(clinician)) == [typed]
