"""How the advice fares: the numbers, what is hidden, the page and the command."""

import datetime as dt
import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from patients.models import Patient
from recommendations.models import Feedback, Recommendation, ReviewTask
from recommendations.services import quality
from recommendations.services.cells import Cell
from tests.factories import FeedbackFactory, PatientFactory, RecommendationFactory
from tests.factories.recommendations import content

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
URL = "/recommendations/quality/"


def cohort(sex, people, offered, item="L03", at=NOW, benefits=()):
    """So many patients of a sex, of whom the first ones are offered an item."""
    team = PatientFactory().care_team
    patients = Patient.objects.bulk_create(
        PatientFactory.build(care_team=team, sex=sex) for _ in range(people)
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            patient=patient, item=item, rank=1, as_of=at, content=content(benefits=benefits),
            status="recommended" if place < offered else "blocked",
            content_digest="d", catalogue_digest="c",
        )
        for place, patient in enumerate(patients)
    )  # fmt: skip
    return patients


def part(report, group, name):
    (row,) = [each for each in report.groups if (each.group, each.part) == (group, name)]
    return row


@pytest.mark.parametrize(
    ("count", "total", "shown"),
    [(0, None, 0), (1, None, None), (9, None, None), (10, None, 10), (95, 100, None), (0, 50, 0)],
)
def test_a_small_count_or_one_that_gives_a_small_count_away_is_hidden(count, total, shown):
    assert Cell.of(count, total).count == shown


@pytest.mark.parametrize(("offered", "flagged"), [(56, ("offer",)), (72, ())])
def test_an_offer_rate_30_percent_lower_is_flagged_and_one_10_percent_lower_is_not(
    offered, flagged
):
    cohort("male", 110, 88)
    cohort("female", 100, offered)

    found = part(quality.report(now=NOW), "sex", "female")

    assert found.flagged == flagged
    assert found.ratios["offer"] == pytest.approx((offered / 100) / 0.8)


def test_an_offer_is_counted_against_those_to_whom_the_rule_applied():
    """Women are half as many and half of them are ill: of the ill, as many are offered it."""
    cohort("male", 100, 80)
    patients = cohort("female", 50, 40)
    team = patients[0].care_team
    Patient.objects.bulk_create(
        PatientFactory.build(care_team=team, sex="female") for _ in range(50)
    )

    found = part(quality.report(now=NOW), "sex", "female")

    assert (found.people.count, found.offered.count, found.offer_share) == (50, 40, 0.8)
    assert found.flagged == ()


def test_an_item_says_to_how_many_it_applied_and_to_how_many_it_was_offered():
    cohort("male", 60, 40)

    (item,) = quality.report(now=NOW).items

    assert (item.applied.count, item.offered.count) == (60, 40)


def test_the_same_item_weighed_again_and_again_is_one_offer():
    patients = cohort("male", 20, 20)
    Recommendation.objects.update(superseded_at=NOW)
    Recommendation.objects.bulk_create(
        Recommendation(
            patient=patient, item="L03", rank=1, as_of=NOW, content=content(),
            status="recommended", content_digest="d", catalogue_digest="c",
        )
        for patient in patients
    )  # fmt: skip

    report = quality.report(now=NOW)

    assert report.items[0].offered.count == 20
    assert part(report, "sex", "male").offer_share == 1


def test_the_benefit_of_what_was_offered_is_a_mean_over_offers():
    cohort("male", 20, 20, benefits=[{"arr": 0.02}])
    cohort("male", 20, 20, benefits=[{"arr": 0.04}], item="L04")
    cohort("male", 20, 0, benefits=[{"arr": 0.9}], item="M01")

    found = part(quality.report(now=NOW), "sex", "male")

    assert found.predicted_benefit == pytest.approx(0.03)


def test_parts_of_fewer_than_ten_are_hidden_and_never_flagged():
    cohort("male", 110, 88)
    low = [{"arr": 0.01}]
    cohort("unknown", 9, 9, benefits=low)
    cohort("female", 9, 9, benefits=low)

    found = part(quality.report(now=NOW), "sex", "female")

    assert (found.people.count, found.offer_share, found.flagged) == (None, None, ())
    assert found.predicted_benefit is None


def test_a_single_small_part_takes_the_next_with_it_or_it_could_be_worked_out():
    cohort("male", 110, 88)
    cohort("female", 60, 30)
    cohort("unknown", 9, 9)

    report = quality.report(now=NOW)

    counts = [part(report, "sex", name).people.count for name in ("male", "female", "unknown")]
    assert counts == [110, None, None]


def test_acceptance_is_compared_between_parts():
    for sex, taken in [("male", 40), ("female", 20)]:
        for place, patient in enumerate(cohort(sex, 60 if sex == "male" else 50, 50)[:50]):
            FeedbackFactory(
                recommendation=patient.recommendations.get(),
                **({} if place < taken else {"answer": "decline", "reason": "other"}),
            )

    found = part(quality.report(now=NOW), "sex", "female")

    assert found.acceptance == pytest.approx(0.4)
    assert found.ratios["acceptance"] == pytest.approx(0.5)
    assert "acceptance" in found.flagged


def test_an_item_counts_people_once_and_its_newest_answer():
    for place, patient in enumerate(cohort("male", 40, 40)[:30]):
        row = patient.recommendations.get()
        FeedbackFactory(recommendation=row, at=NOW - dt.timedelta(days=1))
        if place < 12:
            FeedbackFactory(recommendation=row, answer="decline", reason="wrong_data", at=NOW)

    (item,) = quality.report(now=NOW).items

    counts = [cell.count for cell in (item.offered, item.answered, item.accepted, item.declined)]
    assert counts == [40, 30, 18, 12]
    assert item.reasons == {"wrong_data": Cell(12)}
    assert item.override_share == pytest.approx(0.4)


def test_one_item_can_be_looked_at_alone():
    cohort("male", 20, 20, item="L03")
    cohort("male", 20, 20, item="L04")

    assert [row.item for row in quality.report(now=NOW, item="L04").items] == ["L04"]


def test_the_command_prints_the_numbers_of_the_page(capsys):
    cohort("male", 20, 20, at=timezone.now())

    call_command("recommendation_report", "--json")

    printed = json.loads(capsys.readouterr().out)
    assert printed["items"][0]["offered"] == {"count": 20}
    assert {row["part"] for row in printed["groups"]} >= {"male"}


def test_the_page_shows_flags_budget_items_and_open_reviews(client, administrator):
    cohort("male", 110, 88, at=timezone.now())
    cohort("female", 100, 56, at=timezone.now())
    ReviewTask.objects.create(kind="rule", item="L03", text="Too wide?", opened_at=NOW)
    client.force_login(administrator)

    html = client.get(URL).content.decode()

    for text in ("Sex female: offered 0.70 times", "0 of 20", "L03 DASH", "Too wide?", "CSV"):
        assert text in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(
    client, administrator, count, django_assert_num_queries
):
    for number in range(count):
        FeedbackFactory(recommendation__item=f"L0{number + 3}")
    client.force_login(administrator)

    # Session, user, catalogue, plans, counts 4, repeats, budget 9, tasks, evaluations,
    # whether the site is small, whether a count runs.
    with django_assert_num_queries(20):
        client.get(URL)


def test_a_review_is_closed_with_a_comment(client, administrator):
    task = ReviewTask.objects.create(kind="rule", item="L03", text="Too wide?", opened_at=NOW)
    client.force_login(administrator)

    client.post(reverse("recommendation-task-close", args=[task.pk]), {"comment": "Narrowed"})

    task.refresh_from_db()
    assert (task.closed_by, task.closing_comment) == (administrator, "Narrowed")


def test_a_review_without_a_word_stays_open(client, administrator):
    task = ReviewTask.objects.create(kind="rule", item="L03", text="Too wide?", opened_at=NOW)
    client.force_login(administrator)

    response = client.post(reverse("recommendation-task-close", args=[task.pk]), follow=True)

    assert b"Say in a few words" in response.content
    assert ReviewTask.objects.open().exists()


def test_data_to_check_are_those_of_own_patients_and_the_look_is_audited(signed_in, team):
    mine, other = PatientFactory(care_team=team), PatientFactory(family_name="Hiddenname")
    for patient in (mine, other):
        ReviewTask.objects.create(
            kind="data", item="L03", text="Look", patient=patient, opened_at=NOW
        )

    html = signed_in.get("/recommendations/tasks/").content.decode()

    assert mine.name in html
    assert "Hiddenname" not in html
    assert AuditEvent.objects.get(action="review_tasks.read").patient_ids == [mine.pk]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_administrator_takes_every_answer_along_and_that_is_audited(client, administrator, form):
    given = FeedbackFactory(comment="Wants to think")
    client.force_login(administrator)

    response = client.get(f"/recommendations/feedback.{form}")

    assert b"Wants to think" in response.content
    assert given.recommendation.patient.family_name.encode() not in response.content
    assert AuditEvent.objects.filter(action="feedback.exported").exists()


@pytest.mark.parametrize("path", [URL, "/recommendations/feedback.csv"])
def test_those_who_treat_see_neither_quality_nor_export(signed_in, path):
    assert signed_in.get(path).status_code == 403


def test_the_page_that_offers_undo_takes_the_answer_back(signed_in, team):
    row = RecommendationFactory(patient=PatientFactory(care_team=team), item="L03")
    url = reverse("recommendation-answer", args=[row.pk])
    htmx = {"HX-Request": "true"}
    answer = {"answer": "decline", "reason": "not_suitable", "idempotency_key": "k"}
    html = signed_in.post(url, answer, headers=htmx).content.decode()
    undo = reverse("recommendation-undo", args=[Feedback.objects.get().pk])
    assert undo in html

    html = signed_in.post(undo, headers=htmx).content.decode()

    assert "Declined" not in html
    assert not ReviewTask.objects.open().exists()
    assert Feedback.objects.count() == 2


def test_the_done_menu_asks_for_the_day_and_which(signed_in, team):
    row = RecommendationFactory(patient=PatientFactory(care_team=team), item="S17")
    url = reverse("recommendation-answer", args=[row.pk])

    signed_in.post(url, {"answer": "done", "done_on": "2024-02-03", "done_item": "colonoscopy",
                         "idempotency_key": "k"})  # fmt: skip

    fact = row.patient.preventive_care.get()
    assert (fact.item, fact.done_on) == ("colonoscopy", dt.date(2024, 2, 3))


def test_over_the_api_an_answer_says_its_place_and_can_be_taken_back(signed_in, team):
    row = RecommendationFactory(patient=PatientFactory(care_team=team), item="S02")
    url = reverse("api-recommendation-feedback", kwargs={"pk": row.pk})
    body = {"answer": "done", "reason": "already_done", "done_on": "2025-12-24"}

    given = signed_in.post(url, body, content_type="application/json").json()
    undone = signed_in.post(reverse("api-feedback-undo", kwargs={"pk": given["id"]}))

    assert given["place"] == "api"
    assert (undone.status_code, undone.json()["undoes"]) == (201, given["id"])
    assert not row.patient.preventive_care.filter(superseded_at=None).exists()
