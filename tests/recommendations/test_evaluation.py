"""The order of the advice against simpler orders, measured on answers with a known truth."""

import datetime as dt
import json

import numpy as np
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from healthcare.jobs import services as jobs
from healthcare.jobs.models import Job
from patients.models import Patient
from recommendations import evaluationwords, tasks
from recommendations.models import AdviceEvaluation, Feedback, FollowUp, Recommendation
from recommendations.services import choices, evaluation, exports, nightly, quality
from tests.factories import PatientFactory, RecommendationFactory, UserFactory
from tests.factories.recommendations import content

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 6, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
QUALITY = "/recommendations/quality/"
ITEMS = ("L03", "L04", "L01", "S02", "S03", "M01", "M02", "M05")  # L03 moves the blood pressure
LIKED = {"L03": 0.7, "L04": 0.6, "L01": 0.5}  # chance to be taken; the rest 0.05


def site(people, *, seed=1, order=ITEMS, now=NOW):
    """A site whose people take what they like, four a day answered for, in rank of `order`."""
    rng = np.random.default_rng(seed)
    team, by = PatientFactory().care_team, UserFactory()
    patients = Patient.objects.bulk_create(
        PatientFactory.build(care_team=team, sex=["male", "female"][n % 2]) for n in range(people)
    )
    rows = Recommendation.objects.bulk_create(
        _row(patient, item, order.index(item) + 1, now - (people - n) * DAY / 4, rng)
        for n, patient in enumerate(patients)
        for item in rng.permutation(ITEMS)[:6]
    )
    Feedback.objects.bulk_create(_answer(row, by, rng) for row in rows)
    with connection.cursor() as cursor:  # what autovacuum does outside of a test's transaction
        cursor.execute("ANALYZE recommendations_feedback, recommendations_recommendation")
    return patients


def _row(patient, item, rank, at, rng):
    benefit = round(float(rng.random()), 3)
    said = content(
        components={"urgent": 0.0, "evidence": 0.5, "benefit": benefit, "expected": 0.0},
        benefits=[{"arr": benefit / 20}],
    )
    return Recommendation(
        patient=patient, item=item, rank=rank, offered_at=at, as_of=at, content=said,
        status="recommended", content_digest="d", catalogue_digest="c",
    )  # fmt: skip


def _answer(row, by, rng):
    takes = rng.random() < LIKED.get(row.item, 0.05)
    said = ("accept", "agreed") if takes else ("decline", "other")
    return Feedback(
        recommendation=row, by=by, at=row.offered_at, answer=said[0], reason=said[1],
        idempotency_key="k",
    )  # fmt: skip


def test_an_order_that_is_what_people_like_beats_one_by_chance():
    site(400)

    found = evaluation.evaluate(now=NOW).ranking

    gain = found.comparison.hybrid_over["random"]
    assert gain.low > 0
    assert found.learned_from == 280
    assert found.comparison.people == 120
    assert set(found.comparison.ways) == {
        "hybrid", "popularity", "random", "rules", "benefit", "habit",
    }  # fmt: skip


def test_an_order_against_what_people_like_is_called_worse_than_popularity():
    site(400, order=ITEMS[::-1])

    found = evaluation.evaluate(now=NOW)

    assert found.verdict.startswith("The hybrid is worse than popularity")


def test_an_order_like_popularity_is_said_not_to_beat_it():
    site(400)

    assert "the interval of the difference includes zero" in evaluation.evaluate(now=NOW).verdict


def test_what_is_taken_after_the_cut_teaches_nothing():
    patients = site(300)
    before = evaluation.evaluate(now=NOW).ranking.comparison.ways["popularity"]
    answers = Feedback.objects.filter(recommendation__patient__in=patients[:100], answer="decline")
    late = [
        Feedback(recommendation=each.recommendation, by=each.by, at=NOW - DAY, answer="accept",
                 reason="agreed", idempotency_key="later")
        for each in answers.filter(recommendation__item="M05")
    ]  # fmt: skip
    assert late
    Feedback.objects.bulk_create(late)

    assert evaluation.evaluate(now=NOW).ranking.comparison.ways["popularity"] == before


def test_the_gap_between_what_was_taken_and_the_largest_benefit_is_measured():
    site(400)

    gap = evaluation.evaluate(now=NOW).ranking.gap

    assert gap.missed.low > 0
    assert gap.best.value == pytest.approx(gap.taken.value + gap.missed.value)
    assert gap.first_by["benefit"].value == pytest.approx(gap.best.value)
    assert gap.first_by["popularity"].high < gap.best.low


def test_with_few_answers_it_says_not_enough_data():
    site(40)

    found = evaluation.evaluate(now=NOW)

    assert found.verdict.startswith("Not enough data: 28 people answered for before the cut")
    assert found.followed.problem == "Cannot estimate: 0 measured follow-ups, 50 are needed."
    assert evaluation.store(found).people is None


def test_only_what_was_on_the_list_at_that_moment_counts_as_offered():
    row = RecommendationFactory(item="L03", offered_at=NOW - 9 * DAY)
    patient = row.patient
    RecommendationFactory(patient=patient, item="L04", offered_at=NOW - DAY)  # later
    RecommendationFactory(
        patient=patient, item="S02", offered_at=NOW - 9 * DAY, superseded_at=NOW - 8 * DAY
    )  # no longer
    RecommendationFactory(patient=patient, item="S03", offered_at=None)  # of before it was kept
    RecommendationFactory(patient=patient, item="M01", offered_at=NOW - 9 * DAY, status="blocked")
    Feedback.objects.create(recommendation=row, by=UserFactory(), at=NOW - 5 * DAY,
                            answer="accept", reason="agreed", idempotency_key="k")  # fmt: skip

    (session,) = choices.sessions(since=NOW - 30 * DAY)

    assert {each.item for each in session.offered} == {"L03", "S03"}
    assert session.items() == {"L03"}


def followed(people, seed=3):
    """Everybody has L03 and L04 on the list and takes one by chance; L03 reaches it more often."""
    rng = np.random.default_rng(seed)
    team, by = PatientFactory().care_team, UserFactory()
    for patient in Patient.objects.bulk_create(
        PatientFactory.build(care_team=team) for _ in range(people)
    ):
        rows = {
            item: RecommendationFactory(patient=patient, item=item, rank=rank, offered_at=NOW - DAY,
                                        said={"components": {"benefit": 0.1 * rank}})
            for rank, item in enumerate(("L03", "M05"), start=1)
        }  # fmt: skip
        item = "L03" if rng.random() < 0.6 else "M05"
        reached = rng.random() < {"L03": 0.8, "M05": 0.3}[item]
        given = Feedback.objects.create(recommendation=rows[item], by=by, at=NOW, answer="accept",
                                        reason="agreed", idempotency_key="k")  # fmt: skip
        FollowUp.objects.create(
            feedback=given, patient=patient, item=item, analyte="SBP", value_before=150,
            predicted_low=-11, predicted_high=-3, scheduled_on=NOW, due_on=NOW,
            value_after=140 if reached else 150, after_on=NOW,
        )  # fmt: skip


def test_what_another_first_choice_would_have_brought_is_found_again():
    followed(200)

    answer = evaluation.evaluate(now=NOW).followed.answer

    for policy, truth in (("hybrid", 0.8), ("benefit", 0.3)):
        for estimate in answer.policies[policy].values():
            assert estimate.low <= truth <= estimate.high


def test_the_command_prints_and_stores(capsys):
    site(300, now=timezone.now())

    call_command("recommendation_report", "--since", "2026-01-01")

    printed = capsys.readouterr().out
    kept = AdviceEvaluation.objects.get()
    for text in (
        "nDCG@5",
        "Order in use | ",
        "By chance | ",
        "Cannot estimate: 0 measured",
        "Between habit and benefit",
        "L03 DASH",
        "Sex: female",
        kept.verdict.partition(":")[0],
    ):
        assert text in printed
    assert kept.people == 90
    assert kept.content["ranking"]["comparison"]["ways"]["hybrid"]["ndcg"]["low"] > 0


def test_the_command_gives_everything_as_json(capsys):
    site(300, now=timezone.now())

    call_command("recommendation_report", "--json")

    printed = json.loads(capsys.readouterr().out)
    assert printed["ranking"]["verdicts"][0] == AdviceEvaluation.objects.get().verdict
    assert {row["part"] for row in printed["groups"]} >= {"male", "female"}


def test_the_numbers_of_one_item_are_printed_and_not_stored(capsys):
    site(60, now=timezone.now())

    call_command("recommendation_report", "--item", "L03")

    assert "L03 DASH" in capsys.readouterr().out
    assert not AdviceEvaluation.objects.exists()


@pytest.mark.parametrize("day", ["soon", "2026-02-31"])
def test_a_day_that_is_none_is_refused_in_one_sentence(day):
    with pytest.raises(CommandError, match=f"{day} is no day. Write it as 2026-01-31."):
        call_command("recommendation_report", "--since", day)


def test_the_page_shows_the_newest_and_lists_the_earlier(client, administrator):
    site(300)
    evaluation.store(evaluation.evaluate(now=NOW - 60 * DAY))
    evaluation.store(evaluation.evaluate(now=NOW))
    client.force_login(administrator)

    html = client.get("/recommendations/quality/").content.decode()

    for text in (
        "How the order fares",
        "Most taken first",
        "Between habit and benefit",
        "Measured before",
        "Cannot estimate",
    ):
        assert text in html  # fmt: skip


def test_a_page_without_any_says_so(client, administrator):
    client.force_login(administrator)

    assert b"Not measured yet" in client.get("/recommendations/quality/").content


@time_machine.travel(NOW, tick=False)
def test_a_large_site_is_shown_what_was_counted_last_and_may_count_now(
    client, administrator, monkeypatch, broker
):
    site(300)
    monkeypatch.setattr(evaluation, "FEW", 10)
    client.force_login(administrator)
    assert b"Not counted yet" in client.get(QUALITY).content

    client.post(f"{QUALITY}compute/")
    assert b"Being counted" in client.get(QUALITY).content
    assert jobs.HANDLERS["recommendations.evaluate"] is tasks.evaluate
    jobs.run(Job.objects.get(kind="recommendations.evaluate").pk, now=timezone.now)
    Recommendation.objects.all().delete()  # what came later is not looked at
    monkeypatch.setattr(evaluation, "FEW", 0)
    RecommendationFactory()

    page = client.get(QUALITY)
    assert (b"counted 06-Mar-2026" in page.content, b"Count now" in page.content) == (True, True)
    assert len(page.context["items"]["rows"]) == len(ITEMS)


def test_a_kept_report_comes_back_as_it_was():
    site(300)
    made = evaluation.evaluate(now=NOW)

    assert quality.from_plain(made.plain["report"]) == made.report


def test_a_small_site_sees_the_numbers_of_this_moment():
    nightly.run(now=NOW - DAY)
    site(300)

    assert evaluation.report(now=NOW).as_of == NOW


def test_of_the_nights_one_a_month_is_kept():
    for day in (0, 1, 29, 31):
        nightly.run(now=NOW + day * DAY)

    assert [row.made_at for row in AdviceEvaluation.objects.all()] == [NOW + 31 * DAY, NOW]
    assert evaluationwords.page(AdviceEvaluation.objects.all())["verdicts"] == [
        "Not enough data: nobody was answered for."
    ]


def test_the_export_says_since_when_an_item_was_offered():
    row = RecommendationFactory(offered_at=NOW - 9 * DAY, as_of=NOW)
    Feedback.objects.create(recommendation=row, by=UserFactory(), at=NOW, answer="accept",
                            reason="agreed", idempotency_key="k")  # fmt: skip

    (exported,) = exports.feedback_rows()

    assert exported["offered_at"] == (NOW - 9 * DAY).isoformat()


def test_where_nothing_can_be_estimated_the_reason_stands_once():
    overlap = {"effective_size": 20.0, "largest_weight": 9.0, "clipped": 0.0, "unsupported": 0.0,
               "mean_weight": 1.0, "mean_weight_error": 0.1}  # fmt: skip
    none = {"value": None, "low": None, "high": None, "overlap": overlap}

    row = evaluationwords._policy("rules", dict.fromkeys(evaluationwords.ESTIMATORS, none))

    assert [cell["text"] for cell in row[1:3]] == ["–", "–"]
    assert row[3]["text"].startswith("Cannot estimate: the log holds the worth of 20 decisions")
