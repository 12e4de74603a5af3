"""Habit: what was taken before foretells what is taken, without looking ahead."""

import numpy as np
import pandas as pd
import pytest

from ml.recommenders import habit
from ml.studies import habit_diabetes130 as study
from ml.studies import habit_druglib, habit_mimic4, habits
from tests.ml.datafolder import needs


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
    assert not set(data.people[data.is_test]) & set(data.people[data.is_train])


def test_a_later_stay_of_somebody_in_training_is_on_no_side():
    data = study.stays(many(), cut=0.25)
    place = np.arange(len(data.people))
    assert place[data.is_train].max() < place[data.is_test].min()
    assert not (data.is_train | data.is_test).all()


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
    found, newcomers, forbidden = study.evaluate(study.stays(many(), cut=0.25))
    assert forbidden["rules"] == 0
    assert found.ways["habit"].ndcg.value > found.ways["random"].ndcg.value
    assert newcomers.lists < found.lists


def test_for_newcomers_neighbours_know_nothing_but_popularity_and_habit_does():
    _, newcomers, _ = study.evaluate(study.stays(many(), cut=0.25))
    assert newcomers.ways["neighbours"] == newcomers.ways["popularity"]
    assert newcomers.ways["habit"].ndcg.value > newcomers.ways["popularity"].ndcg.value


def test_the_command_writes_a_report(tmp_path, capsys):
    later = many(seed=5)
    later[["encounter_id", "patient_nbr"]] += 1000
    pd.concat([many(), later]).to_csv(tmp_path / "table.csv", index=False)

    habits.main("habit_diabetes130", study.run,
                ["run", "--data", str(tmp_path / "table.csv"), "--out", str(tmp_path)])  # fmt: skip

    assert "beat popularity" in capsys.readouterr().out.replace("beats", "beat")
    assert "| neighbours | 0." in (tmp_path / "report.md").read_text()
    assert '"Nothing taken before"' in (tmp_path / "report.json").read_text()


def hospital(people=120, seed=2):
    """The four tables: older people get a statin, the others a nonsteroidal; half come twice."""
    rng = np.random.default_rng(seed)
    old = rng.random(people) < 0.5
    patients = pd.DataFrame({
        "subject_id": range(people), "gender": "F", "anchor_age": np.where(old, 80, 40),
        "anchor_year": 2100, "anchor_year_group": np.where(
            np.arange(people) < people / 2, habit_mimic4.TRAIN_GROUP, "2014 - 2016"),
    })  # fmt: skip
    stays = [(n, visit) for n in range(people) for visit in range(1 + n % 2)]
    admissions = pd.DataFrame({
        "subject_id": [n for n, _ in stays], "hadm_id": range(len(stays)),
        "admittime": [f"21{visit:02}-01-01 10:00:00" for _, visit in stays],
        "admission_type": "ELECTIVE", "admission_location": "CLINIC REFERRAL",
    })  # fmt: skip
    services = pd.DataFrame({"hadm_id": range(len(stays)), "transfertime": "2100-01-01",
                             "curr_service": "MED"})  # fmt: skip
    drugs = [(n, hadm, drug, kind) for hadm, (n, _) in enumerate(stays) for drug, kind in (
        ("Atorvastatin" if old[n] else "Ibuprofen", "MAIN"), ("Heparin", "MAIN"),
        ("Insulin", "MAIN" if rng.random() < 0.3 else "BASE"), ("Furosemide", "MAIN"))
        if drug != "Furosemide" or rng.random() < 0.5]  # fmt: skip
    prescriptions = pd.DataFrame(drugs, columns=["subject_id", "hadm_id", "drug", "drug_type"])
    return {"patients": patients, "admissions": admissions, "services": services,
            "prescriptions": prescriptions}  # fmt: skip


def test_in_hospital_earlier_patients_teach_and_later_ones_test():
    data = habit_mimic4.stays(hospital())
    assert not set(data.people[data.is_train]) & set(data.people[~data.is_train])
    assert data.past[data.people == 0].sum() == 0
    twice = data.people == 1
    np.testing.assert_array_equal(data.past[twice][1], data.taken[twice][0])


def test_what_age_decides_is_foretold_for_somebody_without_a_past():
    _, newcomers = habit_mimic4.evaluate(habit_mimic4.stays(hospital()))
    over = newcomers.ways
    assert over["habit"].ndcg.value > over["popularity"].ndcg.value


def told(count=1200, seed=3, better="salve"):
    """Reviews: two drugs for each of two complaints, the rarer of which helps more often."""
    rng = np.random.default_rng(seed)
    complaint = rng.choice(["dry skin", "bad sleep"], count)
    rare = rng.random(count) < 0.3
    drug = np.where(complaint == "dry skin", np.where(rare, better, "cream"),
                    np.where(rare, "tea", "pill"))  # fmt: skip
    helped = rng.random(count) < np.where(drug == better, 0.9, 0.5)
    return pd.DataFrame({"id": range(count), "urlDrugName": drug,
                         "rating": np.where(helped, 9.0, 2.0), "condition": complaint,
                         "benefitsReview": [f"text {n}" for n in range(count)]})  # fmt: skip


def test_the_drug_that_helps_more_is_found_by_off_policy_estimates():
    found, gap = habit_druglib.evaluate(habit_druglib.reviews(told()))
    best = gap["best"]["doubly robust"]
    assert best["low"] <= (0.9 + 0.5) / 2 <= best["high"]
    assert gap["usual"]["doubly robust"]["high"] < best["value"]
    assert found.hybrid_over["popularity"].low > 0


def test_a_copy_of_a_review_counts_once_and_one_without_a_complaint_not_at_all():
    frame = told(20)
    copied = pd.concat([frame, frame.iloc[:1].assign(id=99)], ignore_index=True)
    copied.loc[3, "condition"] = None
    assert len(habit_druglib.reviews(copied).drug) == 19


@pytest.mark.parametrize(("name", "study"), [("mimic4_demo", habit_mimic4),
                                             ("druglib", habit_druglib)])  # fmt: skip
def test_real_choices_are_measured_with_intervals(name, study):
    needs(name)
    found = study.run(None)
    assert "popularity on nDCG@5" in found["said"][0]
    for each in found["comparisons"].values():
        assert each["hybrid_over"]["random"]["low"] > 0


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="a column an item"):
        habit.fit(("a", "b"), np.zeros((3, 1)), np.zeros((3, 1)), np.zeros((3, 1)))
