"""Absolute benefit of catalogue items: only where a trial and a calibrated risk both speak."""

import pytest

from ml.scores import person as published
from ml.scores.derived import derived
from recommendations import benefitwords, catalogue, engine
from recommendations.outcome import as_dict
from tests.recommendations.people import person

SMOKER = {
    "age": 60, "sex": "male", "smoker": True, "SBP": 152, "DBP": 88, "TC": 240, "HDL": 40,
    "LDL": 165, "BMI": 29, "EGFR": 82, "has": ["htn"], "POTASSIUM": 4.3, "SODIUM": 140,
}  # fmt: skip


def weigh(assessments=(), **known):
    facts = person(**known)
    numbers = published.rule_values(published.from_facts(facts))
    return engine.recommend(derived(facts).facts, catalogue.load(), numbers, assessments)


def item(outcome, id_):
    return next(each for each in outcome.items if each.id == id_)


def test_a_statin_takes_a_quarter_off_the_published_risk():
    made = item(weigh(**SMOKER), "M01").benefit
    assert made.risk == "PREVENT_ASCVD_10Y"
    assert made.arr == pytest.approx(made.baseline * 0.25)
    assert made.nnt == pytest.approx(1 / made.arr)
    assert made.low < made.arr < made.high


def test_a_diet_counts_through_the_pressure_it_lowers():
    made = item(weigh(**SMOKER), "L03")
    by_outcome = {each.outcome: each for each in made.benefits}
    assert by_outcome["cvd_events"].source.startswith("Blood Pressure Lowering")
    assert by_outcome["ascvd_events"].source.startswith("Cholesterol Treatment")
    assert all(0 < each.arr < 0.1 for each in made.benefits)


def test_stopping_smoking_counts_through_prevent_and_only_for_smokers():
    made = item(weigh(**SMOKER), "L01").benefit
    assert "PREVENT" in made.source
    never = SMOKER | {"smoker": False}
    assert "L01" not in {each.id for each in weigh(**never).items}


def test_a_trial_in_people_with_disease_gives_no_number_to_people_without():
    found = item(weigh(**SMOKER | {"has": ["htn", "dyslipidaemia"]}), "V01")
    assert found.benefits == ()


def test_where_no_equation_holds_there_is_no_number_and_the_item_stays():
    known = SMOKER | {"has": ["htn", "ascvd"]}
    found = weigh(**known)
    statin = item(found, "M02")
    assert statin.status == "recommended"
    assert statin.benefits == ()


def test_observational_associations_give_no_number():
    found = weigh(**SMOKER | {"ACTIVE_MIN": 30, "STEPS": 3000})
    active = item(found, "L08")
    assert "mortality" not in {each.outcome for each in active.benefits}


def test_a_blood_thinner_counts_on_the_strokes_of_its_points():
    found = weigh(age=76, sex="female", has=["afib", "htn"], EGFR=70, SBP=132, HGB=13, PLT=220)
    made = item(found, "M32").benefit
    assert (made.outcome, made.horizon_years) == ("stroke", 1)
    assert made.baseline == pytest.approx(0.048)
    assert made.arr == pytest.approx(0.048 * 0.65)


def test_the_row_do_nothing_is_always_there_with_its_horizons():
    row = {each.outcome: each for each in weigh(**SMOKER).do_nothing}["cvd_events"]
    assert row.by_years["10"] == pytest.approx(row.risk)
    assert row.by_years["1"] < row.by_years["5"] < row.by_years["10"]


def test_an_equation_of_thirty_years_speaks_for_the_long_run():
    younger = SMOKER | {"age": 45}
    assert "30" in item(weigh(**younger), "L01").benefit.by_years
    assert "30" not in item(weigh(**SMOKER), "L01").benefit.by_years


def test_all_shown_together_leave_less_than_any_alone_and_never_more_than_the_cap():
    found = weigh(**SMOKER)
    for outcome, after in found.after_shown.items():
        alone = [
            each.baseline - each.arr
            for shown in found.shown
            for each in shown.benefits
            if each.outcome == outcome and each.horizon_years == 10
        ]
        assert after <= min(alone) + 1e-12
        assert after > 0


def test_items_that_cannot_be_told_apart_share_a_place():
    made = [each.benefit for each in weigh(**SMOKER).items if each.benefit]
    places = [each.place for each in made]
    assert min(places) == 1
    assert len(set(places)) < len(places)


def test_the_same_facts_give_the_same_intervals():
    one, two = (item(weigh(**SMOKER), "M01").benefit for _ in range(2))
    assert one == two


def test_higher_benefit_ranks_higher_among_items_of_one_kind():
    found = weigh(**SMOKER)
    order = [each.id for each in found.recommended]
    assert order.index("L01") < order.index("L02")


def stored(id_, **known):
    """The benefits of an item as they are kept with the recommendation."""
    return as_dict(item(weigh(**known), id_))["benefits"]


def test_a_benefit_is_told_as_people_of_a_hundred():
    (first, *_) = benefitwords.lines(stored("M01", **SMOKER))
    assert first["text"] == "Heart attack or a stroke in 10 years: 11 in 100, 2.6 fewer with it"
    assert first["interval"].startswith("95 % interval 1.9–")
    assert "number needed to treat 38" in first["interval"]
    assert [row["years"] for row in first["rows"]] == ["1", "5", "10"]


def test_an_interval_that_reaches_zero_says_that_it_may_help_nobody():
    benefit = stored("M01", **SMOKER)[0] | {"low": -0.01}
    assert benefitwords.interval(benefit).endswith("it may help nobody")


def test_what_nobody_has_re_read_says_so():
    assert "not re-read in its source" in benefitwords.basis(stored("L03", **SMOKER)[0])


def test_the_row_do_nothing_tells_each_risk_once():
    contents = [as_dict(each) for each in weigh(**SMOKER).items]
    told = benefitwords.do_nothing(contents)
    assert len(told) == len(set(told))
    assert "a heart attack or a stroke in 10 years: 11 in 100" in told
