import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from patients.models import ResultTask
from recommendations.services import budget
from tests.factories import (
    FeedbackFactory,
    PatientFactory,
    PredictionFactory,
    RecommendationFactory,
    ResultFactory,
)

pytestmark = pytest.mark.django_db
URL = "/worklist/?task=undiagnosed_diabetes"


def task_of(patient):
    """An open task about a result of the patient."""
    return ResultTask.objects.create(
        patient=patient, result=ResultFactory(patient=patient), kind="critical",
        created_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
    )  # fmt: skip


def names(response):
    return [row["name"] for row in response.context["rows"]]


@pytest.mark.parametrize("count", [1, 3])
def test_the_worklist_costs_the_same_queries_for_any_number_of_patients(
    signed_in, team, count, django_assert_num_queries
):
    for patient in PatientFactory.create_batch(count, care_team=team):
        PredictionFactory(patient=patient, superseded_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
        PredictionFactory(patient=patient)
        FeedbackFactory(recommendation__patient=patient)
        ResultFactory(patient=patient)

    # Session, user, counts, page, before, open recommendations 2, cards 2, results, tasks,
    # audit.
    with django_assert_num_queries(12):
        response = signed_in.get(URL)

    assert len(response.context["rows"]) == count


def test_the_riskiest_come_first_and_those_without_a_number_last(signed_in, team):
    for name, risk in [("Mild", 0.08), ("Wild", 0.18), ("Even", 0.1)]:
        PredictionFactory(
            patient__care_team=team, patient__family_name=name, risk=risk, low=0.0, high=0.5
        )
    PredictionFactory(
        patient__care_team=team, patient__family_name="Silent", reason="Told diabetes is listed."
    )

    response = signed_in.get(URL)

    assert names(response) == ["WILD, Given", "EVEN, Given", "MILD, Given", "SILENT, Given"]
    assert "No number: told diabetes is listed." in response.content.decode()


def test_a_row_shows_number_range_change_and_reason(signed_in, patient):
    PredictionFactory(
        patient=patient, risk=0.09, superseded_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    )
    PredictionFactory(patient=patient)

    (row,) = signed_in.get(URL).context["rows"]

    assert (row["number"], row["range"]) == ("12", "8.0–18")
    assert (row["change"]["direction"], row["change"]["text"]) == ("up", "+3.0")
    assert row["why"] == "Waist circumference 104 cm"
    assert row["inputs"] == "1 input missing"


def test_only_recommendations_without_a_holding_answer_count_as_open(signed_in, patient):
    PredictionFactory(patient=patient)
    RecommendationFactory(patient=patient)
    FeedbackFactory(recommendation__patient=patient)
    FeedbackFactory(
        recommendation__patient=patient,
        answer="later",
        reason="later",
        snooze_until=dt.date(2026, 3, 1),
    )

    (row,) = signed_in.get(URL).context["rows"]

    assert row["open_count"] == 2


def test_patients_of_other_teams_are_not_listed(signed_in):
    PredictionFactory(patient__family_name="Hiddenname")

    response = signed_in.get(URL)

    assert names(response) == []
    assert b"HIDDENNAME" not in response.content.upper()


@pytest.mark.parametrize("text", ["oka", "Okafor, Ngozi", "ngo", "004812"])
def test_a_search_finds_the_beginning_of_name_or_number(signed_in, patient, team, text):
    PredictionFactory(patient=patient)
    PredictionFactory(patient__care_team=team)

    assert names(signed_in.get(URL, {"task": "undiagnosed_diabetes", "q": text})) == [
        "OKAFOR, Ngozi"
    ]


def test_a_search_also_finds_whom_no_model_has_seen(signed_in, patient):
    response = signed_in.get("/worklist/?q=Okafor")

    assert [found.pk for found in response.context["never_scored"]] == [patient.pk]


def test_a_tier_narrows_the_rows_and_not_the_counts(signed_in, team):
    PredictionFactory(patient__care_team=team)
    PredictionFactory(patient__care_team=team, tier="T0", risk=0.01, low=0.0)

    response = signed_in.get(f"{URL}&tier=T0")

    assert [row["number"] for row in response.context["rows"]] == ["1.0"]
    counts = response.context["counts"]
    assert (counts["all"], counts["T0"], counts["T2"]) == (2, 1, 1)


def test_undecided_risks_are_counted_and_shown_by_themselves(signed_in, team):
    PredictionFactory(patient__care_team=team)
    PredictionFactory(patient__care_team=team, tier="ND", risk=0.01, low=0.0)

    response = signed_in.get(f"{URL}&tier=ND")

    (row,) = response.context["rows"]
    assert (row["number"], row["tier"], row["tier_word"]) == ("1.0", "none", "Not decided")
    assert response.context["counts"]["ND"] == 1


@pytest.mark.parametrize(
    ("flag", "days_ago", "status", "count"),
    [
        ("HH", 5, "final", 1),
        ("H", 5, "final", 0),
        ("HH", 60, "final", 0),
        ("HH", 5, "cancelled", 0),
    ],
)
def test_new_critical_results_are_found(signed_in, patient, flag, days_ago, status, count):
    collected = dt.datetime(2026, 3, 3, tzinfo=dt.UTC) - dt.timedelta(days=days_ago)
    ResultFactory(patient=patient, flag=flag, collected_at=collected, status=status)
    PredictionFactory(patient=patient)

    response = signed_in.get(f"{URL}&critical=true")

    assert (response.context["counts"]["critical"], len(names(response))) == (count, count)


def test_pages_hold_25(signed_in, team):
    for patient in PatientFactory.create_batch(26, care_team=team):
        PredictionFactory(patient=patient)

    assert len(names(signed_in.get(URL))) == 25
    assert len(names(signed_in.get(f"{URL}&page=2"))) == 1


def test_htmx_gets_the_part_that_it_replaces(signed_in, patient):
    PredictionFactory(patient=patient)

    part = signed_in.get(URL, headers={"HX-Request": "true"}).content.decode()

    assert "OKAFOR, Ngozi" in part
    assert not re.search("<html|<h1", part)


def test_the_names_that_were_shown_are_written_down(signed_in, patient):
    PredictionFactory(patient=patient)

    signed_in.get(URL)

    event = AuditEvent.objects.get()
    assert (event.action, event.patient_ids) == ("worklist.read", [patient.pk])


@pytest.mark.parametrize("query", ["task=nothing", "tier=T9", "page=x", "critical=maybe"])
def test_a_mistyped_address_still_answers(signed_in, query):
    assert signed_in.get(f"{reverse('worklist')}?{query}").status_code == 200


def test_open_result_tasks_are_counted_and_can_be_chosen(signed_in, team):
    waiting, done, _ = (
        PredictionFactory(patient__care_team=team).patient for _ in range(3)
    )  # fmt: skip
    task_of(waiting)
    ResultTask.objects.filter(pk=task_of(done).pk).update(closed_at=timezone.now())

    response = signed_in.get(f"{URL}&tasks=true")

    assert (names(response), response.context["counts"]["tasks"]) == ([waiting.name], 1)
    assert response.context["rows"][0]["task_count"] == 1


@pytest.mark.parametrize(("is_urgent", "said"), [(True, "Look today"), (False, "Suggested")])
def test_only_what_is_urgent_is_called_a_matter_of_today(signed_in, team, is_urgent, said):
    patient = PatientFactory(care_team=team)
    PredictionFactory(patient=patient)
    benefit = {"arr": 0.05, "baseline": 0.2, "horizon_years": 10, "low": 0.02}
    RecommendationFactory(patient=patient, is_urgent=is_urgent, said={"benefits": [benefit]})
    budget.decide(now=timezone.now())

    row = signed_in.get(URL).context["rows"][0]

    assert (row["asks"], row["is_urgent"]) == (said, is_urgent)
    assert said in signed_in.get(URL).content.decode()
