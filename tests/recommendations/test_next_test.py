"""The next best test as an item of the list: on the page, in the API, and answered like others."""

import datetime as dt

import pytest
from django.template.loader import render_to_string

from ml.explanation import reading
from ml.studies.inputs import NEXT_TESTS
from ml.types import NextTest, OpenDecision
from predictions.services import registry, scoring
from recommendations import catalogue, engine, presenters, queries
from recommendations.models import Recommendation
from recommendations.outcome import Outcome
from recommendations.services import feedback, nexttests, recommend
from tests.factories import PatientFactory, RecommendationFactory, ResultFactory
from tests.recommendations.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIPIDS = "S02"
# Everything that the four models read, of a woman of 65 at the edge of a tier.
WHOLE = {
    "SBP": 138, "DBP": 80, "BMI": 27.5, "WEIGHT": 75, "HEIGHT": 165, "WAIST": 96, "TC": 198,
    "HDL": 52, "LDL": 118, "TG": 120, "HGB": 14.1, "WBC": 6.9, "RBC": 4.7, "MCV": 90, "RDW": 13.1,
    "PLT": 245, "ALB": 4.3, "TP": 7.2, "GGT": 21, "URIC": 5.4, "BUN": 13, "CREAT": 0.8,
    "EGFR": 80, "UACR": 7, "HBA1C": 5.5, "GLU_FAST": 94,
}  # fmt: skip


def measuring(group, code, chance=0.3, value=0.01, **more):
    return NextTest(code, f"Measure {code}", chance, 0.5, group=group, value=value, **more)


def open_risk(task="cvd_death_10y", *tests):
    return OpenDecision(task, tests, 0.011, 0.006, 0.03, 0.01)


def add(*decisions):
    return nexttests.add(Outcome(items=()), decisions, catalogue.load()).items


def test_a_test_that_serves_two_risks_comes_before_one_that_serves_one():
    first = open_risk("cvd_death_10y", measuring("urine", "UACR", value=0.02),
                      measuring("blood_count", "HGB", value=0.015))  # fmt: skip
    second = open_risk("death_10y", measuring("blood_count", "HGB", value=0.015))

    (item,) = add(first, second)

    assert item.id == "test-blood_count"
    assert len(item.decides) == 2


def test_a_risk_without_a_number_comes_first():
    refused = OpenDecision("death_10y", (measuring("body", "BMI", chance=1.0, value=0),))

    (item,) = add(open_risk("cvd_death_10y", measuring("urine", "UACR", value=0.9)), refused)

    assert item.id == "test-body"
    assert "would bring a figure" in item.decides[0]


def test_a_test_that_hardly_changes_anything_is_not_recommended():
    assert add(open_risk("cvd_death_10y", measuring("urine", "UACR", chance=0.005))) == ()


@pytest.mark.parametrize(("spo2", "waits_for"), [(88, ("Emergency assessment",)), (97, ())])
def test_while_something_is_urgent_the_test_waits(spo2, waits_for):
    outcome = engine.recommend(person(SPO2=spo2), catalogue.load())
    decision = open_risk("cvd_death_10y", measuring("urine", "UACR", value=0.9))

    added = nexttests.add(outcome, [decision], catalogue.load()).items[-1]

    assert (added.id, added.waits_for) == ("test-urine", waits_for)


def test_nothing_open_recommends_nothing():
    assert add() == ()


def test_the_figure_says_how_much_and_why():
    (item,) = add(open_risk("cvd_death_10y", measuring("urine", "UACR", months_old=40)))

    why = " ".join(fact.text for fact in item.reasons)
    assert "30 of 100 such people" in item.decides[0]
    assert "on both sides of 1.0 in 100" in why
    assert "40 months old and holds for 12" in why
    assert item.source
    assert item.evidence_grade


def test_the_test_that_answers_the_question_says_so():
    (item,) = add(
        open_risk("undiagnosed_diabetes", measuring("glycaemia", "HBA1C", settles=True, chance=0.9))
    )

    assert "decide whether diabetes is present" in item.decides[0]
    assert "90 of 100" in item.decides[0]


def test_where_the_catalogue_asks_for_the_same_its_item_says_what_it_decides(analytes):
    """Lipids are due: no second item beside it."""
    patient = PatientFactory()
    recommend.recommend([patient.pk], now=NOW)
    assert Recommendation.objects.filter(item=LIPIDS, status="recommended").exists()
    from patients import queries as patient_queries

    facts = patient_queries.facts_known_at(NOW, [patient])[patient.pk]
    weighed = recommend.weigh(facts, {}, [])

    told = nexttests.add(
        weighed, [open_risk("death_10y", measuring("lipids", "HDL"))], catalogue.load()
    )

    assert len(told.items) == len(weighed.items)
    assert [item.id for item in told.items if item.decides] == [LIPIDS]


@pytest.fixture
def patient(analytes):
    registry.install_builtin()
    return PatientFactory(
        conditions_reviewed_on=NOW.date(), medications_reviewed_on=NOW.date(),
        allergies_reviewed_on=NOW.date(),
    )  # fmt: skip


def measure(patient, *, days=10, without=()):
    for code in WHOLE.keys() - set(without):
        at = NOW - days * DAY
        ResultFactory(
            patient=patient, code=code, value=WHOLE[code], collected_at=at, recorded_at=at
        )


def weigh(patient, now=NOW):
    scoring.score([patient.pk], now=now)
    recommend.recommend([patient.pk], now=now)
    rows = Recommendation.objects.current().filter(patient=patient, status="recommended")
    return {row.item: row for row in rows if row.content.get("decides")}


def test_a_risk_that_abstains_recommends_what_would_bring_a_number(patient):
    stranger = PatientFactory()

    (row,) = weigh(stranger).values()

    assert row.item.startswith(nexttests.PREFIX)
    assert "would bring a figure" in row.content["decides"][0]


def test_old_values_are_recommended_again_and_fresh_ones_end_it(patient):
    measure(patient, days=6 * 365)
    (old,) = weigh(patient).values()
    assert any("months old" in fact["text"] for fact in old.content["reasons"])

    measure(patient, days=2)
    fresh = weigh(patient, NOW + DAY)

    assert not any(
        "months old" in fact["text"] for row in fresh.values() for fact in row.content["reasons"]
    )


def test_weighing_twice_keeps_the_same_row(patient):
    measure(patient, without={"HGB", "WBC", "RBC", "UACR"})
    first = {item: row.pk for item, row in weigh(patient).items()}

    assert first
    assert {item: row.pk for item, row in weigh(patient).items()} == first


def test_it_is_answered_like_any_other_item(patient, clinician):
    (row,) = weigh(patient).values()

    for answer, reason, more in [
        ("later", "later", {"snooze_until": NOW.date() + 14 * DAY}),
        ("decline", "wrong_data", {}),
        ("accept", "agreed", {}),
    ]:
        feedback.record(
            row, answer=answer, reason=reason, by=clinician, now=NOW, idempotency_key=answer, **more
        )

    advice = queries.advice(patient.pk, today=NOW.date())
    assert row.item in [line.recommendation.item for line in advice.answered]
    assert advice.next_test is None


def rows(patient, count, **more):
    return [RecommendationFactory(patient=patient, rank=rank, **more) for rank in range(count)]


def add_test(patient):
    return RecommendationFactory(
        patient=patient, rank=90, item="test-urine",
        said={"name": "Measure the urine", "decides": ["It would decide."], "clinician_only": True},
    )  # fmt: skip


def test_it_stands_under_the_three_items_that_are_shown():
    patient = PatientFactory()
    rows(patient, 5)
    test = add_test(patient)

    advice = queries.advice(patient.pk, today=NOW.date())

    assert len(advice.shown) == 3
    assert advice.next_test.recommendation == test
    assert advice.open_count == 6
    html = render_to_string(
        "_components/recommendation.html",
        {"item": presenters.item(advice.next_test, may_answer=True)},
    )
    assert "Next best test" in html
    assert "It would decide." in html
    assert 'value="accept"' in html


def test_where_there_is_room_it_is_one_of_the_three():
    patient = PatientFactory()
    rows(patient, 1)
    test = add_test(patient)

    advice = queries.advice(patient.pk, today=NOW.date())

    assert [line.recommendation for line in advice.shown][-1] == test
    assert advice.next_test is None


def test_while_something_is_urgent_it_waits():
    patient = PatientFactory()
    rows(patient, 1, is_urgent=True)
    test = add_test(patient)

    advice = queries.advice(patient.pk, today=NOW.date())

    assert advice.next_test is None
    assert [line.recommendation for line in advice.folded] == [test]


@pytest.mark.parametrize("group", NEXT_TESTS)
def test_a_patient_reads_of_it_in_plain_words(group):
    (item,) = add(open_risk("death_10y", measuring(group, "X")))

    assert reading.grade(item.patient_text) <= 8
