import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from healthcare.audit.models import AuditEvent
from patients.models import (
    Condition,
    DuplicateCandidate,
    LatestResult,
    Patient,
    PatientIdentifier,
    PatientMerge,
    Result,
    ResultTask,
)
from patients.services import duplicates, exports, labs, labstore, merging, moving
from patients.signals import results_arrived
from predictions.models import Prediction
from recommendations.models import Recommendation
from tests.factories import (
    PatientFactory,
    PatientIdentifierFactory,
    PredictionFactory,
    RecommendationFactory,
    ResultFactory,
    UserFactory,
)
from tests.patients.labfiles import import_lines, line
from tests.patients.recorddump import dump

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=3)
AT = dt.datetime(2026, 2, 1, 8, tzinfo=dt.UTC)
FACT = {"recorded_at": AT, "source": "clinic"}
WHY = "Same person, registered twice"


@pytest.fixture
def kept(team, broker):
    """The record that stays: a final HbA1c of 6.4 %, hypertension, a prediction."""
    patient = PatientFactory(care_team=team, mrn="A-1")
    _result(patient, value=6.4)
    _result(patient, value=7.1, code="POTASSIUM")
    Condition.objects.create(patient=patient, code="htn", label="Hypertension", **FACT)
    PredictionFactory(patient=patient)
    RecommendationFactory(patient=patient, item="L02")
    labstore.refresh_latest([patient.pk])
    return patient


@pytest.fixture
def second(team, broker):
    """The other: the same HbA1c and its correction, hypertension too, and what is its own."""
    patient = PatientFactory(care_team=team, mrn="B-2", user=UserFactory(role="PATIENT"))
    _result(patient, value=6.4, superseded_at=AT + dt.timedelta(days=1))
    same = _result(patient, value=7.1, code="POTASSIUM")
    ResultTask.objects.create(patient=patient, result=same, kind="critical", created_at=AT)
    _result(patient, value=6.9, status="corrected", issued_at=AT + dt.timedelta(days=1))
    _result(patient, value=7.5, code="LDL", accession="other")
    for code in ("htn", "t2d"):
        Condition.objects.create(patient=patient, code=code, label=code, **FACT)
    PredictionFactory(patient=patient, tier="T3", risk=0.16)
    PredictionFactory(patient=patient, task="ckd")
    RecommendationFactory(patient=patient, item="L02")
    RecommendationFactory(patient=patient, item="L05")
    labstore.refresh_latest([patient.pk])
    return patient


def _result(patient, **other):
    return ResultFactory(**{"patient": patient, "collected_at": AT, "accession": "X1"} | other)


def join(kept, second, by, now=NOW):
    return merging.merge(survivor=kept, merged=second, by=by, now=now, reason=WHY)


def newest(patient, code="HBA1C"):
    return LatestResult.objects.get(patient=patient, analyte__code=code).value


def test_a_merge_moves_the_rows_of_every_app(kept, second, administrator):
    join(kept, second, administrator)

    assert set(Condition.objects.filter(patient=kept).values_list("code", flat=True)) == {
        "htn", "t2d"}  # fmt: skip
    assert Prediction.objects.current().filter(patient=kept).count() == 2
    assert Recommendation.objects.current().filter(patient=kept).count() == 2


def test_a_corrected_result_of_the_other_record_replaces_the_survivors(kept, second, administrator):
    join(kept, second, administrator)

    current = Result.objects.current().filter(patient=kept, analyte__code="HBA1C")
    assert newest(kept) == 6.9
    assert [row.value for row in current] == [6.9]


def test_new_results_find_the_survivor_by_the_merged_number(kept, second, administrator):
    join(kept, second, administrator)

    assert PatientIdentifier.objects.get(value="B-2").patient == kept


def test_a_merged_record_is_seen_through_the_other_only(kept, second, administrator, clinician):
    join(kept, second, administrator)

    assert list(Patient.objects.visible_to(clinician)) == [kept]
    assert list(Patient.objects.visible_to(second.user)) == [kept]


def test_merging_and_parting_restores_both_records_byte_for_byte(kept, second, administrator):
    before = dump(kept), dump(second)

    done = join(kept, second, administrator)
    came_since = merging.unmerge(done, by=administrator, now=LATER)

    assert (dump(kept), dump(second)) == before
    assert came_since == {}


def test_merging_and_parting_leaves_both_exports_as_they_were(kept, second, administrator):
    before = exports.as_json(kept), exports.as_json(second)

    merging.unmerge(join(kept, second, administrator), by=administrator, now=LATER)

    assert (exports.as_json(kept), exports.as_json(second)) == before


def test_parting_restores_the_predictions_that_held_before(kept, second, administrator):
    before = set(Prediction.objects.current().values_list("pk", "patient_id"))
    done = join(kept, second, administrator)
    Prediction.objects.current().filter(patient=kept).update(superseded_at=NOW)
    PredictionFactory(patient=kept, risk=0.17)

    merging.unmerge(done, by=administrator, now=LATER)

    assert set(Prediction.objects.current().values_list("pk", "patient_id")) == before


def test_what_came_after_the_merge_stays_with_the_survivor_and_is_named(
    kept, second, administrator
):
    done = join(kept, second, administrator)
    _result(kept, value=5.1, accession="new")

    assert merging.unmerge(done, by=administrator, now=LATER) == {"results": 1}
    assert Result.objects.get(accession="new").patient == kept


def test_a_task_on_what_both_records_had_is_asked_for_once(kept, second, administrator):
    same = Result.objects.get(patient=kept, analyte__code="POTASSIUM")
    ResultTask.objects.create(patient=kept, result=same, kind="critical", created_at=AT)
    done = join(kept, second, administrator)
    assert [task.result.superseded_at for task in ResultTask.objects.open()] == [None]

    merging.unmerge(done, by=administrator, now=LATER)

    assert {task.patient for task in ResultTask.objects.open()} == {kept, second}


def test_a_task_that_one_record_had_stays_on_the_value_that_counts(kept, second, administrator):
    ResultTask.objects.all().delete()
    same = Result.objects.get(patient=kept, analyte__code="POTASSIUM")
    ResultTask.objects.create(patient=kept, result=same, kind="critical", created_at=AT)
    before = dump(kept), dump(second)

    done = join(kept, second, administrator)

    assert ResultTask.objects.open().get().result.superseded_at is None
    merging.unmerge(done, by=administrator, now=LATER)
    assert (dump(kept), dump(second)) == before


@pytest.fixture
def both_said(team, administrator, analytes, broker):
    """Two records of one person with the same HbA1c, from a file each."""
    people = [PatientFactory(care_team=team, mrn=f"CL-00000{n}") for n in (1, 2)]
    files = [
        import_lines(line("6").replace("CL-000001", person.identifiers.get().value),
                     uploaded_at=NOW + dt.timedelta(minutes=n))
        for n, person in enumerate(people)
    ]  # fmt: skip
    return people, files


@pytest.mark.parametrize("taken_back", [0, 1])
def test_a_value_of_both_records_outlives_the_withdrawal_of_either_file(
    both_said, taken_back, administrator, lab_staff
):
    (one, other), files = both_said
    join(one, other, administrator, now=NOW + dt.timedelta(days=1))

    labs.withdraw(files[taken_back], by=lab_staff, now=LATER, reason="Wrong file")

    assert newest(one) == 6
    assert Result.objects.current().filter(patient=one).count() == 1


def test_values_of_both_records_part_as_they_were(both_said, administrator):
    (one, other), _files = both_said
    before = dump(one), dump(other)

    done = join(one, other, administrator, now=NOW + dt.timedelta(days=1))
    assert Result.objects.current().filter(patient=one).count() == 1
    merging.unmerge(done, by=administrator, now=LATER)

    assert (dump(one), dump(other)) == before


def test_a_repeat_speaks_when_the_other_record_leaves_with_what_stood_for_it(
    both_said, administrator, lab_staff
):
    (one, other), files = both_said
    import_lines(line("6"), "", uploaded_at=NOW + dt.timedelta(hours=1))
    done = join(one, other, administrator, now=NOW + dt.timedelta(days=1))
    labs.withdraw(files[0], by=lab_staff, now=NOW + dt.timedelta(days=2), reason="Wrong file")

    merging.unmerge(done, by=administrator, now=LATER)

    assert (newest(one), newest(other)) == (6, 6)


def test_both_ways_are_written_down_with_both_records(kept, second, administrator):
    merging.unmerge(join(kept, second, administrator), by=administrator, now=LATER)

    events = AuditEvent.objects.filter(action__in=["patient.merged", "patient.parted"])
    assert [event.patient_ids for event in events] == [[kept.pk, second.pk]] * 2
    assert {event.actor for event in events} == {administrator.username}


def test_the_floors_above_hear_of_both_ways(kept, second, administrator):
    heard = []

    def listen(sender, patient_ids, **kwargs):
        heard.append(patient_ids)

    results_arrived.connect(listen)
    merging.unmerge(join(kept, second, administrator), by=administrator, now=LATER)
    results_arrived.disconnect(listen)

    assert heard == [[kept.pk], [kept.pk, second.pk]]


def test_a_parted_pair_counts_as_two_people(kept, second, administrator):
    first, last = sorted([kept, second], key=lambda patient: patient.pk)
    DuplicateCandidate.objects.create(
        first=first, second=last, score=0.9, agreements={}, found_at=NOW
    )
    done = join(kept, second, administrator)
    assert DuplicateCandidate.objects.get().status == "merged"

    merging.unmerge(done, by=administrator, now=LATER)
    duplicates.find(now=LATER)

    assert DuplicateCandidate.objects.get().status == "different"


def test_a_chain_is_parted_from_its_last_link(kept, second, administrator):
    third = PatientFactory(mrn="C-3")
    first_merge = join(kept, second, administrator)
    second_merge = join(third, kept, administrator)

    with pytest.raises(merging.CannotPart, match="Undo the later merge first"):
        merging.unmerge(first_merge, by=administrator, now=LATER)
    merging.unmerge(second_merge, by=administrator, now=LATER)
    merging.unmerge(first_merge, by=administrator, now=LATER)

    assert Patient.objects.in_use().count() == 3


def test_a_chain_is_restored_byte_for_byte(kept, second, administrator):
    third = PatientFactory(mrn="C-3")
    before = [dump(patient) for patient in (kept, second, third)]
    done = [join(kept, second, administrator), join(third, kept, administrator)]

    for merge in reversed(done):
        merging.unmerge(merge, by=administrator, now=LATER)

    assert [dump(patient) for patient in (kept, second, third)] == before


def test_a_merge_is_undone_once(kept, second, administrator):
    done = join(kept, second, administrator)
    merging.unmerge(done, by=administrator, now=LATER)

    with pytest.raises(merging.CannotPart, match="undone already"):
        merging.unmerge(done, by=administrator, now=LATER)


def test_a_merged_record_cannot_be_merged_again(kept, second, administrator):
    join(kept, second, administrator)

    with pytest.raises(merging.CannotMerge, match="merged before"):
        join(kept, second, administrator)
    assert PatientMerge.objects.count() == 1


def test_a_record_is_not_merged_with_itself_or_without_a_reason(kept, second, administrator):
    with pytest.raises(merging.CannotMerge, match="one record"):
        join(kept, kept, administrator)
    with pytest.raises(merging.CannotMerge, match="Say in a few words"):
        merging.merge(survivor=kept, merged=second, by=administrator, now=NOW, reason=" ")


def test_clinicians_neither_merge_nor_part(kept, second, administrator, clinician):
    with pytest.raises(PermissionDenied):
        join(kept, second, clinician)
    done = join(kept, second, administrator)
    with pytest.raises(PermissionDenied):
        merging.unmerge(done, by=clinician, now=LATER)


def test_a_number_of_the_survivor_may_have_been_added_meanwhile(kept, second, administrator):
    done = join(kept, second, administrator)
    PatientIdentifierFactory(patient=kept, value="A-9")

    merging.unmerge(done, by=administrator, now=LATER)

    assert {i.value for i in kept.identifiers.all()} == {"A-1", "A-9"}


def test_what_was_moved_from_the_survivor_before_still_counts(kept, administrator, lab_staff):
    second = PatientFactory(care_team=kept.care_team, mrn="B-3")
    potassium = Result.objects.filter(patient=kept, analyte__code="POTASSIUM")
    moving.move(potassium, to_patient=second, by=lab_staff, now=NOW, reason=WHY)
    before = [dump(kept), dump(second)]

    done = join(kept, second, administrator)
    assert newest(kept, "POTASSIUM") == 7.1

    merging.unmerge(done, by=administrator, now=LATER)
    assert [dump(kept), dump(second)] == before


def test_a_correction_of_the_other_records_result_goes_back_with_it(kept, second, administrator):
    done = join(kept, second, administrator)
    late = _result(kept, value=2.2, code="LDL", accession="other", status="corrected")
    ResultTask.objects.create(patient=kept, result=late, kind="critical", created_at=LATER)

    assert merging.unmerge(done, by=administrator, now=LATER) == {}
    assert newest(second, "LDL") == 2.2
    assert not Result.objects.filter(patient=kept, accession="other").exists()
    assert ResultTask.objects.get(result=late).patient == second


def test_what_a_withdrawal_made_count_again_goes_back_to_its_record(
    kept, administrator, lab_staff, analytes
):
    second = PatientFactory(care_team=kept.care_team, mrn="CL-000001")
    import_lines(line("6"))
    wrong = import_lines(line("7", "corrected"), uploaded_at=NOW + dt.timedelta(hours=1))
    done = join(kept, second, administrator, now=NOW + dt.timedelta(days=1))
    labs.withdraw(wrong, by=lab_staff, now=NOW + dt.timedelta(days=2), reason="Wrong file")

    merging.unmerge(done, by=administrator, now=LATER)

    assert newest(second) == 6
    assert newest(kept) == 6.4
    assert not Result.objects.filter(patient=kept, accession="A1").exists()
