"""Model card and self-audit: what they say of good studies and of bad ones."""

import numpy as np

from ml.evaluation import evaluate
from ml.reports import audit, card, tripod
from ml.reports.study import Study
from ml.studies.problem import Split
from tests.ml.report_studies import answer, judged, known, problem, sample, study


def test_a_card_has_31_attributes_and_names_the_empty_ones():
    found = card.card(study())

    assert len(found) == 31
    assert len({attribute.code for attribute in found}) == 31
    assert card.empty(found)[:2] == ["1.i", "1.ii"]
    assert "2.ii" not in card.empty(found)


def test_a_blank_attribute_shows_as_empty():
    whole = card.card(study())
    blank = card.card(study(population=""))

    assert set(card.empty(blank)) - set(card.empty(whole)) == {"2.ii", "4.i"}


def test_figures_in_the_card_are_those_of_the_evaluation():
    found = study()
    validity = next(a.text for a in card.card(found) if a.code == "7.i")

    auroc = found.evaluations["cross_fitted"]["metrics"]["auroc"]

    assert f"AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f})" in validity


def test_later_years_of_the_same_source_are_not_external_validation():
    found = card.card(study({"cross_fitted": judged(), "later": judged(seed=5)}))
    texts = {attribute.code: attribute.text for attribute in found}

    assert "Later years: 1,500 people" in texts["7.i"]
    assert texts["7.iii"].startswith("Not applicable")
    assert texts["6.i"] == texts["6.iii"] == texts["7.iv"] == texts["7.iii"]


def test_external_figures_fill_their_attributes():
    found = card.card(study({"cross_fitted": judged(), "external": judged(seed=5)}))
    texts = {attribute.code: attribute.text for attribute in found}

    assert texts["7.iii"].startswith("External data: 1,500 people")
    assert texts["6.iv"]
    assert texts["6.i"] == ""  # whose data they are a person has to say


def test_a_study_without_parts_says_that_fairness_is_not_known():
    y, risk = sample()
    whole = evaluate(y, risk, "binary", random_state=1, rounds=5)
    texts = {found.code: found.text for found in card.card(study({"cross_fitted": whole}))}

    assert texts["5.i"] == texts["7.ii"] == texts["4.iii"]
    assert texts["5.i"].startswith("Not known: the study names no parts")


def test_the_audit_asks_16_and_18_questions_in_four_domains():
    development, evaluation = audit.development(study()), audit.evaluation(study())

    assert (len(development), len(evaluation)) == (16, 18)
    assert {found.domain for found in development} == set(audit.DOMAINS)
    answers = {found.answer for found in development + evaluation}
    assert answers <= {"yes", "partly", "no", "unknown"}


def test_a_sound_study_fails_only_where_it_was_not_tested_elsewhere():
    found = audit.development(study()) + audit.evaluation(study())

    assert [row.code for row in found if row.answer == "no"] == ["E4.7"]


def test_a_random_split_of_rows_fails_the_question_on_apart_people():
    found = study(split=Split("row"), person="patient")

    assert answer(audit.evaluation(found), "E1.3") == "no"
    assert found.status == "developed"


def test_a_random_split_of_single_rows_a_person_is_left_to_people():
    found = study(split=Split("row"))

    assert answer(audit.evaluation(found), "E1.3") == "unknown"


def test_few_events_for_each_input_fail_the_question_on_sample_size():
    many = tuple(known(f"input_{number}") for number in range(40))

    found = study(inputs=many)

    assert answer(audit.development(found), "D4.1") == "no"
    assert answer(audit.development(study()), "D4.1") == "yes"


def test_the_sample_size_check_of_the_run_is_believed():
    told = {"enough": False, "sentence": "3,000 people are needed, there are 1,500."}
    found = Study(problem(), {"cross_fitted": judged().to_json()}, record={"sample_size": told})

    assert answer(audit.development(found), "D4.1") == "no"


def test_balanced_weights_fail_the_question_on_imbalance():
    weighted = {"cross_fitted": judged(shift=np.log(8))}

    assert answer(audit.development(study(parameters={"scale_pos_weight": 8})), "D4.6") == "no"
    assert answer(audit.development(study(weighted)), "D4.6") == "no"


def test_an_input_from_the_future_fails_the_question_on_availability():
    found = audit.development(study(inputs=(known("discharged_to", "discharge"),)))

    assert answer(found, "D2.3") == "no"
    assert "discharged_to" in next(row.evidence for row in found if row.code == "D2.3")


def test_an_input_that_is_the_outcome_fails_the_question_on_definition():
    found = audit.evaluation(study(inputs=(known("readmitted_soon", provenance="label_defining"),)))

    assert answer(found, "E3.2") == "no"


def test_what_only_people_can_judge_stays_unknown():
    assert answer(audit.development(study()), "D1.1") == "unknown"


def test_tripod_has_27_items_and_never_claims_ethics_by_itself():
    found = tripod.items(study())

    assert len(found) == 27
    assert next(item.answer for item in found if item.title == "Ethical approval") == "unknown"


def test_all_27_items_stay_answerable_without_any_figure():
    nothing = Study(problem(), {})

    assert len(tripod.items(nothing)) == 27
    assert len(audit.development(nothing)) + len(audit.evaluation(nothing)) == 34
    assert len(card.card(nothing)) == 31
