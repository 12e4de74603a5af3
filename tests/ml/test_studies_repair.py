"""Served risks put right on a site's own outcomes."""

import base64
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from ml import persistence, serving
from ml.datasets import nhanes
from ml.evaluation import evaluate
from ml.persistence import Artifact
from ml.studies import registry, repair, seen, served
from ml.uncertainty import stability
from tests.ml.people import ARTIFACTS, somebody, survey

TASK = "death_10y"
MODEL = str(ARTIFACTS / TASK)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a site: its rows, and the model repaired on them by the command."""
    folder = tmp_path_factory.mktemp("site")
    survey(700, seed=5).to_csv(folder / "rows.csv", index=False)
    served.main(TASK, ["recalibrate", "--model", MODEL, "--data", str(folder / "rows.csv"),
                       "--out", str(folder / "model")])  # fmt: skip
    return folder


def judged(model, frame):
    return served.validation(registry.get(TASK), model, frame)["metrics"]


def test_risks_of_new_people_of_the_site_come_true_after_the_repair(site):
    before, after = serving.load(MODEL), serving.load(site / "model")
    fresh = survey(700, seed=6)

    was, now = judged(before, fresh), judged(after, fresh)

    assert was["observed_expected"]["value"] > 1.5
    assert now["observed_expected"]["value"] == pytest.approx(1, abs=0.1)
    assert now["auroc"]["value"] == pytest.approx(was["auroc"]["value"], abs=1e-12)


def test_repaired_contributions_add_up_and_replay_gives_the_same_risk(site):
    model = serving.load(site / "model")

    found = model.assess(somebody(without=["HDL"]))

    points = sum(part.points for part in found.contributions) / 100
    assert points == pytest.approx(found.risk - found.baseline, abs=1e-9)
    assert model.replay(json.loads(json.dumps(found.inputs))) == found.risk
    assert found.low < found.risk < found.high


def test_one_row_and_a_batch_are_told_the_same_bits_after_the_repair(site):
    model, people = serving.load(site / "model"), nhanes.to_facts(survey(40, seed=7))

    alone = [model.assess(one) for one in people]

    assert [one.risk for one in model.assess_many(people)] == [one.risk for one in alone]


def test_repair_moves_logit_by_its_level_and_slope_and_widens_the_interval_by_its_doubt(site):
    told = persistence.read_manifest(site / "model")["serving"]["recalibration"]
    people = nhanes.to_facts(survey(60, seed=7))

    was, now = (
        logits(serving.load(folder).assess_many(people)) for folder in (MODEL, site / "model")
    )

    assert told["method"] == "sigmoid"
    np.testing.assert_allclose(now[:, 0], told["shift"] + told["stretch"] * was[:, 0])
    design = np.column_stack([np.ones(len(was)), was[:, 0]])
    doubt = np.einsum("ij,jk,ik->i", design, told["covariance"], design)
    width, before = now[:, 2] - now[:, 1], told["stretch"] * (was[:, 2] - was[:, 1])
    wanted = np.sqrt(before**2 + 4 * stability.Z90**2 * doubt)
    assert (width > before).all()
    np.testing.assert_allclose(width, wanted, rtol=0.05)  # equal where both halves are


def logits(outcomes):
    """Risk, low and high on the logit of those who are told a risk."""
    told = [(found.risk, found.low, found.high) for found in outcomes if hasattr(found, "risk")]
    return logit(np.array(told))


def test_command_writes_calibration_before_and_after_and_another_version(site):
    told = json.loads((site / "model" / repair.FILE).read_text())
    manifest = persistence.read_manifest(site / "model")

    assert told["model"] != manifest["version"]
    assert manifest["recalibrated_on"]["rows"] == told["before"]["rows"]
    before, after = (told[when]["metrics"]["observed_expected"] for when in ("before", "after"))
    assert after["low"] < 1 < after["high"] < before["low"]
    assert told["after"]["tables"]["calibration_curve"]


def test_a_changed_repair_is_not_opened(site, tmp_path):
    text = (site / "model" / "manifest.json").read_text()
    for name in ("model.ubj", "refits.npz"):
        (tmp_path / name).write_bytes((site / "model" / name).read_bytes())
    (tmp_path / "manifest.json").write_text(text.replace('"stretch": ', '"stretch": 1'))

    with pytest.raises(persistence.DigestMismatch):
        serving.load(tmp_path)


def test_few_events_get_the_level_alone_and_fewer_nothing():
    study, artifact = registry.get(TASK), persistence.load(MODEL)

    def on(people):
        return served.recalibrated(study, artifact, survey(people, seed=8), "another file")

    _, done = on(120)
    assert (done.offer.repair.method, done.offer.repair.stretch) == ("intercept", 1.0)
    with pytest.raises(repair.NothingToRepair, match="a repair needs 20"):
        on(30)


def test_rows_of_the_training_are_no_site():
    study, artifact = registry.get(TASK), persistence.load(MODEL)
    taught = survey(700, seed=11)
    own = replace(artifact, manifest={
        **artifact.manifest, seen.KEY: seen.record(seen.of_survey(taught)),
    })  # fmt: skip

    for frame, source in (
        (taught.iloc[1:], "another file"),
        (pd.concat([taught.head(200), survey(200, seed=12)]), "another file"),
        (survey(50), artifact.manifest["data"]["sha256"]),
    ):
        with pytest.raises(repair.NothingToRepair, match="has not seen"):
            served.recalibrated(study, own, frame, source)
    served.recalibrated(study, own, survey(400, seed=13), "another file")


def test_the_marks_of_training_rows_prove_nobody_a_member():
    taught, others = (seen.of_survey(survey(2000, seed=number)) for number in (1, 2))
    told = seen.record(taught)

    alone = [seen.share(told, others[n : n + 1]) > 0 for n in range(300)]

    assert 0.15 < np.mean(_lit(told, others)) < 0.3
    assert not any(alone)
    assert seen.share(told, taught[:1]) == 0


def _lit(told, rows):
    lit = np.unpackbits(np.frombuffer(base64.b64decode(told["lit"]), np.uint8))
    return lit[(rows % np.uint64(told["lamps"])).astype(int)]


def test_rows_like_which_there_are_many_are_not_taken_for_those_of_the_training():
    rng = np.random.default_rng(4)
    coarse = pd.DataFrame(rng.integers(0, 4, (4000, 4)), columns=list("abcd"))
    rows = seen.digests(coarse)

    assert seen.share(seen.record(rows[:2000]), rows[2000:]) == 0


def test_the_card_of_a_repaired_model_says_the_repair_once(site):
    study, artifact = registry.get(TASK), persistence.load(site / "model")
    first = {each["code"]: each["text"] for each in persistence.read_manifest(MODEL)["card"]}

    again, _ = served.recalibrated(study, artifact, survey(600, seed=14), "another file")

    for manifest in (artifact.manifest, again.manifest):
        people = manifest["recalibrated_on"]["rows"]
        said = f"Risks were put right (level and slope) on {people} people of a site"
        texts = {each["code"]: each["text"] for each in manifest["card"]}
        assert {code for code in texts if texts[code] != first[code]} == {"3.ii", "7.i", "8.ii"}
        for code in ("3.ii", "7.i", "8.ii"):
            assert texts[code].startswith(said)
            assert texts[code].count("Risks were put right") == 1
        assert texts["7.i"].endswith(first["7.i"])
        assert "O:E" in texts["7.i"]
        assert "before, " in texts["8.ii"]


def test_a_repaired_model_is_repaired_from_its_first_risks(site):
    study, artifact = registry.get(TASK), persistence.load(site / "model")

    again, _ = served.recalibrated(study, artifact, survey(700, seed=5), "another file")

    first = artifact.manifest["serving"]["recalibration"]
    assert again.manifest["serving"]["recalibration"] == first
    notes = again.manifest["study"]["notes"]
    assert sum(note.startswith("Risks were put right (level and slope)") for note in notes) == 1


def test_a_rising_curve_is_not_served():
    artifact = persistence.load(MODEL)
    curve = {"method": "isotonic", "shift": 0.0, "stretch": 1.0, "knots": [[0, 0.1], [1, 0.9]]}
    numbers = {**artifact.manifest["serving"], "recalibration": curve}
    manifest = {**artifact.manifest, "serving": numbers}

    with pytest.raises(serving.WrongRepair):
        serving.RiskModel(Artifact(artifact.booster, artifact.refits, manifest))


def test_risks_against_the_outcome_are_not_turned_round():
    rng = np.random.default_rng(1)
    risk = expit(rng.normal(size=600))
    y = (rng.random(600) > risk).astype(float)

    with pytest.raises(repair.NothingToRepair, match="how it is coded"):
        repair.made(
            y, risk, np.arange(600),
            lambda told: evaluate(y, told, "binary", random_state=1, rounds=5), random_state=1,
        )  # fmt: skip
