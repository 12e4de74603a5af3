"""Results that somebody must see to: asked for once, closed when they no longer stand."""

import datetime as dt

import pytest
from django.utils import timezone

from patients.models import Notice, Result, ResultReview, ResultTask
from patients.services import resulttasks, reviews
from patients.signals import results_arrived
from tests.factories import PatientFactory, ResultFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
COLLECTED = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
HALF_AN_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def patient(team):
    return PatientFactory(care_team=team)


@pytest.fixture
def potassium(patient):
    """Makes results of potassium of one patient, critically high unless told otherwise."""

    def make(value=6.9, flag="HH", **other):
        known = {"collected_at": COLLECTED, "accession": "A1", "recorded_at": NOW}
        return ResultFactory(
            patient=patient, code="POTASSIUM", value=value, flag=flag, **known | other
        )

    return make


def arrived(*results, now=NOW):
    """Tell of these results, ended ones included."""
    pks = [result.pk for result in results]
    resulttasks.after_results(Result.objects.filter(pk__in=pks), now=now)


def replace(old, new, *, at=NOW):
    Result.objects.filter(pk=old.pk).update(superseded_at=at)
    arrived(new, now=at)


def test_a_critical_result_asks_to_be_seen_to_within_half_an_hour(potassium):
    result = potassium()

    arrived(result)

    task = ResultTask.objects.get()
    assert (task.kind, task.result, task.patient) == ("critical", result, result.patient)
    assert (task.created_at, task.escalates_at, task.level) == (NOW, NOW + HALF_AN_HOUR, 0)


def test_asking_twice_is_asking_once(potassium):
    result = potassium()

    arrived(result)
    arrived(result, now=NOW + HALF_AN_HOUR)

    assert ResultTask.objects.get().created_at == NOW


@pytest.mark.parametrize("flag", ["L", "N", "H", "A", ""])
def test_a_result_that_is_not_critical_asks_for_nothing(potassium, flag):
    arrived(potassium(flag=flag))

    assert not ResultTask.objects.exists()


def test_old_results_of_a_back_load_ask_for_nothing(potassium):
    arrived(potassium(collected_at=NOW - dt.timedelta(days=31)))

    assert not ResultTask.objects.exists()


@pytest.mark.parametrize("status", ["registered", "cancelled", "entered-in-error"])
def test_a_result_that_does_not_count_asks_for_nothing(potassium, status):
    arrived(potassium(status=status))

    assert not ResultTask.objects.exists()


def test_no_result_is_no_work():
    resulttasks.after_results(Result.objects.none(), now=NOW)

    assert not ResultTask.objects.exists()


def test_a_correction_closes_the_task_of_the_value_it_replaced(potassium):
    wrong, right = potassium(), potassium(value=4.1, flag="N", status="corrected")
    arrived(wrong)

    replace(wrong, right)

    assert ResultTask.objects.get().closed_at == NOW


def test_a_final_value_takes_over_the_clock_of_the_preliminary_one(potassium):
    first, later = potassium(status="preliminary"), NOW + dt.timedelta(minutes=40)
    arrived(first)
    resulttasks.escalate(now=NOW + HALF_AN_HOUR)

    final = potassium()
    replace(first, final, at=later)

    task = ResultTask.objects.open().get()
    assert (task.result, task.level, task.created_at) == (final, 1, NOW)
    assert task.escalates_at == NOW + 2 * HALF_AN_HOUR


def test_a_critical_value_that_was_seen_is_not_asked_for_again(potassium, clinician):
    first = potassium(status="preliminary")
    arrived(first)
    resulttasks.acknowledge(ResultTask.objects.get(), by=clinician, now=NOW)

    replace(first, potassium())

    assert not ResultTask.objects.open().exists()


def test_a_worse_value_after_one_that_was_seen_is_asked_for(potassium, clinician):
    first = potassium(status="preliminary")
    arrived(first)
    resulttasks.acknowledge(ResultTask.objects.get(), by=clinician, now=NOW)

    replace(first, potassium(value=8.2))

    assert ResultTask.objects.open().filter(kind="critical").count() == 1


def test_an_unlikely_change_asks_for_a_second_look(potassium):
    yesterday = COLLECTED - dt.timedelta(days=1)
    before = potassium(value=3.6, flag="N", collected_at=yesterday)
    after = potassium(value=5.2, flag="H")

    arrived(before, after)

    task = ResultTask.objects.get()
    assert (task.kind, task.result, task.escalates_at) == ("delta", after, None)


@pytest.mark.parametrize(
    ("value", "days", "other"),
    [
        (4.6, 1, {}),  # 28 %
        (5.2, 4, {}),  # too long ago to say
        (5.2, 1, {"comparator": ">"}),
        (6.9, 1, {"flag": "HH", "status": "entered-in-error"}),
    ],
)
def test_a_change_that_may_well_be_true_asks_for_nothing(potassium, value, days, other):
    before = potassium(value=3.6, flag="N", collected_at=COLLECTED - dt.timedelta(days=days))

    arrived(before, potassium(**{"value": value, "flag": "H"} | other))

    assert not ResultTask.objects.exists()


@pytest.mark.parametrize(
    ("earlier", "value", "is_asked"),
    [
        ([(24, 0.9)], 1.2, True),  # 0.3 mg/dL in 48 hours
        ([(24, 0.9)], 1.19, False),
        ([(72, 1.2)], 1.6, False),  # more than 48 hours, less than 1.5 times
        ([(144, 0.8), (24, 1.15)], 1.2, True),  # 1.5 times the lowest of seven days
        ([(144, 0.8), (24, 1.15)], 1.19, False),
        ([(192, 0.8), (24, 1.15)], 1.2, False),  # that was eight days ago
        ([(24, 1.6)], 1.0, False),  # a fall is none of KDIGO's
    ],
)
def test_creatinine_is_looked_at_when_it_rises_as_kdigo_defines_kidney_injury(
    patient, earlier, value, is_asked
):
    for hours, before in earlier:
        ResultFactory(patient=patient, code="CREAT", value=before, flag="N", recorded_at=NOW,
                      collected_at=COLLECTED - dt.timedelta(hours=hours))  # fmt: skip

    arrived(
        ResultFactory(patient=patient, code="CREAT", value=value, flag="N", recorded_at=NOW,
                      collected_at=COLLECTED)
    )  # fmt: skip

    assert ResultTask.objects.filter(kind="delta").count() == is_asked


def test_a_change_from_a_value_that_was_withdrawn_is_none(potassium):
    yesterday = COLLECTED - dt.timedelta(days=1)
    potassium(value=3.6, flag="N", collected_at=yesterday, superseded_at=NOW, withdrawn_at=NOW)

    arrived(potassium(value=5.2, flag="H"))

    assert not ResultTask.objects.exists()


def test_a_critical_result_is_not_asked_for_twice_because_it_changed_too(potassium):
    before = potassium(value=3.6, flag="N", collected_at=COLLECTED - dt.timedelta(days=1))

    arrived(before, potassium())

    assert ResultTask.objects.get().kind == "critical"


def test_whoever_has_seen_a_value_is_told_of_its_correction(potassium, clinician):
    wrong = potassium()
    reviews.review(Result.objects.filter(pk=wrong.pk), by=clinician, now=NOW)

    replace(wrong, potassium(value=4.1, flag="N", status="corrected"))

    task = ResultTask.objects.get(kind="corrected")
    assert (task.assigned_to, task.result, task.closed_at) == (clinician, wrong, None)
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind, notice.result) == (clinician, "corrected", wrong)


def test_whoever_has_seen_a_value_is_told_of_its_withdrawal_once(potassium, clinician):
    result = potassium()
    reviews.review(Result.objects.filter(pk=result.pk), by=clinician, now=NOW)
    Result.objects.filter(pk=result.pk).update(superseded_at=NOW, withdrawn_at=NOW)

    arrived(result)
    arrived(result)

    assert (ResultTask.objects.count(), Notice.objects.count()) == (1, 1)


def test_the_same_value_as_final_tells_nobody(potassium, clinician):
    first = potassium(value=4.1, flag="N", status="preliminary")
    reviews.review(Result.objects.filter(pk=first.pk), by=clinician, now=NOW)

    replace(first, potassium(value=4.1, flag="N"))

    assert not Notice.objects.exists()


def test_the_correction_of_a_value_whose_reviewer_left_is_for_the_whole_team(potassium, clinician):
    wrong = potassium()
    reviews.review(Result.objects.filter(pk=wrong.pk), by=clinician, now=NOW)
    clinician.care_teams.clear()

    replace(wrong, potassium(value=4.1, flag="N", status="corrected"))

    assert ResultTask.objects.get(kind="corrected").assigned_to is None


def test_acknowledging_a_correction_is_having_seen_the_new_value(potassium, clinician):
    wrong, right = potassium(), potassium(value=4.1, flag="N", status="corrected")
    reviews.review(Result.objects.filter(pk=wrong.pk), by=clinician, now=NOW)
    replace(wrong, right)

    resulttasks.acknowledge(ResultTask.objects.get(), by=clinician, now=NOW)

    assert set(ResultReview.objects.values_list("result", flat=True)) == {wrong.pk, right.pk}
    assert not Notice.objects.unread().exists()


def test_reviewing_the_new_value_settles_what_told_of_it(potassium, clinician):
    wrong, right = potassium(), potassium(value=4.1, flag="N", status="corrected")
    reviews.review(Result.objects.filter(pk=wrong.pk), by=clinician, now=NOW)
    replace(wrong, right)

    reviews.review(Result.objects.filter(pk=right.pk), by=clinician, now=NOW)

    assert not ResultTask.objects.open().exists()


def test_reviewing_twice_is_reviewing_once(potassium, clinician):
    results = Result.objects.filter(pk=potassium().pk)

    assert reviews.review(results, by=clinician, now=NOW, comment="Called") == 1
    assert reviews.review(results, by=clinician, now=NOW) == 0

    assert ResultReview.objects.get().comment == "Called"


def test_reviewing_leaves_a_critical_result_on_the_list(potassium, clinician):
    result = potassium()
    arrived(result)

    reviews.review(Result.objects.filter(pk=result.pk), by=clinician, now=NOW)

    assert ResultTask.objects.open().exists()


def test_results_of_another_team_are_not_reviewed(potassium):
    stranger = UserFactory()

    assert reviews.review(Result.objects.filter(pk=potassium().pk), by=stranger, now=NOW) == 0


def test_whatever_changes_results_need_only_say_so(potassium):
    result = potassium(collected_at=timezone.now(), recorded_at=timezone.now())

    results_arrived.send(sender=Result, patient_ids=[result.patient_id])

    assert ResultTask.objects.get().result == result


def test_a_patient_whose_results_changed_is_not_asked_about_old_ones_again(potassium):
    result = potassium(collected_at=timezone.now(), recorded_at=timezone.now())
    potassium(collected_at=NOW - dt.timedelta(days=400), recorded_at=NOW - dt.timedelta(days=400))

    results_arrived.send(sender=Result, patient_ids=[result.patient_id])

    assert ResultTask.objects.get().result == result


def test_a_withdrawal_of_long_ago_results_closes_their_tasks(potassium):
    result = potassium()
    arrived(result)
    Result.objects.filter(pk=result.pk).update(superseded_at=NOW, withdrawn_at=NOW)

    results_arrived.send(sender=Result, patient_ids=[result.patient_id])

    assert not ResultTask.objects.open().exists()
