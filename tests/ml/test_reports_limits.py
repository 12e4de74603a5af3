"""What a card says of its limits: each part and time that is off, how far, and what it means."""

import numpy as np
import pytest
from scipy.special import expit, logit

from ml.evaluation import evaluate
from ml.reports import audit, card, limits, page, tripod
from ml.reports.study import Study
from tests.ml.report_studies import answer, judged, problem, study


def texts(found):
    return {attribute.code: attribute.text for attribute in card.card(found)}


def in_parts(change, *, seed=3):
    """6,000 people in two halves; `change` bends the risks told to the second."""
    rng = np.random.default_rng(seed)
    truth = expit(rng.normal(-1.0, 1.0, 6000))
    y = (rng.random(6000) < truth).astype(int)
    age = np.where(np.arange(6000) < 3100, "under 75", "75 and over")
    risk = np.where(age == "75 and over", change(truth), truth)
    return evaluate(
        y, risk, "binary", groups={"age": age}, thresholds=[0.3], random_state=1, rounds=30
    )


def test_a_part_with_too_large_differences_is_a_limit_with_its_value_and_consequence():
    told = texts(study({"cross_fitted": in_parts(lambda risk: expit(1.6 * logit(risk) + 0.3))}))

    assert "age 75 and over: " in told["3.ii"]
    assert "differences are told too large (slope 0.6" in told["3.ii"]
    assert "the highest risks are too high beside the lowest" in told["3.ii"]
    assert "age 75 and over (Calibration slope 0.6" in told["7.ii"]


def test_a_part_that_is_foretold_too_much_says_how_much_and_beside_whom_events_are_missed():
    told = texts(study({"cross_fitted": in_parts(lambda risk: risk / 2)}))

    assert "it foretold 50 for each 100 found (O:E 2.0" in told["3.ii"]
    assert "sensitivity at 0.3 is 0." in told["3.ii"]
    assert ") that of under 75: " in told["3.ii"]
    assert "more of those with the outcome are missed" in told["3.ii"]


def test_a_later_period_that_is_off_is_a_limit():
    found = study({"cross_fitted": judged(), "later": judged(seed=5, shift=0.5)})

    told = [caution for caution in limits.cautions(found) if caution.startswith("In later years")]

    assert "it foretold 1" in told[0]
    assert told[0] in texts(found)["3.ii"]


def test_sound_risks_have_no_caution():
    assert limits.cautions(study({"cross_fitted": in_parts(lambda risk: risk)})) == []


def test_notes_of_the_study_are_limits_and_no_population_to_avoid():
    told = texts(study(notes=("Only one town.",)))

    assert "Only one town." in told["3.ii"]
    assert told["3.i"] == "Anybody outside: Adults discharged alive."


@pytest.mark.parametrize("scenario", [0.91, {"value": 0.91, "low": 0.8, "high": 1.0}])
def test_gaps_in_the_record_are_a_limit(scenario):
    rows = [
        {"title": "No laboratory", "observed_expected": scenario},
        {"title": "Everything", "observed_expected": 1.0},
        {"title": "No answers", "observed_expected": 1.09},
    ]
    found = Study(problem(), {"cross_fitted": judged().to_json()}, record={"scenarios": rows})

    told = "O:E runs from 0.91 (no laboratory) to 1.09 (no answers)."
    assert told in texts(found)["3.ii"]


def few_and_timid():
    """Eighty with the outcome, risks too near together: as the study of heart failure has it."""
    rng = np.random.default_rng(1)
    z = rng.normal(-0.8, 1.5, 240)
    y = (rng.random(240) < expit(z)).astype(int)
    return study({"cross_fitted": evaluate(y, expit(z / 2 - 0.4), "binary", random_state=1)})


def test_a_report_on_too_few_people_opens_with_that():
    found = few_and_timid()

    html = page.render(found)

    assert limits.cautions(found)[0].startswith("Too few people: ")
    assert any("differences are told too small" in caution for caution in limits.cautions(found))
    opening = html[html.index('id="short"') :]
    assert opening.index("Too few people") < opening.index('<ul class="summary">')


def test_a_survival_with_timid_risks_is_cautioned():
    rng = np.random.default_rng(2)
    z = rng.normal(0, 1.5, 1500)
    time = rng.exponential(np.exp(2 - z))
    y = np.column_stack([np.minimum(time, 20), time < 20])
    risk = 1 - np.exp(-5 * np.exp(-2 + z / 2.5))

    found = evaluate(y, risk[:, None], "survival", horizons=[5.0], random_state=1, rounds=10)

    assert any("by 5, differences are told too small" in flag for flag in found.flags)


def items(**changes):
    facts = {"1.ii": "Not known: the project records no funding."}
    told = study(**changes)
    found = Study(told.problem, told.evaluations, record={"data": {"name": "made"}}, facts=facts)
    return {item.title: item for item in tripod.items(found)}


@pytest.mark.parametrize(
    ("title", "answer"),
    [
        ("Open science: funding, code, data", "unknown"),
        ("Data: source and dates", "partly"),
        ("Title", "partly"),
    ],
)
def test_what_is_not_told_is_not_ticked_off(title, answer):
    assert items()[title].answer == answer


def test_a_title_that_names_the_risk_and_dates_that_are_told_are_ticked_off():
    record = {"data": {"name": "survey", "cycles": ["1999-2000", "2007-2008"]}}
    found = Study(problem(title="Risk of readmission"), {}, record=record)

    told = {item.title: item for item in tripod.items(found)}

    assert told["Title"].answer == "yes"
    assert told["Data: source and dates"].evidence == "name: survey; 1999-2000 to 2007-2008"


def test_missing_data_are_told_in_words_and_development_is_not_told_twice():
    told = items()

    assert "no number is given" in told["Missing data"].evidence
    assert told["Results: participants"].evidence != told["Results: model development"].evidence


def test_held_out_people_do_not_show_that_nothing_was_chosen_by_them():
    assert answer(audit.evaluation(study()), "E4.6") == "partly"

    external = study({"cross_fitted": judged(), "external": judged(seed=5)})
    assert answer(audit.evaluation(external), "E4.6") == "yes"


def test_more_parameters_than_inputs_are_not_ticked_off_by_counting_inputs():
    assert answer(audit.development(study(model="logistic")), "D4.1") == "yes"
    assert answer(audit.development(study(model="spline")), "D4.1") == "partly"


@pytest.mark.parametrize(("rows", "told"), [(1500, "yes"), (3000, "partly"), (None, "partly")])
def test_people_outside_the_cohort_are_no_people_used(rows, told):
    record = {"data": {"rows": rows}}
    found = Study(problem(), {"cross_fitted": judged().to_json()}, record=record)

    assert answer(audit.development(found), "D4.3") == told
    assert answer(audit.evaluation(found), "E4.2") == told
