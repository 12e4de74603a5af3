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


@pytest.mark.parametrize(("id_", "factor"), [("L03", "SBP"), ("L14", "LDL"), ("L01", "smoker")])
def test_what_no_trial_counted_names_its_risk_factor_and_has_no_number_needed(id_, factor):
    made = item(weigh(**SMOKER), id_).benefits
    assert factor in {each.reckoned_from for each in made}
    assert {(each.nnt, each.nnt_low, each.nnt_high) for each in made} == {(None, None, None)}
    told = benefitwords.lines(as_dict(made))
    assert not any("number needed to treat" in line["interval"] for line in told)
    assert all(", reckoned from " in line["basis"] for line in told)


def test_what_a_trial_counted_has_a_number_needed_and_no_risk_factor():
    made = item(weigh(**SMOKER), "M01").benefit
    assert (made.reckoned_from, made.nnt is None) == ("", False)
    assert "number needed to treat" in benefitwords.interval(as_dict(made))
    assert "reckoned" not in benefitwords.basis(as_dict(made))


def test_weight_loss_counts_by_its_own_trial_which_left_open_whether_it_helps():
    made = {each.outcome: each for each in item(weigh(**SMOKER | {"BMI": 33}), "L06").benefits}
    look_ahead = made["cvd_events"]
    assert (look_ahead.rr, look_ahead.reckoned_from) == (pytest.approx(0.95), "")
    assert (look_ahead.rr_low, look_ahead.rr_high) == pytest.approx((0.83, 1.09), abs=0.01)
    assert look_ahead.low < 0 < look_ahead.high


def test_semaglutide_has_its_trial_in_known_disease_only():
    made = item(weigh(**SMOKER | {"BMI": 33, "on": [], "allergy": []}), "M22").benefits
    assert {each.reckoned_from for each in made} == {"SBP"}


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


HFREF = {"age": 68, "sex": "male", "has": ["hfref", "ckd", "t2d"], "EGFR": 48, "UACR": 180,
         "SBP": 128, "POTASSIUM": 4.4, "HBA1C": 7.6}  # fmt: skip


def test_a_benefit_that_has_no_number_is_not_counted_as_none():
    found = item(weigh(**HFREF), "M17")
    assert found.benefit.outcome == "kidney_failure"
    assert found.components["expected"] > 0
    (heart,) = [each for each in found.in_trials if each.outcome == "hf_hosp"]
    assert (heart.rr, heart.name) == (pytest.approx(0.72), "heart failure")


def test_where_the_risk_is_known_nothing_is_expected_beside_the_number():
    found = item(weigh(**SMOKER), "M01")
    assert found.components["benefit"] > 0 == found.components["expected"]
    assert found.in_trials == ()


def test_a_wide_interval_counts_less_than_a_narrow_one():
    found = weigh(**SMOKER)
    diet, statin = item(found, "L02"), item(found, "M01")
    assert diet.benefit.arr > statin.benefit.arr
    assert diet.components["benefit"] < statin.components["benefit"]


def test_an_effect_that_was_only_observed_counts_half_and_gives_no_number():
    found = item(weigh(**SMOKER | {"has": ["mi"]}), "L01")
    assert found.benefits == found.in_trials == ()
    assert 0.3 < found.components["expected"] < 0.5


def test_a_harm_stands_beside_the_benefit_with_horizon_and_source():
    (harm,) = item(weigh(**SMOKER), "M01").harms
    assert (harm.years, harm.verified) == (4, False)
    assert harm.more == pytest.approx(harm.taking - harm.without)
    (told,) = benefitwords.harms(as_dict((harm,)))
    assert told["text"] == "New diabetes in 4 years: 0.4 more in 100 (4.9 with it, 4.5 without)"
    assert told["basis"].endswith("Lancet 2010;375:735, not re-read in its source")
    assert harm.net is None  # a new diabetes does not weigh what a stroke does


def test_where_harm_and_benefit_weigh_alike_the_net_is_told():
    known = {"age": 76, "sex": "male", "has": ["afib", "htn"], "EGFR": 58, "HGB": 13, "PLT": 240}
    blood_thinner = item(weigh(**known), "M32")
    (harm,) = blood_thinner.harms
    assert harm.net == pytest.approx(blood_thinner.benefit.arr - 0.003)
    (told,) = benefitwords.harms(as_dict((harm,)))
    assert told["text"] == "Major bleeding outside the brain in a year: 0.3 more in 100"
    assert "fewer in 100, if both count alike" in told["net"]


def test_a_harm_without_a_benefit_in_numbers_has_no_net():
    (harm,) = item(weigh(**HFREF), "M16").harms
    assert harm.net is None
    (told,) = benefitwords.harms(as_dict((harm,)))
    assert told["net"] == ""


def test_what_trials_found_is_told_without_a_number_for_the_person():
    (told,) = benefitwords.trials(as_dict(item(weigh(**HFREF), "M17").in_trials))
    assert told == (
        "Heart failure: 28 % fewer in trials (relative risk 0.72, 0.67–0.77); "
        "in numbers for this person it is not known"
    )


def test_every_harm_is_of_an_item_of_the_catalogue():
    whole = catalogue.load()
    assert {harm.item for harm in whole.effects.harms} <= set(whole.by_id)
    assert all(0 < harm.more < 0.2 for harm in whole.effects.harms)


def test_a_factor_speaks_for_no_larger_change_than_its_trials():
    (factor,) = [f for f in catalogue.load().effects.factors if f.feature == "HBA1C"]
    assert [factor.limited(change) for change in (-2.0, -0.5)] == [-0.9, -0.5]


def test_a_stronger_statin_counts_less_for_somebody_who_takes_one():
    known = SMOKER | {"has": ["mi"]}
    new, stronger = (item(weigh(**known, on=on), "M02") for on in ([], ["statin"]))
    assert stronger.components["expected"] < new.components["expected"] / 2
    assert [each.rr for each in stronger.in_trials] == [pytest.approx(0.85)]
    assert stronger.would_change[0].text.startswith("LDL cholesterol −20")
