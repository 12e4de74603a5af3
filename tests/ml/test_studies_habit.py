"""Habit: what was taken before foretells what is taken, without looking ahead."""

import numpy as np
import pandas as pd
import pytest

from ml.recommenders import habit
from ml.studies import habit_diabetes130 as study


def table(stays):
    """Rows of the UCI table: (encounter, patient, drugs taken, diagnosis)."""
    plain = {
        "age": "[60-70)", "gender": "Female", "race": "Caucasian", "number_outpatient": 0,
        "number_emergency": 0, "number_inpatient": 0, "A1Cresult": "None", "diag_2": "401",
        "diag_3": "250", "admission_type_id": 1, "admission_source_id": 7,
    }  # fmt: skip
    rows = [
        plain | {drug: "Steady" if drug in drugs else "No" for drug in study.DRUGS}
        | {"encounter_id": encounter, "patient_nbr": patient, "diag_1": diagnosis}
        for encounter, patient, drugs, diagnosis in stays
    ]  # fmt: skip
    return pd.DataFrame(rows)


def many(people=200, seed=4):
    """Older people take insulin, the others metformin; each twice."""
    rng = np.random.default_rng(seed)
    rows = []
    for encounter in range(2 * people):
        patient = encounter % people
        drug = "insulin" if patient % 2 else "metformin"
        rows.append((encounter + 1, patient, [drug], rng.choice(["428", "585"])))
    frame = table(rows)
    frame["age"] = np.where(frame["patient_nbr"] % 2, "[80-90)", "[40-50)")
    return frame


def test_only_earlier_stays_of_the_same_person_are_their_past():
    data = study.stays(table([(3, 1, ["insulin"], "428"), (1, 1, ["metformin"], "428"),
                              (2, 2, ["glipizide"], "428")]))  # fmt: skip
    past = [{study.DRUGS[n] for n in np.flatnonzero(row)} for row in data.past]
    assert past == [set(), set(), {"metformin"}]


def test_a_later_stay_changes_nothing_before_it():
    before = study.stays(table([(1, 1, ["metformin"], "428"), (2, 1, ["insulin"], "428")]))
    after = study.stays(
        table([(1, 1, ["metformin"], "428"), (2, 1, ["insulin"], "428"), (9, 1, [], "585")])
    )
    np.testing.assert_array_equal(after.past[:2], before.past)
    np.testing.assert_array_equal(after.features[:2], before.features)


def test_nobody_stands_on_both_sides_of_the_split():
    frame = many()
    data = study.stays(frame, cut=0.25)
    assert data.is_test.any()
    assert not set(data.people[data.is_test]) & set(data.people[~data.is_test])


def test_features_foretell_for_somebody_without_a_past():
    data = study.stays(many())
    learned = habit.fit(study.DRUGS, data.features, np.zeros_like(data.past), data.taken)
    newcomer = learned.probabilities(data.features[:2])
    names = [study.DRUGS[n] for n in newcomer.argmax(axis=1)]
    assert names == ["metformin", "insulin"]


def test_an_item_that_few_took_keeps_its_popularity():
    data = study.stays(many())
    learned = habit.fit(study.DRUGS, data.features, data.past, data.taken)
    rare = learned.probabilities(data.features, data.past)[:, study.DRUGS.index("acarbose")]
    assert np.ptp(rare) == 0
    assert rare[0] < 0.01


def test_trust_grows_with_the_answers():
    data = study.stays(many())
    few = habit.fit(study.DRUGS, data.features[:80], data.past[:80], data.taken[:80])
    all_ = habit.fit(study.DRUGS, data.features, data.past, data.taken)
    assert few.trust < all_.trust < 1


def test_the_rules_never_put_metformin_first_where_kidneys_fail():
    found = study.evaluate(study.stays(many(), cut=0.25))
    assert found["metformin_in_kidney_disease"]["rules"] == 0
    assert found["ways"]["habit"]["ndcg"]["value"] > found["ways"]["random"]["ndcg"]["value"]


@pytest.mark.parametrize(("low", "said"), [(0.01, "beats"), (-0.01, "does not beat")])
def test_the_verdict_is_plain(low, said):
    gain = {"value": 0.02, "low": low, "high": 0.03}
    assert said in study.verdict({"hybrid_over": {"popularity": gain}})


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="a column an item"):
        habit.fit(("a", "b"), np.zeros((3, 1)), np.zeros((3, 1)), np.zeros((3, 1)))
