import datetime as dt
from dataclasses import replace

import pytest

from ml.scores.result import ScoreResult
from patients.models import Allergy, Medication, SurveyAnswer
from predictions.services import registry, scoring
from recommendations import queries, safety
from recommendations.models import Recommendation
from recommendations.services import catalogue, feedback, recommend
from tests.factories import PatientFactory, ResultFactory
from tests.recommendations.people import person

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=1)
REVIEWED = {
    "conditions_reviewed_on": NOW.date(),
    "medications_reviewed_on": NOW.date(),
    "allergies_reviewed_on": NOW.date(),
}


@pytest.fixture
def patient(analytes):
    """A woman of 65 with a very high LDL, whose lists somebody has gone through."""
    patient = PatientFactory(**REVIEWED)
    for code, value in {"LDL": 195, "SBP": 150, "DBP": 84, "EGFR": 80, "POTASSIUM": 4.2}.items():
        at = NOW - dt.timedelta(days=10)
        ResultFactory(patient=patient, code=code, value=value, collected_at=at, recorded_at=at)
    return patient


def weigh(patient, at=NOW):
    recommend.recommend([patient.pk], now=at)
    return {row.item: row for row in Recommendation.objects.current().filter(patient=patient)}


def test_an_indicated_drug_is_recommended_with_its_facts_and_source(patient):
    statin = weigh(patient)["M02"]

    facts = [fact["text"] for fact in statin.content["reasons"]]
    assert statin.status == "recommended"
    assert any("195" in fact and "mg/dL" in fact for fact in facts)
    assert statin.content["source"]
    assert statin.content["evidence_grade"]


def test_each_fact_has_value_unit_day_and_source(patient):
    SurveyAnswer.objects.create(
        patient=patient, instrument="lifestyle", item="smoking", text="current",
        answered_on=NOW.date(), recorded_at=NOW, source="questionnaire",
    )  # fmt: skip

    def said(row, code):
        (fact,) = [fact for fact in row.content["reasons"] if fact["code"] == code]
        return [fact[key] for key in ("value", "unit", "collected", "source")]

    rows = weigh(patient)
    assert said(rows["M02"], "LDL") == [195, "mg/dL", "2026-02-19", "test"]
    assert said(rows["L01"], "smoker") == [None, "", "2026-03-01", "questionnaire"]


def test_a_score_says_when_its_inputs_were_measured_and_that_it_is_calculated():
    day = dt.date(2026, 2, 19)
    risk = ScoreResult("PREVENT", {"cvd": 0.12}, as_of=day)
    given = ScoreResult("FRAIL", {"value": 3}, source="given", as_of=day)
    known = replace(person(), sources={"score:FRAIL": "as sent"})

    facts = recommend.with_days_of({"PREVENT_CVD_10Y": risk, "FRAIL": given}, known)

    assert facts.recorded == {"score:PREVENT_CVD_10Y": day}
    assert facts.sources == {"score:PREVENT_CVD_10Y": "calculated", "score:FRAIL": "as sent"}


def test_an_allergy_blocks_it_with_the_reason(patient):
    Allergy.objects.create(
        patient=patient, code="statin", label="Statin", recorded_at=NOW, source="test"
    )

    statin = weigh(patient)["M02"]

    assert statin.status == "blocked"
    (fact,) = next(
        block["facts"] for block in statin.content["blocked_by"] if block["rule"] == "allergy"
    )
    assert (fact["code"], fact["collected"], fact["source"]) == ("statin", "2026-03-01", "test")


def test_a_list_nobody_has_gone_through_means_check_first(patient):
    patient.allergies_reviewed_on = None
    patient.save()

    assert weigh(patient)["M02"].status == "check_first"


def test_weighing_twice_keeps_the_same_rows(patient):
    before = {item: row.pk for item, row in weigh(patient).items()}

    assert {item: row.pk for item, row in weigh(patient, NOW).items()} == before


def test_what_no_longer_holds_is_closed_and_kept(patient):
    before = weigh(patient)
    Medication.objects.create(
        patient=patient, drug_class="statin", name="Statin", recorded_at=NOW, source="test"
    )
    after = weigh(patient, LATER)
    closed = Recommendation.objects.get(pk=before["M01"].pk)

    assert "M01" not in after
    assert closed.superseded_at == LATER


def test_a_predicted_risk_stands_in_what_the_item_would_change(patient):
    registry.install_builtin()
    scoring.score([patient.pk], now=NOW)
    predicted = [
        effect
        for row in weigh(patient).values()
        for effect in row.content["would_change"]
        if effect["task"] == "cvd_death_10y"
    ]

    assert predicted
    assert all(0 < effect["risk"] < 1 for effect in predicted)


def test_a_check_that_fails_closes_the_door_to_every_drug(patient, monkeypatch):
    def fail(*arguments, **more):
        raise RuntimeError

    monkeypatch.setattr(safety, "_findings", fail)

    rows = weigh(patient).values()

    drugs = [row for row in rows if row.content["drug_classes"]]
    assert drugs
    assert {row.status for row in drugs} == {"blocked"}


def answer(row, clinician, kind="accept", reason="agreed", **more):
    return feedback.record(
        row, answer=kind, reason=reason, idempotency_key="k", by=clinician, now=NOW, **more
    )


def test_an_accepted_item_rests_among_the_answered(patient, clinician):
    row = weigh(patient)["M02"]
    answer(row, clinician)

    advice = queries.advice(patient.pk, today=NOW.date())

    assert [line.recommendation.item for line in advice.answered] == ["M02"]


def test_a_snoozed_item_comes_back_on_its_day(patient, clinician):
    row = weigh(patient)["M02"]
    answer(row, clinician, "later", "later", snooze_until=LATER.date())

    assert queries.advice(patient.pk, today=NOW.date()).answered
    assert not queries.advice(patient.pk, today=LATER.date()).answered


def test_an_answer_outlives_the_row_it_was_given_to(patient, clinician):
    answer(weigh(patient)["M02"], clinician)
    at = NOW + dt.timedelta(hours=1)
    ResultFactory(patient=patient, code="LDL", value=200, collected_at=at, recorded_at=at)
    weigh(patient, LATER)

    advice = queries.advice(patient.pk, today=NOW.date())

    assert [line.recommendation.item for line in advice.answered] == ["M02"]


def test_the_same_answer_twice_is_one(patient, clinician):
    row = weigh(patient)["M02"]

    assert answer(row, clinician) == answer(row, clinician)


def test_a_replaced_item_a_blocked_item_and_a_snooze_without_a_day_are_refused(patient, clinician):
    row = weigh(patient)["M02"]
    with pytest.raises(feedback.NotAnswerable, match="needs a day"):
        answer(row, clinician, "later", "later")
    row.status = "blocked"
    with pytest.raises(feedback.NotAnswerable, match="not safe"):
        answer(row, clinician)
    row.superseded_at = NOW
    with pytest.raises(feedback.NotAnswerable, match="replaced"):
        answer(row, clinician, "decline", "other")


def test_loading_the_catalogue_twice_changes_nothing(db):
    first, _ = catalogue.load()
    again, _ = catalogue.load()

    assert (len(first.added), again) == (203, catalogue.Difference([], [], []))


def test_an_answer_does_not_hold_for_ever(patient, clinician):
    answer(weigh(patient)["M02"], clinician, "decline", "patient_declined")

    a_year_on = NOW.date() + queries.ANSWER_HOLDS

    assert queries.advice(patient.pk, today=NOW.date()).answered
    assert not queries.advice(patient.pk, today=a_year_on).answered


def test_while_something_is_urgent_only_that_is_shown(patient):
    at = NOW - dt.timedelta(hours=1)
    ResultFactory(patient=patient, code="POTASSIUM", value=6.7, collected_at=at, recorded_at=at)
    weigh(patient)

    shown = queries.advice(patient.pk, today=NOW.date()).shown

    assert shown
    assert all(line.recommendation.is_urgent for line in shown)
