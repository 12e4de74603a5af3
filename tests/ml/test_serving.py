"""The committed models at work."""

import json
import shutil
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import persistence, serving
from ml.facts import Facts, Lifestyle, Measurement
from ml.studies import registry
from ml.types import UNDECIDED, Abstention, Assessment
from tests.ml.people import (
    ARTIFACTS,
    ORDINARY,
    measured,
    nhanes_frame,
    somebody,
    stranger,
    unsettled,
)

TASKS = list(registry.STUDIES)
MOST_BYTES = 3 * 2**19


@pytest.fixture(scope="module")
def models():
    return {task: serving.load(ARTIFACTS / task) for task in TASKS}


@pytest.fixture(params=TASKS)
def model(request, models):
    return models[request.param]


def test_points_add_up_to_the_distance_from_the_baseline(model):
    found = model.assess(unsettled(model.task))

    total = sum(part.points for part in found.contributions) / 100

    assert total == pytest.approx(found.risk - found.baseline, abs=1e-6)
    sizes = [abs(part.points) for part in found.contributions]
    assert sizes == sorted(sizes, reverse=True)


def test_a_value_is_told_as_it_was_measured(model):
    measured_as = {"ALB": 3.3, "RDW": 13.7}
    found = model.assess(unsettled(model.task, values=measured_as))

    told = {part.code: part.value for part in found.contributions if part.code in measured_as}

    assert told
    assert told.items() <= measured_as.items()


def test_replay_gives_the_stored_number_again(model):
    found = model.assess(unsettled(model.task, without=["TG", "LDL"]))
    stored = json.loads(json.dumps(found.inputs))

    assert model.replay(stored) == pytest.approx(found.risk, abs=1e-12)


def test_replay_refuses_inputs_of_another_model(model):
    with pytest.raises(serving.WrongInputs, match="shoe_size"):
        model.replay({"shoe_size": 43})


def test_group_is_assessed_like_each_alone(model):
    group = [
        unsettled(model.task),
        stranger(),
        unsettled(model.task, age=80),
        unsettled(model.task, without=ORDINARY),
    ]

    together = model.assess_many(group)

    alone = [model.assess(facts) for facts in group]
    assert [type(found) for found in together] == [type(found) for found in alone]
    risks = [[f.risk for f in side if isinstance(f, Assessment)] for side in (together, alone)]
    assert risks[0] == pytest.approx(risks[1], abs=1e-12)


@given(st.frozensets(st.sampled_from(sorted(ORDINARY))), st.integers(20, 100))
def test_interval_holds_the_risk_whatever_is_missing(models, gone, age):
    for model in models.values():
        found = model.assess(unsettled(model.task, without=gone, age=age))
        assert 0 < found.low <= found.risk <= found.high < 1
        assert 0 <= found.tier_flip_probability <= 1


def test_a_stretch_widens_the_interval_and_leaves_the_risk(model):
    artifact = persistence.load(ARTIFACTS / model.task)
    serving_numbers = {**artifact.manifest["serving"], "stretch": 3.0}
    manifest = {**artifact.manifest, "serving": serving_numbers}
    stretched = serving.RiskModel(persistence.Artifact(artifact.booster, artifact.refits, manifest))

    served, wide = model.assess(unsettled(model.task)), stretched.assess(unsettled(model.task))

    assert wide.risk == served.risk
    assert wide.low < served.low
    assert wide.high > served.high
    assert wide.tier_flip_probability >= served.tier_flip_probability


def test_interval_is_wider_on_the_logit_when_the_laboratory_is_missing(model):
    few = model.assess(unsettled(model.task, without=set(ORDINARY) - {"SBP", "DBP", "BMI"}))
    all_known = model.assess(unsettled(model.task))

    assert _logit_width(few) > _logit_width(all_known)
    assert few.next_test
    assert len(few.missing) > len(all_known.missing)


def test_nothing_missing_leaves_no_next_test(model):
    found = model.assess(unsettled(model.task))

    assert (found.missing, found.next_test) == ((), "")


def test_neither_no_action_nor_the_next_tier_is_said_while_the_unknown_reaches_it(model):
    cut = model.study.tiers[1].low
    hidden = set(ORDINARY) - {"SBP", "DBP", "BMI"}

    ages = [model.assess(unsettled(model.task, age=age, without=hidden)) for age in range(20, 90)]

    assert all(found.high < cut for found in ages if found.tier == "T0")
    undecided = [found for found in ages if found.tier == UNDECIDED]
    assert undecided
    assert all(found.risk < cut <= found.high for found in undecided)
    assert {found.tier_label for found in undecided} == {"Not decided: too little is known"}
    tests = {found.next_test_label.lower() for found in undecided}
    assert all(found.advice.lower() in {f"best next step: {test}." for test in tests}
               for found in undecided)  # fmt: skip
    assert all(found.risk >= cut for found in ages if found.tier == "T1")


def test_age_and_sex_alone_get_no_number_but_a_next_test(model):
    found = model.assess(stranger())

    assert (found.reason_code, bool(found.next_test)) == ("too_few_inputs", True)


@pytest.mark.parametrize(
    "facts",
    [
        stranger(measurements=measured(HGB=14, WBC=7, RBC=4.8, MCV=90, RDW=13, PLT=240)),
        stranger(measurements=measured(SBP=140, DBP=85, BMI=31)),
        stranger(conditions=frozenset({"htn"}), medications=frozenset({"acei"})),
        somebody(
            without={"HBA1C", "UACR"},
            conditions=None,
            medications=None,
            family_history=None,
            lifestyle=Lifestyle(),
        ),
    ],
    ids=["blood count", "pressure and body mass", "lists", "no answers"],
)
def test_ordinary_partial_record_is_assessed(model, facts):
    assert isinstance(model.assess(facts), Assessment)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (somebody(age=19), "outside_age_range"),
        (somebody(sex=None), "sex_unknown"),
    ],
)
def test_person_outside_the_population_gets_a_reason(model, facts, reason):
    assert model.assess(facts).reason_code == reason


@pytest.mark.parametrize(
    ("task", "facts", "reason"),
    [
        ("undiagnosed_diabetes", somebody(age=30, pregnant=True), "pregnant"),
        ("ckd", somebody(age=30, pregnant=True), "pregnant"),
        ("death_10y", somebody(age=30, pregnant=True), "pregnant"),
        ("cvd_death_10y", somebody(age=30, pregnant=True), "pregnant"),
        ("undiagnosed_diabetes", somebody(conditions=frozenset({"t2d"})), "already_known"),
        ("undiagnosed_diabetes", somebody(conditions=frozenset({"t1d"})), "already_known"),
        ("ckd", somebody(conditions=frozenset({"ckd"})), "already_known"),
        ("ckd", somebody(conditions=frozenset({"dialysis"})), "already_known"),
    ],
)
def test_onset_is_not_foretold_where_it_makes_no_sense(models, task, facts, reason):
    found = models[task].assess(facts)

    assert isinstance(found, Abstention)
    assert found.reason_code == reason


def test_impossible_value_warns_and_counts_as_missing(model):
    found = model.assess(unsettled(model.task, values={"RDW": 90}))

    assert any("RDW" in warning for warning in found.warnings)
    assert "Red cell distribution width" in found.missing


def test_age_beyond_the_cut_warns(model):
    cap = model.study.age_cap

    old, cut = (
        model.assess(unsettled(model.task, age=cap + 9)),
        model.assess(unsettled(model.task, age=cap)),
    )

    assert old.inputs["age"] == cut.inputs["age"] == cap
    assert any(str(cap) in warning for warning in old.warnings)


@pytest.mark.parametrize(
    ("task", "worse"),
    [
        ("undiagnosed_diabetes", {"WAIST": 130, "TG": 300}),
        ("ckd", {"SBP": 175, "URIC": 9.5}),
        ("death_10y", {"ALB": 3.0, "UACR": 900}),
        ("cvd_death_10y", {"SBP": 185, "UACR": 900}),
    ],
)
def test_worse_values_raise_the_risk(models, task, worse):
    usual, ill = (models[task].assess(unsettled(task, values=values)) for values in (None, worse))

    assert ill.risk > 1.3 * usual.risk


@pytest.mark.parametrize("name", [persistence.MODEL, persistence.REFITS])
def test_changed_file_is_refused_by_name(tmp_path, name):
    folder = shutil.copytree(ARTIFACTS / "ckd", tmp_path / "ckd")
    (folder / name).write_bytes((folder / name).read_bytes() + b"!")

    with pytest.raises(persistence.DigestMismatch, match=name):
        serving.load(folder)


def test_changed_number_in_the_manifest_is_refused(tmp_path):
    folder = shutil.copytree(ARTIFACTS / "ckd", tmp_path / "ckd")
    path = folder / persistence.MANIFEST
    path.write_text(path.read_text().replace('"base_logit": -', '"base_logit": '))

    with pytest.raises(persistence.DigestMismatch, match="manifest"):
        serving.load(folder)


def test_absent_file_is_named(tmp_path):
    with pytest.raises(persistence.ArtifactAbsent, match="manifest"):
        serving.load(tmp_path)


@pytest.mark.parametrize("task", TASKS)
def test_artefact_is_small_and_of_this_study(task):
    files = list((ARTIFACTS / task).iterdir())

    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    manifest = persistence.read_manifest(ARTIFACTS / task)
    assert manifest["study"]["digest"] == registry.get(task).digest()


def estimate(found):
    """Figures beside the main ones have their intervals since 23 November 2026."""
    return found["value"] if isinstance(found, dict) else found


@pytest.mark.parametrize(
    ("task", "auroc", "later"),
    [
        ("undiagnosed_diabetes", 0.88, 0.85),
        ("ckd", 0.835, 0.815),
        ("death_10y", 0.91, 0.9),
        ("cvd_death_10y", 0.88, 0.87),
    ],
)
def test_figures_outside_the_training_folds_pass_their_floors(task, auroc, later):
    metrics = persistence.read_manifest(ARTIFACTS / task)["metrics"]
    found = {name: interval["value"] for name, interval in metrics["cross_fitted"].items()
             if isinstance(interval, dict)}  # fmt: skip

    assert found["auroc"] >= auroc
    assert estimate(metrics["temporal"]["auroc"]) >= later
    assert 0.9 <= found["calibration_slope"] <= 1.1
    assert 0.95 <= found["observed_expected"] <= 1.05


@pytest.mark.parametrize("task", TASKS)
def test_model_beats_the_simple_one_and_the_published_score(task):
    metrics = persistence.read_manifest(ARTIFACTS / task)["metrics"]

    simplest = metrics["age_and_sex_logistic"]["auroc"]
    assert metrics["cross_fitted"]["auroc"]["low"] > estimate(simplest)
    if metrics["published"]:
        assert metrics["published"]["model_auroc"] > metrics["published"]["auroc"]


@pytest.mark.parametrize("task", TASKS)
def test_no_small_cell_is_shown(task):
    rows = persistence.read_manifest(ARTIFACTS / task)["metrics"]["subgroups"]

    assert rows
    assert all(row["count"] is None or row["count"] >= 10 for row in rows)
    assert all(row["events"] is None or row["events"] >= 10 for row in rows)


@pytest.mark.parametrize("task", TASKS)
def test_artefact_names_the_data_it_was_made_of(task):
    from ml.studies import cohort

    frame, data = nhanes_frame(), persistence.read_manifest(ARTIFACTS / task)["data"]

    assert data["rows"] == len(frame)
    assert data["cohort"] == len(cohort.make(registry.get(task), frame).y)


def test_served_model_agrees_with_the_outcomes_it_was_fitted_on(models):
    from ml.datasets import nhanes
    from ml.evaluation import calibration

    study = registry.get("ckd")
    frame = nhanes_frame().sample(1500, random_state=1)
    known = study.outcome(frame).notna()
    found = models["ckd"].assess_many(nhanes.to_facts(frame[known]), surveyed=True)
    told = [(y, f.risk) for y, f in zip(study.outcome(frame)[known], found, strict=True)
            if isinstance(f, Assessment)]  # fmt: skip

    assert len(told) > 1000
    assert 0.85 < calibration.observed_expected(*np.array(told).T) < 1.15


def _logit_width(found):
    return np.log(found.high / (1 - found.high)) - np.log(found.low / (1 - found.low))


def test_the_next_test_is_one_that_was_not_made():
    known = {
        code: Measurement(code, value, unit)
        for code, value, unit in [
            ("HGB", 13.0, "g/dL"),
            ("SBP", 130.0, "mm[Hg]"),
            ("BMI", 29.0, "kg/m2"),
        ]
    }
    facts = Facts(as_of=date(2020, 1, 1), sex="female", age=60, measurements=known)

    for folder in sorted(ARTIFACTS.iterdir()):
        said = serving.load(folder).assess(facts)
        assert said.next_test not in known
