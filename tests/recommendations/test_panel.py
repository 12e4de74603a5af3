"""What the panel makes of the list: what is shown, what is folded, what gives way to what."""

import datetime as dt

import pytest
from django.template.loader import render_to_string

from recommendations import presenters, queries
from recommendations.models import Recommendation
from tests.factories import FeedbackFactory, PatientFactory, RecommendationFactory

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


@pytest.fixture
def patient(db):
    return PatientFactory()


def add(patient, name, category="medication", **more):
    return RecommendationFactory(
        patient=patient,
        rank=patient.recommendations.count() + 1,
        said={"name": name, "category": category, **more.pop("said", {})},
        **more,
    )


def folded_html(patient):
    lines = queries.advice(patient.pk, today=TODAY).folded
    items = [presenters.item(line, may_answer=True) for line in lines]
    return render_to_string("recommendations/_folded.html", {"items": items, "csrf_token": "t"})


def give_way(patient, name, better, rule="group"):
    block = {"reason": "Alternative", "rule": rule, "source": "s", "facts": [], "verified": True}
    said = {"blocked_by": [{**block, "better": better}]}
    return add(patient, name, status=Recommendation.Status.BLOCKED, said=said)


def test_screening_and_vaccines_are_one_line_each_with_their_count(patient):
    for number in range(4):
        add(patient, f"Drug {number}")
    for name, category in [("FIT", "screening"), ("Flu", "vaccination"), ("LDCT", "screening")]:
        add(patient, name, category)

    html = folded_html(patient)

    for line in ("1 more recommendation<", "Screening: 2 due", "Vaccines: 1 due"):
        assert line in html


def test_while_something_urgent_is_open_lifestyle_and_screening_are_folded_with_the_reason(patient):
    waits = {"waits_for": ["Emergency assessment"]}
    add(patient, "Emergency assessment", "referral", is_urgent=True)
    for name, category in [("FIT", "screening"), ("Walk", "lifestyle"), ("Flu", "vaccination")]:
        add(patient, name, category, said=waits if category != "vaccination" else {})

    html = folded_html(patient)

    assert "Lifestyle and screening, after the urgent matter: 2 due" in html
    assert "Vaccines: 1 due" in html
    assert all(name in html for name in ("FIT", "Walk"))


def test_once_the_urgent_is_answered_nothing_waits(patient):
    urgent = add(patient, "Emergency assessment", "referral", is_urgent=True)
    add(patient, "Walk", "lifestyle", said={"waits_for": ["Emergency assessment"]})
    FeedbackFactory(recommendation=urgent)

    (line,) = queries.advice(patient.pk, today=TODAY).shown

    assert (line.recommendation.content["name"], line.waits) == ("Walk", False)


@pytest.mark.parametrize(("urgent", "opens"), [(True, 1), (False, 0)])
def test_a_fact_that_something_urgent_waits_for_is_asked_for_in_the_open(urgent, opens):
    advice = {"check_first": [presenters.UNUSED | {"title": "Pre-eclampsia", "urgent": urgent}]}

    html = render_to_string("portal/_advice.html", {"advice": advice, "csrf_token": "t"})

    assert html.count('<details class="fold mt-3" open>') == opens


def test_within_a_group_the_order_of_rank_stays(patient):
    for number in range(3):
        add(patient, f"Drug {number}")
    for name in ("Zoster", "Flu", "Hepatitis"):
        add(patient, name, "vaccination")

    html = folded_html(patient)

    assert html.index("Zoster") < html.index("Flu") < html.index("Hepatitis")


def test_a_screening_that_ranks_among_the_first_is_shown_and_not_folded(patient):
    add(patient, "HbA1c", "screening")

    advice = queries.advice(patient.pk, today=TODAY)

    assert [line.recommendation.content["name"] for line in advice.shown] == ["HbA1c"]


def test_what_gives_way_is_named_with_the_better_item_and_is_not_called_unsafe(patient):
    pill = add(patient, "Single pill")
    give_way(patient, "Thiazide", better=pill.item)

    advice = queries.advice(patient.pk, today=TODAY)

    assert advice.blocked == []
    assert presenters.item(advice.shown[0], may_answer=True)["alternatives"] == ("Thiazide",)


def test_what_is_unsafe_as_well_stays_among_the_unsafe(patient):
    pill = add(patient, "Single pill")
    row = give_way(patient, "Thiazide", better=pill.item)
    unsafe = {**row.content["blocked_by"][0], "better": "", "rule": "M11.exclusion"}
    row.content["blocked_by"].append(unsafe)
    row.save()

    advice = queries.advice(patient.pk, today=TODAY)

    assert [line.recommendation for line in advice.blocked] == [row]


def test_what_gives_way_to_something_unsafe_is_not_hidden_behind_it(patient):
    pill = add(patient, "Single pill", status=Recommendation.Status.BLOCKED)
    row = give_way(patient, "Thiazide", better=pill.item)

    advice = queries.advice(patient.pk, today=TODAY)

    assert row in [line.recommendation for line in advice.blocked]


def test_the_better_item_says_what_was_left_for_it(patient):
    line = queries.Line(add(patient, "Single pill"), None, ("Thiazide", "Calcium-channel blocker"))
    item = presenters.item(line, may_answer=False)

    html = render_to_string("_components/recommendation.html", {"item": item})

    assert "Alternatives, one only: Thiazide · Calcium-channel blocker" in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_panel_costs_two_queries_for_one_and_for_three(
    patient, count, django_assert_num_queries
):
    for number in range(count):
        add(patient, f"Drug {number}")

    with django_assert_num_queries(2):
        queries.advice(patient.pk, today=TODAY)


def test_what_each_part_of_the_ranking_added_stands_on_the_card(patient):
    shares = {"burden": 0.03, "benefit": 0.214, "habit": 0.0, "caution": -0.15}
    add(patient, "Statin", said={"shares": shares})

    [line] = queries.advice(patient.pk, today=TODAY).shown
    html = render_to_string(
        "_components/recommendation.html",
        {"item": presenters.item(line, may_answer=False), "csrf_token": "t"},
    )

    assert "Benefit in numbers +0.21 · Caution −0.15 · Lightness +0.03." in html


def test_how_a_statement_was_checked_is_said_without_addresses_of_ours():
    said = "im-rec-deck@6d0b950 ckd/2024-kdigo.md; eGFR limit not re-read"

    assert presenters.checked(said) == "guideline digest ckd/2024-kdigo.md; eGFR limit not re-read"
