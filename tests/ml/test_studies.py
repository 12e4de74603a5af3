"""What studies promise: no banned input, honest outcomes, hidden inputs, the same twice."""

import dataclasses
from datetime import date

import numpy as np
import pytest

from ml import persistence
from ml.features import person
from ml.models import boosting
from ml.studies import cohort, masking, mortality, registry, train
from ml.studies.spec import BannedInput
from tests.ml.people import somebody, survey

STUDIES = list(registry.STUDIES.values())
DIABETES, CKD = registry.get("undiagnosed_diabetes"), registry.get("ckd")


@pytest.mark.parametrize(
    ("study", "feature"),
    [
        (DIABETES, "hba1c"),
        (DIABETES, "glucose"),
        (DIABETES, "osmolality"),
        (DIABETES, "insulin"),
        (CKD, "egfr"),
        (CKD, "uacr"),
        (CKD, "cystatin_c"),
    ],
)
def test_input_that_gives_the_outcome_away_is_refused_by_name(study, feature):
    with pytest.raises(BannedInput, match=feature):
        dataclasses.replace(study, features=(*study.features, feature))


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.task)
def test_monotone_inputs_are_inputs_with_a_reason(study):
    assert set(study.monotone) <= set(study.features)
    assert all(sign in (1, -1) and reason for sign, reason in study.monotone.values())


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.task)
def test_tiers_rise_from_no_action(study):
    lows = [tier.low for tier in study.tiers]

    assert (study.tiers[0].code, lows[0]) == ("T0", 0)
    assert lows == sorted(set(lows))
    assert study.tier_of(lows[1]).code == "T1"


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.task)
def test_every_group_has_a_next_test(study):
    from ml.studies.inputs import NEXT_TESTS

    assert set(study.groups) <= set(NEXT_TESTS)


def test_unknown_task_is_refused_by_name():
    with pytest.raises(registry.UnknownTask, match="sepsis"):
        registry.get("sepsis")


def test_age_is_cut_where_the_survey_cuts_it():
    X = DIABETES.matrix([somebody(age=97)])

    assert X[0, DIABETES.features.index("age")] == DIABETES.age_cap


def test_told_and_pregnant_people_are_no_cohort_of_undiagnosed_diabetes():
    frame = survey(4).assign(diq010_diabetes=[1, 2, 2, 3], pregnant=[0, 1, 0, 0], hba1c_pct=7)

    outcome = DIABETES.outcome(frame)

    assert outcome.isna().tolist() == [True, True, False, False]


@pytest.mark.parametrize(("hba1c", "outcome"), [(6.5, 1), (6.4, 0)])
def test_diabetes_is_found_by_hba1c(hba1c, outcome):
    frame = survey(1).assign(hba1c_pct=hba1c, glucose_fasting_mg_dl=130).astype(float)

    assert DIABETES.outcome(frame).tolist() == [outcome]


def test_fasting_glucose_without_hba1c_tells_no_outcome():
    frame = survey(1).assign(hba1c_pct=np.nan, glucose_fasting_mg_dl=130).astype(float)

    assert DIABETES.outcome(frame).isna().all()


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.task)
def test_pregnant_women_are_neither_learned_from_nor_scored(study):
    frame = survey(40).assign(pregnant=1)

    assert study.outcome(frame).isna().all()
    assert study.refuses_pregnant


def test_kidney_outcome_needs_both_tests_and_nobody_told():
    frame = survey(4).assign(
        creatinine_mg_dl=[3.0, 0.8, np.nan, 3.0],
        urine_albumin_ug_ml=[8, 90, 90, 8],
        kiq022_weak_kidneys=[2, 2, 2, 1],
    )

    outcome = CKD.outcome(frame)

    assert outcome[:2].tolist() == [1, 1]
    assert outcome[2:].isna().all()


def test_late_cycles_and_unexamined_people_have_no_ten_year_outcome():
    frame = survey(3).assign(
        cycle_start=[2007, 2009, 2007], mort_permth_exm=[60, 60, np.nan], mort_status=1
    )

    outcome = mortality.died_within_ten_years(frame)

    assert outcome[0] == 1
    assert outcome[1:].isna().all()


def test_death_of_another_cause_competes_as_no_event():
    frame = survey(3).assign(
        mort_status=1, mort_permth_exm=[119, 119, 121], mort_ucod_leading=[5, 2, 1]
    )

    assert mortality.died_of_the_heart_within_ten_years(frame).tolist() == [1, 0, 0]


@pytest.mark.parametrize("study", [DIABETES, CKD], ids=lambda study: study.task)
def test_grade_is_high_with_the_outcome_and_low_without(study):
    frame = survey(400).assign(hba1c_pct=np.tile([4.9, 5.8, 6.4, 7.5], 100))
    outcome, grade = study.outcome(frame), study.grade(frame)

    assert grade.dropna().between(0, 1).all()
    assert grade[outcome == 1].mean() > 0.6
    assert grade[outcome == 0].mean() < 0.4


def test_nearer_to_the_limit_of_diabetes_is_a_higher_grade():
    frame = survey(4).assign(hba1c_pct=[5.0, 6.4, 6.5, 8.0])

    grade = DIABETES.grade(frame)

    assert grade.is_monotonic_increasing
    assert grade[1] < 0.5 < grade[2]


def test_one_abnormal_kidney_measurement_is_a_high_grade():
    frame = survey(3).assign(
        creatinine_mg_dl=[3.0, 0.8, 0.8],
        urine_albumin_ug_ml=[8, 900, 8],
        urine_creatinine_mg_dl=100.0,
    )

    assert (CKD.grade(frame) > 0.9).tolist() == [True, True, False]


def staged(X, *stages):
    """Margins of trees that learn one stage after another."""
    made = [boosting.Stage(*stage) for stage in stages]
    how = {"names": list("abc"), "parameters": {}, "monotone": {}, "random_state": 1, "threads": 1}
    return boosting.margins(boosting.fit(X, np.ones(len(X)), made, **how), X)


def test_first_trees_learn_the_grade_and_the_others_the_outcome():
    X = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
    y = (X[:, 0] > 1).astype(float)
    grade = np.full(2000, 0.5)  # tells nothing, so that its trees move everybody alike

    graded = staged(X, (40, grade), (0, y))
    both = staged(X, (20, grade), (20, y))

    assert np.ptp(graded) < 0.1 < np.ptp(both)
    assert np.array_equal(staged(X, (0, grade), (40, y)), staged(X, (40, y)))


def test_the_last_trees_set_the_level_by_the_rows_that_count():
    X = np.random.default_rng(1).normal(size=(4000, 3)).astype(np.float32)
    y = np.tile([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], 500)  # one half has twice as many
    counts = np.repeat([1.0, 0.0], 2000)
    y[:2000] = np.tile([0.0, 0.0, 0.0, 1.0], 500)

    everybody = staged(X, (60, y))
    settled = staged(X, (20, y), (40, y, counts))

    assert np.mean(1 / (1 + np.exp(-everybody[:2000]))) > 0.3
    assert np.mean(1 / (1 + np.exp(-settled[:2000]))) == pytest.approx(0.25, abs=0.01)


def test_hidden_copies_share_the_weight_of_one_person():
    X = CKD.matrix([somebody(), somebody(age=40)])

    rows = masking.augment(CKD, X, np.array([0.0, 1.0]), random_state=1)

    assert np.bincount(rows.person, rows.weight).tolist() == pytest.approx([1, 1])
    assert rows.y.tolist() == [0, 1] * (1 + masking.HIDDEN_COPIES)


def test_augmented_people_keep_age_and_sex():
    X = CKD.matrix([somebody(age=40)] * 50)

    rows = masking.augment(CKD, X, np.zeros(50), random_state=1)

    assert set(rows.X[:, CKD.features.index("age")]) == {40}
    assert np.isnan(rows.X).any()


def test_conditions_that_lists_leave_out_are_shown_unlisted():
    X = DIABETES.matrix([somebody(conditions=frozenset({"prediabetes"}))] * 200)

    rows = masking.augment(DIABETES, X, np.ones(200), random_state=1)
    listed = rows.X[:200, DIABETES.features.index("prediabetes")]

    assert 0.35 < listed.mean() < 0.65
    assert set(listed) == {0, 1}


def test_scenario_hides_its_groups_only():
    case = next(c for c in masking.scenarios(CKD.groups) if c.name == "blood_count_only")

    X = masking.hide(CKD.matrix([somebody()]), CKD.groups, case.hidden)
    known = {name for name, value in zip(CKD.features, X[0], strict=True) if not np.isnan(value)}

    assert {person.get(name).group for name in known} == {"person", "blood_count"}


def test_fold_of_a_person_depends_on_the_person_alone():
    frame = survey(300)
    all_folds = cohort.make(CKD, frame).fold

    assert cohort.make(CKD, frame.tail(100)).fold.tolist() == all_folds[-100:].tolist()
    assert np.bincount(all_folds, minlength=cohort.FOLDS).min() > 30


@pytest.fixture(scope="module")
def quick():
    study = registry.get("death_10y")
    return dataclasses.replace(study, trees=10, refits=3)


def test_training_twice_gives_the_same_digest(quick, tmp_path):
    frame = survey(600)

    for name, day in (("first", date(2026, 1, 1)), ("again", date(2026, 2, 2))):
        train.save(train.fit(quick, frame, threads=1), tmp_path / name, created_on=day)
    first, again = (persistence.read_manifest(tmp_path / name) for name in ("first", "again"))

    assert first["model_digest"] == again["model_digest"]
    assert first["metrics"] == again["metrics"]


def test_command_writes_one_folder_a_task(quick, tmp_path, monkeypatch):
    from ml.datasets import nhanes

    survey(600).to_csv(tmp_path / nhanes.FILE_NAME, index=False)
    monkeypatch.setitem(registry.STUDIES, "death_10y", quick)

    train.main(["death_10y", "--data", str(tmp_path), "--out", str(tmp_path / "out")])

    manifest = persistence.read_manifest(tmp_path / "out" / "death_10y")
    assert manifest["data"]["sha256"] == nhanes.source_digest(tmp_path)
    assert manifest["metrics"]["cross_fitted"]["auroc"]["value"] > 0.75
